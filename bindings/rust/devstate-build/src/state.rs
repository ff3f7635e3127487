// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What is generated once for a schema: its table, its writer and its reader.

use devstate_schema::{pieces_of, FieldModel, MessageModel, PiecesModel, SchemaModel};

use crate::code::Code;
use crate::{names, rows, types, Input};

/// Prints the static that the runtime knows the schema by.
pub fn print_schema(input: &Input, code: &mut Code) {
    let schema = &input.schema;
    let a = &schema.root().annotations;
    code.add("/// What the runtime knows of the schema.");
    code.add("pub static SCHEMA: Schema = Schema {");
    code.add(format!("name: {:?},", a.schema));
    code.add(format!("version: {},", a.version));
    code.add(format!("min_reader: {},", a.min_reader));
    code.add(format!("device: {:?},", a.device));
    code.add(format!("root_message: {:?},", schema.root().full_name));
    let fingerprint: Vec<String> =
        schema.fingerprint.iter().map(|byte| format!("0x{byte:02x}")).collect();
    code.add("fingerprint: [");
    for line in fingerprint.chunks(8) {
        code.add(format!("{},", line.join(", ")));
    }
    code.add("],");
    code.add(format!("descriptor_set: {},", bytes_literal(&input.descriptor_set)));
    code.add("released: &[");
    for set in &input.released {
        code.add(format!("{},", bytes_literal(set)));
    }
    code.add("],");
    code.add("pieces: &[");
    for pieces in pieces_of(schema) {
        code.add(format!(
            "schema::Pieces {{ name: Cow::Borrowed({:?}), of: Cow::Borrowed({:?}), \
             max_owners: {} }},",
            pieces.field.name, pieces.owners.name, pieces.max_owners
        ));
    }
    code.add("],");
    print_table(schema, code);
    code.add("};\n\n");
}

