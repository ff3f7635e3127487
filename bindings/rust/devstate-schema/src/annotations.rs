// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The annotations of `devstate/options.proto`.
//!
//! They are read and written here by hand: libraries that parse descriptors drop the options that
//! they do not know, or write them in another order.

use devstate::wire::{put_bytes, put_tag, put_varint, Cursor, Value};

/// Number of the extension in the options of fields, messages and enum values.
pub(crate) const EXTENSION: u32 = 50571;

/// The bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAMessage;

/// Calls `each` for each field of a message.
pub(crate) fn parse<'a>(
    bytes: &'a [u8],
    mut each: impl FnMut(u32, Value<'a>) -> Result<(), NotAMessage>,
) -> Result<(), NotAMessage> {
    let mut cursor = Cursor::new(bytes);
    while !cursor.at_end() {
        let (number, _, value) = cursor.field().ok_or(NotAMessage)?;
        each(number, value)?;
    }
    Ok(())
}

pub(crate) fn text(value: Value<'_>) -> Result<String, NotAMessage> {
    String::from_utf8(value.bytes().to_vec()).map_err(|_| NotAMessage)
}

/// Numbers that stand alone or packed.
fn push_numbers(value: Value<'_>, numbers: &mut Vec<i64>) -> Result<(), NotAMessage> {
    if let Value::Bytes(bytes) = value {
        let mut cursor = Cursor::new(bytes);
        while !cursor.at_end() {
            numbers.push(cursor.varint().ok_or(NotAMessage)? as i64);
        }
    } else {
        numbers.push(value.bits() as i64);
    }
    Ok(())
}

/// Writes fields as protobuf's own libraries do: in ascending order, zeros left out.
#[derive(Default)]
pub(crate) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn always(&mut self, number: u32, value: u64) {
        put_tag(number, 0, &mut self.0);
        put_varint(value, &mut self.0);
    }
    pub fn number(&mut self, number: u32, value: u64) {
        if value != 0 {
            self.always(number, value);
        }
    }
    pub fn bytes(&mut self, number: u32, value: &[u8]) {
        put_bytes(number, value, &mut self.0);
    }
    pub fn text(&mut self, number: u32, value: &str) {
        if !value.is_empty() {
            self.bytes(number, value.as_bytes());
        }
    }
    fn texts(&mut self, number: u32, values: &[String]) {
        values.iter().for_each(|value| self.bytes(number, value.as_bytes()));
    }
    fn packed(&mut self, number: u32, values: &[i64]) {
        if values.is_empty() {
            return;
        }
        let mut packed = Vec::new();
        values.iter().for_each(|&value| put_varint(value as u64, &mut packed));
        self.bytes(number, &packed);
    }
    /// Appends a field that this release does not know, as it was.
    fn unknown(&mut self, unknown: &[u8]) {
        self.0.extend_from_slice(unknown);
    }
}

fn keep_unknown(number: u32, value: Value<'_>, unknown: &mut Vec<u8>) {
    match value {
        Value::Varint(bits) => {
            put_tag(number, 0, unknown);
            put_varint(bits, unknown);
        }
        Value::Bytes(bytes) => put_bytes(number, bytes, unknown),
        Value::Fixed64(bits) => {
            put_tag(number, 1, unknown);
            unknown.extend_from_slice(&bits.to_le_bytes());
        }
        Value::Fixed32(bits) => {
            put_tag(number, 5, unknown);
            unknown.extend_from_slice(&bits.to_le_bytes());
        }
        Value::Group => {}
    }
}

/// `(devstate.field)`.
///
/// ```
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// let inodes = schema.root().field_named("inodes").expect("the field");
/// let id = schema.message_of(inodes).and_then(|inode| inode.field_named("id")).expect("the field");
/// assert!(id.annotations.required);
/// assert_eq!(id.annotations.min, Some(1));
/// # Ok::<(), devstate_schema::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct FieldAnnotations {
    pub since: u32,
    pub write_until: u32,
    pub renamed_from: Vec<String>,
    pub moved_from: Vec<String>,
    pub fallback_for: String,
    pub meaning_rev: u32,
    pub ignorable: bool,
    pub required: bool,
    pub absent_default: String,
    pub feature: String,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub max_len: Option<u64>,
    pub max_items: Option<u64>,
    pub power_of_two: bool,
    pub one_of: Vec<i64>,
    pub unique_by: Vec<String>,
    pub unit: String,
    pub encoding: String,
    pub owner: String,
    pub external: i32,
    pub sensitive: bool,
    pub volatile: bool,
    pub pieces: Option<Pieces>,
    unknown: Vec<u8>,
}

