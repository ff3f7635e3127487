// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What generated code knows of its schema.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use devstate::schema::{Field, FieldType, Message, Presence, Schema, Table};
//!
//! // message Count { uint64 total = 1; repeated Step steps = 2; }  message Step { uint32 by = 1; }
//! const fn field(number: u32, name: &'static str, kind: FieldType, presence: Presence) -> Field {
//!     let (name, feature) = (Cow::Borrowed(name), Cow::Borrowed(""));
//!     Field { number, name, kind, presence, oneof: None, of: 1, feature }
//! }
//! static SCHEMA: Schema = Schema {
//!     name: "vendor.count.v1",
//!     version: 1,
//!     min_reader: 0,
//!     device: "count",
//!     root_message: "vendor.count.v1.Count",
//!     fingerprint: [0; 32], // The build works it out.
//!     descriptor_set: &[],
//!     released: &[],
//!     pieces: &[],
//!     table: Table {
//!         messages: Cow::Borrowed(&[
//!             Message {
//!                 name: Cow::Borrowed("vendor.count.v1.Count"),
//!                 fields: Cow::Borrowed(&[
//!                     field(1, "total", FieldType::Uint64, Presence::Implicit),
//!                     field(2, "steps", FieldType::Message, Presence::Repeated),
//!                 ]),
//!             },
//!             Message {
//!                 name: Cow::Borrowed("vendor.count.v1.Step"),
//!                 fields: Cow::Borrowed(&[
//!                     field(1, "by", FieldType::Uint32, Presence::Implicit),
//!                 ]),
//!             },
//!         ]),
//!         enums: Cow::Borrowed(&[]),
//!     },
//! };
//!
//! let root = &SCHEMA.table.messages[0];
//! let steps = root.field(2).expect("steps");
//! assert!(steps.repeated() && steps.holds_records());
//! assert_eq!(SCHEMA.table.message_of(steps).name, "vendor.count.v1.Step");
//! ```

use std::borrow::Cow;

/// What generated code knows of its schema; [the module](crate::schema) has an example.
#[derive(Debug)]
pub struct Schema {
    /// Name of the schema, "devices.fs.v1".
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// The oldest version whose readers may load what this one writes; 0: the fields decide.
    pub min_reader: u32,
    /// The kind of device, "virtio-fs".
    pub device: &'static str,
    /// Full name of the root message.
    pub root_message: &'static str,
    /// SHA-256 of the schema's canonical form.
    pub fingerprint: [u8; 32],
    /// The FileDescriptorSet of the root's file and all that it imports, as one zstd frame.
    pub descriptor_set: &'static [u8],
    /// Those of the released versions, oldest first, for verdicts about their streams.
    pub released: &'static [&'static [u8]],
    /// The fields whose records are pieces of values.
    pub pieces: &'static [Pieces],
    /// The messages that the root is made of.
    pub table: Table,
}

/// A field whose records are pieces of longer values.
///
/// ```
/// use devstate::schema::Pieces;
///
/// // repeated Surface surfaces = 3 [(devstate.field).max_items = 64];
/// // repeated Piece pixels = 4 [(devstate.field).pieces = { of: "surfaces" … }];
/// let pixels = Pieces { name: "pixels".into(), of: "surfaces".into(), max_owners: 64 };
/// # let _ = devstate::record::ValuesInPieces::new(&[pixels]);
/// ```
#[derive(Clone, Debug)]
pub struct Pieces {
    /// Its name.
    pub name: Cow<'static, str>,
    /// The name of the field whose records own the values.
    pub of: Cow<'static, str>,
    /// The most owners that there may be.
    pub max_owners: u64,
}

/// The type of a field, as in a `.proto` file; [the module](crate::schema) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FieldType {
    Double,
    Float,
    Int64,
    Uint64,
    Int32,
    Fixed64,
    Fixed32,
    Bool,
    String,
    Message,
    Bytes,
    Uint32,
    Enum,
    Sfixed32,
    Sfixed64,
    Sint32,
    Sint64,
}

/// How often a field can occur in its message, and what absence is; [the module](crate::schema)
/// has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A scalar that is there exactly once; at its zero it cannot be told from an absent one.
    Implicit,
    /// Optional scalars, messages, members of a oneof.
    Explicit,
    /// A repeated field.
    Repeated,
    /// A repeated entry message with the fields `key` and `value`.
    Map,
}

/// A field of a message of the schema; [the module](crate::schema) has an example.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: Cow<'static, str>,
    /// The type of its values.
    pub kind: FieldType,
    /// How often it occurs.
    pub presence: Presence,
    /// Which oneof of the message it is a member of.
    pub oneof: Option<u32>,
    /// Index of its message or enum in the table.
    pub of: u32,
    /// The optional feature that it belongs to, or empty.
    pub feature: Cow<'static, str>,
}

/// A message of the schema; [the module](crate::schema) has an example.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its full name.
    pub name: Cow<'static, str>,
    /// In ascending order of number.
    pub fields: Cow<'static, [Field]>,
}

/// An enum of the schema.
///
/// ```
/// use devstate::schema::{Enum, Field, FieldType, Presence, Table};
///
/// // enum Power { OFF = 0; ON = 1; }
/// let power = Enum { name: "vendor.count.v1.Power".into(), numbers: vec![0, 1].into() };
/// let table = Table { messages: vec![].into(), enums: vec![power].into() };
/// let field = Field {
///     number: 3,
///     name: "power".into(),
///     kind: FieldType::Enum,
///     presence: Presence::Implicit,
///     oneof: None,
///     of: 0,
///     feature: "".into(),
/// };
/// assert!(table.names(&field, 1) && !table.names(&field, 2));
/// ```
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its full name.
    pub name: Cow<'static, str>,
    /// The numbers that have a name, ascending.
    pub numbers: Cow<'static, [i32]>,
}

/// The messages and enums that a root message is made of. The first message is the root.
/// [The module](crate::schema) has an example.
#[derive(Clone, Debug)]
pub struct Table {
    /// The messages.
    pub messages: Cow<'static, [Message]>,
    /// The enums.
    pub enums: Cow<'static, [Enum]>,
}

impl Message {
    /// Returns the field of `number`.
    pub fn field(&self, number: u32) -> Option<&Field> {
        self.fields
            .binary_search_by_key(&number, |field| field.number)
            .ok()
            .map(|i| &self.fields[i])
    }
}

impl Field {
    /// Returns whether it occurs any number of times.
    pub fn repeated(&self) -> bool {
        matches!(self.presence, Presence::Repeated | Presence::Map)
    }

    /// Returns whether, as a field of the root, its elements travel in batches.
    pub fn holds_records(&self) -> bool {
        self.kind == FieldType::Message && self.presence == Presence::Repeated
    }
}

impl Table {
    /// Returns the message of a field of type [`FieldType::Message`].
    pub fn message_of(&self, field: &Field) -> &Message {
        &self.messages[field.of as usize]
    }

    /// Returns whether the enum of `field`, of type [`FieldType::Enum`], names `number`.
    pub fn names(&self, field: &Field, number: i32) -> bool {
        self.enums[field.of as usize].numbers.binary_search(&number).is_ok()
    }
}
