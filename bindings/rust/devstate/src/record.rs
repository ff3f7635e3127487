// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What generated readers and writers of a schema stand on.
//!
//! The code of a schema with one number and records of one number, by hand. `SCHEMA` is that of
//! [the module `schema`](crate::schema).
//!
//! ```
//! use devstate::column::{Column, ColumnWriter, ColumnsWalk, Context, Numbers, NumbersBuilder};
//! use devstate::column::{RecordBuilder, Rows};
//! use devstate::record::{check_root, parsed, put_field, Batch, Message, RecordWriter};
//! use devstate::record::ValuesInPieces;
//! use devstate::wire::Value;
//! use devstate::{read_state, Chunk, Error, Limits, NoFilter, StateHandler, StreamError};
//! # mod schema {
//! # use std::borrow::Cow;
//! #
//! # use devstate::schema::{Field, FieldType, Message, Presence, Schema, Table};
//! #
//! # // message Count { uint64 total = 1; repeated Step steps = 2; }  message Step { uint32 by = 1; }
//! # const fn field(number: u32, name: &'static str, kind: FieldType, presence: Presence) -> Field {
//! #     let (name, feature) = (Cow::Borrowed(name), Cow::Borrowed(""));
//! #     Field { number, name, kind, presence, oneof: None, of: 1, feature }
//! # }
//! # pub static SCHEMA: Schema = Schema {
//! #     name: "vendor.count.v1",
//! #     version: 1,
//! #     min_reader: 0,
//! #     device: "count",
//! #     root_message: "vendor.count.v1.Count",
//! #     fingerprint: [0; 32], // The build works it out.
//! #     descriptor_set: &[],
//! #     released: &[],
//! #     pieces: &[],
//! #     table: Table {
//! #         messages: Cow::Borrowed(&[
//! #             Message {
//! #                 name: Cow::Borrowed("vendor.count.v1.Count"),
//! #                 fields: Cow::Borrowed(&[
//! #                     field(1, "total", FieldType::Uint64, Presence::Implicit),
//! #                     field(2, "steps", FieldType::Message, Presence::Repeated),
//! #                 ]),
//! #             },
//! #             Message {
//! #                 name: Cow::Borrowed("vendor.count.v1.Step"),
//! #                 fields: Cow::Borrowed(&[
//! #                     field(1, "by", FieldType::Uint32, Presence::Implicit),
//! #                 ]),
//! #             },
//! #         ]),
//! #         enums: Cow::Borrowed(&[]),
//! #     },
//! # };
//! # }
//! # use schema::SCHEMA;
//!
//! #[derive(Debug, Default, PartialEq)]
//! struct Count {
//!     total: u64,
//! }
//! impl Message for Count {
//!     fn merge_field(&mut self, number: u32, value: Value<'_>) {
//!         if number == 1 {
//!             self.total = value.bits();
//!         }
//!     }
//!     fn encode(&self, out: &mut Vec<u8>) {
//!         if self.total != 0 {
//!             put_field(1, 0, self.total, out);
//!         }
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Steps(Numbers<u32>);
//! impl<'p> Column<'p> for Steps {
//!     type Value<'r> = u32;
//!     fn decode(
//!         columns: &'p [u8],
//!         count: usize,
//!         cx: &mut Context<'_>,
//!     ) -> Result<Self, Box<StreamError>> {
//!         let mut walk = ColumnsWalk::new(columns);
//!         let mut this = Self::default();
//!         while let Some((number, column)) = walk.next(cx)? {
//!             match number {
//!                 1 => this.0 = Numbers::decode(column, count, cx)?,
//!                 _ => return Err(walk.unknown(cx)),
//!             }
//!         }
//!         Ok(this)
//!     }
//!     fn absent(count: usize, cx: &mut Context<'_>) -> Result<Self, Box<StreamError>> {
//!         Self::decode(&[], count, cx)
//!     }
//!     fn get(&self, i: usize) -> u32 {
//!         self.0.get(i)
//!     }
//! }
//!
//! #[derive(Default)]
//! struct StepBuilder(NumbersBuilder<u32>);
//! impl RecordBuilder for StepBuilder {
//!     fn rows(&self) -> usize {
//!         self.0.len()
//!     }
//!     fn clear_rows(&mut self) {
//!         self.0.clear();
//!     }
//!     fn encode_body(&self, writer: &mut ColumnWriter) {
//!         self.0.encode(1, writer);
//!     }
//!     fn validate(&self, _: Rows) -> Result<(), Error> {
//!         Ok(())
//!     }
//! }
//!
//! // Writes a state.
//! let mut writer =
//!     RecordWriter::begin(Vec::new(), Default::default(), &SCHEMA, &Count { total: 12 })?;
//! let mut steps = StepBuilder::default();
//! for by in [5, 7] {
//!     let size = 8 + 8; // A record and a number.
//!     if writer.must_flush(2, steps.rows(), size) {
//!         writer.write_batch("steps", &mut steps)?;
//!         writer.start_batch(2, "steps", size)?;
//!     }
//!     steps.0.push(by);
//! }
//! assert_eq!(writer.pending(), 2);
//! writer.write_batch("steps", &mut steps)?;
//! let (stream, _) = writer.finish()?;
//!
//! // Reads it.
//! #[derive(Default)]
//! struct Handler(Count, Vec<u32>);
//! impl StateHandler for Handler {
//!     fn schema(&self) -> &'static devstate::Schema {
//!         &SCHEMA
//!     }
//!     fn root(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
//!         check_root(chunk, &SCHEMA)?;
//!         self.0 = parsed(chunk.payload);
//!         Ok(())
//!     }
//!     fn batch(
//!         &mut self,
//!         chunk: &Chunk<'_>,
//!         limits: &Limits,
//!         version: u32,
//!         _: &mut ValuesInPieces,
//!     ) -> Result<bool, Error> {
//!         if chunk.field != 2 {
//!             return Ok(false);
//!         }
//!         let mut cx = Context::new(*chunk, limits, version);
//!         cx.charge(chunk.records.into(), 8 + 8)?;
//!         let rows = chunk.records as usize;
//!         let batch = Batch::new(Steps::decode(chunk.payload, rows, &mut cx)?, rows);
//!         assert!(!batch.is_empty() && batch.get(0) == 5);
//!         self.1.extend(batch.iter());
//!         Ok(true)
//!     }
//! }
//! let mut handler = Handler::default();
//! read_state(&stream[..], &Limits::default(), &mut NoFilter, &mut handler)?;
//! assert_eq!((handler.0, handler.1), (Count { total: 12 }, vec![5, 7]));
//! # Ok::<(), Error>(())
//! ```

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::marker::PhantomData;

