// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The root chunk before it is parsed. A parser takes much without a word although something of it
//! is lost or misread, so the bytes are looked at first, with the table of the schema.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Reason;
use crate::schema::{Field, FieldType, Message, Presence, Table};
use crate::wire::{Cursor, Value, FIXED32, FIXED64, GROUP, LENGTH, MAX_DEPTH, VARINT};

/// What a parser would drop, merge or misread; [`walk_root`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A field that the schema does not have.
    UnknownField,
    /// A field of the schema, with another wire type than its type has.
    WireType,
    /// An enum value that the schema does not name.
    UnnamedEnumValue,
    /// A number that does not fit the field's type.
    OutOfRange,
    /// A string that is not UTF-8.
    NotUtf8,
    /// A singular message more than once, or several members of a oneof.
    Merged,
    /// A map with a key more than once.
    KeyTwice,
    /// A record of a field that travels in batches.
    Record,
}

impl Fault {
    /// Returns the reason for which readers refuse it.
    pub fn reason(self) -> Reason {
        match self {
            Fault::UnknownField | Fault::WireType | Fault::UnnamedEnumValue => {
                Reason::UnknownContent
            }
            _ => Reason::Malformed,
        }
    }
}

/// A fault, and where it is; [`walk_root`] has an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFinding {
    /// What it is.
    pub fault: Fault,
    /// The field from the root; one without a name by its number.
    pub path: String,
    /// What the bytes have and what the schema has, in words; may be empty.
    pub written: String,
    /// See `written`.
    pub read: String,
}

impl WireFinding {
    /// Returns what is wrong in words.
    pub fn text(&self) -> String {
        let WireFinding { path, written, read, .. } = self;
        match self.fault {
            Fault::UnknownField => format!("{path} is a field that the schema does not have"),
            Fault::WireType => format!("{path} is written as {written}, the schema has {read}"),
            Fault::UnnamedEnumValue => {
                format!("{path} has the value {written}, which {read} does not name")
            }
            Fault::OutOfRange => {
                format!("{path} has the value {written}, which does not fit {read}")
            }
            Fault::NotUtf8 => format!("{path} is not valid UTF-8"),
            Fault::Merged => format!("{path} occurs {written}, allowed is once"),
            Fault::KeyTwice => format!("{path} has a key more than once"),
            Fault::Record => format!("{path}: records outside of a batch"),
        }
    }
}

/// The message is not well-formed, or nested more than 100 deep. [`walk_root`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWellFormed;

/// Calls `visit` for each fault of `message`, a serialized root message of `table`, until it
/// returns false.
///
/// ```
/// use devstate::schema::{Field, FieldType, Message, Presence, Table};
/// use devstate::{walk_root, Fault, NotWellFormed, WireFinding};
///
/// // message Count { uint32 total = 1; }
/// let total = Field {
///     number: 1,
///     name: "total".into(),
///     kind: FieldType::Uint32,
///     presence: Presence::Implicit,
///     oneof: None,
///     of: 0,
///     feature: "".into(),
/// };
/// let root = Message { name: "Count".into(), fields: vec![total].into() };
/// let table = Table { messages: vec![root].into(), enums: vec![].into() };
///
/// let mut found: Vec<WireFinding> = Vec::new();
/// let mut visit = |finding| {
///     found.push(finding);
///     true
/// };
/// walk_root(&[0x08, 5, 0x10, 1], &table, &mut visit)?;
/// assert_eq!(found[0].fault, Fault::UnknownField);
/// assert_eq!(found[0].text(), "2 is a field that the schema does not have");
/// assert_eq!(walk_root(&[0x08], &table, &mut |_| true), Err(NotWellFormed));
/// # Ok::<(), NotWellFormed>(())
/// ```
///
/// # Errors
/// [`NotWellFormed`]; then what was found before means nothing.
pub fn walk_root(
    message: &[u8],
    table: &Table,
    visit: &mut dyn FnMut(WireFinding) -> bool,
) -> Result<(), NotWellFormed> {
    let mut walker = Walker { table, visit, stopped: false };
    walker
        .message(message, &table.messages[0], &Place { outer: None, name: "" }, 1)
        .ok_or(NotWellFormed)
}

