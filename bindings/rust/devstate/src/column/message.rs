// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Messages of columns: their fields one after the other, and what decoding them needs to know.

use super::{ColumnBuilder, ColumnWriter, Rows};
use crate::decoder::Chunk;
use crate::error::{Error, Reason, StreamError};
use crate::limits::Limits;
use crate::wire::{Cursor, Value};

/// What decoding the columns of one batch needs to know of its surroundings, and how much memory
/// the batch may still take.
///
/// ```
/// use devstate::column::{Context, Rows};
/// use devstate::{Chunk, Limits, Reason};
///
/// let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// let mut cx = Context::new(batch, &Limits { max_batch_memory: 100, ..Default::default() }, 3);
/// assert_eq!(cx.schema_version(), 3);
/// cx.charge(2, 40)?;
/// assert_eq!(cx.charge(2, 16).unwrap_err().reason, Reason::Limit);
/// // The columns of a record, and those of a message within.
/// assert_eq!((cx.enter(), cx.enter()), (Rows::Records, Rows::Occurrences));
/// cx.leave();
/// cx.leave();
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
#[derive(Debug)]
pub struct Context<'c> {
    chunk: Chunk<'c>,
    schema_version: u32,
    memory_left: u64,
    /// Deep within a record.
    depth: u32,
}

impl<'c> Context<'c> {
    /// Starts a batch. `schema_version` is the writer's.
    pub fn new(chunk: Chunk<'c>, limits: &Limits, schema_version: u32) -> Self {
        Context {
            chunk,
            schema_version,
            // Places within a batch are numbers of 32 bits here.
            memory_left: limits.max_batch_memory.min(u32::MAX.into()),
            depth: 0,
        }
    }

    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        let chunk =
            Chunk { field: 1, records: 1, ignorable: false, sequence: 0, offset: 0, payload: &[] };
        Self::new(chunk, &Limits::default(), 1)
    }

    /// Returns the version of the writer's schema.
    pub fn schema_version(&self) -> u32 {
        self.schema_version
    }

    /// Makes an error about the field under way.
    pub fn error(&self, reason: Reason, message: impl Into<String>) -> Box<StreamError> {
        self.chunk.error(reason, message)
    }

    /// Charges `count` values that count for `size` bytes each. Must come before memory is taken
    /// for them.
    ///
    /// # Errors
    /// LIMIT.
    pub fn charge(&mut self, count: u64, size: u64) -> Result<(), Box<StreamError>> {
        match count.checked_mul(size) {
            Some(bytes) if bytes <= self.memory_left => {
                self.memory_left -= bytes;
                Ok(())
            }
            _ => Err(self.error(
                Reason::Limit,
                format!(
                    "{count} values of {size} bytes exceed what max_batch_memory leaves, {} bytes",
                    self.memory_left
                ),
            )),
        }
    }

    /// Says that the columns of a message begin, and returns what their rows are.
    pub fn enter(&mut self) -> Rows {
        self.depth += 1;
        if self.depth == 1 {
            Rows::Records
        } else {
            Rows::Occurrences
        }
    }

    /// Says that they end.
    pub fn leave(&mut self) {
        self.depth -= 1;
    }
}

/// Returns what puts the name of the field or message before an error's path.
///
/// ```
/// # use devstate::{Chunk, Reason};
/// # let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// let read: Result<(), _> = Err(batch.error(Reason::Malformed, "column without a row"));
/// let error = read.map_err(devstate::column::within("ports")).unwrap_err();
/// assert_eq!(error.path, "ports");
/// ```
pub fn within(name: &'static str) -> impl Fn(Box<StreamError>) -> Box<StreamError> {
    move |error| error.within(name)
}

/// Puts the name of a message before the field that no reader would load.
///
/// ```
/// let write = Err(devstate::Error::Unfit("size: 12 is there".into()));
/// let error = devstate::column::unfit_within("ports", write).unwrap_err();
/// assert_eq!(error.to_string(), "ports.size: 12 is there");
/// ```
///
/// # Errors
/// That of `result`.
pub fn unfit_within(name: &str, result: Result<(), Error>) -> Result<(), Error> {
    result.map_err(|error| Error::Unfit(format!("{name}.{error}")))
}

/// The fields of a …Columns message: length-delimited, in ascending order, each once.
///
/// [The module](crate::column) has an example.
#[derive(Debug)]
pub struct ColumnsWalk<'p> {
    cursor: Cursor<'p>,
    previous: u32,
}

impl<'p> ColumnsWalk<'p> {
    /// Starts before the first field.
    pub fn new(columns: &'p [u8]) -> Self {
        ColumnsWalk { cursor: Cursor::new(columns), previous: 0 }
    }

    /// Returns number and bytes of the next column, `None` after the last.
    ///
    /// # Errors
    /// MALFORMED.
    pub fn next(&mut self, cx: &Context<'_>) -> Result<Option<(u32, &'p [u8])>, Box<StreamError>> {
        if self.cursor.at_end() {
            return Ok(None);
        }
        let Some((number, wire_type, value)) = self.cursor.field() else {
            return Err(cx.error(Reason::Malformed, "columns are not a well-formed message"));
        };
        if number <= self.previous {
            return Err(cx.error(
                Reason::Malformed,
                format!("column {number} comes after column {}", self.previous),
            ));
        }
        self.previous = number;
        match value {
            Value::Bytes(bytes) => Ok(Some((number, bytes))),
            _ => {
                Err(cx
                    .error(Reason::Malformed, format!("column {number} has wire type {wire_type}")))
            }
        }
    }

