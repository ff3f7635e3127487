// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The two forms of a schema that all implementations make byte by byte: the canonical one, whose
//! hash is the fingerprint, and the descriptor set that streams carry.

use std::collections::BTreeMap;

use devstate::schema::FieldType;
use devstate::wire::{Cursor, Value};
use sha2::{Digest, Sha256};

use crate::annotations::{
    EnumValueAnnotations, FieldAnnotations, MessageAnnotations, Writer, EXTENSION,
};
use crate::descriptor::FileDescriptor;
use crate::model::{kind_of, referred, Pool};
use crate::Error;

/// Returns the canonical form of the schema of `root`, a serialized FileDescriptorProto.
pub(crate) fn canonical(pool: &Pool<'_>, root: &str) -> Result<Vec<u8>, Error> {
    let mut messages = BTreeMap::new();
    let mut enums = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(name) = pending.pop() {
        if messages.contains_key(&name) {
            continue;
        }
        for field in &pool.message(&name)?.descriptor.fields {
            let type_name = referred(&field.type_name);
            match kind_of(field)? {
                FieldType::Message => pending.push(type_name.to_owned()),
                FieldType::Enum => {
                    enums.insert(type_name.to_owned(), canonical_enum(pool, type_name)?);
                }
                _ => {}
            }
        }
        let bytes = canonical_message(pool, &name)?;
        messages.insert(name, bytes);
    }
    let mut file = Writer::default();
    file.text(1, root);
    messages.values().for_each(|message| file.bytes(4, message));
    enums.values().for_each(|enumeration| file.bytes(5, enumeration));
    file.text(12, "proto3");
    Ok(file.0)
}

/// Returns the fingerprint of the schema of `root`.
pub(crate) fn fingerprint(pool: &Pool<'_>, root: &str) -> Result<[u8; 32], Error> {
    Ok(Sha256::digest(canonical(pool, root)?).into())
}

fn options(annotations: Vec<u8>) -> Vec<u8> {
    let mut options = Writer::default();
    options.bytes(EXTENSION, &annotations);
    options.0
}

fn canonical_message(pool: &Pool<'_>, full_name: &str) -> Result<Vec<u8>, Error> {
    let descriptor = pool.message(full_name)?.descriptor;
    let mut fields: Vec<_> = descriptor.fields.iter().collect();
    fields.sort_by_key(|field| field.number);
    // In the order of the smallest number in each; synthetic ones follow from proto3_optional.
    let mut oneofs: Vec<u32> = Vec::new();
    let mut message = Writer::default();
    message.text(1, full_name);
    for field in fields {
        let mut out = Writer::default();
        out.text(1, &field.name);
        out.always(3, field.number.into());
        out.always(4, field.label.into());
        out.always(5, field.kind.into());
        out.text(6, &field.type_name);
        if let Some(annotations) = &field.annotations {
            out.bytes(8, &options(annotations.encode()));
        }
        if let Some(oneof) = field.oneof.filter(|_| !field.proto3_optional) {
            let index = oneofs.iter().position(|other| *other == oneof).unwrap_or_else(|| {
                oneofs.push(oneof);
                oneofs.len() - 1
            });
            out.always(9, index as u64);
        }
        out.number(17, field.proto3_optional.into());
        message.bytes(2, &out.0);
    }
    let mut own = Writer::default();
    own.number(7, descriptor.map_entry.into());
    if let Some(annotations) = &descriptor.annotations {
        own.bytes(EXTENSION, &annotations.encode());
    }
    if !own.0.is_empty() {
        message.bytes(7, &own.0);
    }
    for oneof in oneofs {
        let name = descriptor.oneofs.get(oneof as usize).map_or("", String::as_str);
        let mut out = Writer::default();
        out.text(1, name);
        message.bytes(8, &out.0);
    }
    Ok(message.0)
}

fn canonical_enum(pool: &Pool<'_>, full_name: &str) -> Result<Vec<u8>, Error> {
    let mut values: Vec<_> = pool.enumeration(full_name)?.descriptor.values.iter().collect();
    values.sort_by_key(|value| (value.number, &value.name));
    let mut enumeration = Writer::default();
    enumeration.text(1, full_name);
    for value in values {
        let mut out = Writer::default();
        out.text(1, &value.name);
        out.always(2, i64::from(value.number) as u64);
        if let Some(annotations) = &value.annotations {
            out.bytes(3, &options(annotations.encode()));
        }
        enumeration.bytes(2, &out.0);
    }
    Ok(enumeration.0)
}

