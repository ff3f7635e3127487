// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Rows, columns and builders of the messages that travel in batches.

use devstate::schema::{FieldType, Presence};
use devstate_schema::{
    bounds_of, BoundColumn, ColumnBounds, FieldModel, MessageModel, SchemaModel,
};

use crate::code::Code;
use crate::{names, types};

/// Prints all that is needed for records of `message`.
pub fn print(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    print_row(schema, message, code);
    print_columns(schema, message, code);
    print_builder(schema, message, code);
}

fn members<'m>(message: &'m MessageModel, oneof: &'m str) -> impl Iterator<Item = &'m FieldModel> {
    message.fields.iter().filter(move |field| field.oneof == oneof)
}

fn alone(message: &MessageModel) -> impl Iterator<Item = &FieldModel> {
    message.fields.iter().filter(|field| field.oneof.is_empty())
}

fn print_row(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    let name = names::message(message);
    let lifetime = types::lifetime(schema, message, "'a");
    for oneof in message.oneofs() {
        let lifetime = types::oneof_lifetime(schema, message, oneof, "'a");
        let enum_name = names::oneof(message, oneof);
        code.add(format!("/// A member of the oneof `{oneof}`."));
        code.add("#[derive(Clone, Debug, PartialEq)]");
        code.add(format!("pub enum {enum_name}Row{lifetime} {{"));
        for field in members(message, oneof) {
            code.doc(&field.comment, &format!("`{}` of the schema.", field.name));
            let variant = names::camel(&field.name);
            code.add(format!("{variant}({}),", types::row_value(schema, field)));
        }
        code.add("}\n\n");
    }
    code.doc(&message.comment, &format!("`{}` of the schema.", message.full_name));
    code.add("#[derive(Clone, Debug, Default, PartialEq)]");
    code.add(format!("pub struct {name}Row{lifetime} {{"));
    for field in alone(message) {
        code.doc(&field.comment, &format!("`{}` of the schema.", field.name));
        let of = types::whole(schema, field, types::row_value);
        code.add(format!("pub {}: {of},", names::field(field)));
    }
    for oneof in message.oneofs() {
        let lifetime = types::oneof_lifetime(schema, message, oneof, "'a");
        let of = names::oneof(message, oneof);
        code.add(format!("/// The member of the oneof `{oneof}` that is there."));
        code.add(format!("pub {}: Option<{of}Row{lifetime}>,", names::snake(oneof)));
    }
    code.add("}\n\n");
    print_sizes(schema, message, code);
}

/// What the strings and elements of a value count for; `None` if it has none.
fn variable_size(schema: &SchemaModel, field: &FieldModel, value: &str) -> Option<String> {
    match schema.message_of(field) {
        Some(message) => {
            has_variable_size(schema, message).then(|| format!("{value}.variable_size()"))
        }
        None if field.is_number() => None,
        None => Some(format!("{value}.len() as u64")),
    }
}

/// Returns whether values of `message` have strings or elements.
pub fn has_variable_size(schema: &SchemaModel, message: &MessageModel) -> bool {
    message.fields.iter().any(|field| {
        field.repeated()
            || match schema.message_of(field) {
                Some(message) => has_variable_size(schema, message),
                None => !field.is_number(),
            }
    })
}

fn print_sizes(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    if !has_variable_size(schema, message) {
        return;
    }
    let name = names::message(message);
    let lifetime = types::lifetime(schema, message, "'_");
    code.add(format!("impl {name}Row{lifetime} {{"));
    code.add("/// Returns what strings and elements count for, besides the fixed size.");
    code.add("#[inline]\npub fn variable_size(&self) -> u64 {\nlet mut size = 0;");
    for field in alone(message) {
        let own = format!("self.{}", names::field(field));
        let size = schema.value_size(field);
        if let Some((key, value)) = types::map_parts(schema, field) {
            code.add(format!("size += {own}.len() as u64 * {size};"));
            let sizes: Vec<String> = [(key, "key"), (value, "value")]
                .iter()
                .filter_map(|(field, name)| variable_size(schema, field, name))
                .collect();
            if !sizes.is_empty() {
                let unused = |name: &str| {
                    if sizes.iter().any(|size| size.starts_with(&format!("{name}."))) {
                        ""
                    } else {
                        "_"
                    }
                };
                code.add(format!(
                    "size += {own}.iter().map(|({}key, {}value)| {}).sum::<u64>();",
                    unused("key"),
                    unused("value"),
                    sizes.join(" + ")
                ));
            }
            continue;
        }
        let variable = variable_size(schema, field, "value");
        match (field.presence, variable) {
            (Presence::Implicit, Some(_)) => code.add(format!("size += {own}.len() as u64;")),
            (Presence::Implicit | Presence::Explicit, None) => {}
            (Presence::Explicit, Some(variable)) => {
                code.add(format!("size += {own}.as_ref().map_or(0, |value| {variable});"));
            }
            (_, variable) => {
                code.add(format!("size += {own}.len() as u64 * {size};"));
                if let Some(variable) = variable {
                    code.add(format!("size += {own}.iter().map(|value| {variable}).sum::<u64>();"));
                }
            }
        }
    }
    for oneof in message.oneofs() {
        let of = names::oneof(message, oneof);
        code.add(format!("size += match &self.{} {{", names::snake(oneof)));
        for field in members(message, oneof) {
            if let Some(variable) = variable_size(schema, field, "value") {
                let variant = names::camel(&field.name);
                code.add(format!("Some({of}Row::{variant}(value)) => {variable},"));
            }
        }
        code.add("_ => 0,\n};");
    }
    code.add("size\n}\n}\n\n");
}

