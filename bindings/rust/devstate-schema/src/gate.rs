// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! May this stream be loaded by this reader? Judged from the header first, then from what the
//! chunks really contain.

use devstate::column::{ColumnsWalk, Context, Kind, Numbers};
use devstate::schema::Presence;
use devstate::wire::put_bytes;
use devstate::{
    rules, walk_root, Chunk, ChunkFilter, Error, Fault, Finding, Level, Limits, Reason, Rule,
    Schema, StreamError, StreamHeader, Verdict, WireFinding,
};

use crate::columns::MessageColumns;
use crate::convert::{misfit, takes, Converter, Findings};
use crate::dynamic::{message_value, Value};
use crate::dynamic_writer::{batch_bytes, root_bytes};
use crate::mapping::{self, FieldMap, Mapping, MessageMap, Target};
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::root_bounds::RootBounds;
use crate::{load_compressed, load_embedded};

/// Lets states of other versions through to a generated reader, as far as they arrive whole or
/// lose only what their writer declares ignorable.
///
/// It knows the writer's schema from the reader's released versions or from the stream. Values are
/// converted as the annotations of the two schemas say. What would take more is refused with the
/// rule: another unit, which is for `devstate convert`, or a step that somebody has to write.
///
/// Columns that are the same in both versions pass as they are. Records of which something has to
/// be converted become values one by one, which takes up to 16 times the `max_batch_memory` of the
/// limits for a batch.
///
/// ```no_run
/// # fn load(schema: &'static devstate::Schema, handler: &mut dyn devstate::StateHandler) {
/// let file = std::fs::File::open("state.dstate").expect("a state");
/// let mut gate = devstate_schema::Gate::new(schema);
/// let result = devstate::read_state(file, &Default::default(), &mut gate, handler);
/// let verdict = gate.verdict_after(result.as_ref().err());
/// println!("{verdict}");
/// let reply = verdict.check_reply(result.as_ref().err());
/// # let _ = reply;
/// # }
/// ```
#[derive(Debug)]
pub struct Gate {
    schema: &'static Schema,
    limits: Limits,
    accept: Level,
    reader: Option<SchemaModel>,
    verdict: Verdict,
    /// Of the writer, if it is another schema than the reader's.
    writer: Option<SchemaModel>,
    map: Mapping,
    bounds: RootBounds,
    out: Vec<u8>,
}

impl Gate {
    /// Makes a gate before a reader of `schema`, for one stream.
    pub fn new(schema: &'static Schema) -> Self {
        Gate {
            schema,
            limits: Limits::default(),
            accept: Level::Lossy,
            reader: None,
            verdict: Verdict::new(Level::Compatible),
            writer: None,
            map: Mapping::default(),
            bounds: RootBounds::default(),
            out: Vec::new(),
        }
    }

    /// Names the worst level that is let through. Default: lossy, the worst that may be.
    ///
    /// ```
    /// use devstate_schema::Gate;
    /// # use devstate_fs::v1::SCHEMA;
    /// let gate = Gate::new(&SCHEMA)
    ///     .accept(devstate::Level::Converted)
    ///     .limits(devstate::Limits { max_records: 1 << 20, ..Default::default() });
    /// assert!(gate.verdict().loads(), "nothing came so far");
    /// ```
    pub fn accept(mut self, level: Level) -> Self {
        self.accept = level;
        self
    }

    /// Takes the limits of the reader.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns the verdict on what came so far.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Returns the verdict after the load has ended, with `error` or whole.
    pub fn verdict_after(&self, error: Option<&Error>) -> Verdict {
        match error {
            Some(error) => self.verdict.clone().after(error),
            None => self.verdict.clone(),
        }
    }