/// Adds the features of the fields that are present in `message`, of `table`'s message `of`.
///
/// ```
/// use std::collections::BTreeSet;
///
/// fn features<'s>(root: &[u8], schema: &'s devstate::Schema) -> BTreeSet<&'s str> {
///     let mut features = BTreeSet::new();
///     let table = &schema.table;
///     devstate::add_used_features(root, table, &table.messages[0], &mut features);
///     features
/// }
/// ```
pub fn add_used_features<'t>(
    message: &[u8],
    table: &'t Table,
    of: &'t Message,
    features: &mut BTreeSet<&'t str>,
) {
    let mut cursor = Cursor::new(message);
    while let Some((number, _, value)) = cursor.field() {
        let Some(field) = of.field(number) else { continue };
        if !field.feature.is_empty() {
            features.insert(&field.feature);
        }
        if field.kind == FieldType::Message {
            add_used_features(value.bytes(), table, table.message_of(field), features);
        }
    }
}

pub(crate) fn wire_type_of(kind: FieldType) -> u32 {
    match kind {
        FieldType::Fixed32 | FieldType::Sfixed32 | FieldType::Float => FIXED32,
        FieldType::Fixed64 | FieldType::Sfixed64 | FieldType::Double => FIXED64,
        FieldType::String | FieldType::Bytes | FieldType::Message => LENGTH,
        _ => VARINT,
    }
}

fn wire_type_name(wire_type: u32) -> &'static str {
    match wire_type {
        VARINT => "varint",
        FIXED64 => "64-bit",
        LENGTH => "length-delimited",
        FIXED32 => "32-bit",
        _ => "group",
    }
}

fn fits(value: u64, kind: FieldType) -> bool {
    match kind {
        FieldType::Bool => value <= 1,
        FieldType::Uint32 | FieldType::Sint32 => u32::try_from(value).is_ok(),
        FieldType::Int32 | FieldType::Enum => i32::try_from(value as i64).is_ok(),
        _ => true,
    }
}

/// The field under way, within those that hold it.
struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    name: &'a str,
}

