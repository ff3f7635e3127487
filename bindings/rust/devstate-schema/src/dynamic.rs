// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Reads states by a schema that is known at run time only, for tools and tests.

use std::io::Read;

use devstate::record::each_number;
use devstate::schema::{FieldType, Presence};
use devstate::wire::{unzigzag, Cursor};
use devstate::{
    json_text, walk_root, Chunk, ChunkFilter, Error, Limits, NoFilter, Reason, StreamHeader,
    StreamReader,
};

use crate::columns::MessageColumns;
use crate::load_embedded;
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::together::Together;

/// A value of a state.
///
/// ```
/// use devstate_schema::Value;
/// assert_eq!(Value::List(vec![Value::Uint(1), Value::Uint(2)]).to_json(), "[\n 1,\n 2\n]");
/// assert_eq!(Value::Bytes(vec![0xff]).to_json(), "\"/w==\"");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a bool.
    Bool(bool),
    /// Of a signed integer.
    Int(i64),
    /// Of an unsigned integer.
    Uint(u64),
    /// Of a float.
    Float(f32),
    /// Of a double.
    Double(f64),
    /// Of a string.
    Text(String),
    /// Of bytes.
    Bytes(Vec<u8>),
    /// Of an enum: the first name of its number.
    Enum(i32, String),
    /// Of a message: its fields in ascending order of number.
    Message(Vec<Member>),
    /// Of a repeated field.
    List(Vec<Value>),
    /// Of a map.
    Map(Vec<(Value, Value)>),
}

/// A field of a message that is there: present, or not zero or empty where nothing tells presence.
///
/// ```
/// use devstate_schema::{Member, Value};
/// let id = Member { number: 1, name: "id".into(), wide: true, value: Value::Uint(7) };
/// assert_eq!(Value::Message(vec![id]).to_json(), "{\n \"id\": \"7\"\n}");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Whether its type has 64 bits, which JSON holds in strings only.
    pub wide: bool,
    /// Its value.
    pub value: Value,
}

impl Value {
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Value::Bool(value) => !value,
            Value::Int(value) => *value == 0,
            Value::Uint(value) => *value == 0,
            Value::Float(value) => value.to_bits() == 0,
            Value::Double(value) => value.to_bits() == 0,
            Value::Text(value) => value.is_empty(),
            Value::Bytes(value) => value.is_empty(),
            Value::Enum(number, _) => *number == 0,
            Value::Message(_) => false,
            Value::List(values) => values.is_empty(),
            Value::Map(entries) => entries.is_empty(),
        }
    }

    /// Returns the value as Protocol Buffers' JSON, with the names of the schema, in lines that
    /// are indented by one space a level.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.put_json(false, 0, &mut out);
        out
    }

    fn put_json(&self, wide: bool, depth: usize, out: &mut String) {
        match self {
            Value::Bool(value) => out.push_str(&value.to_string()),
            Value::Int(value) => out.push_str(&quoted(&value.to_string(), wide)),
            Value::Uint(value) => out.push_str(&quoted(&value.to_string(), wide)),
            Value::Float(value) => {
                let texts = [value.to_string(), format!("{value:e}")];
                out.push_str(&real(f64::from(*value), texts));
            }
            Value::Double(value) => {
                let texts = [value.to_string(), format!("{value:e}")];
                out.push_str(&real(*value, texts));
            }
            Value::Text(value) => out.push_str(&json_text(value)),
            Value::Bytes(value) => out.push_str(&json_text(&base64(value))),
            Value::Enum(number, name) if name.is_empty() => out.push_str(&number.to_string()),
            Value::Enum(_, name) => out.push_str(&json_text(name)),
            Value::Message(members) => put_list(('{', '}'), depth, members, out, |member, out| {
                out.push_str(&json_text(&member.name));
                out.push_str(": ");
                member.value.put_json(member.wide, depth + 1, out);
            }),
            Value::List(values) => put_list(('[', ']'), depth, values, out, |value, out| {
                value.put_json(wide, depth + 1, out);
            }),
            Value::Map(entries) => {
                put_list(('{', '}'), depth, entries, out, |(key, value), out| {
                    let mut text = String::new();
                    key.put_json(false, 0, &mut text);
                    out.push_str(&if text.starts_with('"') { text } else { quoted(&text, true) });
                    out.push_str(": ");
                    value.put_json(wide, depth + 1, out);
                })
            }
        }
    }
}

fn quoted(text: &str, quotes: bool) -> String {
    if quotes {
        format!("\"{text}\"")
    } else {
        text.to_owned()
    }
}

