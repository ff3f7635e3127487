// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

use std::io::Write;

use crate::codec::Codec;
use crate::column::ColumnWriter;
use crate::compression::Compression;
use crate::decoder::Summary;
use crate::error::Error;
use crate::format::{
    checksum, ChunkHeader, Prefix, BATCH, CHUNK_HEADER_SIZE, RAW, ROOT, TRAILER, ZSTD,
};
use crate::header::{Implementation, StreamHeader, StreamTrailer};
use crate::limits::Limits;
use crate::schema::Schema;

/// Enough for one write to fill a good part of a pipe, little enough to stay in the cache.
const FLUSH_SIZE: usize = 64 << 10;

/// How a state is written.
///
/// ```
/// use devstate::{Implementation, WriterOptions};
/// let options = WriterOptions {
///     implementation: Implementation { name: "virtiofsd".into(), version: "1.14".into() },
///     ..Default::default()
/// };
/// assert_eq!(options.max_batch_records, 2048);
/// ```
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// The back-end, for the header. Default: without a name.
    pub implementation: Implementation,
    /// How chunks are stored. Default: zstd where it pays.
    pub compression: Compression,
    /// Tells one of several devices; free text for humans. Default: empty.
    pub instance: String,
    /// Names of the optional features that this state uses, for the header. Default: those that
    /// the schema gives to the fields which are present in the root message. Records come after
    /// the header, so their features have to be given here.
    pub used_features: Option<Vec<String>>,
    /// Whether the header carries the schema's descriptor set. Default: true.
    pub embed_descriptor_set: bool,
    /// A batch ends at this many records. Default: 2048.
    pub max_batch_records: u32,
    /// A batch ends at this size, in bytes as the format counts them. Default: 768 KiB.
    pub max_batch_bytes: u32,
    /// Whether every number column is PLAIN, as the simplest writer writes it. Default: false.
    pub plain_columns: bool,
    /// Bounds that readers have.
    pub limits: Limits,
}

impl Default for WriterOptions {
    fn default() -> Self {
        WriterOptions {
            implementation: Implementation::default(),
            compression: Compression::default(),
            instance: String::new(),
            used_features: None,
            embed_descriptor_set: true,
            max_batch_records: 2048,
            max_batch_bytes: 768 << 10,
            plain_columns: false,
            limits: Limits::default(),
        }
    }
}

impl WriterOptions {
    /// Returns the size in bytes and the number of records beyond which a batch ends.
    ///
    /// ```
    /// let options = devstate::WriterOptions { max_batch_bytes: u32::MAX, ..Default::default() };
    /// assert_eq!(options.batch_bounds(), (768 << 10, 2048));
    /// ```
    pub fn batch_bounds(&self) -> (u64, usize) {
        // A number counts for 8 bytes and takes 10 in a column at worst. What is left of the
        // chunk is for the columns' own tags and lengths.
        let bytes = u64::from(self.max_batch_bytes)
            .min(u64::from(self.limits.max_chunk_decoded_bytes) / 4 * 3)
            .min(self.limits.max_batch_memory);
        let records = self.max_batch_records.min(self.limits.max_chunk_records).max(1);
        (bytes, records as usize)
    }
}

/// Returns the header fields that follow from `schema` and `options`.
///
/// ```
/// # fn write(schema: &'static devstate::Schema) -> Result<(), devstate::Error> {
/// let options = devstate::WriterOptions::default();
/// let header = devstate::make_header(schema, &options);
/// assert_eq!(header.fingerprint, schema.fingerprint);
/// # Ok(())
/// # }
/// ```
pub fn make_header(schema: &Schema, options: &WriterOptions) -> StreamHeader {
    StreamHeader {
        device: schema.device.into(),
        schema: schema.name.into(),
        schema_version: schema.version,
        min_reader: schema.min_reader,
        root_message: schema.root_message.into(),
        writer: Some(options.implementation.clone()),
        used_features: options.used_features.clone().unwrap_or_default(),
        fingerprint: schema.fingerprint.to_vec(),
        descriptor_set: if options.embed_descriptor_set {
            schema.descriptor_set.to_vec()
        } else {
            Vec::new()
        },
        instance: options.instance.clone(),
        conversions: Vec::new(),
    }
}

