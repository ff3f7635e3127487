// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Which schemas code is generated for, and states are read by.

use devstate::schema::Presence;

use crate::bounds::{leaves_a_value, range_of_type, takes_bounds};
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::pieces::find_pieces;
use crate::Error;

/// How deep the messages of a schema may nest, so that a stock parser reads their columns.
pub const MAX_DEPTH: usize = 32;
/// The same of a schema that a stream carries.
pub(crate) const MAX_READABLE_DEPTH: usize = 64;
/// Columns of a record, with all that is nested in it.
const MAX_COLUMNS: usize = 16384;

/// Refuses what no state can be read or written by.
///
/// ```
/// # fn show(schema: &devstate_schema::SchemaModel) {
/// if let Err(error) = devstate_schema::check(schema, devstate_schema::MAX_DEPTH) {
///     println!("{error}");
/// }
/// # }
/// ```
///
/// # Errors
/// What is wrong, with the message or field.
pub fn check(schema: &SchemaModel, max_depth: usize) -> Result<(), Error> {
    for field in &schema.root().fields {
        let mut columns = 0;
        let mut outer = Vec::new();
        check_nesting(schema, field, max_depth, &mut outer, &mut columns)?;
    }
    for message in &schema.messages {
        if !message.proto3 {
            return Err(Error(format!(
                "{}: only proto3 schemas are supported: write syntax = \"proto3\"; in the file",
                message.full_name
            )));
        }
        check_message(schema, message)?;
    }
    for enumeration in &schema.enums {
        if let Some(value) = enumeration.values.iter().find(|v| v.since > schema.version()) {
            return Err(Error(format!(
                "{}: since {} of {} is above the schema's version {}",
                enumeration.full_name,
                value.since,
                value.name,
                schema.version()
            )));
        }
    }
    let root = schema.root();
    let a = &root.annotations;
    if a.schema.is_empty() || a.version == 0 {
        return Err(Error(format!(
            "{}: the root message needs a schema name and a version of at least 1: option \
             (devstate.message) = {{ schema: \"…\" version: 1 }};",
            root.full_name
        )));
    }
    if a.min_reader > a.version {
        return Err(Error(format!(
            "{}: min_reader {} is above version {}: no reader could load the state",
            root.full_name, a.min_reader, a.version
        )));
    }
    Ok(())
}

fn check_nesting(
    schema: &SchemaModel,
    field: &FieldModel,
    max_depth: usize,
    outer: &mut Vec<usize>,
    columns: &mut usize,
) -> Result<(), Error> {
    *columns += 1;
    if *columns > MAX_COLUMNS {
        return Err(Error(format!(
            "{} is beyond the {MAX_COLUMNS} columns that a record may have with all that is \
             nested in it: split the record",
            field.name
        )));
    }
    let Some(index) = field.message else { return Ok(()) };
    let message = &schema.messages[index];
    if outer.contains(&index) || index == 0 {
        return Err(Error(format!(
            "{}: the record {} contains itself: flatten it into records that refer to each other \
             by a key",
            field.name, message.full_name
        )));
    }
    if outer.len() >= max_depth {
        return Err(Error(format!(
            "{}: the message {} lies deeper than {max_depth} messages: flatten it into records \
             that refer to each other by a key",
            field.name, message.full_name
        )));
    }
    outer.push(index);
    for field in &message.fields {
        check_nesting(schema, field, max_depth, outer, columns)?;
    }
    outer.pop();
    Ok(())
}

fn check_message(schema: &SchemaModel, message: &MessageModel) -> Result<(), Error> {
    let version = schema.version();
    let fail = |what: String| Err(Error(format!("{}: {what}", message.full_name)));
    for key in &message.annotations.key {
        if message.field_named(key).is_none() {
            return fail(format!("key names \"{key}\", which is not a field"));
        }
    }
    for tombstone in &message.annotations.tombstones {
        if tombstone.number == 0 || tombstone.name.is_empty() || tombstone.kind.is_empty() {
            return fail("a tombstone needs the removed field's number, name and type".into());
        }
        if message.field(tombstone.number).is_some() {
            return fail(format!(
                "number {} is that of the tombstone of {}: use a new number",
                tombstone.number, tombstone.name
            ));
        }
        if tombstone.last_written > version {
            return fail(format!(
                "last_written of a tombstone {} is above the schema's version {version}",
                tombstone.last_written
            ));
        }
    }
    for field in &message.fields {
        check_field(schema, message, field)
            .map_err(|what| Error(format!("{}.{}: {what}", message.full_name, field.name)))?;
    }
    Ok(())
}