/// `texts` are the number without and with an exponent: some parsers take hundreds of digits for
/// more than a double holds.
fn real(value: f64, texts: [String; 2]) -> String {
    if value.is_nan() {
        "\"NaN\"".into()
    } else if value.is_infinite() {
        quoted(if value > 0.0 { "Infinity" } else { "-Infinity" }, true)
    } else {
        let [plain, exponent] = texts;
        if plain.len() <= exponent.len() {
            plain
        } else {
            exponent
        }
    }
}

fn put_list<T>(
    brackets: (char, char),
    depth: usize,
    items: &[T],
    out: &mut String,
    mut put: impl FnMut(&T, &mut String),
) {
    let newline = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat(' ').take(depth));
    };
    out.push(brackets.0);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        newline(depth + 1, out);
        put(item, out);
    }
    if !items.is_empty() {
        newline(depth, out);
    }
    out.push(brackets.1);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for piece in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=piece.len()].copy_from_slice(piece);
        let bits = u32::from_be_bytes(bits);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= piece.len() { digit.into() } else { '=' });
        }
    }
    out
}

/// What [`read_dynamic`] hands out.
#[derive(Debug)]
pub enum Item<'s> {
    /// The singular fields of the root message, once and first.
    Root(Value),
    /// A record of a field of the root message.
    Record(&'s FieldModel, Value),
}