// --- Columns ---

fn print_columns(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    let name = names::message(message);
    code.add(format!("/// Columns of [`{name}Row`], decoded."));
    code.add("#[derive(Debug, Default)]");
    code.add(format!("pub struct {name}Columns<'p> {{"));
    for field in &message.fields {
        let (column, _) = types::column(schema, field);
        code.add(format!("f{}: {column},", field.number));
    }
    code.add("payload: std::marker::PhantomData<&'p ()>,\n}\n\n");
    let lifetime = types::lifetime(schema, message, "'r");
    code.add(format!("impl<'p> column::Column<'p> for {name}Columns<'p> {{"));
    code.add(format!("type Value<'r> = {name}Row{lifetime} where Self: 'r;\n\n"));
    print_decode(schema, message, code);
    code.add(
        "fn absent(count: usize, cx: &mut column::Context<'_>) -> Result<Self, Box<devstate::StreamError>> {
            Self::decode(&[], count, cx)
        }\n\n",
    );
    let lifetime = types::lifetime(schema, message, "'_");
    // Called for every row, from another crate.
    code.add("#[inline]");
    code.add(format!("fn get(&self, i: usize) -> {name}Row{lifetime} {{"));
    if message.fields.is_empty() {
        code.add("let _ = i;");
    }
    code.add(format!("{name}Row {{"));
    for field in alone(message) {
        let get = format!("self.f{}.get(i)", field.number);
        let value = match types::map_parts(schema, field) {
            Some((_, value)) => {
                let of = if value.presence == Presence::Explicit {
                    "entry.value.unwrap_or_default()"
                } else {
                    "entry.value"
                };
                format!("{get}.into_iter().map(|entry| (entry.key, {of})).collect()")
            }
            None => get,
        };
        code.add(format!("{}: {value},", names::field(field)));
    }
    for oneof in message.oneofs() {
        code.add(format!("{}: {},", names::snake(oneof), oneof_value(message, oneof)));
    }
    code.add("}\n}\n}\n\n");
}

fn oneof_value(message: &MessageModel, oneof: &str) -> String {
    let of = names::oneof(message, oneof);
    let mut text = String::new();
    for field in members(message, oneof) {
        let variant = names::camel(&field.name);
        text.push_str(&format!(
            "if let Some(value) = self.f{}.get(i) {{ Some({of}Row::{variant}(value)) }} else ",
            field.number
        ));
    }
    text + "{ None }"
}

fn print_decode(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    code.add(
        "fn decode(
            columns: &'p [u8],
            count: usize,
            cx: &mut column::Context<'_>,
        ) -> Result<Self, Box<devstate::StreamError>> {
            let mut walk = column::ColumnsWalk::new(columns);",
    );
    if message.fields.is_empty() {
        code.add("let _ = count;\nmatch walk.next(cx)? {\nNone => Ok(Self::default()),");
        code.add("Some(_) => Err(walk.unknown(cx)),\n}\n}\n\n");
        return;
    }
    let checks = checks(schema, message);
    let rows = if checks.contains(", rows, cx)") { "rows" } else { "_" };
    code.add(format!("let {rows} = cx.enter();\nlet mut this = Self::default();"));
    code.add("while let Some((number, bytes)) = walk.next(cx)? {\nmatch number {");
    for field in &message.fields {
        let decode = match field.presence {
            Presence::Implicit => "column::Column::decode(bytes, count, cx)".to_owned(),
            Presence::Explicit => "column::Optional::decode(bytes, count, cx)".to_owned(),
            Presence::Repeated | Presence::Map => {
                format!("column::Repeated::decode(bytes, count, {}, cx)", schema.value_size(field))
            }
        };
        code.add(format!(
            "{} => this.f{} = {decode}.map_err(column::within({:?}))?,",
            field.number, field.number, field.name
        ));
    }
    code.add("_ => return Err(walk.unknown(cx)),\n}\n}");
    code.add(checks);
    code.add("cx.leave();\nOk(this)\n}\n\n");
}

