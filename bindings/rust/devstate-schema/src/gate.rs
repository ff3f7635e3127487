// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! May this stream be loaded by this reader? Judged from the header first, then from what the
//! chunks really contain.

use devstate::column::{ColumnsWalk, Context, Numbers};
use devstate::schema::{FieldType, Presence};
use devstate::wire::{put_bytes, put_tag, put_varint, unzigzag, Cursor, Value};
use devstate::{
    rules, walk_root, Chunk, ChunkFilter, Error, Fault, Finding, Level, Limits, Reason, Rule,
    Schema, StreamError, StreamHeader, Verdict, WireFinding,
};

use crate::mapping::{self, Action, Check, MessageMap};
use crate::model::{MessageModel, SchemaModel};
use crate::root_bounds::RootBounds;
use crate::{load_compressed, load_embedded};

/// Lets states of other versions through to a generated reader, as far as they arrive whole or
/// lose only what their writer declares ignorable.
///
/// It knows the writer's schema from the reader's released versions or from the stream. What would
/// take a conversion is refused, with the rule and a word about `devstate convert`.
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
    version: u32,
    /// Of the writer, if it is another schema than the reader's.
    writer: Option<SchemaModel>,
    map: MessageMap,
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
            version: 0,
            writer: None,
            map: MessageMap::default(),
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
        self.version = header.schema_version;
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
        let released = self
            .schema
            .released
            .iter()
            .filter_map(|set| load_compressed(set, self.schema.root_message).ok())
            .find(|schema| header.fingerprint == schema.fingerprint);
        let writer = match released {
            Some(schema) if schema.version() == header.schema_version => schema,
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
        let mut findings = Vec::new();
        self.map = mapping::map(&writer, reader, &mut findings);
        findings.into_iter().for_each(|finding| self.add(finding));
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
        if let Some(writer) = &self.writer {
            let mut findings = Vec::new();
            filter_message(
                chunk.payload,
                writer,
                writer.root(),
                &self.map,
                &mut self.out,
                &mut findings,
            );
            findings.into_iter().for_each(|finding| self.add(finding));
        } else {
            self.out.extend_from_slice(chunk.payload);
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
        let Some(writer) = self.writer.take() else {
            if self.schema.table.messages[0].field(chunk.field).is_none() && chunk.ignorable {
                self.drop_records(&chunk);
                return Ok(None);
            }
            return Ok((!self.refused()).then_some(chunk));
        };
        let field = writer.root().field(chunk.field).filter(|field| field.holds_records());
        let message = field.and_then(|field| writer.message_of(field));
        let Some(message) = message else {
            self.writer = Some(writer);
            if !chunk.ignorable {
                // The generated reader does not know the records either, or is mistaken for sure.
                let text = format!("records of field {} are unknown to their writer", chunk.field);
                return Err(chunk.error(Reason::UnknownContent, text).into());
            }
            self.drop_records(&chunk);
            return Ok(None);
        };
        let mut findings = Vec::new();
        let mut kept = true;
        let mut passes = false;
        let result = match self.map.action(chunk.field) {
            Some(Action::Copy { parts: Some(map), .. }) if map.copies_all() => {
                passes = true;
                Ok(())
            }
            Some(Action::Copy { parts: Some(map), .. }) => {
                self.out.clear();
                let mut cx = Context::new(chunk, &self.limits, self.version);
                let mut filter =
                    ColumnsFilter { schema: &writer, cx: &mut cx, findings: &mut findings };
                filter.message(chunk.payload, message, map, chunk.records as usize, &mut self.out)
            }
            Some(Action::Drop(finding) | Action::Refuse(finding)) => {
                findings.push(finding.clone());
                kept = false;
                Ok(())
            }
            _ => Err(chunk.error(
                Reason::UnknownContent,
                format!("records of field {} are unknown to this reader", chunk.field),
            )),
        };
        self.writer = Some(writer);
        result?;
        findings.into_iter().for_each(|finding| self.add(finding));
        if self.refused() {
            return Ok(None);
        }
        if passes {
            return Ok(Some(chunk));
        }
        Ok(kept.then_some(Chunk { payload: &self.out, ..chunk }))
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

fn put_value(number: u32, value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Varint(bits) => {
            put_tag(number, 0, out);
            put_varint(bits, out);
        }
        Value::Fixed64(bits) => {
            put_tag(number, 1, out);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Value::Bytes(bytes) => put_bytes(number, bytes, out),
        Value::Fixed32(bits) => {
            put_tag(number, 5, out);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        Value::Group => {}
    }
}

/// Whether a value of the wire holds something, if its field tells zero from absent.
fn is_something(value: Value<'_>, presence: Presence) -> bool {
    presence != Presence::Implicit || value.bits() != 0 || !value.bytes().is_empty()
}

/// Copies a message of the root that the walk has passed.
fn filter_message(
    bytes: &[u8],
    schema: &SchemaModel,
    message: &MessageModel,
    map: &MessageMap,
    out: &mut Vec<u8>,
    findings: &mut Vec<Finding>,
) {
    let mut cursor = Cursor::new(bytes);
    while let Some((number, _, value)) = cursor.field() {
        let Some(field) = message.field(number) else { continue };
        match map.action(number) {
            Some(Action::Copy { parts, check }) => match (parts, schema.message_of(field)) {
                (Some(parts), Some(inner)) => {
                    let mut nested = Vec::new();
                    filter_message(value.bytes(), schema, inner, parts, &mut nested, findings);
                    put_bytes(number, &nested, out);
                }
                _ => {
                    if let Some(check) = check {
                        check_value(field.kind, value, check, findings);
                    }
                    put_value(number, value, out);
                }
            },
            Some(Action::Drop(finding) | Action::Refuse(finding))
                if is_something(value, field.presence) =>
            {
                findings.push(finding.clone());
            }
            _ => {}
        }
    }
}

impl Check {
    fn holds(&self, number: i128) -> bool {
        number >= self.range.0
            && number <= self.range.1
            && self.named.as_ref().map_or(true, |named| {
                i32::try_from(number).is_ok_and(|number| named.contains(&number))
            })
    }
}

/// Checks a number of the root, packed or not.
fn check_value(kind: FieldType, value: Value<'_>, check: &Check, findings: &mut Vec<Finding>) {
    let mut holds = true;
    let mut number = |bits: u64| {
        let zigzag = matches!(kind, FieldType::Sint32 | FieldType::Sint64);
        holds &= check.holds(match (check.signed, zigzag) {
            (true, true) => unzigzag(bits).into(),
            (true, false) => i128::from(bits as i64),
            _ => bits.into(),
        });
    };
    match value {
        Value::Bytes(bytes) => {
            let mut cursor = Cursor::new(bytes);
            while let Some(bits) = cursor.varint() {
                number(bits);
            }
        }
        value => number(value.bits()),
    }
    if !holds {
        findings.push(check.finding.clone());
    }
}

/// Copies columns as a map says.
struct ColumnsFilter<'a, 'c> {
    schema: &'a SchemaModel,
    cx: &'a mut Context<'c>,
    findings: &'a mut Vec<Finding>,
}

impl ColumnsFilter<'_, '_> {
    fn message(
        &mut self,
        columns: &[u8],
        message: &MessageModel,
        map: &MessageMap,
        rows: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Box<StreamError>> {
        let mut walk = ColumnsWalk::new(columns);
        while let Some((number, column)) = walk.next(self.cx)? {
            let Some(field) = message.field(number) else { return Err(walk.unknown(self.cx)) };
            match map.action(number) {
                Some(Action::Copy { parts: None, check: None }) => put_bytes(number, column, out),
                Some(Action::Copy { parts, check }) => {
                    if field.presence == Presence::Implicit {
                        if let Some(check) = check {
                            self.check(column, check, rows)?;
                        }
                        put_bytes(number, column, out);
                    } else {
                        let inner = self.schema.message_of(field);
                        let mut nested = Vec::new();
                        self.occurrences(
                            column,
                            inner,
                            parts.as_ref(),
                            check.as_ref(),
                            rows,
                            &mut nested,
                        )?;
                        put_bytes(number, &nested, out);
                    }
                }
                Some(Action::Drop(finding) | Action::Refuse(finding)) => {
                    self.findings.push(finding.clone());
                }
                None => return Err(walk.unknown(self.cx)),
            }
        }
        Ok(())
    }

    fn occurrences(
        &mut self,
        columns: &[u8],
        inner: Option<&MessageModel>,
        map: Option<&MessageMap>,
        check: Option<&Check>,
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
            if let Some(check) = check {
                self.check(bytes, check, total as usize)?;
            }
            let (Some(inner), Some(map)) = (inner, map) else {
                put_bytes(part, bytes, out);
                continue;
            };
            let mut nested = Vec::new();
            self.message(bytes, inner, map, total as usize, &mut nested)?;
            // Columns of nothing but defaults are left out.
            if !nested.is_empty() {
                put_bytes(part, &nested, out);
            }
        }
        Ok(())
    }

    fn check(&mut self, column: &[u8], check: &Check, rows: usize) -> Result<(), Box<StreamError>> {
        self.cx.charge(rows as u64, 8)?;
        let holds = if check.signed {
            let numbers = Numbers::<i64>::decode(column, rows, self.cx)?;
            (0..rows).all(|i| check.holds(numbers.get(i).into()))
        } else {
            let numbers = Numbers::<u64>::decode(column, rows, self.cx)?;
            (0..rows).all(|i| check.holds(numbers.get(i).into()))
        };
        if !holds {
            self.findings.push(check.finding.clone());
        }
        Ok(())
    }
}