use crate::column::{Column, RecordBuilder, Rows};
use crate::decoder::{Chunk, Progress, StreamDecoder, Summary};
use crate::error::{Error, Reason, StreamError};
use crate::header::StreamHeader;
use crate::limits::Limits;
pub use crate::pieces::ValuesInPieces;
use crate::reader::StreamReader;
use crate::root_walk::{add_used_features, walk_root};
use crate::schema::Schema;
use crate::wire::{put_bytes, put_tag, put_varint, Cursor, Value, FIXED32, FIXED64, VARINT};
use crate::writer::{make_header, StreamWriter, WriterOptions};

/// A message of the root, as a plain struct.
///
/// ```
/// use devstate::record::{put_field, Message};
/// use devstate::wire::Value;
///
/// #[derive(Debug, Default, PartialEq)]
/// struct Count {
///     total: u64,
/// }
/// impl Message for Count {
///     fn merge_field(&mut self, number: u32, value: Value<'_>) {
///         if number == 1 {
///             self.total = value.bits();
///         }
///     }
///     fn encode(&self, out: &mut Vec<u8>) {
///         put_field(1, 0, self.total, out);
///     }
/// }
///
/// let bytes = Count { total: 300 }.to_bytes();
/// let mut count = Count::default();
/// count.merge(&bytes);
/// assert_eq!(count, Count { total: 300 });
/// assert_eq!(devstate::record::parsed::<Count>(&bytes), count);
/// ```
pub trait Message: Default {
    /// Sets a field from a message that [`check_root`] has passed.
    fn merge_field(&mut self, number: u32, value: Value<'_>);
    /// Appends the message, in ascending order of number.
    fn encode(&self, out: &mut Vec<u8>);

    /// Merges a message that [`check_root`] has passed.
    fn merge(&mut self, bytes: &[u8]) {
        let mut cursor = Cursor::new(bytes);
        while let Some((number, _, value)) = cursor.field() {
            self.merge_field(number, value);
        }
    }

    /// Returns the serialized message.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

/// Returns the message of bytes that [`check_root`] has passed; [`Message`] has an example.
pub fn parsed<M: Message>(bytes: &[u8]) -> M {
    let mut message = M::default();
    message.merge(bytes);
    message
}

/// Calls `each` for each field of a message that [`check_root`] has passed.
///
/// ```
/// let mut numbers = Vec::new();
/// devstate::record::each_field(&[0x08, 5, 0x12, 1, b'x'], |number, _| numbers.push(number));
/// assert_eq!(numbers, [1, 2]);
/// ```
pub fn each_field<'a>(bytes: &'a [u8], mut each: impl FnMut(u32, Value<'a>)) {
    let mut cursor = Cursor::new(bytes);
    while let Some((number, _, value)) = cursor.field() {
        each(number, value);
    }
}

/// Calls `each` for each number of a repeated field, packed or not. `size` is 4 or 8 bytes, or 0
/// for varints.
///
/// ```
/// use devstate::wire::Value;
/// let mut numbers = Vec::new();
/// devstate::record::each_number(Value::Bytes(&[0xac, 2, 1]), 0, |bits| numbers.push(bits));
/// devstate::record::each_number(Value::Varint(9), 0, |bits| numbers.push(bits));
/// assert_eq!(numbers, [300, 1, 9]);
/// ```
pub fn each_number(value: Value<'_>, size: usize, mut each: impl FnMut(u64)) {
    let Value::Bytes(bytes) = value else { return each(value.bits()) };
    let mut cursor = Cursor::new(bytes);
    while let Some(bits) = match size {
        4 => cursor.fixed32().map(u64::from),
        8 => cursor.fixed64(),
        _ => cursor.varint(),
    } {
        each(bits);
    }
}

fn put_bits(size: usize, bits: u64, out: &mut Vec<u8>) {
    match size {
        0 => put_varint(bits, out),
        size => out.extend_from_slice(&bits.to_le_bytes()[..size]),
    }
}

/// Appends a number field. `size` is as in [`each_number`].
///
/// ```
/// let mut out = Vec::new();
/// devstate::record::put_field(1, 4, 7, &mut out);
/// assert_eq!(out, [0x0d, 7, 0, 0, 0]);
/// ```
pub fn put_field(number: u32, size: usize, bits: u64, out: &mut Vec<u8>) {
    let wire_type = match size {
        4 => FIXED32,
        8 => FIXED64,
        _ => VARINT,
    };
    put_tag(number, wire_type, out);
    put_bits(size, bits, out);
}

/// Appends a packed field, unless it is empty. `size` is as in [`each_number`].
///
/// ```
/// let mut out = Vec::new();
/// devstate::record::put_packed(1, 0, [300, 1].into_iter(), &mut out);
/// assert_eq!(out, [0x0a, 3, 0xac, 2, 1]);
/// ```
pub fn put_packed(number: u32, size: usize, bits: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    let mut packed = Vec::new();
    bits.for_each(|bits| put_bits(size, bits, &mut packed));
    if !packed.is_empty() {
        put_bytes(number, &packed, out);
    }
}

/// Refuses a root chunk of which a parser would lose or misread something. [The module](crate::record) has
/// an example.
///
/// # Errors
/// MALFORMED or UNKNOWN_CONTENT.
pub fn check_root(chunk: &Chunk<'_>, schema: &Schema) -> Result<(), Box<StreamError>> {
    let mut first = None;
    let walked = walk_root(chunk.payload, &schema.table, &mut |finding| {
        first = Some(finding);
        false
    });
    if let Some(finding) = first {
        let reason = finding.fault.reason();
        let remedy = if reason == Reason::UnknownContent {
            "update the reader, or save for its schema version"
        } else {
            "the writer does not write this format rightly, save with another"
        };
        let mut error = chunk.error(
            reason,
            format!(
                "{}, in {} of schema version {}: {remedy}",
                finding.text(),
                schema.root_message,
                schema.version
            ),
        );
        error.path = finding.path;
        return Err(error);
    }
    walked.map_err(|_| {
        chunk.error(Reason::Malformed, format!("not a well-formed {}", schema.root_message))
    })
}

/// Records of a batch, decoded. [The module](crate::record) has
/// an example.
#[derive(Debug)]
pub struct Batch<'p, C> {
    columns: C,
    rows: usize,
    payload: PhantomData<&'p ()>,
}

impl<'p, C: Column<'p>> Batch<'p, C> {
    /// Puts `rows` rows of `columns` together.
    pub fn new(columns: C, rows: usize) -> Self {
        Batch { columns, rows, payload: PhantomData }
    }