/// Writes the framing of a stream: header, chunks, trailer.
///
/// Applications use the writer that is generated from their schema, which stands on this one.
/// After the first error every call returns it again: a stream with a gap never gets a trailer.
///
/// ```
/// use devstate::{StreamHeader, StreamWriter};
///
/// let mut writer = StreamWriter::new(Vec::new(), Default::default());
/// let header = StreamHeader { schema: "vendor.counter.v1".into(), ..Default::default() };
/// writer.begin(header, b"")?;
/// let mut counts = devstate::column::NumbersBuilder::<u64>::default();
/// counts.push(9);
/// assert!(counts.len() <= writer.options().batch_bounds().1);
/// counts.encode(1, writer.payload());
/// writer.end_batch(4, 1)?;
/// let (stream, summary) = writer.finish()?;
/// assert_eq!((summary.chunks, summary.stream_bytes), (2, stream.len() as u64));
/// # Ok::<(), devstate::Error>(())
/// ```
pub struct StreamWriter<W> {
    sink: W,
    options: WriterOptions,
    /// Complete chunks that the sink has not got yet.
    out: Vec<u8>,
    /// The payload under way.
    payload: ColumnWriter,
    codec: Codec,
    begun: bool,
    last_field: u32,
    trailer: StreamTrailer,
    stream_bytes: u64,
    failure: Option<Error>,
}

impl<W> std::fmt::Debug for StreamWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamWriter").field("trailer", &self.trailer).finish_non_exhaustive()
    }
}

impl<W: Write> StreamWriter<W> {
    /// Starts a stream into `sink`, which is handed large pieces.
    pub fn new(sink: W, options: WriterOptions) -> Self {
        StreamWriter {
            sink,
            payload: ColumnWriter::new(options.plain_columns, options.compression.compresses()),
            codec: Codec::new(options.compression, options.limits.max_expansion),
            options,
            out: Vec::new(),
            begun: false,
            last_field: 0,
            trailer: StreamTrailer::default(),
            stream_bytes: 0,
            failure: None,
        }
    }

    /// Returns the options given to [`StreamWriter::new`].
    pub fn options(&self) -> &WriterOptions {
        &self.options
    }

    /// Writes the header and the root chunk. Must come first and once.
    ///
    /// # Errors
    /// [`Error::Unfit`] if readers with the same limits would refuse them. An embedded descriptor
    /// set is left out before that.
    pub fn begin(&mut self, mut header: StreamHeader, root: &[u8]) -> Result<(), Error> {
        self.checked(|writer| {
            if writer.begun {
                return Err(Error::Misuse("the stream is begun already".into()));
            }
            writer.begun = true;
            let limit = writer.options.limits.max_header_bytes as usize;
            let mut message = header.encode();
            if message.len() > limit {
                header.descriptor_set.clear();
                message = header.encode();
            }
            if message.len() > limit {
                return Err(Error::Unfit(format!(
                    "the stream header would have {} bytes and readers accept {limit}: shorten \
                     the names of features, instance or implementation",
                    message.len()
                )));
            }
            writer.trailer.digest = Prefix::encode(&message, &mut writer.out);
            writer.out.extend_from_slice(&message);
            writer.payload.bytes().extend_from_slice(root);
            writer.end_chunk(ROOT, 0, 0)
        })
    }

    /// Returns where the payload of the next batch goes.
    pub fn payload(&mut self) -> &mut ColumnWriter {
        &mut self.payload
    }

    /// Ends a batch of `records` records of `field`, whose columns are in [`Self::payload`].
    ///
    /// # Errors
    /// [`Error::Unfit`] if a reader with the same limits would refuse the stream;
    /// [`Error::Misuse`] if the batch is not one that may come now.
    pub fn end_batch(&mut self, field: u32, records: u32) -> Result<(), Error> {
        self.checked(|writer| {
            if !writer.begun || field == 0 || records == 0 || field < writer.last_field {
                return Err(Error::Misuse(format!(
                    "a batch of {records} records of field {field} after field {}: the root \
                     comes first, then the batches in ascending order of field",
                    writer.last_field
                )));
            }
            writer.last_field = field;
            writer.end_chunk(BATCH, field, records)
        })
    }

