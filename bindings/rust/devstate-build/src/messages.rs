// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The root message and its parts as plain structs, and the enums of the schema.

use devstate::schema::{FieldType, Presence};
use devstate_schema::{EnumModel, FieldModel, MessageModel, SchemaModel};

use crate::code::Code;
use crate::{names, types};

/// Prints an enum.
pub fn print_enum(enumeration: &EnumModel, code: &mut Code) {
    let name = names::enumeration(enumeration);
    let mut numbers = Vec::new();
    code.doc(&enumeration.comment, &format!("`{}` of the schema.", enumeration.full_name));
    code.add("#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]");
    code.add(format!("pub enum {name} {{"));
    for value in &enumeration.values {
        // A second name of a number means the same.
        if numbers.contains(&value.number) {
            continue;
        }
        numbers.push(value.number);
        code.doc(&value.comment, &format!("`{}` of the schema.", value.name));
        if value.number == 0 {
            code.add("#[default]");
        }
        code.add(format!("{} = {},", names::camel(&value.name), value.number));
    }
    code.add("}\n\n");
    code.add(format!("impl column::Enumeration for {name} {{"));
    code.add("fn from_number(number: i32) -> Option<Self> {\nSome(match number {");
    for number in &numbers {
        if let Some(value) = enumeration.values.iter().find(|value| value.number == *number) {
            code.add(format!("{number} => {name}::{},", names::camel(&value.name)));
        }
    }
    code.add("_ => return None,\n})\n}\nfn number(self) -> i32 {\nself as i32\n}\n}\n\n");
}

fn travels(message: &MessageModel, root: bool) -> impl Iterator<Item = &FieldModel> {
    message.fields.iter().filter(move |field| !(root && field.holds_records()))
}

/// Prints `message`, which is the root or a part of it.
pub fn print(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    let name = names::message(message);
    let root = message.full_name == schema.root().full_name;
    for oneof in message.oneofs() {
        code.add(format!("/// A member of the oneof `{oneof}`."));
        code.add("#[derive(Clone, Debug, PartialEq)]");
        code.add(format!("pub enum {} {{", names::oneof(message, oneof)));
        for field in message.fields.iter().filter(|field| field.oneof == oneof) {
            code.doc(&field.comment, &format!("`{}` of the schema.", field.name));
            let of = types::owned_value(schema, field);
            code.add(format!("{}({of}),", names::camel(&field.name)));
        }
        code.add("}\n\n");
    }
    code.doc(&message.comment, &format!("`{}` of the schema.", message.full_name));
    code.add("#[derive(Clone, Debug, Default, PartialEq)]");
    code.add(format!("pub struct {name} {{"));
    for field in travels(message, root).filter(|field| field.oneof.is_empty()) {
        code.doc(&field.comment, &format!("`{}` of the schema.", field.name));
        let of = types::whole(schema, field, types::owned_value);
        code.add(format!("pub {}: {of},", names::field(field)));
    }
    for oneof in message.oneofs() {
        code.add(format!("/// The member of the oneof `{oneof}` that is there."));
        let of = names::oneof(message, oneof);
        code.add(format!("pub {}: Option<{of}>,", names::snake(oneof)));
    }
    code.add("}\n\n");
    code.add(format!("impl record::Message for {name} {{"));
    code.add("fn merge_field(&mut self, number: u32, value: wire::Value<'_>) {\nmatch number {");
    for field in travels(message, root) {
        print_merge(schema, message, field, code);
    }
    code.add("_ => {}\n}");
    if travels(message, root).next().is_none() {
        code.add("let _ = value;");
    }
    code.add("}\n\nfn encode(&self, out: &mut Vec<u8>) {");
    for field in travels(message, root) {
        print_encode(schema, message, field, code);
    }
    if travels(message, root).next().is_none() {
        code.add("let _ = out;");
    }
    code.add("}\n}\n\n");
}

/// Returns the owned value of `value`, a `wire::Value`.
fn from_wire(schema: &SchemaModel, field: &FieldModel, value: &str) -> String {
    if let Some(message) = schema.message_of(field) {
        let name = names::message(message);
        return format!("record::parsed::<{name}>({value}.bytes())");
    }
    match field.kind {
        FieldType::String => format!("String::from_utf8_lossy({value}.bytes()).into_owned()"),
        FieldType::Bytes => format!("{value}.bytes().to_vec()"),
        _ => from_bits(schema, field, &format!("{value}.bits()")),
    }
}

fn from_bits(schema: &SchemaModel, field: &FieldModel, bits: &str) -> String {
    match field.kind {
        FieldType::Bool => format!("{bits} != 0"),
        FieldType::Enum => format!(
            "<{} as column::Enumeration>::from_number({bits} as i32).unwrap_or_default()",
            types::enumeration(schema, field)
        ),
        FieldType::Sint32 => format!("wire::unzigzag({bits}) as i32"),
        FieldType::Sint64 => format!("wire::unzigzag({bits})"),
        FieldType::Float => format!("f32::from_bits({bits} as u32)"),
        FieldType::Double => format!("f64::from_bits({bits})"),
        FieldType::Uint64 | FieldType::Fixed64 => bits.to_owned(),
        kind => format!("{bits} as {}", types::number(kind)),
    }
}

