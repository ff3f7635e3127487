// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The framing of a stream, as a machine that is handed bytes and knows no source.

use crate::compression::Decompressor;
use crate::error::{Error, Reason, StreamError};
use crate::format::{
    checksum, ChunkHeader, Prefix, BATCH, CHUNK_HEADER_SIZE, FORMAT_VERSION, IGNORABLE, MAGIC,
    PREFIX_SIZE, RAW, ROOT, TRAILER, ZSTD,
};
use crate::header::{StreamHeader, StreamTrailer};
use crate::limits::{expansion, Limits};

/// A chunk whose checksums hold, decompressed.
///
/// ```
/// fn records(stream: &[u8]) -> Result<u64, devstate::Error> {
///     let mut reader = devstate::StreamReader::new(stream, Default::default());
///     let mut records = 0;
///     while let Some(chunk) = reader.next_chunk()? {
///         assert!(chunk.is_root() == (chunk.sequence == 0));
///         records += u64::from(chunk.records);
///     }
///     Ok(records)
/// }
/// # assert!(records(b"").is_err());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Number of the field in the root message; 0 for the root chunk.
    pub field: u32,
    /// Records in the batch; 0 for the root chunk.
    pub records: u32,
    /// Whether a reader that does not know the field may skip it.
    pub ignorable: bool,
    /// Index of the chunk, from 0.
    pub sequence: u32,
    /// Where its header starts, from the start of the stream.
    pub offset: u64,
    /// The serialized message.
    pub payload: &'a [u8],
}

impl Chunk<'_> {
    /// Returns whether it holds the singular fields of the root message.
    pub fn is_root(&self) -> bool {
        self.field == 0
    }

    /// Makes an error about this chunk.
    pub fn error(&self, reason: Reason, message: impl Into<String>) -> Box<StreamError> {
        Box::new(StreamError {
            reason,
            offset: self.offset,
            chunk: Some(self.sequence),
            path: String::new(),
            rule: None,
            message: message.into(),
        })
    }
}

/// What [`StreamDecoder::poll`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// At least so many more bytes are needed, or the news that there are none.
    NeedBytes(usize),
    /// The header is there.
    Header,
    /// A root chunk or a batch is there.
    Chunk,
    /// The stream is whole. Only now may what it held be used.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Prefix,
    Header,
    ChunkHeader,
    Payload,
    /// After the trailer.
    Rest,
    End,
}

/// Decodes a stream that is pushed to it in pieces of any size.
///
/// ```
/// use devstate::{Limits, Progress, StreamDecoder};
///
/// fn chunks_of(stream: &[u8]) -> Result<u32, devstate::Error> {
///     let mut decoder = StreamDecoder::new(Limits::default());
///     let mut pieces = stream.chunks(7);
///     let mut chunks = 0;
///     loop {
///         match decoder.poll()? {
///             Progress::NeedBytes(_) => match pieces.next() {
///                 Some(piece) => decoder.feed(piece),
///                 None => decoder.finish(),
///             },
///             Progress::Header => {}
///             Progress::Chunk => chunks += 1,
///             Progress::End => {
///                 assert_eq!(decoder.summary().chunks, u64::from(chunks));
///                 assert_eq!(*decoder.limits(), Limits::default());
///                 return Ok(chunks);
///             }
///         }
///     }
/// }
/// assert!(chunks_of(b"").is_err());
/// ```
#[derive(Debug)]
pub struct StreamDecoder {
    limits: Limits,
    stage: Stage,
    buffer: Vec<u8>,
    /// First byte of the buffer that is not consumed yet.
    begin: usize,
    /// Of that byte, from the start of the stream.
    offset: u64,
    finished: bool,
    prefix: Option<Prefix>,
    header: StreamHeader,
    chunk: ChunkHeader,
    /// Where the item under way starts.
    item_offset: u64,
    /// Range of the raw payload in the buffer; unless `decoded` has the payload.
    payload: std::ops::Range<usize>,
    decoded: Vec<u8>,
    in_decoded: bool,
    decompressor: Decompressor,
    previous_checksum: u64,
    last_field: u32,
    seen: StreamTrailer,
    failure: Option<Error>,
}