fn bytes_literal(bytes: &[u8]) -> String {
    let mut text = String::from("b\"");
    for line in bytes.chunks(24) {
        text.push_str("\\\n");
        line.iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text.push('"');
    text
}

fn print_table(schema: &SchemaModel, code: &mut Code) {
    let table = schema.table();
    code.add("table: Table {\nmessages: Cow::Borrowed(&[");
    for message in table.messages.iter() {
        code.add("schema::Message {");
        code.add(format!("name: Cow::Borrowed({:?}),", message.name));
        code.add("fields: Cow::Borrowed(&[");
        for field in message.fields.iter() {
            code.add(format!(
                "schema::Field {{ number: {}, name: Cow::Borrowed({:?}), kind: FieldType::{:?}, \
                 presence: Presence::{:?}, oneof: {:?}, of: {}, feature: Cow::Borrowed({:?}) }},",
                field.number,
                field.name,
                field.kind,
                field.presence,
                field.oneof,
                field.of,
                field.feature
            ));
        }
        code.add("]),\n},");
    }
    code.add("]),\nenums: Cow::Borrowed(&[");
    for enumeration in table.enums.iter() {
        code.add(format!(
            "schema::Enum {{ name: Cow::Borrowed({:?}), numbers: Cow::Borrowed(&{:?}) }},",
            enumeration.name, enumeration.numbers
        ));
    }
    code.add("]),\n},");
}

fn batches(schema: &SchemaModel) -> Vec<(&FieldModel, &MessageModel)> {
    let root = schema.root();
    root.fields
        .iter()
        .filter(|field| field.holds_records())
        .filter_map(|field| Some((field, schema.message_of(field)?)))
        .collect()
}

/// The name of the method that is about the records of `field`.
fn method(field: &FieldModel) -> String {
    match names::field(field).as_str() {
        "root" => "root_".to_owned(),
        name => name.to_owned(),
    }
}

fn bare(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Prints the reader.
pub fn print_reader(schema: &SchemaModel, code: &mut Code) {
    let root = names::message(schema.root());
    let batches = batches(schema);
    for (field, message) in &batches {
        code.add(format!("/// Records of `{}`, decoded.", field.name));
        code.add(format!(
            "pub type {}Batch<'p> = Batch<'p, {}Columns<'p>>;\n\n",
            names::camel(&field.name),
            names::message(message)
        ));
    }
    code.add(
        "/// Takes a state as it is read. What it is given is to be kept aside until the read",
    );
    code.add("/// has returned without an error: only then is the state whole.");
    code.add(format!("pub trait {root}Visitor {{"));
    code.add("/// Takes the singular fields, once and first.\n///");
    code.add("/// # Errors\n/// Whatever ends the read.");
    code.add(format!("fn root(&mut self, root: {root}) -> Result<(), Error>;"));
    for (field, _) in &batches {
        code.doc(&field.comment, &format!("`{}` of the schema.", field.name));
        code.add("///\n/// # Errors\n/// Whatever ends the read.");
        code.add(format!(
            "fn {}(&mut self, batch: &{}Batch<'_>) -> Result<(), Error>;",
            method(field),
            names::camel(&field.name)
        ));
    }
    code.add("}\n\n");
    code.add(format!("impl<V: {root}Visitor + ?Sized> {root}Visitor for &mut V {{"));
    code.add(format!(
        "fn root(&mut self, root: {root}) -> Result<(), Error> {{\n(**self).root(root)\n}}"
    ));
    for (field, _) in &batches {
        code.add(format!(
            "fn {m}(&mut self, batch: &{}Batch<'_>) -> Result<(), Error> {{\n(**self).{m}(batch)\n}}",
            names::camel(&field.name),
            m = method(field)
        ));
    }
    code.add("}\n\n");
    code.add(format!("/// Decodes the chunks of a state for a [`{root}Visitor`]."));
    code.add(format!("#[derive(Debug)]\npub struct {root}Handler<V>(pub V);\n\n"));
    code.add(format!("impl<V: {root}Visitor> StateHandler for {root}Handler<V> {{"));
    code.add("fn schema(&self) -> &'static Schema {\n&SCHEMA\n}\n\n");
    code.add("fn root(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {");
    code.add("record::check_root(chunk, &SCHEMA)?;");
    code.add("self.0.root(record::parsed(chunk.payload))\n}\n\n");
    let all_pieces = pieces_of(schema);
    let pieces = if all_pieces.is_empty() { "_" } else { "pieces" };
    code.add(format!("fn batch(&mut self, chunk: &Chunk<'_>, limits: &Limits, version: u32, {pieces}: &mut ValuesInPieces) -> Result<bool, Error> {{"));
    if batches.is_empty() {
        code.add("let _ = (chunk, limits, version);\nOk(false)\n}\n}\n\n");
    } else {
        code.add("let mut cx = column::Context::new(*chunk, limits, version);");
        code.add("let rows = chunk.records as usize;\nmatch chunk.field {");
        for (field, message) in &batches {
            code.add(format!("{} => {{", field.number));
            code.add(format!(
                "let columns = cx.charge(chunk.records.into(), {}).and_then(|()| \
                 column::Column::decode(chunk.payload, rows, &mut cx)).map_err(column::within({:?}))?;",
                schema.record_size(message),
                field.name
            ));
            let batch = names::camel(&field.name);
            code.add(format!("let batch: {batch}Batch<'_> = Batch::new(columns, rows);"));
            for (index, pieces) in all_pieces.iter().enumerate() {
                print_pieces_check(index, pieces, field, code);
            }
            code.add(format!("self.0.{}(&batch)?;\n}}", method(field)));
        }
        code.add("_ => return Ok(false),\n}\nOk(true)\n}\n}\n\n");
    }
    code.add(format!("impl {root} {{"));
    code.add("/// Reads a state of this very version of the schema. For others, put a filter into");
    code.add("/// [`devstate::read_state`].\n///\n/// # Errors");
    code.add("/// Those of the stream, the source and the visitor.");
    code.add(format!(
        "pub fn read(source: impl std::io::Read, limits: &Limits, visitor: &mut impl {root}Visitor) \
         -> Result<Summary, Error> {{"
    ));
    code.add(format!(
        "devstate::read_state(source, limits, &mut devstate::NoFilter, &mut {root}Handler(visitor))\n}}\n}}\n\n"
    ));
}

/// Prints the check of `batch`, of `field`, if its records are owners or pieces.
fn print_pieces_check(index: usize, pieces: &PiecesModel, field: &FieldModel, code: &mut Code) {
    let number = |field: &FieldModel| {
        let into = if field.bits() == 64 { "" } else { ".into()" };
        format!("row.{}{into}", names::field(field))
    };
    if field.number == pieces.owners.number {
        code.add(format!(
            "pieces.add_owners({index}, chunk, batch.iter().map(|row| ({}, {})))?;",
            number(pieces.id),
            number(pieces.size)
        ));
    }
    if field.number == pieces.field.number {
        code.add(format!(
            "pieces.add_pieces({index}, chunk, batch.iter().map(|row| ({}, {}, row.{}.len() as u64)))?;",
            number(pieces.owner),
            number(pieces.offset),
            names::field(pieces.data)
        ));
    }
}

/// Prints the writer.
pub fn print_writer(schema: &SchemaModel, code: &mut Code) {
    let root = names::message(schema.root());
    let batches = batches(schema);
    code.add("/// Writes a state: the root first, then the records in ascending order of field.");
    code.add("/// Nothing is a state before [`finish`](Self::finish) has returned.");
    code.add(format!("#[derive(Debug)]\npub struct {root}Writer<W> {{\nstream: RecordWriter<W>,"));
    for (field, message) in &batches {
        code.add(format!("f{}: {}Builder,", field.number, names::message(message)));
    }
    code.add("}\n\n");
    code.add(format!("impl<W: std::io::Write> {root}Writer<W> {{"));
    code.add("/// Writes header and root.\n///\n/// # Errors");
    code.add("/// [`Error::Unfit`] if readers with the same limits would refuse them.");
    code.add(format!(
        "pub fn begin(sink: W, options: WriterOptions, root: &{root}) -> Result<Self, Error> {{"
    ));
    code.add("Ok(Self {\nstream: RecordWriter::begin(sink, options, &SCHEMA, root)?,");
    for (field, _) in &batches {
        code.add(format!("f{}: Default::default(),", field.number));
    }
    code.add("})\n}\n\n");
    for (field, message) in &batches {
        let name = names::message(message);
        let lifetime = types::lifetime(schema, message, "'_");
        let size = schema.record_size(message);
        let variable =
            if rows::has_variable_size(schema, message) { " + row.variable_size()" } else { "" };
        code.add(format!("/// Adds a record of `{}`.\n///", field.name));
        code.add(
            "/// # Errors\n/// [`Error::Unfit`] if no reader would load the batch that it ends;",
        );
        code.add(
            "/// [`Error::Misuse`] after records of a later field; the first error, for ever.",
        );
        code.add(format!(
            "#[inline]\npub fn add_{}(&mut self, row: &{name}Row{lifetime}) -> Result<(), Error> {{",
            bare(&names::field(field))
        ));
        let n = field.number;
        code.add(format!("let size = {size}{variable};"));
        code.add(format!("if self.stream.must_flush({n}, self.f{n}.rows(), size) {{"));
        code.add(format!(
            "self.flush()?;\nself.stream.start_batch({n}, {:?}, size)?;\n}}",
            field.name
        ));
        code.add(format!("self.f{n}.push(row);\nOk(())\n}}\n\n"));
    }
    code.add("fn flush(&mut self) -> Result<(), Error> {\nmatch self.stream.pending() {");
    for (field, _) in &batches {
        let n = field.number;
        code.add(format!("{n} => self.stream.write_batch({:?}, &mut self.f{n}),", field.name));
    }
    code.add("_ => Ok(()),\n}\n}\n\n");
    code.add("/// Writes what is left and the trailer, and returns the sink.\n///\n/// # Errors");
    code.add("/// As adding records, and those of the sink.");
    code.add("pub fn finish(mut self) -> Result<(W, Summary), Error> {");
    code.add("self.flush()?;\nself.stream.finish()\n}\n}\n\n");
}
