// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! How a transfer went, for logs and for whoever asks later: the front-end hears one bit of it.

use std::fmt;
use std::io;

use devstate::{Error, Reason, Verdict};

/// Which way the state goes.
///
/// ```
/// use devstate_vhost::{Direction, Report};
/// fn is_of_a_load(report: &Report) -> bool {
///     report.direction == Direction::Load
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Out of this device.
    Save,
    /// Into this device.
    Load,
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SET_DEVICE_STATE_FD was refused.
    Refused,
    /// It is under way, or done and not checked.
    Underway,
    /// CHECK_DEVICE_STATE was answered with success.
    Passed,
    /// It failed, and CHECK_DEVICE_STATE is or was answered with an error.
    Failed,
    /// The front-end gave it up.
    Abandoned,
}

/// The last transfer.
///
/// ```
/// # use devstate_vhost::{DeviceState, Outcome, Transfers};
/// fn log<D: DeviceState>(transfers: &Transfers<D>) {
///     if let Some(report) = transfers.last_report().filter(|r| r.outcome == Outcome::Failed) {
///         eprintln!("device state: {report}");
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    /// Which way.
    pub direction: Direction,
    /// What became of it.
    pub outcome: Outcome,
    /// What was wrong, if something was.
    pub error: Option<String>,
    /// What the device's load found out about the state, if it said so.
    pub verdict: Option<Verdict>,
    /// Bytes of the channel, once it is over.
    pub bytes: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Save => "save",
            Direction::Load => "load",
        };
        let outcome = match self.outcome {
            Outcome::Refused => "refused",
            Outcome::Underway => "under way",
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Abandoned => "abandoned",
        };
        write!(f, "{direction} {outcome}, {} bytes", self.bytes)?;
        if let Some(error) = &self.error {
            write!(f, ": {error}")?;
        }
        match &self.verdict {
            Some(verdict) => write!(f, "; {verdict}"),
            None => Ok(()),
        }
    }
}

/// Returns the error as one of [`std::io`], with the original as its source.
///
/// ```
/// let error = devstate::Error::Unfit("too large".into());
/// assert_eq!(devstate_vhost::io_error(error).kind(), std::io::ErrorKind::InvalidData);
/// ```
pub fn io_error(error: Error) -> io::Error {
    let kind = match &error {
        Error::Io(error) => error.kind(),
        Error::Stream(refusal) => match refusal.reason {
            Reason::NoTrailer => io::ErrorKind::UnexpectedEof,
            Reason::UnknownContent => io::ErrorKind::Unsupported,
            Reason::Limit => io::ErrorKind::OutOfMemory,
            _ => io::ErrorKind::InvalidData,
        },
        Error::Misuse(_) | Error::Device(_) => io::ErrorKind::Other,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}
