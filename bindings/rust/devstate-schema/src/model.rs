// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The table of a schema: whatever generates code for it or judges states of it reads this.

use std::borrow::Cow;
use std::collections::BTreeMap;

use devstate::column::Kind;
use devstate::schema::{self, FieldType, Presence, Table};

use crate::annotations::{FieldAnnotations, MessageAnnotations, Tombstone};
use crate::canonical;
use crate::descriptor::{EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor};
use crate::Error;

/// A value of an enum.
///
/// [`EnumModel`] has an example.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// Its number.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// The schema version that introduced it.
    pub since: u32,
    /// Former numbers, oldest first.
    pub renumbered_from: Vec<i64>,
    /// What stands before it in the schema.
    pub comment: String,
}

/// An enum that occurs in a state.
///
/// ```
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// let kind = schema.enums.iter().find(|of| of.full_name == "devices.fs.v1.FileLock.Kind");
/// let write = kind.and_then(|of| of.values.iter().find(|value| value.number == 2));
/// assert_eq!(write.map(|value| value.name.as_str()), Some("WRITE"));
/// # Ok::<(), devstate_schema::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EnumModel {
    /// Its full name.
    pub full_name: String,
    /// Relative to the package, nested names joined by `_`.
    pub record_name: String,
    /// What stands before it in the schema.
    pub comment: String,
    /// In ascending order of number.
    pub values: Vec<EnumValue>,
}

/// A field of a message.
///
/// ```
/// use devstate::column::Kind;
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// let next = schema.root().field_named("next_inode").expect("the field");
/// assert_eq!((next.number, next.type_text.as_str()), (2, "uint64"));
/// assert_eq!((next.bits(), next.wire_size(), next.column_kind()), (64, 0, Some(Kind::Unsigned)));
/// assert!(next.is_number() && next.is_integer() && !next.repeated());
/// # Ok::<(), devstate_schema::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FieldModel {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub kind: FieldType,
    /// How often it occurs.
    pub presence: Presence,
    /// Name of the oneof, or empty.
    pub oneof: String,
    /// Index of its message in the schema.
    pub message: Option<usize>,
    /// Index of its enum in the schema.
    pub enumeration: Option<usize>,
    /// `(devstate.field)`.
    pub annotations: FieldAnnotations,
    /// As in a `.proto` file: "repeated uint32", "map<string, Port>".
    pub type_text: String,
    /// What stands before it in the schema.
    pub comment: String,
}

impl FieldModel {
    /// Returns what its values are in a column; `None` for messages.
    pub fn column_kind(&self) -> Option<Kind> {
        Some(match self.kind {
            FieldType::Bool
            | FieldType::Uint32
            | FieldType::Uint64
            | FieldType::Fixed32
            | FieldType::Fixed64 => Kind::Unsigned,
            FieldType::Enum
            | FieldType::Int32
            | FieldType::Int64
            | FieldType::Sint32
            | FieldType::Sint64
            | FieldType::Sfixed32
            | FieldType::Sfixed64 => Kind::Signed,
            FieldType::Float => Kind::Float,
            FieldType::Double => Kind::Double,
            FieldType::Bytes => Kind::Bytes,
            FieldType::String => Kind::Text,
            FieldType::Message => return None,
        })
    }

    /// Returns the size of a number: 1 for bool, 32, enums included, or 64. 0 for all else.
    pub fn bits(&self) -> u32 {
        match self.kind {
            FieldType::Bool => 1,
            FieldType::Int32
            | FieldType::Uint32
            | FieldType::Sint32
            | FieldType::Fixed32
            | FieldType::Sfixed32
            | FieldType::Float
            | FieldType::Enum => 32,
            FieldType::String | FieldType::Bytes | FieldType::Message => 0,
            _ => 64,
        }
    }

    /// Returns how many bytes a number has in the wire format; 0 for varints.
    pub fn wire_size(&self) -> usize {
        match self.kind {
            FieldType::Fixed32 | FieldType::Sfixed32 | FieldType::Float => 4,
            FieldType::Fixed64 | FieldType::Sfixed64 | FieldType::Double => 8,
            _ => 0,
        }
    }

    /// Returns whether it is a number, bool or enum.
    pub fn is_number(&self) -> bool {
        self.bits() != 0
    }

    /// Returns whether it is an integer, bool or enum.
    pub fn is_integer(&self) -> bool {
        matches!(self.column_kind(), Some(Kind::Unsigned | Kind::Signed))
    }

    /// Returns whether it occurs any number of times.
    pub fn repeated(&self) -> bool {
        matches!(self.presence, Presence::Repeated | Presence::Map)
    }

    /// Returns whether, as a field of the root, its elements travel in batches.
    pub fn holds_records(&self) -> bool {
        self.kind == FieldType::Message && self.presence == Presence::Repeated
    }
}