fn check_field(
    schema: &SchemaModel,
    message: &MessageModel,
    field: &FieldModel,
) -> Result<(), String> {
    let a = &field.annotations;
    let version = schema.version();
    let one = field.presence == Presence::Implicit;
    if a.since > version {
        return Err(format!("since {} is above the schema's version {version}", a.since));
    }
    if a.write_until != 0 && a.write_until < a.since {
        return Err(format!("write_until {} is below since {}", a.write_until, a.since));
    }
    if !a.fallback_for.is_empty() && message.field_named(&a.fallback_for).is_none() {
        return Err(format!("fallback_for names \"{}\", which is not a field", a.fallback_for));
    }
    if a.required && a.ignorable {
        return Err("a field cannot be required and ignorable".into());
    }
    if !a.absent_default.is_empty() && (field.repeated() || !is_value(schema, field)) {
        return Err(format!(
            "absent_default \"{}\" is not a value of the field's type",
            a.absent_default
        ));
    }
    let integer = takes_bounds(field) && field.is_integer();
    if (a.min.is_some() || a.max.is_some()) && !takes_bounds(field) {
        return Err("min and max are for numbers only".into());
    }
    if let (Some(min), Some(max)) = (a.min, a.max) {
        if min > max {
            return Err(format!("min {min} is above max {max}"));
        }
    }
    if (a.power_of_two || !a.one_of.is_empty()) && !integer {
        return Err("power_of_two and one_of are for integers only".into());
    }
    if integer {
        let (low, high) = range_of_type(field);
        for value in a.one_of.iter().copied().chain(a.min).chain(a.max).map(i128::from) {
            if value < low || value > high {
                return Err(format!(
                    "min, max or one_of has {value}, which the field's type cannot hold"
                ));
            }
        }
        if !leaves_a_value(field) {
            return Err(
                "required, min, max, power_of_two and one_of leave no value that all of them allow"
                    .into(),
            );
        }
    }
    let bytes = !field.is_number() && field.message.is_none();
    if a.max_len.is_some() && !bytes {
        return Err("max_len is for strings and bytes only".into());
    }
    if a.max_items.is_some() && !field.repeated() {
        return Err("max_items is for repeated fields and maps only".into());
    }
    if a.required && ((a.max_len == Some(0) && one) || a.max_items == Some(0)) {
        return Err("a required field cannot be empty: raise max_len or max_items above 0".into());
    }
    if !a.unique_by.is_empty() {
        let of = schema.message_of(field).filter(|_| field.repeated());
        let Some(of) = of else {
            return Err("unique_by is for repeated messages only".into());
        };
        if let Some(name) = a.unique_by.iter().find(|name| of.field_named(name).is_none()) {
            return Err(format!(
                "unique_by names \"{name}\", which is not a field of {}",
                of.full_name
            ));
        }
    }
    if let Some(pieces) = &a.pieces {
        let is_root = message.full_name == schema.root().full_name;
        let field = Some(field).filter(|_| is_root);
        find_pieces(schema, field, pieces)?;
    }
    Ok(())
}

/// Whether the field's absent_default is a value of its type.
fn is_value(schema: &SchemaModel, field: &FieldModel) -> bool {
    use devstate::schema::FieldType as T;
    let text = &field.annotations.absent_default;
    match field.kind {
        T::Int32 | T::Sint32 | T::Sfixed32 => text.parse::<i32>().is_ok(),
        T::Int64 | T::Sint64 | T::Sfixed64 => text.parse::<i64>().is_ok(),
        T::Uint32 | T::Fixed32 => text.parse::<u32>().is_ok(),
        T::Uint64 | T::Fixed64 => text.parse::<u64>().is_ok(),
        T::Float | T::Double => text.parse::<f64>().is_ok(),
        T::Bool => text == "true" || text == "false",
        T::Enum => field
            .enumeration
            .is_some_and(|e| schema.enums[e].values.iter().any(|value| value.name == *text)),
        T::String => true,
        T::Bytes => true,
        T::Message => false,
    }
}