    fn judge_header(&mut self, header: &StreamHeader) {
        self.verdict = Verdict::of_header(header, self.schema);
        let reader = match load_compressed(self.schema.descriptor_set, self.schema.root_message) {
            Ok(reader) => reader,
            Err(error) => {
                // Generated code is broken: nothing can be judged.
                self.refuse(rules::WRITER_SCHEMA_INVALID, format!("the reader's schema: {error}"));
                return;
            }
        };
        self.bounds = RootBounds::new(&header.used_features);
        if self.verdict.level == Level::Compatible {
            self.find_writer(header, &reader);
        }
        self.reader = Some(reader);
    }

    fn find_writer(&mut self, header: &StreamHeader, reader: &SchemaModel) {
        let mut lineage: Vec<SchemaModel> = self
            .schema
            .released
            .iter()
            .filter_map(|set| load_compressed(set, self.schema.root_message).ok())
            .collect();
        lineage.sort_by_key(SchemaModel::version);
        let released = lineage.iter().find(|schema| header.fingerprint == schema.fingerprint);
        let writer = match released {
            Some(schema) if schema.version() == header.schema_version => schema.clone(),
            Some(schema) => {
                self.refuse(
                    rules::WRITER_SCHEMA_INVALID,
                    format!(
                        "the stream says that it is of version {}, its fingerprint is that of \
                         version {}: save it again",
                        header.schema_version,
                        schema.version()
                    ),
                );
                return;
            }
            None if header.descriptor_set.is_empty() => {
                self.verdict.add(Finding {
                    level: Level::Compatible,
                    ..Finding::refusal(
                        rules::WRITER_SCHEMA_UNKNOWN,
                        "the stream does not carry its schema and this reader does not know it: \
                         whatever the reader does not know counts as critical",
                    )
                });
                return;
            }
            None => match load_embedded(header) {
                Ok(schema) => schema,
                Err(error) => {
                    self.refuse(rules::WRITER_SCHEMA_INVALID, error.to_string());
                    return;
                }
            },
        };
        self.map = mapping::map(&writer, reader, &lineage);
        // The chunks tell what only the state decides.
        let of_all =
            |finding: &Finding| !matches!(finding.level, Level::Lossy | Level::Conditional);
        let findings = std::mem::take(&mut self.map.findings);
        findings.into_iter().filter(of_all).for_each(|finding| self.add(finding));
        self.writer = Some(writer);
    }

    fn refuse(&mut self, rule: Rule, text: String) {
        self.add(Finding::refusal(rule, text));
    }

    /// Adds a finding, once.
    fn add(&mut self, finding: Finding) {
        let known = |other: &Finding| {
            other.rule == finding.rule && other.path == finding.path && other.level == finding.level
        };
        if !self.verdict.findings.iter().any(known) {
            self.verdict.add(finding);
        }
    }

    /// Whether what came so far refuses the state. It is judged to its end all the same, so that
    /// the verdict names every reason.
    fn refused(&mut self) -> bool {
        if self.accept < Level::Lossy && self.verdict.level == Level::Lossy {
            self.refuse(
                rules::POLICY,
                "the state loads without data that its writer declares ignorable, and this reader \
                 is told not to accept that"
                    .into(),
            );
        }
        self.verdict.level >= Level::Refused
    }

    fn refusal(&mut self) -> Result<(), Error> {
        if self.refused() {
            return Err(Error::Refused(Box::new(self.verdict.clone())));
        }
        Ok(())
    }

    // --- The root ---