/// Returns the FileDescriptorSet that streams carry: the file of the root and all that it imports,
/// imports first, without comments and JSON names.
pub(crate) fn embeddable(files: &[FileDescriptor], root_file: &str) -> Result<Vec<u8>, Error> {
    let mut set = Writer::default();
    let mut seen = Vec::new();
    add_file(files, root_file, &mut seen, &mut set)?;
    Ok(set.0)
}

fn add_file(
    files: &[FileDescriptor],
    name: &str,
    seen: &mut Vec<String>,
    set: &mut Writer,
) -> Result<(), Error> {
    let left_out = ["google/protobuf/descriptor.proto", "devstate/options.proto"];
    if left_out.contains(&name) || seen.iter().any(|other| other == name) {
        return Ok(());
    }
    seen.push(name.to_owned());
    let file = files
        .iter()
        .find(|file| file.name == name)
        .ok_or_else(|| Error(format!("{name} is imported and not there")))?;
    for dependency in &file.dependencies {
        add_file(files, dependency, seen, set)?;
    }
    set.bytes(1, &normalized(&file.bytes, Descriptor::File)?);
    Ok(())
}

/// The messages of descriptor.proto that have something to normalize within.
#[derive(Clone, Copy)]
enum Descriptor {
    File,
    Message,
    Field,
    Enum,
    EnumValue,
    FieldOptions,
    MessageOptions,
    EnumValueOptions,
    Other,
}

impl Descriptor {
    /// Returns what field `number` holds; `None` if it is left out.
    fn part(self, number: u32) -> Option<Descriptor> {
        use Descriptor as D;
        Some(match (self, number) {
            // Comments and JSON names.
            (D::File, 9) | (D::Field, 10) => return None,
            (D::File, 4) | (D::Message, 3) => D::Message,
            (D::File, 5) | (D::Message, 4) => D::Enum,
            (D::File, 7) | (D::Message, 2 | 6) => D::Field,
            (D::Message, 7) => D::MessageOptions,
            (D::Field, 8) => D::FieldOptions,
            (D::Enum, 2) => D::EnumValue,
            (D::EnumValue, 3) => D::EnumValueOptions,
            _ => D::Other,
        })
    }

    /// Returns the annotations as every implementation writes them.
    fn annotations(self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Descriptor::FieldOptions => FieldAnnotations::decode(bytes).map(|a| a.encode()),
            Descriptor::MessageOptions => MessageAnnotations::decode(bytes).map(|a| a.encode()),
            _ => EnumValueAnnotations::decode(bytes).map(|a| a.encode()),
        }
        .map_err(|_| Error("an annotation is not well-formed".into()))
    }
}

/// Returns a descriptor as protobuf's own libraries write it: fields in ascending order.
fn normalized(bytes: &[u8], descriptor: Descriptor) -> Result<Vec<u8>, Error> {
    let mut fields: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut annotations: Option<Vec<u8>> = None;
    let has_annotations = matches!(
        descriptor,
        Descriptor::FieldOptions | Descriptor::MessageOptions | Descriptor::EnumValueOptions
    );
    let mut cursor = Cursor::new(bytes);
    while !cursor.at_end() {
        let (number, _, value) =
            cursor.field().ok_or_else(|| Error("a descriptor is not well-formed".into()))?;
        if has_annotations && number == EXTENSION {
            annotations.get_or_insert_with(Vec::new).extend_from_slice(value.bytes());
            continue;
        }
        let Some(part) = descriptor.part(number) else { continue };
        let mut out = Writer::default();
        match value {
            Value::Bytes(bytes) => match part {
                Descriptor::Other => out.bytes(number, bytes),
                part => out.bytes(number, &normalized(bytes, part)?),
            },
            value => out.always(number, value.bits()),
        }
        fields.push((number, out.0));
    }
    if let Some(bytes) = annotations {
        let mut out = Writer::default();
        out.bytes(EXTENSION, &descriptor.annotations(&bytes)?);
        fields.push((EXTENSION, out.0));
    }
    fields.sort_by_key(|(number, _)| *number);
    Ok(fields.into_iter().flat_map(|(_, bytes)| bytes).collect())
}