    /// Returns how many records there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns whether there is none, which no batch of a stream is.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Returns record `i`.
    pub fn get(&self, i: usize) -> C::Value<'_> {
        self.columns.get(i)
    }

    /// Returns the records one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = C::Value<'_>> + '_ {
        (0..self.rows).map(|i| self.columns.get(i))
    }
}

/// What generated code does with the chunks of a state. [The module](crate::record) has
/// an example.
pub trait StateHandler {
    /// Returns the schema that the code was generated from.
    fn schema(&self) -> &'static Schema;

    /// Decodes the root and hands it on.
    ///
    /// # Errors
    /// Those of the stream and of whoever takes the root.
    fn root(&mut self, chunk: &Chunk<'_>) -> Result<(), Error>;

    /// Decodes a batch and hands it on, pieces only if they fit. Returns false if the schema has
    /// no such records.
    ///
    /// # Errors
    /// Those of the stream and of whoever takes the records.
    fn batch(
        &mut self,
        chunk: &Chunk<'_>,
        limits: &Limits,
        version: u32,
        pieces: &mut ValuesInPieces,
    ) -> Result<bool, Error>;
}

/// Looks at a stream before it is decoded: a verdict about the state of another version.
///
/// ```
/// use devstate::{Chunk, ChunkFilter, Error, Implementation, StreamHeader};
///
/// /// Refuses the states of a release that is known to write them wrongly.
/// struct Known;
/// impl ChunkFilter for Known {
///     fn header(&mut self, header: &StreamHeader) -> Result<(), Error> {
///         let bad = Implementation { name: "count".into(), version: "1.0".into() };
///         if header.writer == Some(bad) {
///             return Err(Error::Device("count 1.0 forgets steps: save with 1.1".into()));
///         }
///         Ok(())
///     }
///     fn chunk<'c>(&'c mut self, chunk: Chunk<'c>) -> Result<Option<Chunk<'c>>, Error> {
///         Ok(Some(chunk))
///     }
///     fn end(&mut self) -> Result<(), Error> {
///         Ok(())
///     }
/// }
/// assert!(Known.header(&StreamHeader::default()).is_ok());
/// ```
pub trait ChunkFilter {
    /// Judges the header.
    ///
    /// # Errors
    /// [`Error::Refused`].
    fn header(&mut self, header: &StreamHeader) -> Result<(), Error>;