impl std::fmt::Debug for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prefix")
    }
}

impl StreamDecoder {
    /// Starts before the first byte.
    pub fn new(limits: Limits) -> Self {
        StreamDecoder {
            limits,
            stage: Stage::Prefix,
            buffer: Vec::new(),
            begin: 0,
            offset: 0,
            finished: false,
            prefix: None,
            header: StreamHeader::default(),
            chunk: ChunkHeader::default(),
            item_offset: 0,
            payload: 0..0,
            decoded: Vec::new(),
            in_decoded: false,
            decompressor: Decompressor::default(),
            previous_checksum: 0,
            last_field: 0,
            seen: StreamTrailer::default(),
            failure: None,
        }
    }

    /// Returns the limits given to [`StreamDecoder::new`].
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes the next bytes of the stream. The chunk that was there before is gone.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.drop_consumed();
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next bytes from `source`, at most `size`; 0 says that it has ended.
    pub(crate) fn feed_from(
        &mut self,
        source: &mut impl std::io::Read,
        size: usize,
    ) -> std::io::Result<usize> {
        self.drop_consumed();
        let have = self.buffer.len();
        self.buffer.resize(have + size, 0);
        let got = loop {
            match source.read(&mut self.buffer[have..]) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                result => break result,
            }
        };
        self.buffer.truncate(have + got.as_ref().copied().unwrap_or(0));
        got
    }

    /// Says that there are no more bytes.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    fn drop_consumed(&mut self) {
        if self.begin != 0 {
            self.buffer.copy_within(self.begin.., 0);
            self.buffer.truncate(self.buffer.len() - self.begin);
            self.begin = 0;
        }
    }

    /// Returns the header. Requires: [`Progress::Header`] has been reported; else it is empty.
    pub fn header(&self) -> &StreamHeader {
        &self.header
    }

    /// Returns the chunk that [`Progress::Chunk`] has reported last.
    pub fn chunk(&self) -> Chunk<'_> {
        Chunk {
            field: self.chunk.field,
            records: self.chunk.records,
            ignorable: self.chunk.flags & IGNORABLE != 0,
            sequence: self.chunk.sequence,
            offset: self.item_offset,
            payload: if self.in_decoded {
                &self.decoded
            } else {
                self.buffer.get(self.payload.clone()).unwrap_or(&[])
            },
        }
    }

    /// Returns what the stream has held so far.
    pub fn summary(&self) -> Summary {
        Summary {
            chunks: self.seen.chunks,
            records: self.seen.records,
            decoded_bytes: self.seen.decoded_bytes,
            stored_bytes: self.seen.stored_bytes,
            stream_bytes: self.offset,
        }
    }

    /// Goes on until bytes are needed or something is there.
    ///
    /// # Errors
    /// [`Error::Stream`] if the stream is refused; from then on every call returns it again.
    pub fn poll(&mut self) -> Result<Progress, Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let progress = self.advance().map_err(Error::Stream);
        if let Err(error) = &progress {
            self.failure = Some(error.clone());
        }
        progress
    }

    fn advance(&mut self) -> Result<Progress, Box<StreamError>> {
        loop {
            let (size, what) = match self.stage {
                Stage::Prefix => (PREFIX_SIZE, "the stream's prefix"),
                Stage::Header => (self.header_size(), "the stream header"),
                Stage::ChunkHeader => (CHUNK_HEADER_SIZE, "a chunk header"),
                Stage::Payload => (self.chunk.stored_size as usize, "a chunk's payload"),
                Stage::Rest => return self.check_end(),
                Stage::End => return Ok(Progress::End),
            };
            let have = self.buffer.len() - self.begin;
            if have < size {
                if self.stage == Stage::Prefix && self.finished {
                    self.check_magic()?;
                }
                if self.finished {
                    return Err(self.cut(size - have, have, what));
                }
                return Ok(Progress::NeedBytes(size - have));
            }
            if matches!(self.stage, Stage::Prefix | Stage::ChunkHeader) {
                self.item_offset = self.offset;
            }
            let taken = self.begin..self.begin + size;
            self.begin = taken.end;
            self.offset += size as u64;
            match self.stage {
                Stage::Prefix => self.take_prefix(taken)?,
                Stage::Header => return self.take_header(taken),
                Stage::ChunkHeader => self.take_chunk_header(taken)?,
                Stage::Payload => {
                    if self.take_payload(taken)? {
                        return Ok(Progress::Chunk);
                    }
                }
                Stage::Rest | Stage::End => {}
            }
        }
    }

    fn header_size(&self) -> usize {
        self.prefix.as_ref().map_or(0, |prefix| prefix.header_size as usize)
    }

    fn in_chunks(&self) -> bool {
        !matches!(self.stage, Stage::Prefix | Stage::Header)
    }

    fn error(&self, reason: Reason, message: impl Into<String>) -> Box<StreamError> {
        Box::new(StreamError {
            reason,
            offset: self.item_offset,
            chunk: self.in_chunks().then_some(self.seen.chunks as u32),
            path: String::new(),
            rule: None,
            message: message.into(),
        })
    }

    fn cut(&self, missing: usize, have: usize, what: &str) -> Box<StreamError> {
        let end = self.offset + have as u64;
        let message = if end == 0 {
            "no trailer: the stream is empty, the writer has written no state".to_owned()
        } else {
            format!(
                "no trailer: the stream ends after {end} bytes, where {missing} more bytes of \
                 {what} should follow; the writer was stopped or the stream was cut, save it again"
            )
        };
        let mut error = self.error(Reason::NoTrailer, message);
        if self.stage == Stage::ChunkHeader {
            error.offset = self.offset;
        }
        error
    }

    /// Something short that is no stream at all is not one without a trailer.
    fn check_magic(&self) -> Result<(), Box<StreamError>> {
        let start = &self.buffer[self.begin..];
        let start = &start[..start.len().min(MAGIC.len())];
        if MAGIC.starts_with(start) {
            return Ok(());
        }
        Err(self.error(
            Reason::NotAStream,
            format!(
                "not a devstate stream: it starts with \"{}\", expected \"{}\"",
                start.escape_ascii(),
                MAGIC.escape_ascii()
            ),
        ))
    }

    fn checksum_error(&self, what: &str, stored: u64, computed: u64) -> Box<StreamError> {
        self.error(
            Reason::Checksum,
            format!(
                "{what} checksum mismatch (stored 0x{stored:016x}, computed 0x{computed:016x})"
            ),
        )
    }

    fn take_prefix(&mut self, taken: std::ops::Range<usize>) -> Result<(), Box<StreamError>> {
        self.begin = taken.start;
        self.check_magic()?;
        self.begin = taken.end;
        let prefix = Prefix::decode(&self.buffer[taken]);
        if prefix.prefix_checksum != prefix.computed_checksum {
            return Err(self.checksum_error(
                "prefix",
                prefix.prefix_checksum,
                prefix.computed_checksum,
            ));
        }
        if prefix.format_version != FORMAT_VERSION || prefix.reserved != 0 {
            return Err(self.error(
                Reason::UnknownContent,
                format!(
                    "stream format version {} is newer than version {FORMAT_VERSION} of this \
                     reader: update the reader",
                    prefix.format_version
                ),
            ));
        }
        self.check_limit(
            prefix.header_size.into(),
            self.limits.max_header_bytes.into(),
            "max_header_bytes",
        )?;
        self.previous_checksum = prefix.prefix_checksum;
        self.prefix = Some(prefix);
        self.item_offset = self.offset;
        self.stage = Stage::Header;
        Ok(())
    }

    fn take_header(&mut self, taken: std::ops::Range<usize>) -> Result<Progress, Box<StreamError>> {
        let bytes = &self.buffer[taken];
        let computed = checksum(bytes);
        let stored = self.prefix.as_ref().map_or(0, |prefix| prefix.header_checksum);
        if stored != computed {
            return Err(self.checksum_error("header", stored, computed));
        }
        self.header = StreamHeader::decode(bytes).ok_or_else(|| {
            self.error(Reason::Malformed, "the stream header is not a StreamHeader message")
        })?;
        self.stage = Stage::ChunkHeader;
        Ok(Progress::Header)
    }

    fn take_chunk_header(&mut self, taken: std::ops::Range<usize>) -> Result<(), Box<StreamError>> {
        let bytes = &self.buffer[taken];
        let header = ChunkHeader::decode(bytes);
        let computed = ChunkHeader::computed_checksum(bytes, self.previous_checksum);
        if header.header_checksum != computed {
            return Err(self.checksum_error("chunk header", header.header_checksum, computed));
        }
        self.check_chunk_header(&header)?;
        self.check_limits(&header)?;
        self.check_order(&header)?;
        self.chunk = header;
        self.stage = Stage::Payload;
        Ok(())
    }

    fn check_chunk_header(&self, header: &ChunkHeader) -> Result<(), Box<StreamError>> {
        let ChunkHeader { kind, codec, flags, field, records, .. } = *header;
        // The checksum holds, so a wrong sequence is a splice by somebody who computed it anew.
        if u64::from(header.sequence) != self.seen.chunks {
            return Err(self.error(
                Reason::Checksum,
                format!(
                    "chunk has sequence number {}, expected {}",
                    header.sequence, self.seen.chunks
                ),
            ));
        }
        if flags & !IGNORABLE != 0 {
            return Err(self.error(
                Reason::UnknownContent,
                format!("chunk has unknown flags 0x{:04x}: update the reader", flags & !IGNORABLE),
            ));
        }
        let ignorable = flags & IGNORABLE != 0;
        let known = matches!(kind, ROOT | BATCH | TRAILER);
        if !known && !ignorable {
            return Err(self.error(
                Reason::UnknownContent,
                format!(
                    "chunk is of unknown type {kind} and not marked ignorable: update the reader"
                ),
            ));
        }
        if codec != RAW && codec != ZSTD {
            return Err(self.error(
                Reason::UnknownContent,
                format!("chunk has unknown codec {codec}: update the reader"),
            ));
        }
        let fault = if known && (kind == BATCH) != (field != 0) {
            format!("chunk of type {kind} has field number {field}")
        } else if known && (kind == BATCH) != (records != 0) {
            format!("chunk of type {kind} has {records} records")
        } else if ignorable && matches!(kind, ROOT | TRAILER) {
            format!("chunk of type {kind} is marked ignorable")
        } else if kind == TRAILER && codec != RAW {
            "the trailer is compressed".to_owned()
        } else if codec == RAW && header.stored_size != header.decoded_size {
            format!(
                "raw chunk has {} stored and {} decoded bytes",
                header.stored_size, header.decoded_size
            )
        } else {
            return Ok(());
        };
        Err(self.error(Reason::Malformed, fault))
    }

    fn check_limit(&self, value: u64, limit: u64, name: &str) -> Result<(), Box<StreamError>> {
        if value <= limit {
            return Ok(());
        }
        Err(self.error(
            Reason::Limit,
            format!(
                "{value} is more than {name} = {limit}: raise the limit if the source of the \
                 stream is trusted"
            ),
        ))
    }

    fn check_limits(&self, header: &ChunkHeader) -> Result<(), Box<StreamError>> {
        let (limits, seen) = (&self.limits, &self.seen);
        let (stored, decoded) = (u64::from(header.stored_size), u64::from(header.decoded_size));
        let records = u64::from(header.records);
        self.check_limit(stored, limits.max_chunk_stored_bytes.into(), "max_chunk_stored_bytes")?;
        self.check_limit(
            decoded,
            limits.max_chunk_decoded_bytes.into(),
            "max_chunk_decoded_bytes",
        )?;
        self.check_limit(records, limits.max_chunk_records.into(), "max_chunk_records")?;
        self.check_limit(seen.records + records, limits.max_records, "max_records")?;
        // The trailer counts neither itself nor its bytes, and these limits are about what it
        // counts.
        if header.kind == TRAILER {
            return Ok(());
        }
        let (stored, decoded) = (seen.stored_bytes + stored, seen.decoded_bytes + decoded);
        self.check_limit(seen.chunks + 1, limits.max_chunks.into(), "max_chunks")?;
        self.check_limit(decoded, limits.max_decoded_bytes, "max_decoded_bytes")?;
        self.check_limit(expansion(decoded, stored), limits.max_expansion.into(), "max_expansion")
    }

    fn check_order(&self, header: &ChunkHeader) -> Result<(), Box<StreamError>> {
        if (header.kind == ROOT) != (self.seen.chunks == 0) {
            return Err(self
                .error(Reason::Malformed, "the root chunk must be the first one, and only that"));
        }
        if header.kind == BATCH && header.field < self.last_field {
            return Err(self.error(
                Reason::Malformed,
                format!(
                    "batch of field {} comes after one of field {}",
                    header.field, self.last_field
                ),
            ));
        }
        Ok(())
    }

    /// Returns whether the chunk is one to hand out.
    fn take_payload(&mut self, taken: std::ops::Range<usize>) -> Result<bool, Box<StreamError>> {
        let header = self.chunk;
        let bytes = &self.buffer[taken.clone()];
        let computed = checksum(bytes);
        if header.payload_checksum != computed {
            return Err(self.checksum_error("payload", header.payload_checksum, computed));
        }
        self.in_decoded = header.codec == ZSTD;
        if self.in_decoded {
            let size = header.decoded_size as usize;
            self.decompressor
                .decompress(bytes, size, &mut self.decoded)
                .map_err(|text| self.error(Reason::Malformed, text))?;
        } else {
            self.payload = taken;
        }
        if header.kind == TRAILER {
            self.check_trailer()?;
            self.stage = Stage::Rest;
            return Ok(false);
        }
        self.previous_checksum = header.header_checksum;
        self.seen.chunks += 1;
        self.seen.records += u64::from(header.records);
        self.seen.decoded_bytes += u64::from(header.decoded_size);
        self.seen.stored_bytes += u64::from(header.stored_size);
        if header.kind == BATCH {
            self.last_field = header.field;
        }
        self.stage = Stage::ChunkHeader;
        Ok(matches!(header.kind, ROOT | BATCH))
    }

    fn check_trailer(&mut self) -> Result<(), Box<StreamError>> {
        self.seen.digest = self.previous_checksum;
        let trailer = StreamTrailer::decode(self.chunk().payload).ok_or_else(|| {
            self.error(Reason::Malformed, "the trailer is not a StreamTrailer message")
        })?;
        let counts = [
            ("chunks", trailer.chunks, self.seen.chunks),
            ("records", trailer.records, self.seen.records),
            ("decoded_bytes", trailer.decoded_bytes, self.seen.decoded_bytes),
            ("stored_bytes", trailer.stored_bytes, self.seen.stored_bytes),
            ("digest", trailer.digest, self.seen.digest),
        ];
        for (name, stored, seen) in counts {
            if stored != seen {
                return Err(self.error(
                    Reason::Checksum,
                    format!("the trailer says {name} = {stored}, read were {seen}"),
                ));
            }
        }
        Ok(())
    }

    fn check_end(&mut self) -> Result<Progress, Box<StreamError>> {
        if self.begin < self.buffer.len() {
            self.item_offset = self.offset;
            return Err(self.error(Reason::TrailingBytes, "bytes follow the trailer"));
        }
        if !self.finished {
            return Ok(Progress::NeedBytes(1));
        }
        self.stage = Stage::End;
        Ok(Progress::End)
    }
}

/// What a stream held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Chunks before the trailer.
    pub chunks: u64,
    /// Records in all batches.
    pub records: u64,
    /// Payload bytes before compression.
    pub decoded_bytes: u64,
    /// Payload bytes as stored.
    pub stored_bytes: u64,
    /// Bytes of the whole stream.
    pub stream_bytes: u64,
}