/// A message that occurs in a state.
///
/// ```
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// let inodes = schema.root().field_named("inodes").expect("the field");
/// let inode = schema.message_of(inodes).expect("its message");
/// assert_eq!(inode.oneofs(), ["location"]);
/// assert_eq!(inode.field(1).map(|id| id.name.as_str()), Some("id"));
/// // A field that version 2 had.
/// assert_eq!(inode.tombstone(10).map(|gone| gone.name.as_str()), Some("ino"));
/// # Ok::<(), devstate_schema::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageModel {
    /// Its full name.
    pub full_name: String,
    /// Relative to the package, nested names joined by `_`.
    pub record_name: String,
    /// Whether it is the entry of a map.
    pub map_entry: bool,
    /// In ascending order of number.
    pub fields: Vec<FieldModel>,
    /// `(devstate.message)`.
    pub annotations: MessageAnnotations,
    /// What stands before it in the schema.
    pub comment: String,
    /// Whether its file is proto3.
    pub proto3: bool,
}

impl MessageModel {
    /// Returns the field of `number`.
    pub fn field(&self, number: u32) -> Option<&FieldModel> {
        self.fields.iter().find(|field| field.number == number)
    }

    /// Returns the field called `name`.
    pub fn field_named(&self, name: &str) -> Option<&FieldModel> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns the tombstone of `number`.
    pub fn tombstone(&self, number: u32) -> Option<&Tombstone> {
        self.annotations.tombstones.iter().find(|tombstone| tombstone.number == number)
    }

    /// Returns the names of its oneofs, in the order of their first member.
    pub fn oneofs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for field in &self.fields {
            if !field.oneof.is_empty() && !names.contains(&field.oneof.as_str()) {
                names.push(&field.oneof);
            }
        }
        names
    }
}

/// All that a root message is made of, with devstate's annotations.
///
/// ```
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// assert_eq!((schema.name(), schema.version()), ("devices.fs.v1", 3));
/// let mount_paths = schema.root().field_named("mount_paths").expect("the field");
/// assert!(mount_paths.holds_records());
/// // As docs/stream_format.md counts: a record, a number and a string without its bytes.
/// let mount_path = schema.message_of(mount_paths).expect("its message");
/// assert_eq!(schema.record_size(mount_path), 8 + 8 + 16);
/// assert_eq!(schema.value_size(&mount_path.fields[1]), 16);
/// // What the runtime reads root messages by.
/// assert_eq!(schema.table().messages.len(), schema.messages.len());
/// # Ok::<(), devstate_schema::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SchemaModel {
    /// SHA-256 of the canonical form.
    pub fingerprint: [u8; 32],
    /// The messages; the first is the root.
    pub messages: Vec<MessageModel>,
    /// The enums.
    pub enums: Vec<EnumModel>,
}

impl SchemaModel {
    /// Returns the root message.
    pub fn root(&self) -> &MessageModel {
        &self.messages[0]
    }

    /// Returns the name of the schema.
    pub fn name(&self) -> &str {
        &self.root().annotations.schema
    }

    /// Returns the version of the schema.
    pub fn version(&self) -> u32 {
        self.root().annotations.version
    }

    /// Returns the message of a field that holds messages.
    pub fn message_of(&self, field: &FieldModel) -> Option<&MessageModel> {
        field.message.map(|index| &self.messages[index])
    }

    /// Returns the size of a record of `message` without its strings and elements.
    pub fn record_size(&self, message: &MessageModel) -> u64 {
        8 + message.fields.iter().map(|field| self.field_size(field)).sum::<u64>()
    }

    /// Returns the size of one value of `field`, without its bytes and elements.
    pub fn value_size(&self, field: &FieldModel) -> u64 {
        match self.message_of(field) {
            Some(message) => self.record_size(message),
            None if field.is_number() => 8,
            None => 16,
        }
    }

    fn field_size(&self, field: &FieldModel) -> u64 {
        match field.presence {
            Presence::Repeated | Presence::Map => 16,
            Presence::Explicit if field.message.is_none() => self.value_size(field) + 8,
            _ => self.value_size(field),
        }
    }

    /// Returns the table that the runtime reads root messages by.
    pub fn table(&self) -> Table {
        let field = |message: &MessageModel, field: &FieldModel| schema::Field {
            number: field.number,
            name: Cow::Owned(field.name.clone()),
            kind: field.kind,
            presence: field.presence,
            oneof: message.oneofs().iter().position(|name| *name == field.oneof).map(|i| i as u32),
            of: field.message.or(field.enumeration).unwrap_or(0) as u32,
            feature: Cow::Owned(field.annotations.feature.clone()),
        };
        Table {
            messages: self
                .messages
                .iter()
                .map(|message| schema::Message {
                    name: Cow::Owned(message.full_name.clone()),
                    fields: message.fields.iter().map(|f| field(message, f)).collect(),
                })
                .collect(),
            enums: self
                .enums
                .iter()
                .map(|enumeration| {
                    let mut numbers: Vec<i32> =
                        enumeration.values.iter().map(|value| value.number).collect();
                    numbers.dedup();
                    schema::Enum {
                        name: Cow::Owned(enumeration.full_name.clone()),
                        numbers: Cow::Owned(numbers),
                    }
                })
                .collect(),
        }
    }
}