    fn root<'c>(&'c mut self, chunk: Chunk<'c>) -> Result<Option<Chunk<'c>>, Error> {
        let own;
        let table = match &self.writer {
            Some(writer) => {
                own = writer.table();
                &own
            }
            None => &self.schema.table,
        };
        let mut found = Vec::new();
        let mut records = None;
        let walked = walk_root(chunk.payload, table, &mut |finding| {
            if finding.fault == Fault::Record {
                records = Some(finding.text());
                return false;
            }
            found.push(finding);
            true
        });
        if let Some(text) = records {
            return Err(chunk.error(Reason::Malformed, text).into());
        }
        walked.map_err(|_| {
            let text = format!("not a well-formed {}", self.schema.root_message);
            chunk.error(Reason::Malformed, text)
        })?;
        found.iter().for_each(|finding| self.add(of_wire(finding)));
        if self.refused() {
            return Ok(None);
        }
        self.out.clear();
        let mut findings = Findings::default();
        if let (Some(writer), Some(reader)) = (&self.writer, &self.reader) {
            let written = message_value(chunk.payload, writer, writer.root());
            let Value::Message(written) = written else { return Ok(None) };
            let mut converter = Converter { writer, reader, findings: &mut findings };
            let root = converter.convert(&self.map.root, writer.root(), &written, reader.root());
            self.out = root_bytes(reader, &root)?;
        } else {
            self.out.extend_from_slice(chunk.payload);
        }
        findings.list.into_iter().for_each(|finding| self.add(finding));
        if self.refused() {
            return Ok(None);
        }
        let mut findings = Vec::new();
        if let Some(reader) = &self.reader {
            self.bounds.check(&self.out, reader, &mut findings);
        }
        findings.into_iter().for_each(|finding| self.add(finding));
        Ok((!self.refused()).then_some(Chunk { payload: &self.out, ..chunk }))
    }

    // --- Batches ---

    fn batch<'c>(&'c mut self, chunk: Chunk<'c>) -> Result<Option<Chunk<'c>>, Error> {
        let (Some(writer), Some(reader)) = (&self.writer, &self.reader) else {
            if self.schema.table.messages[0].field(chunk.field).is_none() && chunk.ignorable {
                self.drop_records(&chunk);
                return Ok(None);
            }
            return Ok((!self.refused()).then_some(chunk));
        };
        let records = Records::find(writer, reader, &self.map.root, chunk.field);
        let Some(records) = records else {
            if !chunk.ignorable {
                let text = format!("records of field {} are unknown to their writer", chunk.field);
                return Err(chunk.error(Reason::UnknownContent, text).into());
            }
            self.drop_records(&chunk);
            return Ok(None);
        };
        let mut findings = Findings::default();
        let converted = records.convert(&chunk, &self.limits, &mut findings);
        let converted = converted.map_err(|error| match error {
            Error::Stream(error) => Error::Stream(error.within(&records.field.name)),
            error => error,
        })?;
        findings.list.into_iter().for_each(|finding| self.add(finding));
        if self.refused() {
            return Ok(None);
        }
        Ok(match converted {
            Converted::Dropped => None,
            Converted::Same => Some(chunk),
            Converted::To(field, columns) => {
                self.out = columns;
                Some(Chunk { field, payload: &self.out, ..chunk })
            }
        })
    }

    fn drop_records(&mut self, chunk: &Chunk<'_>) {
        self.add(Finding {
            level: Level::Lossy,
            path: chunk.field.to_string(),
            written: "records".into(),
            ..Finding::refusal(
                rules::IGNORABLE_DROPPED,
                "the reader does not know the records and drops them, as the writer allows",
            )
        });
    }
}

impl ChunkFilter for Gate {
    fn header(&mut self, header: &StreamHeader) -> Result<(), Error> {
        self.judge_header(header);
        self.refusal()
    }

    fn chunk<'c>(&'c mut self, chunk: Chunk<'c>) -> Result<Option<Chunk<'c>>, Error> {
        if chunk.is_root() {
            return self.root(chunk);
        }
        self.batch(chunk)
    }

    fn end(&mut self) -> Result<(), Error> {
        self.refusal()
    }
}