/// What has to hold of the columns of `message` once all of them are decoded.
fn checks(schema: &SchemaModel, message: &MessageModel) -> String {
    let mut lines = Vec::new();
    for field in &message.fields {
        lines.extend(bounds_of(field).iter().map(|bounds| check(field, bounds)));
        if let Some((key, _)) = types::map_parts(schema, field) {
            lines.push(format!(
                "this.f{}.check_keys(count, cx, |entry, i| entry.f{}.get(i)).map_err(column::within({:?}))?;",
                field.number, key.number, field.name
            ));
        }
    }
    for oneof in message.oneofs() {
        let members: Vec<String> = members(message, oneof)
            .map(|field| format!("&this.f{} as &dyn column::Member", field.number))
            .collect();
        lines.push(format!("column::check_oneof(count, &[{}], cx)?;", members.join(", ")));
    }
    lines.join("\n")
}

/// The check of one column.
fn check(field: &FieldModel, bounds: &ColumnBounds) -> String {
    let f = format!("this.f{}", field.number);
    let one = field.presence == Presence::Implicit;
    let is_enum = field.kind == FieldType::Enum;
    let own = match bounds.column {
        BoundColumn::Counts => Some(format!("{f}.counts()")),
        BoundColumn::Values if one && is_enum => Some(format!("{f}.numbers()")),
        BoundColumn::Values if one => Some(format!("&{f}")),
        BoundColumn::Lengths if one => Some(format!("{f}.lengths()")),
        _ => None,
    };
    let (column, count, rows) = match own {
        Some(own) => (format!("Some({own})"), "count".to_owned(), "rows"),
        None => {
            let part = match bounds.column {
                BoundColumn::Lengths => ".map(|values| values.lengths())",
                _ if is_enum => ".map(|values| values.numbers())",
                _ => "",
            };
            let column = format!("{f}.values(){part}");
            (column, format!("{f}.total()"), "column::Rows::Occurrences")
        }
    };
    format!(
        "{}.check({column}, {count}, {rows}, cx).map_err(column::within({:?}))?;",
        bound(field, bounds),
        field.name
    )
}

/// The bound as an expression.
fn bound(field: &FieldModel, bounds: &ColumnBounds) -> String {
    let of = match bounds.column {
        BoundColumn::Counts if field.presence == Presence::Explicit => "bool",
        BoundColumn::Counts | BoundColumn::Lengths => "u32",
        BoundColumn::Values => types::number(field.kind),
    };
    let real = of.starts_with('f');
    let number = |value: i128| if real { format!("{value}.0") } else { value.to_string() };
    let mut parts = Vec::new();
    if bounds.bounded {
        let side = |value: Option<i128>, infinity: &str| {
            value.map_or_else(|| format!("{of}::{infinity}"), number)
        };
        parts.push(format!(
            "range: Some(({}, {}))",
            side(bounds.low, "NEG_INFINITY"),
            side(bounds.high, "INFINITY")
        ));
    }
    for (name, flag) in [
        ("not_zero", bounds.not_zero),
        ("power_of_two", bounds.power_of_two),
        ("may_be_unused", bounds.may_be_unused),
        ("required", bounds.required),
        ("sensitive", bounds.sensitive),
    ] {
        if flag {
            parts.push(format!("{name}: true"));
        }
    }
    if let Some(values) = &bounds.one_of {
        let values: Vec<String> = values.iter().map(|&value| number(value)).collect();
        parts.push(format!("one_of: &[{}]", values.join(", ")));
    }
    if bounds.since != 0 {
        parts.push(format!("since: {}", bounds.since));
    }
    if !bounds.unit.is_empty() {
        parts.push(format!("unit: {:?}", bounds.unit));
    }
    parts.push(format!("allowed: {:?}", bounds.allowed));
    format!("column::Bound::<{of}> {{ {}, ..column::Bound::NONE }}", parts.join(", "))
}

// --- Builders ---

fn push(field: &FieldModel, target: &str, value: &str, by_reference: bool) -> String {
    let copies = field.message.is_none();
    let value = match (copies, by_reference) {
        (true, true) => format!("*{value}"),
        (false, false) => format!("&{value}"),
        _ => value.to_owned(),
    };
    format!("{target}.push({value})")
}