    /// Makes the error for a column that the schema does not have.
    pub fn unknown(&self, cx: &Context<'_>) -> Box<StreamError> {
        cx.error(
            Reason::UnknownContent,
            format!(
                "the records have a field {} that this reader's schema does not know: update the \
                 reader, or save for its schema version",
                self.previous
            ),
        )
    }
}

/// The parts of a column: numbers 1 to `MAX`, each at most once, varint or length-delimited.
pub(crate) struct Parts<'p, const MAX: usize> {
    /// From 1 on.
    values: [Option<Value<'p>>; MAX],
}

impl<'p, const MAX: usize> Parts<'p, MAX> {
    /// `varints` has a bit for each part that is a varint.
    pub fn parse(
        column: &'p [u8],
        varints: u32,
        cx: &Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        let mut parts = Parts { values: [None; MAX] };
        let mut cursor = Cursor::new(column);
        while !cursor.at_end() {
            let Some((number, wire_type, value)) = cursor.field() else {
                return Err(cx.error(Reason::Malformed, "column is not a well-formed message"));
            };
            if !matches!(value, Value::Varint(_) | Value::Bytes(_)) {
                return Err(cx.error(
                    Reason::Malformed,
                    format!("part {number} of the column has wire type {wire_type}"),
                ));
            }
            let Some(part) = parts.values.get_mut(number as usize - 1) else {
                return Err(cx.error(
                    Reason::UnknownContent,
                    format!("column has an unknown part {number}: update the reader"),
                ));
            };
            if (varints >> number & 1 != 0) != matches!(value, Value::Varint(_)) {
                return Err(cx.error(
                    Reason::Malformed,
                    format!("part {number} of the column has wire type {wire_type}"),
                ));
            }
            if part.is_some() {
                return Err(cx.error(
                    Reason::Malformed,
                    format!("part {number} of the column occurs twice"),
                ));
            }
            *part = Some(value);
        }
        Ok(parts)
    }

    pub fn has(&self, part: u32) -> bool {
        self.values[part as usize - 1].is_some()
    }
    pub fn has_any_from(&self, part: u32) -> bool {
        self.values.iter().skip(part as usize - 1).any(Option::is_some)
    }
    pub fn number(&self, part: u32) -> u64 {
        self.values[part as usize - 1].map_or(0, Value::bits)
    }
    pub fn bytes(&self, part: u32) -> &'p [u8] {
        self.values[part as usize - 1].map_or(&[], Value::bytes)
    }
}

/// Builds the columns of a message.
///
/// ```
/// use devstate::column::{ColumnWriter, NumbersBuilder, RecordBuilder, Rows};
///
/// /// Of message Counter { uint64 count = 1; }
/// #[derive(Default)]
/// struct CounterBuilder {
///     rows: usize,
///     count: NumbersBuilder<u64>,
/// }
///
/// impl CounterBuilder {
///     fn push(&mut self, count: u64) {
///         self.count.push(count);
///         self.rows += 1;
///     }
/// }
///
/// impl RecordBuilder for CounterBuilder {
///     fn rows(&self) -> usize {
///         self.rows
///     }
///     fn clear_rows(&mut self) {
///         self.rows = 0;
///         self.count.clear();
///     }
///     fn encode_body(&self, writer: &mut ColumnWriter) {
///         self.count.encode(1, writer);
///     }
///     fn validate(&self, _: Rows) -> Result<(), devstate::Error> {
///         Ok(()) // The schema has no bounds.
///     }
/// }
///
/// let mut builder = CounterBuilder::default();
/// builder.push(9);
/// let mut writer = ColumnWriter::new(true, false);
/// builder.encode_body(&mut writer);
/// assert_eq!(writer.bytes()[..], [0x0a, 5, 0x08, 1, 0x3a, 1, 9]);
/// ```
pub trait RecordBuilder: Default {
    /// Returns how many rows there are.
    fn rows(&self) -> usize;
    /// Forgets all rows.
    fn clear_rows(&mut self);
    /// Appends the columns, without a tag around them.
    fn encode_body(&self, writer: &mut ColumnWriter);
    /// Refuses what no reader would load.
    ///
    /// # Errors
    /// [`Error::Unfit`], with field and row.
    fn validate(&self, rows: Rows) -> Result<(), Error>;
}

impl<B: RecordBuilder> ColumnBuilder for B {
    fn clear(&mut self) {
        self.clear_rows();
    }
    fn encode(&self, field: u32, writer: &mut ColumnWriter) {
        let nested = writer.begin(field, self.rows());
        self.encode_body(writer);
        if writer.is_empty(&nested) {
            writer.take_back(&nested);
        } else {
            writer.end(&nested);
        }
    }
}