/// The finding for what a parser of the root would drop, merge or misread.
fn of_wire(found: &WireFinding) -> Finding {
    let (rule, text) = match found.fault {
        Fault::UnknownField => (
            rules::UNKNOWN_CRITICAL,
            "the state has a field that the schema does not, and skipping it would lose state: \
             update the reader, or save for its version",
        ),
        Fault::WireType => (
            rules::WIRE_TYPE_CHANGED,
            "the value is written in another way than the field's type is, and would be read as \
             absent: the writer has another schema than it says",
        ),
        Fault::UnnamedEnumValue => (
            rules::ENUM_VALUE_UNKNOWN,
            "enums are closed, and the schema does not name this value: update the reader, or do \
             not use the value",
        ),
        Fault::OutOfRange => (
            rules::VALUE_MAY_NOT_FIT,
            "the value does not fit the field's type and would be cut: the writer has another \
             schema than it says",
        ),
        Fault::NotUtf8 => {
            (rules::NOT_UTF8, "a string holds UTF-8 only: the field should be of type bytes")
        }
        Fault::Merged => (
            rules::DUPLICATE_FIELD,
            "a reader would merge the values or keep the last one: the writer does not write this \
             format rightly, save with another",
        ),
        Fault::KeyTwice | Fault::Record => (
            rules::DUPLICATE_MAP_KEY,
            "a reader would keep the last entry: the writer does not write this format rightly, \
             save with another",
        ),
    };
    Finding {
        path: found.path.clone(),
        written: found.written.clone(),
        read: found.read.clone(),
        ..Finding::refusal(rule, text)
    }
}

/// The records of a field of the writer's root.
struct Records<'g> {
    writer: &'g SchemaModel,
    reader: &'g SchemaModel,
    map: &'g FieldMap,
    field: &'g FieldModel,
    message: &'g MessageModel,
}

/// What has become of a batch.
enum Converted {
    Dropped,
    Same,
    /// The columns of the reader's field of this number.
    To(u32, Vec<u8>),
}

impl<'g> Records<'g> {
    fn find(
        writer: &'g SchemaModel,
        reader: &'g SchemaModel,
        root: &'g MessageMap,
        number: u32,
    ) -> Option<Self> {
        let field = writer.root().field(number).filter(|field| field.holds_records())?;
        let message = writer.message_of(field)?;
        Some(Records { writer, reader, map: root.field(number)?, field, message })
    }

    /// Returns the reader's message, and how the writer's becomes one.
    fn target(&self) -> Option<(&'g MessageModel, &'g MessageMap)> {
        let read = self.reader.root().field(self.map.read)?;
        Some((self.reader.message_of(read)?, self.map.inner.as_ref()?))
    }

    fn convert(
        &self,
        chunk: &Chunk<'_>,
        limits: &Limits,
        findings: &mut Findings,
    ) -> Result<Converted, Error> {
        if let Target::Drop(finding) | Target::Refuse(finding) = &self.map.target {
            findings.add(finding.clone());
            return Ok(Converted::Dropped);
        }
        if self.map.feature_changed {
            let text = "the reader takes the records only in states that use a feature, which \
                        the writer does not say: update one of the two";
            findings.add(self.map.refusal(rules::FEATURE_CHANGED, text));
            return Ok(Converted::Dropped);
        }
        let Some((read_in, map)) = self.target() else {
            let text = format!("records of field {} are unknown to this reader", chunk.field);
            return Err(chunk.error(Reason::UnknownContent, text).into());
        };
        let rows = chunk.records as usize;
        if !map.in_columns() {
            let columns = MessageColumns::decode_batch(chunk, self.writer, self.message, limits)?;
            let mut converter = Converter { writer: self.writer, reader: self.reader, findings };
            let records: Vec<Value> = (0..rows)
                .filter_map(|row| match columns.row(row) {
                    Value::Message(row) => {
                        Some(converter.convert(map, self.message, &row, read_in))
                    }
                    _ => None,
                })
                .collect();
            if findings.list.iter().any(|finding| finding.level >= Level::Refused) {
                return Ok(Converted::Dropped);
            }
            return Ok(Converted::To(self.map.read, batch_bytes(self.reader, read_in, &records)?));
        }
        if map.passes() && self.map.read == chunk.field {
            return Ok(Converted::Same);
        }
        let mut out = Vec::new();
        let mut cx = Context::new(*chunk, limits, 0);
        let (writer, reader) = (self.writer, self.reader);
        let mut filter = ColumnsFilter { writer, reader, cx: &mut cx, findings };
        filter.message(chunk.payload, self.message, read_in, map, rows, &mut out)?;
        Ok(Converted::To(self.map.read, out))
    }
}