impl Place<'_> {
    fn path(&self) -> String {
        match self.outer {
            Some(outer) if outer.outer.is_some() => format!("{}.{}", outer.path(), self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// What came before in the message under way, by field number.
#[derive(Default)]
struct Seen {
    messages: BTreeSet<u32>,
    /// The member of each oneof.
    oneofs: BTreeMap<u32, u32>,
    keys: BTreeMap<u32, BTreeSet<Vec<u8>>>,
    /// Singular fields whose last value has no name.
    unnamed: BTreeMap<u32, i64>,
}

struct Walker<'a> {
    table: &'a Table,
    visit: &'a mut dyn FnMut(WireFinding) -> bool,
    stopped: bool,
}

impl Walker<'_> {
    fn message(&mut self, bytes: &[u8], of: &Message, outer: &Place<'_>, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut cursor = Cursor::of_message(bytes);
        let mut seen = Seen::default();
        while !cursor.at_end() {
            let (number, wire_type, value) = cursor.field()?;
            match of.field(number) {
                Some(field) => {
                    let here = Place { outer: Some(outer), name: &field.name };
                    self.field(field, of, wire_type, value, &here, depth, &mut seen)?;
                }
                None => {
                    let name = number.to_string();
                    let here = Place { outer: Some(outer), name: &name };
                    self.report(Fault::UnknownField, &here, &format!("field {number}"), "");
                }
            }
            if self.stopped {
                return Some(());
            }
        }
        for (number, value) in seen.unnamed {
            if let Some(field) = of.field(number) {
                self.report_unnamed(field, value, &Place { outer: Some(outer), name: &field.name });
            }
        }
        Some(())
    }

    #[allow(clippy::too_many_arguments)]
    fn field(
        &mut self,
        field: &Field,
        of: &Message,
        wire_type: u32,
        value: Value<'_>,
        here: &Place<'_>,
        depth: u32,
        seen: &mut Seen,
    ) -> Option<()> {
        let own = wire_type_of(field.kind);
        let packed = field.repeated() && own != LENGTH && wire_type == LENGTH;
        if wire_type == GROUP || (wire_type != own && !packed) {
            self.report(Fault::WireType, here, wire_type_name(wire_type), wire_type_name(own));
            return Some(());
        }
        self.check_repeats(field, of, here, seen);
        if packed {
            let mut elements = Cursor::new(value.bytes());
            while !elements.at_end() {
                let element = match own {
                    VARINT => elements.varint()?,
                    FIXED32 => elements.fixed32()?.into(),
                    _ => elements.fixed64()?,
                };
                self.number(field, own, element, here, seen);
            }
            return Some(());
        }
        match field.kind {
            FieldType::String if std::str::from_utf8(value.bytes()).is_err() => {
                self.report(Fault::NotUtf8, here, "other bytes", "string");
            }
            FieldType::String | FieldType::Bytes => {}
            FieldType::Message => {
                if depth == 1 && field.holds_records() {
                    self.report(Fault::Record, here, "records", "");
                }
                let inner = self.table.message_of(field);
                self.message(value.bytes(), inner, here, depth + 1)?;
                if field.presence == Presence::Map
                    && !seen.keys.entry(field.number).or_default().insert(key_of(value.bytes()))
                {
                    self.report(Fault::KeyTwice, here, "a key more than once", "once");
                }
            }
            _ => self.number(field, own, value.bits(), here, seen),
        }
        Some(())
    }

    fn check_repeats(&mut self, field: &Field, of: &Message, here: &Place<'_>, seen: &mut Seen) {
        if field.repeated() {
            return;
        }
        if field.kind == FieldType::Message && !seen.messages.insert(field.number) {
            self.report(Fault::Merged, here, "more than once", "once");
            return;
        }
        let Some(oneof) = field.oneof else { return };
        let other = *seen.oneofs.entry(oneof).or_insert(field.number);
        if other != field.number {
            let name = of.field(other).map_or("", |other| &other.name);
            self.report(Fault::Merged, here, &format!("with {name}"), "once");
        }
    }

    fn number(&mut self, field: &Field, own: u32, value: u64, here: &Place<'_>, seen: &mut Seen) {
        if own != VARINT {
            return;
        }
        if !fits(value, field.kind) {
            let kind = format!("{:?}", field.kind).to_lowercase();
            self.report(Fault::OutOfRange, here, &value.to_string(), &kind);
        } else if field.kind == FieldType::Enum {
            let named = self.table.names(field, value as i32);
            if field.repeated() {
                if !named {
                    self.report_unnamed(field, value as i64, here);
                }
            } else if named {
                // The last one wins.
                seen.unnamed.remove(&field.number);
            } else {
                seen.unnamed.insert(field.number, value as i64);
            }
        }
    }

    fn report_unnamed(&mut self, field: &Field, value: i64, here: &Place<'_>) {
        let name = self.table.enums[field.of as usize].name.clone();
        self.report(Fault::UnnamedEnumValue, here, &value.to_string(), &name);
    }

    fn report(&mut self, fault: Fault, here: &Place<'_>, written: &str, read: &str) {
        if !self.stopped {
            self.stopped = !(self.visit)(WireFinding {
                fault,
                path: here.path(),
                written: written.to_owned(),
                read: read.to_owned(),
            });
        }
    }
}

/// Returns the key of a map entry such that equal keys are equal bytes: a varint can be written in
/// several ways, and a key that is left out is the default.
fn key_of(entry: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    let mut cursor = Cursor::new(entry);
    while let Some((number, _, value)) = cursor.field() {
        if number == 1 {
            key = match value {
                Value::Bytes(bytes) => bytes.to_vec(),
                value if value.bits() == 0 => Vec::new(),
                value => value.bits().to_le_bytes().to_vec(),
            };
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Enum;
    use std::borrow::Cow;

    const fn field(number: u32, kind: FieldType, presence: Presence, of: u32) -> Field {
        Field {
            number,
            name: Cow::Borrowed("f"),
            kind,
            presence,
            oneof: None,
            of,
            feature: Cow::Borrowed(""),
        }
    }

    /// message T { uint32 = 1; E = 2; repeated uint32 = 3; map<string, uint32> = 4; U = 5;
    /// repeated U = 6; string = 7; oneof { bool = 8; U = 9; } bool = 10; }  message U { uint32 = 1; }
    fn table() -> Table {
        use FieldType as T;
        use Presence as P;
        let member = |number, kind| Field { oneof: Some(0), ..field(number, kind, P::Explicit, 1) };
        let root = vec![
            field(1, T::Uint32, P::Implicit, 0),
            field(2, T::Enum, P::Implicit, 0),
            field(3, T::Uint32, P::Repeated, 0),
            field(4, T::Message, P::Map, 2),
            field(5, T::Message, P::Explicit, 1),
            field(6, T::Message, P::Repeated, 1),
            field(7, T::String, P::Implicit, 0),
            member(8, T::Bool),
            member(9, T::Message),
            field(10, T::Bool, P::Implicit, 0),
        ];
        let entry = vec![field(1, T::String, P::Implicit, 0), field(2, T::Uint32, P::Implicit, 0)];
        let message = |fields: Vec<Field>| Message { name: "M".into(), fields: fields.into() };
        Table {
            messages: vec![
                message(root),
                message(vec![field(1, T::Uint32, P::Implicit, 0)]),
                message(entry),
            ]
            .into(),
            enums: vec![Enum { name: "E".into(), numbers: vec![0, 1].into() }].into(),
        }
    }

    fn faults(bytes: &[u8]) -> Result<Vec<Fault>, NotWellFormed> {
        let mut found = Vec::new();
        walk_root(bytes, &table(), &mut |finding| {
            found.push(finding.fault);
            true
        })?;
        Ok(found)
    }

    #[test]
    fn each_fault_is_found_where_it_is() {
        for (bytes, expected) in [
            (&[0x08, 5, 0x08, 6][..], vec![]),
            (&[0x58, 1], vec![Fault::UnknownField]),
            (&[0x2a, 2, 0x18, 1], vec![Fault::UnknownField]),
            (&[0x0d, 1, 0, 0, 0], vec![Fault::WireType]),
            (&[0x0b, 0x0c], vec![Fault::WireType]),
            (&[0x10, 2], vec![Fault::UnnamedEnumValue]),
            (&[0x10, 2, 0x10, 1], vec![]),
            (&[0x08, 0x80, 0x80, 0x80, 0x80, 0x10], vec![Fault::OutOfRange]),
            (&[0x50, 2], vec![Fault::OutOfRange]),
            (&[0x3a, 1, 0xff], vec![Fault::NotUtf8]),
            (&[0x2a, 0, 0x2a, 0], vec![Fault::Merged]),
            (&[0x40, 1, 0x4a, 0], vec![Fault::Merged]),
            (&[0x22, 0, 0x22, 2, 0x0a, 0], vec![Fault::KeyTwice]),
            (&[0x22, 0, 0x22, 3, 0x0a, 1, b'a'], vec![]),
            (&[0x32, 0], vec![Fault::Record]),
            (&[0x1a, 2, 1, 2, 0x18, 3], vec![]),
        ] {
            assert_eq!(faults(bytes), Ok(expected), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_cut_is_not_well_formed() {
        for bytes in [&[0x08][..], &[0x2a, 5, 0], &[0x1a, 1, 0x80], &[0x07], &[0x0c]] {
            assert_eq!(faults(bytes), Err(NotWellFormed), "{bytes:?}");
        }
    }
}
