// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What rows, columns and builders of a field are in Rust.

use devstate::schema::{FieldType, Presence};
use devstate_schema::{FieldModel, MessageModel, SchemaModel};

use crate::names;

/// Returns the Rust type of a number.
pub fn number(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Bool => "bool",
        FieldType::Int32 | FieldType::Sint32 | FieldType::Sfixed32 | FieldType::Enum => "i32",
        FieldType::Int64 | FieldType::Sint64 | FieldType::Sfixed64 => "i64",
        FieldType::Uint32 | FieldType::Fixed32 => "u32",
        FieldType::Float => "f32",
        FieldType::Double => "f64",
        _ => "u64",
    }
}

/// Whether rows of `message` borrow: whether there is a string or bytes in them.
pub fn borrows(schema: &SchemaModel, message: &MessageModel) -> bool {
    message.fields.iter().any(|field| field_borrows(schema, field))
}

fn field_borrows(schema: &SchemaModel, field: &FieldModel) -> bool {
    match schema.message_of(field) {
        Some(message) => borrows(schema, message),
        None => !field.is_number(),
    }
}

/// Returns `<'a>` if rows of `message` borrow.
pub fn lifetime(schema: &SchemaModel, message: &MessageModel, name: &str) -> String {
    if borrows(schema, message) {
        format!("<{name}>")
    } else {
        String::new()
    }
}

/// Returns `<'a>` if a member of the oneof borrows.
pub fn oneof_lifetime(schema: &SchemaModel, of: &MessageModel, oneof: &str, name: &str) -> String {
    let mut members = of.fields.iter().filter(|field| field.oneof == oneof);
    if members.any(|field| field_borrows(schema, field)) {
        format!("<{name}>")
    } else {
        String::new()
    }
}

/// Returns the type of one value in a row.
pub fn row_value(schema: &SchemaModel, field: &FieldModel) -> String {
    if let Some(message) = schema.message_of(field) {
        return format!("{}Row{}", names::message(message), lifetime(schema, message, "'a"));
    }
    match field.kind {
        FieldType::String => "&'a str".into(),
        FieldType::Bytes => "&'a [u8]".into(),
        FieldType::Enum => enumeration(schema, field),
        kind => number(kind).into(),
    }
}

/// Returns the type of one value in an owned message.
pub fn owned_value(schema: &SchemaModel, field: &FieldModel) -> String {
    if let Some(message) = schema.message_of(field) {
        return names::message(message);
    }
    match field.kind {
        FieldType::String => "String".into(),
        FieldType::Bytes => "Vec<u8>".into(),
        FieldType::Enum => enumeration(schema, field),
        kind => number(kind).into(),
    }
}

pub fn enumeration(schema: &SchemaModel, field: &FieldModel) -> String {
    field.enumeration.map_or_else(String::new, |index| names::enumeration(&schema.enums[index]))
}

/// Key and value of a map.
pub fn map_parts<'s>(
    schema: &'s SchemaModel,
    field: &FieldModel,
) -> Option<(&'s FieldModel, &'s FieldModel)> {
    let entry = schema.message_of(field).filter(|_| field.presence == Presence::Map)?;
    Some((entry.field(1)?, entry.field(2)?))
}

/// Returns the type of a field whose values are of `value`.
pub fn whole(
    schema: &SchemaModel,
    field: &FieldModel,
    value: impl Fn(&SchemaModel, &FieldModel) -> String,
) -> String {
    if let Some((key, of)) = map_parts(schema, field) {
        return format!("BTreeMap<{}, {}>", value(schema, key), value(schema, of));
    }
    let value = value(schema, field);
    match field.presence {
        Presence::Implicit => value,
        Presence::Explicit => format!("Option<{value}>"),
        Presence::Repeated | Presence::Map => format!("Vec<{value}>"),
    }
}

/// Returns the type of a field's column, and of its builder.
pub fn column(schema: &SchemaModel, field: &FieldModel) -> (String, String) {
    let (values, builder) = if let Some(message) = schema.message_of(field) {
        let name = names::message(message);
        (format!("{name}Columns<'p>"), format!("{name}Builder"))
    } else {
        match field.kind {
            FieldType::String => ("column::Texts<'p>".into(), "column::TextsBuilder".into()),
            FieldType::Bytes => ("column::Blobs<'p>".into(), "column::BlobsBuilder".into()),
            FieldType::Enum => {
                let name = enumeration(schema, field);
                (format!("column::Enums<{name}>"), format!("column::EnumsBuilder<{name}>"))
            }
            kind => {
                let name = number(kind);
                (format!("column::Numbers<{name}>"), format!("column::NumbersBuilder<{name}>"))
            }
        }
    };
    match field.presence {
        Presence::Implicit => (values, builder),
        Presence::Explicit => {
            (format!("column::Optional<{values}>"), format!("column::OptionalBuilder<{builder}>"))
        }
        Presence::Repeated | Presence::Map => {
            (format!("column::Repeated<{values}>"), format!("column::RepeatedBuilder<{builder}>"))
        }
    }
}