/// Copies columns that are the same in both schemas, and leaves out those that are dropped.
struct ColumnsFilter<'a, 'c> {
    writer: &'a SchemaModel,
    reader: &'a SchemaModel,
    cx: &'a mut Context<'c>,
    findings: &'a mut Findings,
}

impl ColumnsFilter<'_, '_> {
    fn message(
        &mut self,
        columns: &[u8],
        written_in: &MessageModel,
        read_in: &MessageModel,
        map: &MessageMap,
        rows: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<StreamError>> {
        let mut walk = ColumnsWalk::new(columns);
        while let Some((number, column)) = walk.next(self.cx)? {
            let found = (map.field(number), written_in.field(number));
            let (Some(map), Some(written)) = found else { return Err(walk.unknown(self.cx)) };
            if let Target::Drop(finding) | Target::Refuse(finding) = &map.target {
                self.findings.add(finding.clone());
                continue;
            }
            let Some(read) = read_in.field(map.read) else { return Err(walk.unknown(self.cx)) };
            if written.presence == Presence::Implicit {
                self.check(column, written, read, map, rows)?;
                put_bytes(number, column, out);
            } else {
                let mut nested = Vec::new();
                self.occurrences(column, written, read, map, rows, &mut nested)?;
                put_bytes(number, &nested, out);
            }
        }
        Ok(())
    }

    fn occurrences(
        &mut self,
        columns: &[u8],
        written: &FieldModel,
        read: &FieldModel,
        map: &FieldMap,
        rows: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<StreamError>> {
        let mut walk = ColumnsWalk::new(columns);
        let mut total = 0;
        while let Some((part, bytes)) = walk.next(self.cx)? {
            if part == 1 {
                self.cx.charge(rows as u64, 8)?;
                total = Numbers::<u32>::decode(bytes, rows, self.cx)?.sum(rows);
                self.cx.charge(total, 8)?;
            }
            if part != 2 {
                put_bytes(part, bytes, out);
                continue;
            }
            self.check(bytes, written, read, map, total as usize)?;
            let inner = (self.writer.message_of(written), self.reader.message_of(read), &map.inner);
            let (Some(from), Some(to), Some(map)) = inner else {
                put_bytes(part, bytes, out);
                continue;
            };
            let mut nested = Vec::new();
            self.message(bytes, from, to, map, total as usize, &mut nested)?;
            // Columns of nothing but defaults are left out.
            if !nested.is_empty() {
                put_bytes(part, &nested, out);
            }
        }
        Ok(())
    }

    /// Finds numbers that the reader's type does not have.
    fn check(
        &mut self,
        column: &[u8],
        written: &FieldModel,
        read: &FieldModel,
        map: &FieldMap,
        rows: usize,
    ) -> Result<(), Box<StreamError>> {
        if !map.narrower && map.enums.unknown.is_empty() {
            return Ok(());
        }
        self.cx.charge(rows as u64, 8)?;
        let arrives = |number: i128| {
            takes(self.reader, read, number)
                && i32::try_from(number).map_or(true, |n| !map.enums.unknown.contains(&n))
        };
        let all = if written.column_kind() == Some(Kind::Signed) {
            let numbers = Numbers::<i64>::decode(column, rows, self.cx)?;
            (0..rows).all(|i| arrives(numbers.get(i).into()))
        } else {
            let numbers = Numbers::<u64>::decode(column, rows, self.cx)?;
            (0..rows).all(|i| arrives(numbers.get(i).into()))
        };
        if !all {
            let (rule, text) = misfit(read);
            let (written, read) = (written.type_text.clone(), read.type_text.clone());
            self.findings.add(Finding { written, read, ..map.refusal(rule, text) });
        }
        Ok(())
    }
}
