// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::verdict::Rule;

/// Why a stream is refused, in the words of the format's specification.
///
/// ```
/// let stream = b"\xd5devst\r\n";
/// let error = devstate::StreamReader::new(&stream[..], Default::default()).read_header().unwrap_err();
/// assert_eq!(error.reason(), Some(devstate::Reason::NoTrailer));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes are something else.
    NotAStream,
    /// The source ended before the trailer.
    NoTrailer,
    /// A checksum, a sequence number or the trailer's counts do not hold.
    Checksum,
    /// Bytes follow the trailer.
    TrailingBytes,
    /// A limit of the reader.
    Limit,
    /// Checksums hold, but the content breaks the format.
    Malformed,
    /// A version, chunk, column or value of a newer release.
    UnknownContent,
    /// A value breaks an annotation of the schema.
    Constraint,
}

impl Reason {
    /// Returns the word of the specification.
    ///
    /// ```
    /// assert_eq!(devstate::Reason::NoTrailer.name(), "NO_TRAILER");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Reason::NotAStream => "NOT_A_STREAM",
            Reason::NoTrailer => "NO_TRAILER",
            Reason::Checksum => "CHECKSUM",
            Reason::TrailingBytes => "TRAILING_BYTES",
            Reason::Limit => "LIMIT",
            Reason::Malformed => "MALFORMED",
            Reason::UnknownContent => "UNKNOWN_CONTENT",
            Reason::Constraint => "CONSTRAINT",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A stream that is refused: the reason, the place, and a text for people.
///
/// ```
/// use devstate::{Error, Limits, Reason, StreamReader};
///
/// let error = StreamReader::new(&b"no stream"[..], Limits::default()).read_header().unwrap_err();
/// let Error::Stream(refusal) = error else { unreachable!() };
/// assert_eq!(refusal.reason, Reason::NotAStream);
/// assert_eq!((refusal.offset, refusal.chunk), (0, None));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// What is wrong, as every implementation says it.
    pub reason: Reason,
    /// Bytes from the start of the stream to what is wrong.
    pub offset: u64,
    /// Index of the chunk that it is in, from 0.
    pub chunk: Option<u32>,
    /// Path of the field from the root message; empty if it is about none.
    pub path: String,
    /// With [`Reason::Constraint`]: the rule that the state breaks, if it is not
    /// [`rules::VALUE_OUT_OF_BOUNDS`](crate::rules::VALUE_OUT_OF_BOUNDS).
    pub rule: Option<Rule>,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl StreamError {
    /// Puts the name of the message or record before the path. [`crate::column::within`] has an
    /// example.
    #[must_use]
    pub fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        self.path =
            if self.path.is_empty() { name.to_owned() } else { format!("{name}.{}", self.path) };
        self
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: offset 0x{:x}: ", self.reason, self.offset)?;
        if let Some(chunk) = self.chunk {
            write!(f, "chunk {chunk}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for StreamError {}

/// What can go wrong when a stream is read or written.
///
/// ```
/// fn kind(error: &devstate::Error) -> &'static str {
///     match error {
///         devstate::Error::Stream(_) => "the bytes are not a state",
///         devstate::Error::Refused(_) => "a state that may not be loaded here",
///         _ => "something else",
///     }
/// }
/// assert_eq!(kind(&devstate::Error::Unfit("too large".into())), "something else");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The stream is refused.
    Stream(Box<StreamError>),
    /// The source or the sink failed.
    Io(Arc<io::Error>),
    /// The stream is sound and holds the state of another schema.
    WrongSchema(String),
    /// A verdict refuses the state; [`crate::Verdict`] has the findings.
    Refused(Box<crate::Verdict>),
    /// The state cannot be written: a reader would refuse it, or it exceeds a limit.
    Unfit(String),
    /// Calls came in an order that makes no stream.
    Misuse(String),
    /// The caller's own code refused what it was handed.
    Device(String),
}

impl Error {
    /// Returns the reason if the stream itself is refused.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Error::Stream(error) => Some(error.reason),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Stream(error) => error.fmt(f),
            Error::Io(error) => error.fmt(f),
            Error::Refused(verdict) => verdict.fmt(f),
            Error::WrongSchema(text)
            | Error::Unfit(text)
            | Error::Misuse(text)
            | Error::Device(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(Arc::new(error))
    }
}

impl From<Box<StreamError>> for Error {
    fn from(error: Box<StreamError>) -> Self {
        Error::Stream(error)
    }
}