impl FieldAnnotations {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut a = Self::default();
        parse(bytes, |number, value| {
            let flag = value.bits() != 0;
            match number {
                1 => a.since = value.bits() as u32,
                2 => a.write_until = value.bits() as u32,
                3 => a.renamed_from.push(text(value)?),
                4 => a.moved_from.push(text(value)?),
                5 => a.fallback_for = text(value)?,
                6 => a.meaning_rev = value.bits() as u32,
                7 => a.ignorable = flag,
                8 => a.required = flag,
                9 => a.absent_default = text(value)?,
                10 => a.feature = text(value)?,
                11 => a.min = Some(value.bits() as i64),
                12 => a.max = Some(value.bits() as i64),
                13 => a.max_len = Some(value.bits()),
                14 => a.max_items = Some(value.bits()),
                15 => a.power_of_two = flag,
                16 => push_numbers(value, &mut a.one_of)?,
                17 => a.unique_by.push(text(value)?),
                18 => a.unit = text(value)?,
                19 => a.encoding = text(value)?,
                20 => a.owner = text(value)?,
                21 => a.external = value.bits() as i32,
                22 => a.sensitive = flag,
                23 => a.volatile = flag,
                24 => a.pieces = Some(Pieces::decode(value.bytes())?),
                _ => keep_unknown(number, value, &mut a.unknown),
            }
            Ok(())
        })?;
        Ok(a)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.number(1, self.since.into());
        w.number(2, self.write_until.into());
        w.texts(3, &self.renamed_from);
        w.texts(4, &self.moved_from);
        w.text(5, &self.fallback_for);
        w.number(6, self.meaning_rev.into());
        w.number(7, self.ignorable.into());
        w.number(8, self.required.into());
        w.text(9, &self.absent_default);
        w.text(10, &self.feature);
        for (number, bound) in [(11, self.min), (12, self.max)] {
            bound.into_iter().for_each(|bound| w.always(number, bound as u64));
        }
        for (number, bound) in [(13, self.max_len), (14, self.max_items)] {
            bound.into_iter().for_each(|bound| w.always(number, bound));
        }
        w.number(15, self.power_of_two.into());
        w.packed(16, &self.one_of);
        w.texts(17, &self.unique_by);
        w.text(18, &self.unit);
        w.text(19, &self.encoding);
        w.text(20, &self.owner);
        w.number(21, i64::from(self.external) as u64);
        w.number(22, self.sensitive.into());
        w.number(23, self.volatile.into());
        self.pieces.iter().for_each(|pieces| w.bytes(24, &pieces.encode()));
        w.unknown(&self.unknown);
        w.0
    }
}

/// How the records of a field make up longer values: names of fields.
///
/// [`FieldAnnotations`] has an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Pieces {
    pub owner: String,
    pub offset: String,
    pub data: String,
    pub of: String,
    pub id: String,
    pub size: String,
    unknown: Vec<u8>,
}

impl Pieces {
    fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut p = Self::default();
        parse(bytes, |number, value| {
            match number {
                1 => p.owner = text(value)?,
                2 => p.offset = text(value)?,
                3 => p.data = text(value)?,
                4 => p.of = text(value)?,
                5 => p.id = text(value)?,
                6 => p.size = text(value)?,
                _ => keep_unknown(number, value, &mut p.unknown),
            }
            Ok(())
        })?;
        Ok(p)
    }

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let names = [&self.owner, &self.offset, &self.data, &self.of, &self.id, &self.size];
        (1..).zip(names).for_each(|(number, name)| w.text(number, name));
        w.unknown(&self.unknown);
        w.0
    }
}

/// What is remembered of a removed field.
///
/// [`MessageModel`](crate::MessageModel) has an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tombstone {
    pub number: u32,
    pub name: String,
    pub kind: String,
    pub ignorable: bool,
    pub last_written: u32,
    pub write_until: u32,
    unknown: Vec<u8>,
}

impl Tombstone {
    fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut t = Self::default();
        parse(bytes, |number, value| {
            match number {
                1 => t.number = value.bits() as u32,
                2 => t.name = text(value)?,
                3 => t.kind = text(value)?,
                4 => t.ignorable = value.bits() != 0,
                5 => t.last_written = value.bits() as u32,
                6 => t.write_until = value.bits() as u32,
                _ => keep_unknown(number, value, &mut t.unknown),
            }
            Ok(())
        })?;
        Ok(t)
    }

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.number(1, self.number.into());
        w.text(2, &self.name);
        w.text(3, &self.kind);
        w.number(4, self.ignorable.into());
        w.number(5, self.last_written.into());
        w.number(6, self.write_until.into());
        w.unknown(&self.unknown);
        w.0
    }
}

/// `(devstate.message)`.
///
/// ```
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// let root = &schema.root().annotations;
/// assert_eq!((root.schema.as_str(), root.version), ("devices.fs.v1", 3));
/// assert_eq!((root.device.as_str(), root.min_reader), ("virtio-fs", 0));
/// # Ok::<(), devstate_schema::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MessageAnnotations {
    pub schema: String,
    pub version: u32,
    pub min_reader: u32,
    pub device: String,
    pub key: Vec<String>,
    pub tombstones: Vec<Tombstone>,
    unknown: Vec<u8>,
}

impl MessageAnnotations {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut a = Self::default();
        parse(bytes, |number, value| {
            match number {
                1 => a.schema = text(value)?,
                2 => a.version = value.bits() as u32,
                3 => a.min_reader = value.bits() as u32,
                4 => a.device = text(value)?,
                5 => a.key.push(text(value)?),
                6 => a.tombstones.push(Tombstone::decode(value.bytes())?),
                _ => keep_unknown(number, value, &mut a.unknown),
            }
            Ok(())
        })?;
        Ok(a)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.text(1, &self.schema);
        w.number(2, self.version.into());
        w.number(3, self.min_reader.into());
        w.text(4, &self.device);
        w.texts(5, &self.key);
        self.tombstones.iter().for_each(|tombstone| w.bytes(6, &tombstone.encode()));
        w.unknown(&self.unknown);
        w.0
    }
}

/// `(devstate.enum_value)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct EnumValueAnnotations {
    pub since: u32,
    pub renumbered_from: Vec<i64>,
    unknown: Vec<u8>,
}

impl EnumValueAnnotations {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut a = Self::default();
        parse(bytes, |number, value| {
            match number {
                1 => a.since = value.bits() as u32,
                2 => push_numbers(value, &mut a.renumbered_from)?,
                _ => keep_unknown(number, value, &mut a.unknown),
            }
            Ok(())
        })?;
        Ok(a)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.number(1, self.since.into());
        w.packed(2, &self.renumbered_from);
        w.unknown(&self.unknown);
        w.0
    }
}