    /// Judges a chunk, and returns it as the reader's schema has it; `None` if nothing is left.
    ///
    /// # Errors
    /// Those of the stream.
    fn chunk<'c>(&'c mut self, chunk: Chunk<'c>) -> Result<Option<Chunk<'c>>, Error>;

    /// Says whether the stream, which is whole, may be loaded.
    ///
    /// # Errors
    /// [`Error::Refused`].
    fn end(&mut self) -> Result<(), Error>;
}

/// Takes what is judged already, or is of the reader's own version. [`read_state`] has an example.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFilter;

impl ChunkFilter for NoFilter {
    fn header(&mut self, _: &StreamHeader) -> Result<(), Error> {
        Ok(())
    }
    fn chunk<'c>(&'c mut self, chunk: Chunk<'c>) -> Result<Option<Chunk<'c>>, Error> {
        Ok(Some(chunk))
    }
    fn end(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn handle_header(
    header: &StreamHeader,
    filter: &mut dyn ChunkFilter,
    handler: &mut dyn StateHandler,
) -> Result<(), Error> {
    filter.header(header)?;
    let schema = handler.schema();
    if header.root_message != schema.root_message {
        return Err(Error::WrongSchema(format!(
            "the stream holds a {}, this reader reads {}",
            header.root_message, schema.root_message
        )));
    }
    Ok(())
}

fn handle_chunk(
    chunk: Chunk<'_>,
    version: u32,
    limits: &Limits,
    filter: &mut dyn ChunkFilter,
    handler: &mut dyn StateHandler,
    pieces: &mut ValuesInPieces,
) -> Result<(), Error> {
    let Some(chunk) = filter.chunk(chunk)? else { return Ok(()) };
    if chunk.is_root() {
        return handler.root(&chunk);
    }
    if handler.batch(&chunk, limits, version, pieces)? || chunk.ignorable {
        return Ok(());
    }
    let schema = handler.schema();
    Err(chunk
        .error(
            Reason::UnknownContent,
            format!(
                "records of field {} of {} are unknown in schema version {} of this reader",
                chunk.field, schema.root_message, schema.version
            ),
        )
        .into())
}

/// Reads a state to the end of its source.
///
/// ```
/// use devstate::{read_state, Error, Limits, NoFilter, StateHandler, Summary};
///
/// fn load(file: std::fs::File, handler: &mut dyn StateHandler) -> Result<Summary, Error> {
///     read_state(file, &Limits::default(), &mut NoFilter, handler)
/// }
/// ```
///
/// Only if that is `Ok` is the state whole: what the
/// handler was given before is to be kept aside until then.
///
/// # Errors
/// Those of the stream, the source, the filter and the handler.
pub fn read_state(
    source: impl Read,
    limits: &Limits,
    filter: &mut dyn ChunkFilter,
    handler: &mut dyn StateHandler,
) -> Result<Summary, Error> {
    let mut reader = StreamReader::new(source, limits.clone());
    let header = reader.read_header()?;
    let version = header.schema_version;
    handle_header(header, filter, handler)?;
    let mut pieces = ValuesInPieces::new(handler.schema().pieces);
    while let Some(chunk) = reader.next_chunk()? {
        handle_chunk(chunk, version, limits, filter, handler, &mut pieces)?;
    }
    pieces.finish(reader.summary().stream_bytes)?;
    filter.end()?;
    Ok(reader.summary())
}

/// Reads a state that is pushed to it in pieces of any size, without a thread.
///
/// ```
/// use devstate::{Error, Limits, NoFilter, PushReader, StateHandler};
///
/// fn receive<H: StateHandler>(pieces: &[&[u8]], handler: H) -> Result<H, Error> {
///     let mut reader = PushReader::new(Limits::default(), NoFilter, handler);
///     for piece in pieces {
///         reader.feed(piece)?;
///     }
///     let (_, handler, _) = reader.finish()?;
///     Ok(handler)
/// }
/// ```
#[derive(Debug)]
pub struct PushReader<F, H> {
    decoder: StreamDecoder,
    filter: F,
    handler: H,
    pieces: ValuesInPieces,
    failure: Option<Error>,
}

impl<F: ChunkFilter, H: StateHandler> PushReader<F, H> {
    /// Starts before the first byte.
    pub fn new(limits: Limits, filter: F, handler: H) -> Self {
        let decoder = StreamDecoder::new(limits);
        let pieces = ValuesInPieces::new(handler.schema().pieces);
        PushReader { decoder, filter, handler, pieces, failure: None }
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// As [`read_state`]; from then on every call returns the first error again.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.decoder.feed(bytes);
        self.advance()
    }

    /// Says that there are no more bytes, and returns filter and handler: the state is
    /// whole.
    ///
    /// # Errors
    /// As [`PushReader::feed`].
    pub fn finish(mut self) -> Result<(F, H, Summary), Error> {
        self.decoder.finish();
        self.advance()?;
        let summary = self.decoder.summary();
        self.pieces.finish(summary.stream_bytes)?;
        self.filter.end()?;
        Ok((self.filter, self.handler, summary))
    }

    fn advance(&mut self) -> Result<(), Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let result = self.advance_impl();
        self.failure = result.as_ref().err().cloned();
        result
    }

    fn advance_impl(&mut self) -> Result<(), Error> {
        let Self { decoder, filter, handler, pieces, .. } = self;
        loop {
            match decoder.poll()? {
                Progress::NeedBytes(_) | Progress::End => return Ok(()),
                Progress::Header => handle_header(decoder.header(), filter, handler)?,
                Progress::Chunk => {
                    let version = decoder.header().schema_version;
                    let limits = decoder.limits();
                    handle_chunk(decoder.chunk(), version, limits, filter, handler, pieces)?;
                }
            }
        }
    }
}

/// Collects the records of a field into batches and writes them. [The module](crate::record) has
/// an example.
#[derive(Debug)]
pub struct RecordWriter<W> {
    stream: StreamWriter<W>,
    /// The field whose records are being collected, or 0.
    pending: u32,
    /// The size of the batch so far, and where it ends.
    batch_bytes: u64,
    max_batch_bytes: u64,
    max_records: usize,
}

impl<W: Write> RecordWriter<W> {
    /// Writes header and root chunk.
    ///
    /// # Errors
    /// As [`StreamWriter::begin`].
    pub fn begin(
        sink: W,
        mut options: WriterOptions,
        schema: &'static Schema,
        root: &impl Message,
    ) -> Result<Self, Error> {
        let root = root.to_bytes();
        if options.used_features.is_none() {
            let mut features = BTreeSet::new();
            add_used_features(&root, &schema.table, &schema.table.messages[0], &mut features);
            options.used_features = Some(features.into_iter().map(str::to_owned).collect());
        }
        let (max_batch_bytes, max_records) = options.batch_bounds();
        let header = make_header(schema, &options);
        let mut stream = StreamWriter::new(sink, options);
        stream.begin(header, &root)?;
        Ok(RecordWriter { stream, pending: 0, batch_bytes: 0, max_batch_bytes, max_records })
    }