/// Messages and enums of a descriptor set, by full name.
pub(crate) struct Pool<'f> {
    pub messages: BTreeMap<String, Entry<'f, MessageDescriptor>>,
    pub enums: BTreeMap<String, Entry<'f, EnumDescriptor>>,
}

/// Where a descriptor stands.
pub(crate) struct Entry<'f, T> {
    pub file: &'f FileDescriptor,
    pub descriptor: &'f T,
    /// Of its comment.
    pub path: Vec<u32>,
}

impl<'f> Pool<'f> {
    pub fn new(files: &'f [FileDescriptor]) -> Self {
        let mut pool = Pool { messages: BTreeMap::new(), enums: BTreeMap::new() };
        for file in files {
            for (i, message) in file.messages.iter().enumerate() {
                pool.add_message(file, &file.package, message, vec![4, i as u32]);
            }
            for (i, enumeration) in file.enums.iter().enumerate() {
                pool.add_enum(file, &file.package, enumeration, vec![5, i as u32]);
            }
        }
        pool
    }

    fn add_message(
        &mut self,
        file: &'f FileDescriptor,
        scope: &str,
        descriptor: &'f MessageDescriptor,
        path: Vec<u32>,
    ) {
        let name = join(scope, &descriptor.name);
        for (i, nested) in descriptor.nested.iter().enumerate() {
            self.add_message(file, &name, nested, [&path[..], &[3, i as u32]].concat());
        }
        for (i, enumeration) in descriptor.enums.iter().enumerate() {
            self.add_enum(file, &name, enumeration, [&path[..], &[4, i as u32]].concat());
        }
        self.messages.insert(name, Entry { file, descriptor, path });
    }

    fn add_enum(
        &mut self,
        file: &'f FileDescriptor,
        scope: &str,
        descriptor: &'f EnumDescriptor,
        path: Vec<u32>,
    ) {
        self.enums.insert(join(scope, &descriptor.name), Entry { file, descriptor, path });
    }

    pub fn message(&self, name: &str) -> Result<&Entry<'f, MessageDescriptor>, Error> {
        self.messages.get(name).ok_or_else(|| Error(format!("no message is named {name}")))
    }

    pub fn enumeration(&self, name: &str) -> Result<&Entry<'f, EnumDescriptor>, Error> {
        self.enums.get(name).ok_or_else(|| Error(format!("no enum is named {name}")))
    }
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() {
        name.to_owned()
    } else {
        format!("{scope}.{name}")
    }
}

fn comment_of(file: &FileDescriptor, path: &[u32]) -> String {
    file.comments.get(path).cloned().unwrap_or_default()
}

fn record_name(file: &FileDescriptor, full_name: &str) -> String {
    let name = full_name.strip_prefix(&file.package).unwrap_or(full_name);
    name.trim_start_matches('.').replace('.', "_")
}

