// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

use std::io::Read;

use crate::decoder::{Chunk, Progress, StreamDecoder, Summary};
use crate::error::Error;
use crate::header::StreamHeader;
use crate::limits::Limits;

/// How much to ask the source for at once. A small stream takes one call and a small buffer.
const MIN_READ_SIZE: usize = 4096;
/// Room for the next chunk header, so that payload and header come together.
const AHEAD: usize = 40;

/// Reads the framing of a stream from a source, chunk by chunk.
///
/// Applications use the reader that is generated from their schema, which stands on this one.
///
/// ```no_run
/// # fn main() -> Result<(), devstate::Error> {
/// let file = std::fs::File::open("state.dstate")?;
/// let mut reader = devstate::StreamReader::new(file, Default::default());
/// println!("{}", reader.read_header()?.schema);
/// while let Some(chunk) = reader.next_chunk()? {
///     println!("field {}: {} records", chunk.field, chunk.records);
/// }
/// println!("{} of {}", reader.summary().records, reader.limits().max_records);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct StreamReader<R> {
    source: R,
    decoder: StreamDecoder,
    has_header: bool,
}

impl<R: Read> StreamReader<R> {
    /// Starts before the first byte of `source`.
    pub fn new(source: R, limits: Limits) -> Self {
        StreamReader { source, decoder: StreamDecoder::new(limits), has_header: false }
    }

    /// Reads as far as the header and returns it, also a second time.
    ///
    /// # Errors
    /// Those of the stream and of the source.
    pub fn read_header(&mut self) -> Result<&StreamHeader, Error> {
        if !self.has_header {
            self.advance()?;
            self.has_header = true;
        }
        Ok(self.decoder.header())
    }

    /// Returns the header that was read, empty if it was not.
    pub fn header(&self) -> &StreamHeader {
        self.decoder.header()
    }

    /// Returns the limits given to [`StreamReader::new`].
    pub fn limits(&self) -> &Limits {
        self.decoder.limits()
    }

    /// Reads the next chunk. `None` after the last one: then the stream is whole.
    ///
    /// # Errors
    /// Those of the stream and of the source.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Error> {
        self.read_header()?;
        Ok(match self.advance()? {
            Progress::End => None,
            _ => Some(self.decoder.chunk()),
        })
    }

    /// Returns what the stream has held so far.
    pub fn summary(&self) -> Summary {
        self.decoder.summary()
    }

    fn advance(&mut self) -> Result<Progress, Error> {
        loop {
            match self.decoder.poll()? {
                Progress::NeedBytes(size) => {
                    let size = if size == 1 { 1 } else { (size + AHEAD).max(MIN_READ_SIZE) };
                    if self.decoder.feed_from(&mut self.source, size)? == 0 {
                        self.decoder.finish();
                    }
                }
                progress => return Ok(progress),
            }
        }
    }
}