    /// Counts a record of `size` that joins `rows` others of `field`. Returns whether the batch
    /// must be written first, with [`RecordWriter::write_batch`], and another one started.
    #[inline]
    pub fn must_flush(&mut self, field: u32, rows: usize, size: u64) -> bool {
        let full = self.batch_bytes + size > self.max_batch_bytes || rows >= self.max_records;
        if field != self.pending || full {
            return true;
        }
        self.batch_bytes += size;
        false
    }

    /// Returns the field whose records are being collected, or 0.
    pub fn pending(&self) -> u32 {
        self.pending
    }

    /// Starts a batch of `field`, called `name`, whose first record is of `size`.
    ///
    /// # Errors
    /// [`Error::Misuse`] after records of a later field.
    pub fn start_batch(&mut self, field: u32, name: &str, size: u64) -> Result<(), Error> {
        if let Some(failure) = self.stream.failure() {
            return Err(failure.clone());
        }
        if field < self.pending {
            let error = Error::Misuse(format!(
                "records of {name} (field {field}) after records of field {}: add them in \
                 ascending order of field number",
                self.pending
            ));
            return Err(self.fail(error));
        }
        self.pending = field;
        self.batch_bytes = size;
        Ok(())
    }

    /// Writes the records that were collected, unless there is none.
    ///
    /// # Errors
    /// [`Error::Unfit`] if no reader would load them.
    pub fn write_batch(
        &mut self,
        name: &str,
        builder: &mut impl RecordBuilder,
    ) -> Result<(), Error> {
        let rows = builder.rows();
        if rows == 0 {
            return Ok(());
        }
        let first = self.stream.records();
        let limit = self.stream.options().limits.max_batch_memory;
        let checked = if self.batch_bytes > limit {
            Err(Error::Unfit(format!(
                "{name} {first}: the record counts for {} bytes and readers accept \
                 max_batch_memory = {limit}: split its repeated fields into records of their own",
                self.batch_bytes
            )))
        } else {
            builder.validate(Rows::Records).map_err(|error| {
                Error::Unfit(format!("{name} {first} to {}: {error}", first + rows as u64 - 1))
            })
        };
        if let Err(error) = checked {
            return Err(self.fail(error));
        }
        builder.encode_body(self.stream.payload());
        builder.clear_rows();
        self.stream.end_batch(self.pending, rows as u32)
    }

    /// Writes the trailer and returns the sink. The last batch must have been written.
    ///
    /// # Errors
    /// The first error of the stream, or one of the sink.
    pub fn finish(self) -> Result<(W, Summary), Error> {
        self.stream.finish()
    }

    fn fail(&mut self, error: Error) -> Error {
        self.pending = 0;
        self.stream.fail(error)
    }
}