fn print_merge(schema: &SchemaModel, message: &MessageModel, field: &FieldModel, code: &mut Code) {
    let n = field.number;
    if !field.oneof.is_empty() {
        code.add(format!(
            "{n} => self.{} = Some({}::{}({})),",
            names::snake(&field.oneof),
            names::oneof(message, &field.oneof),
            names::camel(&field.name),
            from_wire(schema, field, "value")
        ));
        return;
    }
    let own = format!("self.{}", names::field(field));
    if let Some((key, of)) = types::map_parts(schema, field) {
        code.add(format!("{n} => {{\nlet (mut key, mut entry_value) = Default::default();"));
        code.add("record::each_field(value.bytes(), |number, value| match number {");
        code.add(format!("1 => key = {},", from_wire(schema, key, "value")));
        code.add(format!("2 => entry_value = {},", from_wire(schema, of, "value")));
        code.add(format!("_ => {{}}\n}});\n{own}.insert(key, entry_value);\n}}"));
        return;
    }
    match field.presence {
        Presence::Implicit => {
            code.add(format!("{n} => {own} = {},", from_wire(schema, field, "value")));
        }
        Presence::Explicit => {
            code.add(format!("{n} => {own} = Some({}),", from_wire(schema, field, "value")));
        }
        Presence::Repeated | Presence::Map if field.is_number() => {
            code.add(format!(
                "{n} => record::each_number(value, {}, |bits| {own}.push({})),",
                field.wire_size(),
                from_bits(schema, field, "bits")
            ));
        }
        Presence::Repeated | Presence::Map => {
            code.add(format!("{n} => {own}.push({}),", from_wire(schema, field, "value")));
        }
    }
}

/// Returns the bits of a number, `value` being a place or a copy of it.
fn to_bits(field: &FieldModel, value: &str) -> String {
    match field.kind {
        FieldType::Bool => format!("u64::from({value})"),
        FieldType::Enum => format!("i64::from(column::Enumeration::number({value})) as u64"),
        FieldType::Int32 => format!("i64::from({value}) as u64"),
        FieldType::Int64 => format!("{value} as u64"),
        FieldType::Sint32 => format!("u64::from(wire::zigzag(i64::from({value})) as u32)"),
        FieldType::Sint64 => format!("wire::zigzag({value})"),
        FieldType::Uint32 | FieldType::Fixed32 => format!("u64::from({value})"),
        FieldType::Sfixed32 => format!("u64::from({value} as u32)"),
        FieldType::Sfixed64 => format!("{value} as u64"),
        // Methods look through a reference.
        FieldType::Float => format!("u64::from({}.to_bits())", value.trim_start_matches('*')),
        FieldType::Double => format!("{}.to_bits()", value.trim_start_matches('*')),
        _ => value.to_owned(),
    }
}

/// Returns the place that a reference refers to.
fn place(reference: &str) -> String {
    reference.strip_prefix('&').map_or_else(|| format!("*{reference}"), str::to_owned)
}

/// Returns the statement that appends field `n`. `value` is a reference.
fn put(field: &FieldModel, n: u32, value: &str, out: &str) -> String {
    match field.kind {
        FieldType::Message => {
            format!("wire::put_bytes({n}, &record::Message::to_bytes({value}), {out});")
        }
        FieldType::String => format!("wire::put_bytes({n}, {value}.as_bytes(), {out});"),
        FieldType::Bytes => format!("wire::put_bytes({n}, {value}, {out});"),
        _ => format!(
            "record::put_field({n}, {}, {}, {out});",
            field.wire_size(),
            to_bits(field, &place(value))
        ),
    }
}

fn print_encode(schema: &SchemaModel, message: &MessageModel, field: &FieldModel, code: &mut Code) {
    let n = field.number;
    if !field.oneof.is_empty() {
        code.add(format!(
            "if let Some({}::{}(value)) = &self.{} {{",
            names::oneof(message, &field.oneof),
            names::camel(&field.name),
            names::snake(&field.oneof)
        ));
        code.add(put(field, n, "value", "out") + "\n}");
        return;
    }
    let own = format!("self.{}", names::field(field));
    if let Some((key, value)) = types::map_parts(schema, field) {
        code.add(format!("for (key, value) in &{own} {{\nlet mut entry = Vec::new();"));
        code.add(put(key, 1, "key", "&mut entry"));
        code.add(put(value, 2, "value", "&mut entry"));
        code.add(format!("wire::put_bytes({n}, &entry, out);\n}}"));
        return;
    }
    match field.presence {
        Presence::Implicit if field.is_number() => {
            code.add(format!("if {} != 0 {{", to_bits(field, &own)));
            code.add(put(field, n, &format!("&{own}"), "out") + "\n}");
        }
        Presence::Implicit => {
            code.add(format!("if !{own}.is_empty() {{"));
            code.add(put(field, n, &format!("&{own}"), "out") + "\n}");
        }
        Presence::Explicit => {
            code.add(format!("if let Some(value) = &{own} {{"));
            code.add(put(field, n, "value", "out") + "\n}");
        }
        Presence::Repeated | Presence::Map if field.is_number() => {
            code.add(format!(
                "record::put_packed({n}, {}, {own}.iter().map(|value| {}), out);",
                field.wire_size(),
                to_bits(field, "*value")
            ));
        }
        Presence::Repeated | Presence::Map => {
            code.add(format!("for value in &{own} {{"));
            code.add(put(field, n, "value", "out") + "\n}");
        }
    }
}