fn short_name(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

/// Returns the name as descriptors refer to it, without the leading dot.
pub(crate) fn referred(type_name: &str) -> &str {
    type_name.strip_prefix('.').unwrap_or(type_name)
}

pub(crate) fn kind_of(field: &FieldDescriptor) -> Result<FieldType, Error> {
    const TYPES: [Option<FieldType>; 19] = [
        None,
        Some(FieldType::Double),
        Some(FieldType::Float),
        Some(FieldType::Int64),
        Some(FieldType::Uint64),
        Some(FieldType::Int32),
        Some(FieldType::Fixed64),
        Some(FieldType::Fixed32),
        Some(FieldType::Bool),
        Some(FieldType::String),
        None,
        Some(FieldType::Message),
        Some(FieldType::Bytes),
        Some(FieldType::Uint32),
        Some(FieldType::Enum),
        Some(FieldType::Sfixed32),
        Some(FieldType::Sfixed64),
        Some(FieldType::Sint32),
        Some(FieldType::Sint64),
    ];
    TYPES
        .get(field.kind as usize)
        .copied()
        .flatten()
        .ok_or_else(|| Error(format!("field {} is of a type that no state has", field.name)))
}

/// Reads what `root` is made of.
pub(crate) fn build(pool: &Pool<'_>, root: &str) -> Result<SchemaModel, Error> {
    let mut builder = Builder { pool, messages: vec![root.to_owned()], enums: Vec::new() };
    let mut messages = Vec::new();
    // Messages are added while they are read, however deep they are nested.
    while let Some(name) = builder.messages.get(messages.len()).cloned() {
        messages.push(builder.message(&name)?);
    }
    let enums =
        builder.enums.iter().map(|name| enum_model(pool, name)).collect::<Result<_, _>>()?;
    Ok(SchemaModel { fingerprint: canonical::fingerprint(pool, root)?, messages, enums })
}

struct Builder<'p, 'f> {
    pool: &'p Pool<'f>,
    messages: Vec<String>,
    enums: Vec<String>,
}

fn index_of(name: &str, names: &mut Vec<String>) -> usize {
    names.iter().position(|other| other == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

impl Builder<'_, '_> {
    fn message(&mut self, full_name: &str) -> Result<MessageModel, Error> {
        let pool = self.pool;
        let entry = pool.message(full_name)?;
        let descriptor = entry.descriptor;
        let mut fields = Vec::new();
        for (i, field) in descriptor.fields.iter().enumerate() {
            let path = [&entry.path[..], &[2, i as u32]].concat();
            fields.push(self.field(descriptor, field, comment_of(entry.file, &path))?);
        }
        fields.sort_by_key(|field| field.number);
        if let Some(pair) = fields.windows(2).find(|pair| pair[0].number == pair[1].number) {
            return Err(Error(format!("{full_name} has the number {} twice", pair[0].number)));
        }
        Ok(MessageModel {
            full_name: full_name.to_owned(),
            record_name: record_name(entry.file, full_name),
            map_entry: descriptor.map_entry,
            fields,
            annotations: descriptor.annotations.clone().unwrap_or_default(),
            comment: comment_of(entry.file, &entry.path),
            proto3: entry.file.syntax == "proto3",
        })
    }

    fn field(
        &mut self,
        message: &MessageDescriptor,
        field: &FieldDescriptor,
        comment: String,
    ) -> Result<FieldModel, Error> {
        let kind = kind_of(field)?;
        let type_name = referred(&field.type_name);
        let oneof = match field.oneof {
            Some(index) if !field.proto3_optional => message
                .oneofs
                .get(index as usize)
                .cloned()
                .ok_or_else(|| Error(format!("field {} is of no oneof", field.name)))?,
            _ => String::new(),
        };
        let entry = (kind == FieldType::Message)
            .then(|| self.pool.message(type_name))
            .transpose()?
            .filter(|entry| entry.descriptor.map_entry && field.repeated);
        let presence = match entry {
            Some(_) => Presence::Map,
            None if field.repeated => Presence::Repeated,
            None if kind == FieldType::Message || field.proto3_optional || !oneof.is_empty() => {
                Presence::Explicit
            }
            None => Presence::Implicit,
        };
        let element = |field: &FieldDescriptor| {
            let kind = kind_of(field).map(|kind| format!("{kind:?}").to_lowercase());
            match kind.as_deref() {
                Ok("message" | "enum") => short_name(&field.type_name).to_owned(),
                Ok(name) => name.to_owned(),
                Err(_) => String::new(),
            }
        };
        let type_text = match entry {
            Some(entry) => {
                let types: Vec<String> = entry.descriptor.fields.iter().map(element).collect();
                format!("map<{}>", types.join(", "))
            }
            None if field.repeated => format!("repeated {}", element(field)),
            None if field.proto3_optional => format!("optional {}", element(field)),
            None => element(field),
        };
        Ok(FieldModel {
            number: field.number,
            name: field.name.clone(),
            kind,
            presence,
            oneof,
            message: (kind == FieldType::Message).then(|| index_of(type_name, &mut self.messages)),
            enumeration: (kind == FieldType::Enum).then(|| index_of(type_name, &mut self.enums)),
            annotations: field.annotations.clone().unwrap_or_default(),
            type_text,
            comment,
        })
    }
}

fn enum_model(pool: &Pool<'_>, full_name: &str) -> Result<EnumModel, Error> {
    let entry = pool.enumeration(full_name)?;
    let mut values: Vec<EnumValue> = entry
        .descriptor
        .values
        .iter()
        .enumerate()
        .map(|(i, value)| EnumValue {
            number: value.number,
            name: value.name.clone(),
            since: value.annotations.as_ref().map_or(0, |a| a.since),
            renumbered_from: value
                .annotations
                .as_ref()
                .map_or_else(Vec::new, |a| a.renumbered_from.clone()),
            comment: comment_of(entry.file, &[&entry.path[..], &[2, i as u32]].concat()),
        })
        .collect();
    values.sort_by_key(|value| value.number);
    Ok(EnumModel {
        full_name: full_name.to_owned(),
        record_name: record_name(entry.file, full_name),
        comment: comment_of(entry.file, &entry.path),
        values,
    })
}
