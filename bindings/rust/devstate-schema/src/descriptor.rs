// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! `google.protobuf.FileDescriptorSet`, as far as schemas need it.

use std::collections::BTreeMap;

use crate::annotations::{
    parse, text, EnumValueAnnotations, FieldAnnotations, MessageAnnotations, NotAMessage, EXTENSION,
};
use crate::Error;

/// Bounds what a descriptor set of a stream can cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after decompression.
    pub max_bytes: u64,
    /// Files.
    pub max_files: u32,
    /// Messages.
    pub max_messages: u32,
    /// Messages, fields, enums and enum values.
    pub max_items: u32,
    /// How deep messages stand in messages.
    pub max_depth: u32,
    /// Bytes of a name.
    pub max_name_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_bytes: 1 << 20,
            max_files: 256,
            max_messages: 2048,
            max_items: 16384,
            max_depth: 16,
            max_name_bytes: 256,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FileDescriptor {
    pub name: String,
    pub package: String,
    pub dependencies: Vec<String>,
    pub messages: Vec<MessageDescriptor>,
    pub enums: Vec<EnumDescriptor>,
    pub syntax: String,
    /// What stands before an element, by its path of field numbers and indices.
    pub comments: BTreeMap<Vec<u32>, String>,
    /// As it was.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MessageDescriptor {
    pub name: String,
    pub fields: Vec<FieldDescriptor>,
    pub nested: Vec<MessageDescriptor>,
    pub enums: Vec<EnumDescriptor>,
    pub oneofs: Vec<String>,
    /// First and after the last number.
    pub reserved: Vec<(i32, i32)>,
    pub map_entry: bool,
    pub annotations: Option<MessageAnnotations>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FieldDescriptor {
    pub name: String,
    pub number: u32,
    pub repeated: bool,
    pub label: u32,
    pub kind: u32,
    pub type_name: String,
    pub oneof: Option<u32>,
    pub proto3_optional: bool,
    pub annotations: Option<FieldAnnotations>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct EnumDescriptor {
    pub name: String,
    pub values: Vec<EnumValueDescriptor>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct EnumValueDescriptor {
    pub name: String,
    pub number: i32,
    pub annotations: Option<EnumValueAnnotations>,
}

/// Parses a descriptor set that may be hostile.
pub(crate) fn parse_set(bytes: &[u8], limits: &Limits) -> Result<Vec<FileDescriptor>, Error> {
    let mut parser = Parser { limits, items: 0, messages: 0, exceeded: None };
    let mut files = Vec::new();
    let result = parse(bytes, |number, value| {
        if number == 1 {
            files.push(parser.file(value.bytes())?);
            if files.len() > limits.max_files as usize {
                return parser.exceed("files", limits.max_files);
            }
        }
        Ok(())
    });
    if let Some(text) = parser.exceeded {
        return Err(Error(text));
    }
    result.map_err(|_| Error("not a FileDescriptorSet".into()))?;
    Ok(files)
}

struct Parser<'a> {
    limits: &'a Limits,
    items: u32,
    messages: u32,
    exceeded: Option<String>,
}

type Parsed<T> = Result<T, NotAMessage>;

/// Returns the bytes of all occurrences of the extension, which merge.
fn extension(options: &[u8]) -> Parsed<Option<Vec<u8>>> {
    let mut found: Option<Vec<u8>> = None;
    parse(options, |number, value| {
        if number == EXTENSION {
            found.get_or_insert_with(Vec::new).extend_from_slice(value.bytes());
        }
        Ok(())
    })?;
    Ok(found)
}

impl Parser<'_> {
    fn exceed<T>(&mut self, what: &str, limit: u32) -> Parsed<T> {
        self.exceeded = Some(format!("more {what} than the limit of {limit}"));
        Err(NotAMessage)
    }

    fn count(&mut self) -> Parsed<()> {
        self.items += 1;
        if self.items > self.limits.max_items {
            return self.exceed("items", self.limits.max_items);
        }
        Ok(())
    }

    fn name(&mut self, value: devstate::wire::Value<'_>) -> Parsed<String> {
        if value.bytes().len() > self.limits.max_name_bytes as usize {
            return self.exceed("bytes in a name", self.limits.max_name_bytes);
        }
        text(value)
    }

    fn file(&mut self, bytes: &[u8]) -> Parsed<FileDescriptor> {
        let mut file = FileDescriptor { bytes: bytes.to_vec(), ..Default::default() };
        parse(bytes, |number, value| {
            match number {
                1 => file.name = self.name(value)?,
                2 => file.package = self.name(value)?,
                3 => file.dependencies.push(self.name(value)?),
                4 => file.messages.push(self.message(value.bytes(), 1)?),
                5 => file.enums.push(self.enumeration(value.bytes())?),
                9 => file.comments = comments(value.bytes())?,
                12 => file.syntax = self.name(value)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(file)
    }

    fn message(&mut self, bytes: &[u8], depth: u32) -> Parsed<MessageDescriptor> {
        self.count()?;
        self.messages += 1;
        if self.messages > self.limits.max_messages {
            return self.exceed("messages", self.limits.max_messages);
        }
        if depth > self.limits.max_depth {
            return self.exceed("levels", self.limits.max_depth);
        }
        let mut message = MessageDescriptor::default();
        parse(bytes, |number, value| {
            match number {
                1 => message.name = self.name(value)?,
                2 => message.fields.push(self.field(value.bytes())?),
                3 => message.nested.push(self.message(value.bytes(), depth + 1)?),
                4 => message.enums.push(self.enumeration(value.bytes())?),
                7 => {
                    parse(value.bytes(), |number, value| {
                        if number == 7 {
                            message.map_entry = value.bits() != 0;
                        }
                        Ok(())
                    })?;
                    message.annotations = match extension(value.bytes())? {
                        Some(bytes) => Some(MessageAnnotations::decode(&bytes)?),
                        None => None,
                    };
                }
                8 => {
                    let mut name = String::new();
                    parse(value.bytes(), |number, value| {
                        if number == 1 {
                            name = self.name(value)?;
                        }
                        Ok(())
                    })?;
                    message.oneofs.push(name);
                }
                9 => {
                    let (mut start, mut end) = (0, 0);
                    parse(value.bytes(), |number, value| {
                        match number {
                            1 => start = value.bits() as i32,
                            2 => end = value.bits() as i32,
                            _ => {}
                        }
                        Ok(())
                    })?;
                    message.reserved.push((start, end));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }

    fn field(&mut self, bytes: &[u8]) -> Parsed<FieldDescriptor> {
        self.count()?;
        let mut field = FieldDescriptor::default();
        parse(bytes, |number, value| {
            match number {
                1 => field.name = self.name(value)?,
                3 => field.number = value.bits() as u32,
                4 => field.label = value.bits() as u32,
                5 => field.kind = value.bits() as u32,
                6 => field.type_name = text(value)?,
                8 => {
                    field.annotations = match extension(value.bytes())? {
                        Some(bytes) => Some(FieldAnnotations::decode(&bytes)?),
                        None => None,
                    }
                }
                9 => field.oneof = Some(value.bits() as u32),
                17 => field.proto3_optional = value.bits() != 0,
                _ => {}
            }
            Ok(())
        })?;
        field.repeated = field.label == 3;
        Ok(field)
    }

    fn enumeration(&mut self, bytes: &[u8]) -> Parsed<EnumDescriptor> {
        self.count()?;
        let mut enumeration = EnumDescriptor::default();
        parse(bytes, |number, value| {
            match number {
                1 => enumeration.name = self.name(value)?,
                2 => {
                    self.count()?;
                    let mut entry = EnumValueDescriptor::default();
                    parse(value.bytes(), |number, value| {
                        match number {
                            1 => entry.name = self.name(value)?,
                            2 => entry.number = value.bits() as i32,
                            3 => {
                                entry.annotations = match extension(value.bytes())? {
                                    Some(bytes) => Some(EnumValueAnnotations::decode(&bytes)?),
                                    None => None,
                                }
                            }
                            _ => {}
                        }
                        Ok(())
                    })?;
                    enumeration.values.push(entry);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(enumeration)
    }
}

/// Of a SourceCodeInfo: the comment before each element.
fn comments(bytes: &[u8]) -> Parsed<BTreeMap<Vec<u32>, String>> {
    let mut comments = BTreeMap::new();
    parse(bytes, |number, value| {
        if number != 1 {
            return Ok(());
        }
        let mut path = Vec::new();
        let mut comment = None;
        parse(value.bytes(), |number, value| {
            match number {
                1 => {
                    let mut cursor = devstate::wire::Cursor::new(value.bytes());
                    while !cursor.at_end() {
                        path.push(cursor.varint().ok_or(NotAMessage)? as u32);
                    }
                }
                3 => comment = Some(text(value)?),
                _ => {}
            }
            Ok(())
        })?;
        if let Some(comment) = comment {
            comments.insert(path, comment);
        }
        Ok(())
    })?;
    Ok(comments)
}