    /// Writes the trailer, hands everything to the sink and returns it.
    ///
    /// # Errors
    /// The first error of the stream, or one of the sink.
    pub fn finish(mut self) -> Result<(W, Summary), Error> {
        self.checked(|writer| {
            if !writer.begun {
                return Err(Error::Misuse("a stream without a root chunk".into()));
            }
            let message = writer.trailer.encode();
            let mut header = ChunkHeader {
                kind: TRAILER,
                sequence: writer.trailer.chunks as u32,
                stored_size: message.len() as u32,
                decoded_size: message.len() as u32,
                payload_checksum: checksum(&message),
                ..Default::default()
            };
            let header = header.encode(writer.trailer.digest);
            writer.out.extend_from_slice(&header);
            writer.out.extend_from_slice(&message);
            writer.flush()?;
            writer.sink.flush()?;
            Ok(())
        })?;
        let summary = Summary {
            chunks: self.trailer.chunks,
            records: self.trailer.records,
            decoded_bytes: self.trailer.decoded_bytes,
            stored_bytes: self.trailer.stored_bytes,
            stream_bytes: self.stream_bytes,
        };
        Ok((self.sink, summary))
    }

    /// Records in the batches so far.
    pub(crate) fn records(&self) -> u64 {
        self.trailer.records
    }

    fn checked(&mut self, f: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        f(self).map_err(|error| {
            self.failure = Some(error.clone());
            error
        })
    }

    /// Remembers an error of who writes the payloads.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.failure.get_or_insert(error).clone()
    }

    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    fn end_chunk(&mut self, kind: u8, field: u32, records: u32) -> Result<(), Error> {
        self.check_limits(kind, field, records)?;
        let payload = self.payload.bytes().as_slice();
        let decoded_size = payload.len();
        let frame =
            self.codec.frame(payload, self.trailer.decoded_bytes, self.trailer.stored_bytes)?;
        let stored = frame.unwrap_or(payload);
        let mut header = ChunkHeader {
            kind,
            codec: if frame.is_some() { ZSTD } else { RAW },
            flags: 0,
            sequence: self.trailer.chunks as u32,
            field,
            records,
            stored_size: stored.len() as u32,
            decoded_size: decoded_size as u32,
            payload_checksum: checksum(stored),
            header_checksum: 0,
        };
        self.out.reserve(CHUNK_HEADER_SIZE + stored.len());
        self.out.extend_from_slice(&header.encode(self.trailer.digest));
        self.out.extend_from_slice(stored);
        self.trailer.digest = header.header_checksum;
        self.trailer.chunks += 1;
        self.trailer.records += u64::from(records);
        self.trailer.decoded_bytes += decoded_size as u64;
        self.trailer.stored_bytes += stored.len() as u64;
        self.payload.bytes().clear();
        if self.out.len() >= FLUSH_SIZE {
            self.flush()?;
        }
        Ok(())
    }

    fn check_limits(&mut self, kind: u8, field: u32, records: u32) -> Result<(), Error> {
        let (limits, seen) = (&self.options.limits, &self.trailer);
        let size = self.payload.bytes().len();
        let what = if kind == ROOT {
            "the singular fields of the root message take".to_owned()
        } else {
            format!("a batch of {records} records of field {field} takes")
        };
        let text = if size > limits.max_chunk_decoded_bytes as usize {
            format!(
                "chunk {}: {what} {size} bytes and a chunk holds at most {}: move large data into \
                 a repeated record field, or split its values",
                seen.chunks, limits.max_chunk_decoded_bytes
            )
        } else if seen.chunks >= u64::from(limits.max_chunks) {
            format!("the state takes more than {} chunks: use larger batches", limits.max_chunks)
        } else if records > limits.max_chunk_records {
            format!(
                "a batch of {records} records of field {field} is more than readers accept, {}",
                limits.max_chunk_records
            )
        } else if seen.records + u64::from(records) > limits.max_records {
            format!(
                "the state has more than {} records, the most that readers accept",
                limits.max_records
            )
        } else if seen.decoded_bytes + size as u64 > limits.max_decoded_bytes {
            format!(
                "the state takes more than {} bytes before compression, the most that readers \
                 accept",
                limits.max_decoded_bytes
            )
        } else {
            return Ok(());
        };
        Err(Error::Unfit(text))
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.sink.write_all(&self.out)?;
        self.stream_bytes += self.out.len() as u64;
        self.out.clear();
        Ok(())
    }
}