/// Reads a state by `schema`, strictly but for the annotations, which it does not check. What is
/// handed out is to be kept aside until it has returned without an error.
///
/// ```
/// use devstate_schema::{read_dynamic, Item};
/// # fn count(stream: &[u8], schema: &devstate_schema::SchemaModel) -> Result<u64, devstate::Error> {
/// let mut records = 0;
/// read_dynamic(stream, schema, &Default::default(), &mut |item| {
///     records += u64::from(matches!(item, Item::Record(..)));
///     Ok(())
/// })?;
/// # Ok(records)
/// # }
/// ```
///
/// # Errors
/// Those of the stream, the source and `visit`.
pub fn read_dynamic(
    source: impl Read,
    schema: &SchemaModel,
    limits: &Limits,
    visit: &mut dyn FnMut(Item<'_>) -> Result<(), Error>,
) -> Result<StreamHeader, Error> {
    let mut reader = StreamReader::new(source, limits.clone());
    let header = reader.read_header()?.clone();
    let root = &schema.root().full_name;
    if header.root_message != *root {
        return Err(Error::WrongSchema(format!(
            "the stream holds a {}, the schema is of {root}",
            header.root_message
        )));
    }
    read_chunks(&mut reader, schema, limits, None, &mut NoFilter, visit)?;
    Ok(header)
}

/// `checked_of` is the version of the writer's schema if annotations are to be checked.
fn read_chunks(
    reader: &mut StreamReader<impl Read>,
    schema: &SchemaModel,
    limits: &Limits,
    checked_of: Option<u32>,
    filter: &mut dyn ChunkFilter,
    visit: &mut dyn FnMut(Item<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let table = schema.table();
    let mut together = checked_of.map(|_| Together::new(schema));
    filter.header(reader.read_header()?)?;
    while let Some(chunk) = reader.next_chunk()? {
        let Some(chunk) = filter.chunk(chunk)? else { continue };
        if chunk.is_root() {
            let root = root_value(&chunk, schema, &table)?;
            if let Some(together) = &mut together {
                together.add_root(&chunk, &root);
            }
            visit(Item::Root(root))?;
            continue;
        }
        let field = schema.root().field(chunk.field).filter(|field| field.holds_records());
        let parts = field.and_then(|field| Some((field, schema.message_of(field)?)));
        let Some((field, message)) = parts else {
            if chunk.ignorable {
                continue;
            }
            let text = format!("records of field {} are unknown to the schema", chunk.field);
            return Err(chunk.error(Reason::UnknownContent, text).into());
        };
        let columns = MessageColumns::decode_batch(&chunk, schema, message, limits)
            .and_then(|columns| {
                if let Some(version) = checked_of {
                    columns.check(message, chunk.records as usize, version, &chunk)?;
                }
                Ok(columns)
            })
            .map_err(|error| error.within(&field.name))?;
        if let Some(together) = &mut together {
            together.add_batch(&chunk, field, &columns);
        }
        for row in 0..chunk.records as usize {
            let record = columns.row(row);
            if let Some(together) = &mut together {
                together.add_record(&chunk, field, message, &record);
            }
            visit(Item::Record(field, record))?;
        }
    }
    if let Some(together) = together {
        together.finish(reader.summary().stream_bytes)?;
    }
    filter.end()
}

/// Decodes a whole state into its root message, the records after the singular fields, by the
/// schema that it carries.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let file = std::fs::File::open("state.dstate")?;
/// let state = devstate_schema::decode_state(file, &Default::default())?;
/// println!("{}", state.to_json());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`read_dynamic`]; [`Error::WrongSchema`] if the stream carries no usable schema.
pub fn decode_state(source: impl Read, limits: &Limits) -> Result<Value, Error> {
    let mut reader = StreamReader::new(source, limits.clone());
    let schema =
        load_embedded(reader.read_header()?).map_err(|error| Error::WrongSchema(error.0))?;
    collect(&mut reader, &schema, limits, None, &mut NoFilter)
}

/// As [`decode_state`], by a schema that is known.
///
/// ```
/// # fn show(stream: &[u8], schema: &devstate_schema::SchemaModel) -> Result<(), devstate::Error> {
/// let state = devstate_schema::decode_state_by(stream, schema, &Default::default())?;
/// println!("{}", state.to_json());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`read_dynamic`].
pub fn decode_state_by(
    source: impl Read,
    schema: &SchemaModel,
    limits: &Limits,
) -> Result<Value, Error> {
    let mut reader = StreamReader::new(source, limits.clone());
    reader.read_header()?;
    collect(&mut reader, schema, limits, None, &mut NoFilter)
}

/// As [`decode_state_by`], as a schema reader that refuses what the annotations of the records do
/// not allow. It checks `unique_by` and values in pieces as well.
///
/// ```
/// # fn check(stream: &[u8], schema: &devstate_schema::SchemaModel) -> Result<(), devstate::Error> {
/// let state = devstate_schema::check_state_by(stream, schema, &Default::default())?;
/// println!("every record is within its bounds: {}", state.to_json());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`decode_state_by`]; CONSTRAINT for a value that is not allowed.
pub fn check_state_by(
    source: impl Read,
    schema: &SchemaModel,
    limits: &Limits,
) -> Result<Value, Error> {
    check_state_behind(source, schema, limits, &mut NoFilter)
}

/// As [`check_state_by`], of what a filter makes of the stream: with a [`Gate`](crate::Gate) before
/// it the state may be of another version.
///
/// ```
/// use devstate_fs::v1::SCHEMA;
/// use devstate_schema::{check_state_behind, load_compressed, Gate, Value};
///
/// fn load(stream: &[u8]) -> Result<Value, Box<dyn std::error::Error>> {
///     let schema = load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
///     Ok(check_state_behind(stream, &schema, &Default::default(), &mut Gate::new(&SCHEMA))?)
/// }
/// # assert!(load(b"").is_err());
/// ```
///
/// # Errors
/// As [`check_state_by`], and those of the filter.
pub fn check_state_behind(
    source: impl Read,
    schema: &SchemaModel,
    limits: &Limits,
    filter: &mut dyn ChunkFilter,
) -> Result<Value, Error> {
    let mut reader = StreamReader::new(source, limits.clone());
    let version = reader.read_header()?.schema_version;
    collect(&mut reader, schema, limits, Some(version), filter)
}

fn collect(
    reader: &mut StreamReader<impl Read>,
    schema: &SchemaModel,
    limits: &Limits,
    checked_of: Option<u32>,
    filter: &mut dyn ChunkFilter,
) -> Result<Value, Error> {
    let mut members: Vec<Member> = Vec::new();
    read_chunks(reader, schema, limits, checked_of, filter, &mut |item| {
        match item {
            Item::Root(Value::Message(root)) => members = root,
            Item::Root(_) => {}
            Item::Record(field, record) => {
                let found = members.iter().position(|member| member.number == field.number);
                let at = found.unwrap_or_else(|| {
                    members.push(member_of(field, Value::List(Vec::new())));
                    members.len() - 1
                });
                if let Value::List(records) = &mut members[at].value {
                    records.push(record);
                }
            }
        }
        Ok(())
    })?;
    Ok(Value::Message(members))
}

pub(crate) fn member_of(field: &FieldModel, value: Value) -> Member {
    Member { number: field.number, name: field.name.clone(), wide: field.bits() == 64, value }
}

fn root_value(
    chunk: &Chunk<'_>,
    schema: &SchemaModel,
    table: &devstate::schema::Table,
) -> Result<Value, Error> {
    let mut first = None;
    let walked = walk_root(chunk.payload, table, &mut |finding| {
        first = Some(finding);
        false
    });
    if let Some(finding) = first {
        let mut error = chunk.error(finding.fault.reason(), finding.text());
        error.path = finding.path;
        return Err(error.into());
    }
    if walked.is_err() {
        let text = format!("not a well-formed {}", schema.root().full_name);
        return Err(chunk.error(Reason::Malformed, text).into());
    }
    Ok(message_value(chunk.payload, schema, schema.root()))
}

/// Parses a message that the walk has passed.
pub(crate) fn message_value(bytes: &[u8], schema: &SchemaModel, message: &MessageModel) -> Value {
    let mut members: Vec<Member> = Vec::new();
    let mut cursor = Cursor::new(bytes);
    while let Some((number, _, wire)) = cursor.field() {
        let Some(field) = message.field(number) else { continue };
        let mut values = Vec::new();
        if let Some(inner) = schema.message_of(field) {
            values.push(message_value(wire.bytes(), schema, inner));
        } else if field.is_number() {
            each_number(wire, field.wire_size(), |bits| {
                values.push(number_value(schema, field, bits))
            });
        } else if field.kind == FieldType::String {
            values.push(Value::Text(String::from_utf8_lossy(wire.bytes()).into_owned()));
        } else {
            values.push(Value::Bytes(wire.bytes().to_vec()));
        }
        let at = members.partition_point(|member| member.number < number);
        let there = members.get(at).is_some_and(|member| member.number == number);
        if !there {
            let empty = match field.presence {
                Presence::Map => Value::Map(Vec::new()),
                _ => Value::List(Vec::new()),
            };
            members.insert(at, member_of(field, empty));
            members[at].wide = wide_in(schema, field);
        }
        match &mut members[at].value {
            Value::List(list) if field.repeated() => list.extend(values),
            Value::Map(entries) => {
                entries.extend(values.into_iter().map(|entry| entry_of(schema, field, entry)));
            }
            value => {
                if let Some(last) = values.pop() {
                    *value = last;
                }
            }
        }
    }
    members.retain(|member| {
        message.field(member.number).map_or(true, |f| f.presence == Presence::Explicit)
            || !member.value.is_zero()
    });
    Value::Message(members)
}

/// Whether the values of a field, of a map those of its entries, have 64 bits.
pub(crate) fn wide_in(schema: &SchemaModel, field: &FieldModel) -> bool {
    let value = schema
        .message_of(field)
        .filter(|_| field.presence == Presence::Map)
        .and_then(|entry| entry.field(2));
    value.unwrap_or(field).bits() == 64
}

/// Makes key and value of an entry message.
pub(crate) fn entry_of(schema: &SchemaModel, field: &FieldModel, entry: Value) -> (Value, Value) {
    let Value::Message(members) = entry else { return (Value::Uint(0), Value::Uint(0)) };
    let part = |number: u32| {
        let found = members.iter().find(|member| member.number == number);
        found.map(|member| member.value.clone()).unwrap_or_else(|| {
            schema
                .message_of(field)
                .and_then(|entry| entry.field(number))
                .map_or(Value::Uint(0), |part| zero_of(schema, part))
        })
    };
    (part(1), part(2))
}

pub(crate) fn zero_of(schema: &SchemaModel, field: &FieldModel) -> Value {
    match field.kind {
        FieldType::Message => Value::Message(Vec::new()),
        FieldType::String => Value::Text(String::new()),
        FieldType::Bytes => Value::Bytes(Vec::new()),
        _ => number_value(schema, field, 0),
    }
}

/// Returns the value of a number in the wire format.
fn number_value(schema: &SchemaModel, field: &FieldModel, bits: u64) -> Value {
    match field.kind {
        FieldType::Bool => Value::Bool(bits != 0),
        FieldType::Float => Value::Float(f32::from_bits(bits as u32)),
        FieldType::Double => Value::Double(f64::from_bits(bits)),
        FieldType::Enum => enum_value(schema, field, bits as i32),
        FieldType::Sint32 | FieldType::Sint64 => Value::Int(unzigzag(bits)),
        FieldType::Int32 | FieldType::Sfixed32 => Value::Int((bits as i32).into()),
        FieldType::Int64 | FieldType::Sfixed64 => Value::Int(bits as i64),
        _ => Value::Uint(bits),
    }
}

pub(crate) fn enum_value(schema: &SchemaModel, field: &FieldModel, number: i32) -> Value {
    let names = field.enumeration.map(|index| &schema.enums[index].values);
    let named = names.into_iter().flatten().find(|value| value.number == number);
    Value::Enum(number, named.map(|value| value.name.clone()).unwrap_or_default())
}