fn print_builder(schema: &SchemaModel, message: &MessageModel, code: &mut Code) {
    let name = names::message(message);
    code.add(format!("/// Builds the columns of [`{name}Row`]."));
    code.add("#[derive(Clone, Debug, Default)]");
    code.add(format!("pub struct {name}Builder {{\nrows: usize,"));
    for field in &message.fields {
        let (_, builder) = types::column(schema, field);
        code.add(format!("f{}: {builder},", field.number));
    }
    code.add("}\n\n");
    let lifetime = types::lifetime(schema, message, "'_");
    code.add(format!("impl {name}Builder {{\n/// Adds the next row."));
    code.add(format!("#[inline]\npub fn push(&mut self, row: &{name}Row{lifetime}) {{"));
    if message.fields.is_empty() {
        code.add("let _ = row;");
    }
    for field in alone(message) {
        print_push(schema, field, code);
    }
    for oneof in message.oneofs() {
        let of = names::oneof(message, oneof);
        code.add(format!("match &row.{} {{\nNone => {{}}", names::snake(oneof)));
        for field in members(message, oneof) {
            let target = format!("self.f{}.occur(self.rows)", field.number);
            code.add(format!(
                "Some({of}Row::{}(value)) => {},",
                names::camel(&field.name),
                push(field, &target, "value", true)
            ));
        }
        code.add("}");
    }
    code.add("self.rows += 1;\n}\n}\n\n");
    print_record_builder(message, code);
}

fn print_push(schema: &SchemaModel, field: &FieldModel, code: &mut Code) {
    let own = format!("row.{}", names::field(field));
    let f = format!("self.f{}", field.number);
    if let Some((_, value)) = types::map_parts(schema, field) {
        let entry = schema.message_of(field).map(names::message).unwrap_or_default();
        let clone = if value.message.is_some() { "Some(value.clone())" } else { "*value" };
        code.add(format!("let values = {f}.occur(self.rows, {own}.len());"));
        code.add(format!("for (key, value) in &{own} {{"));
        code.add(format!("values.push(&{entry}Row {{ key: *key, value: {clone} }});\n}}"));
        return;
    }
    match field.presence {
        Presence::Implicit => code.add(push(field, &f, &own, false) + ";"),
        Presence::Explicit => {
            code.add(format!("if let Some(value) = &{own} {{"));
            code.add(push(field, &format!("{f}.occur(self.rows)"), "value", true) + ";\n}");
        }
        Presence::Repeated | Presence::Map => {
            code.add(format!("let values = {f}.occur(self.rows, {own}.len());"));
            code.add(format!("for value in &{own} {{"));
            code.add(push(field, "values", "value", true) + ";\n}");
        }
    }
}

fn print_record_builder(message: &MessageModel, code: &mut Code) {
    let name = names::message(message);
    code.add(format!("impl column::RecordBuilder for {name}Builder {{"));
    code.add("fn rows(&self) -> usize {\nself.rows\n}\n\n");
    code.add("fn clear_rows(&mut self) {\nself.rows = 0;");
    for field in &message.fields {
        let clear = if field.presence == Presence::Implicit {
            format!("column::ColumnBuilder::clear(&mut self.f{});", field.number)
        } else {
            format!("self.f{}.clear();", field.number)
        };
        code.add(clear);
    }
    code.add("}\n\nfn encode_body(&self, writer: &mut column::ColumnWriter) {");
    if message.fields.is_empty() {
        code.add("let _ = writer;");
    }
    for field in &message.fields {
        let n = field.number;
        if field.presence == Presence::Implicit {
            code.add(format!("column::ColumnBuilder::encode(&self.f{n}, {n}, writer);"));
        } else {
            code.add(format!("self.f{n}.encode({n}, self.rows, writer);"));
        }
    }
    code.add("}\n\nfn validate(&self, rows: column::Rows) -> Result<(), Error> {");
    let mut uses_rows = false;
    for field in &message.fields {
        for bounds in bounds_of(field) {
            let f = format!("self.f{}", field.number);
            let one = field.presence == Presence::Implicit;
            let numbers = if field.kind == FieldType::Enum { ".numbers()" } else { "" };
            let values = if one { f.clone() } else { format!("{f}.values()") };
            let own_rows = if one { "rows" } else { "column::Rows::Occurrences" };
            let bound = bound(field, &bounds);
            let call = match bounds.column {
                BoundColumn::Counts => {
                    uses_rows = true;
                    format!(
                        "validate_counts({:?}, {f}.counts().bits(), self.rows, rows)",
                        field.name
                    )
                }
                BoundColumn::Values => {
                    format!("validate({:?}, {values}{numbers}.bits(), {own_rows})", field.name)
                }
                BoundColumn::Lengths => {
                    format!("validate({:?}, {values}.lengths(), {own_rows})", field.name)
                }
            };
            uses_rows |= one;
            code.add(format!("{bound}.{call}?;"));
        }
        if field.message.is_some() {
            code.add(format!(
                "column::unfit_within({:?}, self.f{}.values().validate(column::Rows::Occurrences))?;",
                field.name, field.number
            ));
        }
    }
    if !uses_rows {
        code.add("let _ = rows;");
    }
    code.add("Ok(())\n}\n}\n\n");
}
