// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Writes states by a schema that is known at run time only, for tools and tests.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::Write;

use devstate::column::{
    unfit_within, BlobsBuilder, ColumnBuilder, ColumnWriter, Number, NumbersBuilder, TextsBuilder,
};
use devstate::record::{put_field, put_packed};
use devstate::schema::{FieldType, Presence};
use devstate::wire::{put_bytes, zigzag};
use devstate::{Error, StreamHeader, StreamWriter, Summary, WriterOptions};

use crate::dynamic::Value;
use crate::model::{FieldModel, MessageModel, SchemaModel};

/// The fields of a message that are there, by number.
type Row<'v> = Vec<(u32, &'v Value)>;

/// Writes a state as [`decode_state`](crate::decode_state) returns it. Annotations of the schema
/// are not checked, and the header carries no descriptor set.
///
/// ```
/// # fn copy(stream: &[u8], schema: &devstate_schema::SchemaModel) -> Result<(), devstate::Error> {
/// let state = devstate_schema::decode_state_by(stream, schema, &Default::default())?;
/// let (again, _) =
///     devstate_schema::write_state(Vec::new(), &state, schema, Default::default())?;
/// assert_eq!(
///     devstate_schema::decode_state_by(&again[..], schema, &Default::default())?,
///     state
/// );
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Unfit`] if the state is not one of `schema` or no reader would load it; those of the
/// sink.
pub fn write_state<W: Write>(
    sink: W,
    state: &Value,
    schema: &SchemaModel,
    options: WriterOptions,
) -> Result<(W, Summary), Error> {
    let root = schema.root();
    let encoder = Encoder {
        schema,
        plain: options.plain_columns,
        compressed: options.compression.compresses(),
    };
    let (singular, records): (Row<'_>, Row<'_>) = row_of(state)?
        .into_iter()
        .partition(|(number, _)| !root.field(*number).is_some_and(FieldModel::holds_records));
    let mut message = Vec::new();
    encoder.put_message(root, &singular, &mut message)?;
    let used_features = match &options.used_features {
        Some(features) => features.clone(),
        None => {
            let mut features = BTreeSet::new();
            add_used_features(schema, root, &row_of(state)?, &mut features);
            features.into_iter().map(str::to_owned).collect()
        }
    };
    let header = StreamHeader {
        device: root.annotations.device.clone(),
        schema: schema.name().to_owned(),
        schema_version: schema.version(),
        min_reader: root.annotations.min_reader,
        root_message: root.full_name.clone(),
        writer: Some(options.implementation.clone()),
        used_features,
        fingerprint: schema.fingerprint.to_vec(),
        descriptor_set: Vec::new(),
        instance: options.instance.clone(),
        conversions: Vec::new(),
    };
    let mut stream = StreamWriter::new(sink, options);
    stream.begin(header, &message)?;
    for field in root.fields.iter().filter(|field| field.holds_records()) {
        if let Some(value) = value_in(&records, field) {
            unfit_within(&field.name, encoder.records(field, value, &mut stream))?;
        }
    }
    stream.finish()
}

/// Returns the root message of a state without its records, serialized.
pub(crate) fn root_bytes(schema: &SchemaModel, root: &Value) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let encoder = Encoder { schema, plain: false, compressed: false };
    encoder.put_message(schema.root(), &row_of(root)?, &mut out)?;
    Ok(out)
}

/// Returns the columns of records of `message`.
pub(crate) fn batch_bytes(
    schema: &SchemaModel,
    message: &MessageModel,
    records: &[Value],
) -> Result<Vec<u8>, Error> {
    let rows = records.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
    let mut writer = ColumnWriter::new(false, false);
    Encoder { schema, plain: false, compressed: false }.columns(message, &rows, &mut writer)?;
    Ok(std::mem::take(writer.bytes()))
}

fn unfit<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::Unfit(text.into()))
}

fn row_of(value: &Value) -> Result<Row<'_>, Error> {
    match value {
        Value::Message(members) => {
            Ok(members.iter().map(|member| (member.number, &member.value)).collect())
        }
        _ => unfit("something else stands where the schema has a message"),
    }
}

fn value_in<'v>(row: &Row<'v>, field: &FieldModel) -> Option<&'v Value> {
    row.iter().find(|(number, _)| *number == field.number).map(|(_, value)| *value)
}

/// Returns the elements of a repeated field.
fn elements(value: &Value) -> Result<&[Value], Error> {
    match value {
        Value::List(values) => Ok(values),
        _ => unfit("something else stands where the schema has a repeated field"),
    }
}

/// Returns the entries of a map as rows, in ascending order of key.
fn entries(value: &Value) -> Result<Vec<Row<'_>>, Error> {
    let Value::Map(entries) = value else {
        return unfit("something else stands where the schema has a map");
    };
    let mut sorted: Vec<&(Value, Value)> = entries.iter().collect();
    sorted.sort_by(|a, b| key_order(&a.0, &b.0));
    if sorted.windows(2).any(|pair| key_order(&pair[0].0, &pair[1].0).is_eq()) {
        return unfit("the map has a key twice");
    }
    Ok(sorted.into_iter().map(|(key, value)| vec![(1, key), (2, value)]).collect())
}

fn key_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Uint(a), Value::Uint(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        // Of different types: refused where the keys are written.
        _ => Ordering::Less,
    }
}

fn add_used_features<'s>(
    schema: &'s SchemaModel,
    message: &'s MessageModel,
    row: &Row<'_>,
    features: &mut BTreeSet<&'s str>,
) {
    for (number, value) in row {
        let Some(field) = message.field(*number) else { continue };
        let present = field.presence == Presence::Explicit || !value.is_zero();
        if present && !field.annotations.feature.is_empty() {
            features.insert(&field.annotations.feature);
        }
        let Some(inner) = schema.message_of(field) else { continue };
        let rows = match value {
            Value::List(values) => values.iter().flat_map(row_of).collect(),
            Value::Map(_) => entries(value).unwrap_or_default(),
            value => row_of(value).into_iter().collect(),
        };
        rows.iter().for_each(|row| add_used_features(schema, inner, row, features));
    }
}

struct Encoder<'s> {
    schema: &'s SchemaModel,
    plain: bool,
    compressed: bool,
}

impl Encoder<'_> {
    fn records<W: Write>(
        &self,
        field: &FieldModel,
        records: &Value,
        stream: &mut StreamWriter<W>,
    ) -> Result<(), Error> {
        let Some(message) = self.schema.message_of(field) else { return Ok(()) };
        let (max_bytes, max_records) = stream.options().batch_bounds();
        let max_memory = stream.options().limits.max_batch_memory;
        let fixed = self.schema.record_size(message);
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut bytes = 0;
        for record in elements(records)? {
            let row = row_of(record)?;
            let size = fixed + self.variable_size(message, &row)?;
            if size > max_memory {
                return unfit(format!(
                    "a record counts for {size} bytes and readers accept max_batch_memory = \
                     {max_memory}: split its repeated fields into records of their own"
                ));
            }
            if !rows.is_empty() && (rows.len() >= max_records || bytes + size > max_bytes) {
                self.batch(field, message, &rows, stream)?;
                rows.clear();
                bytes = 0;
            }
            bytes += size;
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.batch(field, message, &rows, stream)
    }

    fn batch<W: Write>(
        &self,
        field: &FieldModel,
        message: &MessageModel,
        rows: &[Row<'_>],
        stream: &mut StreamWriter<W>,
    ) -> Result<(), Error> {
        self.columns(message, rows, stream.payload())?;
        stream.end_batch(field.number, rows.len() as u32)
    }

    /// Returns what the strings and the elements of a message count for.
    fn variable_size(&self, message: &MessageModel, row: &Row<'_>) -> Result<u64, Error> {
        let mut size = 0;
        for (number, value) in row {
            let Some(field) = message.field(*number) else { continue };
            let inner = self.schema.message_of(field);
            let of_value = |value: &Value| match (inner, value) {
                (Some(inner), value) => self.variable_size(inner, &row_of(value)?),
                (None, Value::Text(text)) => Ok(text.len() as u64),
                (None, Value::Bytes(bytes)) => Ok(bytes.len() as u64),
                _ => Ok(0),
            };
            let element = self.schema.value_size(field);
            size += match field.presence {
                Presence::Implicit | Presence::Explicit => of_value(value)?,
                Presence::Repeated => elements(value)?
                    .iter()
                    .try_fold(0, |sum, value| Ok::<u64, Error>(sum + element + of_value(value)?))?,
                Presence::Map => entries(value)?.iter().try_fold(0, |sum, entry| {
                    let inner = inner.map_or(Ok(0), |inner| self.variable_size(inner, entry))?;
                    Ok::<u64, Error>(sum + element + inner)
                })?,
            };
        }
        Ok(size)
    }

    /// Refuses fields that the message does not have, and two members of a oneof.
    fn check_row(&self, message: &MessageModel, row: &Row<'_>) -> Result<(), Error> {
        let mut oneofs = BTreeSet::new();
        for (number, _) in row {
            let Some(field) = message.field(*number) else {
                return unfit(format!("{} has no field {number}", message.full_name));
            };
            if !field.oneof.is_empty() && !oneofs.insert(&field.oneof) {
                return unfit(format!("several members of the oneof {}", field.oneof));
            }
        }
        Ok(())
    }

    /// Appends the columns of a message of which `rows` are there.
    fn columns(
        &self,
        message: &MessageModel,
        rows: &[Row<'_>],
        writer: &mut ColumnWriter,
    ) -> Result<(), Error> {
        rows.iter().try_for_each(|row| self.check_row(message, row))?;
        for field in &message.fields {
            unfit_within(&field.name, self.column(field, rows, writer))?;
        }
        Ok(())
    }

    fn column(
        &self,
        field: &FieldModel,
        rows: &[Row<'_>],
        writer: &mut ColumnWriter,
    ) -> Result<(), Error> {
        let of_rows = rows.iter().map(|row| value_in(row, field));
        if field.presence == Presence::Implicit {
            let values: Vec<_> = of_rows.collect();
            return self.values(field, field.number, &values, writer);
        }
        let mut counts = NumbersBuilder::<u32>::default();
        let mut values = Vec::new();
        let mut inner_rows = Vec::new();
        for value in of_rows {
            let before = values.len() + inner_rows.len();
            match (value, field.presence) {
                (None, _) => {}
                (Some(value), Presence::Map) => inner_rows.extend(entries(value)?),
                (Some(value), Presence::Repeated) => {
                    values.extend(elements(value)?.iter().map(Some));
                }
                (Some(value), _) => values.push(Some(value)),
            }
            counts.push((values.len() + inner_rows.len() - before) as u32);
        }
        if values.is_empty() && inner_rows.is_empty() {
            return Ok(());
        }
        let mut parts = ColumnWriter::new(self.plain, self.compressed);
        counts.encode(1, &mut parts);
        if let Some(message) = self.schema.message_of(field) {
            for value in values.into_iter().flatten() {
                inner_rows.push(row_of(value)?);
            }
            let mut columns = ColumnWriter::new(self.plain, self.compressed);
            self.columns(message, &inner_rows, &mut columns)?;
            if !columns.bytes().is_empty() {
                put_bytes(2, columns.bytes(), parts.bytes());
            }
        } else {
            self.values(field, 2, &values, &mut parts)?;
        }
        put_bytes(field.number, parts.bytes(), writer.bytes());
        Ok(())
    }

    /// Appends a column of scalars as field `number`; what is absent is zero or empty.
    fn values(
        &self,
        field: &FieldModel,
        number: u32,
        values: &[Option<&Value>],
        writer: &mut ColumnWriter,
    ) -> Result<(), Error> {
        use FieldType as T;
        match field.kind {
            T::Bool => numbers(number, values, writer, bool_of),
            T::Uint32 | T::Fixed32 => numbers(number, values, writer, u32_of),
            T::Uint64 | T::Fixed64 => numbers(number, values, writer, u64_of),
            T::Int32 | T::Sint32 | T::Sfixed32 => numbers(number, values, writer, i32_of),
            T::Int64 | T::Sint64 | T::Sfixed64 => numbers(number, values, writer, i64_of),
            T::Enum => numbers(number, values, writer, |value| self.enum_of(field, value)),
            T::Float => numbers(number, values, writer, f32_of),
            T::Double => numbers(number, values, writer, f64_of),
            T::String => {
                let mut builder = TextsBuilder::default();
                for value in values {
                    builder.push(value.map_or(Some(""), text_of).ok_or_else(|| misfit(field))?);
                }
                builder.encode(number, writer);
                Ok(())
            }
            T::Bytes => {
                let mut builder = BlobsBuilder::default();
                for value in values {
                    builder
                        .push(value.map_or(Some(&[][..]), bytes_of).ok_or_else(|| misfit(field))?);
                }
                builder.encode(number, writer);
                Ok(())
            }
            T::Message => Err(misfit(field)),
        }
    }

    fn enum_of(&self, field: &FieldModel, value: &Value) -> Option<i32> {
        let Value::Enum(number, _) = value else { return None };
        let values = &self.schema.enums.get(field.enumeration?)?.values;
        values.iter().any(|value| value.number == *number).then_some(*number)
    }

    /// Appends a message outside of records, in ascending order of number.
    fn put_message(
        &self,
        message: &MessageModel,
        row: &Row<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.check_row(message, row)?;
        for field in &message.fields {
            let Some(value) = value_in(row, field) else { continue };
            unfit_within(&field.name, self.put_values(field, value, out))?;
        }
        Ok(())
    }

    fn put_values(
        &self,
        field: &FieldModel,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match field.presence {
            Presence::Implicit if value.is_zero() => Ok(()),
            Presence::Implicit | Presence::Explicit => self.put_value(field, value, out),
            Presence::Map => entries(value)?.iter().try_for_each(|entry| {
                let mut bytes = Vec::new();
                // An entry has its key and its value, zero or not.
                for part in self.schema.message_of(field).into_iter().flat_map(|m| &m.fields) {
                    if let Some(value) = value_in(entry, part) {
                        self.put_value(part, value, &mut bytes)?;
                    }
                }
                put_bytes(field.number, &bytes, out);
                Ok(())
            }),
            Presence::Repeated if field.is_number() => {
                let bits: Option<Vec<u64>> =
                    elements(value)?.iter().map(|value| self.bits_of(field, value)).collect();
                let bits = bits.ok_or_else(|| misfit(field))?;
                put_packed(field.number, field.wire_size(), bits.into_iter(), out);
                Ok(())
            }
            Presence::Repeated => {
                elements(value)?.iter().try_for_each(|value| self.put_value(field, value, out))
            }
        }
    }

    fn put_value(&self, field: &FieldModel, value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(message) = self.schema.message_of(field) {
            let mut bytes = Vec::new();
            self.put_message(message, &row_of(value)?, &mut bytes)?;
            put_bytes(field.number, &bytes, out);
        } else if field.is_number() {
            let bits = self.bits_of(field, value).ok_or_else(|| misfit(field))?;
            put_field(field.number, field.wire_size(), bits, out);
        } else {
            let bytes = match field.kind {
                FieldType::String => text_of(value).map(str::as_bytes),
                _ => bytes_of(value),
            };
            put_bytes(field.number, bytes.ok_or_else(|| misfit(field))?, out);
        }
        Ok(())
    }

    /// Returns a number as the wire format has it; `None` if it is none of the field's type.
    fn bits_of(&self, field: &FieldModel, value: &Value) -> Option<u64> {
        use FieldType as T;
        Some(match field.kind {
            T::Bool => bool_of(value)?.into(),
            T::Uint32 | T::Fixed32 => u32_of(value)?.into(),
            T::Uint64 | T::Fixed64 => u64_of(value)?,
            T::Sint32 => zigzag(i32_of(value)?.into()),
            T::Sint64 => zigzag(i64_of(value)?),
            T::Int32 | T::Sfixed32 => i64::from(i32_of(value)?) as u64,
            T::Int64 | T::Sfixed64 => i64_of(value)? as u64,
            T::Enum => i64::from(self.enum_of(field, value)?) as u64,
            T::Float => f32_of(value)?.to_bits().into(),
            T::Double => f64_of(value)?.to_bits(),
            T::String | T::Bytes | T::Message => return None,
        })
    }
}

fn misfit(field: &FieldModel) -> Error {
    Error::Unfit(format!("a value is none of the type {}", field.type_text))
}

fn numbers<T: Number>(
    number: u32,
    values: &[Option<&Value>],
    writer: &mut ColumnWriter,
    get: impl Fn(&Value) -> Option<T>,
) -> Result<(), Error> {
    let mut builder = NumbersBuilder::<T>::default();
    for value in values {
        let Some(value) = value.map_or(Some(T::default()), &get) else {
            return unfit("a value is none of the field's type");
        };
        builder.push(value);
    }
    builder.encode(number, writer);
    Ok(())
}

fn bool_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

fn u64_of(value: &Value) -> Option<u64> {
    match value {
        Value::Uint(value) => Some(*value),
        _ => None,
    }
}

fn u32_of(value: &Value) -> Option<u32> {
    u64_of(value)?.try_into().ok()
}

fn i64_of(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        _ => None,
    }
}

fn i32_of(value: &Value) -> Option<i32> {
    i64_of(value)?.try_into().ok()
}

fn f32_of(value: &Value) -> Option<f32> {
    match value {
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn f64_of(value: &Value) -> Option<f64> {
    match value {
        Value::Double(value) => Some(*value),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(value) => Some(value),
        _ => None,
    }
}

fn bytes_of(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Bytes(value) => Some(value),
        _ => None,
    }
}
