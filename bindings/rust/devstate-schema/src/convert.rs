// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What a mapping says, done with values. They go one by one, since each can be refused for a
//! reason of its own. A field whose value comes from two places waits until the first one has
//! arrived: the wider field after its narrow one, defaults after everything that was written.

use std::collections::BTreeSet;

use devstate::schema::{FieldType, Presence};
use devstate::{rules, Finding, Rule};

use crate::bounds::{range_of_type, Number};
use crate::dynamic::{entry_of, enum_value, member_of, wide_in, zero_of, Member, Value};
use crate::mapping::{default_number, Absent, FieldMap, MessageMap, Source, Target};
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::value_set::ValueSet;

/// What was found, each finding once.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub list: Vec<Finding>,
    seen: BTreeSet<(String, &'static str)>,
}

impl Findings {
    pub fn add(&mut self, finding: Finding) {
        if self.seen.insert((finding.path.clone(), finding.rule.id)) {
            self.list.push(finding);
        }
    }
}

/// What moves start from: the root of the reader, or its repeated element.
struct Base<'s> {
    message: &'s MessageModel,
    members: Vec<Member>,
}

/// Makes values of one schema those of another.
pub(crate) struct Converter<'s> {
    pub writer: &'s SchemaModel,
    pub reader: &'s SchemaModel,
    pub findings: &'s mut Findings,
}

impl<'s> Converter<'s> {
    /// Converts a message that is the root or a record. What is refused is missing in the result.
    pub fn convert(
        &mut self,
        map: &MessageMap,
        written_in: &MessageModel,
        written: &[Member],
        read_in: &'s MessageModel,
    ) -> Value {
        let mut base = Base { message: read_in, members: Vec::new() };
        self.message(map, written_in, written, Some(read_in), &mut base, &mut Vec::new());
        Value::Message(base.members)
    }

    /// `path` leads from `base` to the message that `read_in` is of. `read_in` is `None` if the
    /// reader does not have it.
    fn message(
        &mut self,
        map: &MessageMap,
        written_in: &MessageModel,
        written: &[Member],
        read_in: Option<&'s MessageModel>,
        base: &mut Base<'s>,
        path: &mut Vec<u32>,
    ) {
        let is_fallback = |field: &&FieldMap| matches!(field.target, Target::Fallback);
        let others = map.fields.iter().filter(|field| !is_fallback(field));
        // The wider field after the narrower one: it is what counts.
        for field in others.chain(map.fields.iter().filter(is_fallback)) {
            let Some(model) = written_in.field(field.written) else { continue };
            let value = value_in(written, field.written);
            self.field(field, model, value, read_in, base, path);
        }
        let Some(read_in) = read_in else { return };
        for source in &map.sources {
            let Some(read) = read_in.field(source.read) else { continue };
            match &source.source {
                Source::None => {}
                Source::Lost(finding) => self.findings.add(finding.clone()),
                Source::Default => {
                    if self.value_at(base, path, read.number).is_none() {
                        if let Some(value) = default_of(self.reader, read) {
                            self.set(base, path, read, value);
                        }
                    }
                }
                Source::Fallback(number) => {
                    let from = written_in.field(*number);
                    let zero = from.filter(|from| from.presence == Presence::Implicit);
                    let value = value_in(written, *number)
                        .cloned()
                        .or_else(|| Some(zero_of(self.writer, zero?)));
                    let number = value.as_ref().and_then(number_of);
                    let fitting = number.and_then(|n| value_from(self.reader, read, n));
                    if let Some(value) = fitting {
                        if self.value_at(base, path, read.number).is_none() {
                            self.set(base, path, read, value);
                        }
                    }
                }
            }
        }
    }

    fn field(
        &mut self,
        map: &FieldMap,
        written: &FieldModel,
        value: Option<&Value>,
        read_in: Option<&'s MessageModel>,
        base: &mut Base<'s>,
        path: &mut Vec<u32>,
    ) {
        match &map.target {
            Target::Refuse(finding) => self.findings.add(finding.clone()),
            Target::Drop(finding) => {
                if value.is_some() {
                    self.findings.add(finding.clone());
                }
            }
            Target::Spread => {
                let (Some(Value::Message(parts)), Some(inner)) = (value, &map.inner) else {
                    return;
                };
                if let Some(message) = self.writer.message_of(written) {
                    self.message(inner, message, parts, None, base, path);
                }
            }
            Target::Copy | Target::Fallback => {
                let Some(read) = read_in.and_then(|message| message.field(map.read)) else {
                    return;
                };
                if matches!(map.target, Target::Copy) {
                    self.copy(map, written, value, read, base, path);
                } else {
                    self.fall_back(map, written, value, read, base, path);
                }
            }
            Target::Move(way) => {
                let Some(read) = self.field_at(base.message, way, map.read) else { return };
                let arrives = value.is_some() || map.arrives_absent(written, read);
                if arrives && !self.can_reach(map, base, way) {
                    return;
                }
                self.copy(map, written, value, read, base, &mut way.clone());
            }
        }
    }

    fn refuse(
        &mut self,
        map: &FieldMap,
        rule: Rule,
        (written, read): (String, String),
        text: &str,
    ) {
        self.findings.add(Finding { written, read, ..map.refusal(rule, text) });
    }

    // --- The reader's side ---

    fn field_at(
        &self,
        message: &'s MessageModel,
        way: &[u32],
        number: u32,
    ) -> Option<&'s FieldModel> {
        self.message_at(message, way)?.field(number)
    }

    /// Returns the members of the message at `path`, which is made if it is not there.
    fn members<'b>(&self, base: &'b mut Base<'s>, path: &[u32]) -> Option<&'b mut Vec<Member>> {
        let mut message = base.message;
        let mut members = &mut base.members;
        for number in path {
            let field = message.field(*number)?;
            message = self.reader.message_of(field)?;
            let at = members.partition_point(|member| member.number < *number);
            if members.get(at).map_or(true, |member| member.number != *number) {
                members.insert(at, member_of(field, Value::Message(Vec::new())));
            }
            let Value::Message(inner) = &mut members[at].value else { return None };
            members = inner;
        }
        Some(members)
    }

    fn value_at<'b>(&self, base: &'b Base<'s>, path: &[u32], number: u32) -> Option<&'b Value> {
        let mut members = &base.members;
        for number in path {
            let Some(Value::Message(inner)) = value_in(members, *number) else { return None };
            members = inner;
        }
        value_in(members, number)
    }

    fn set(&self, base: &mut Base<'s>, path: &[u32], field: &FieldModel, value: Value) {
        let Some(members) = self.members(base, path) else { return };
        let at = members.partition_point(|member| member.number < field.number);
        let there = members.get(at).is_some_and(|member| member.number == field.number);
        if there {
            members.remove(at);
        }
        if field.presence == Presence::Explicit || !value.is_zero() {
            let wide = wide_in(self.reader, field);
            members.insert(at, Member { wide, ..member_of(field, value) });
        }
    }

    /// Whether no message on the way would displace another member of its oneof.
    fn can_reach(&mut self, map: &FieldMap, base: &Base<'s>, way: &[u32]) -> bool {
        let mut message = base.message;
        for (i, number) in way.iter().enumerate() {
            let Some(field) = message.field(*number) else { return false };
            if !self.oneof_holds(map, field, message, base, &way[..i]) {
                return false;
            }
            let Some(inner) = self.reader.message_of(field) else { return false };
            message = inner;
        }
        true
    }

    /// Whether `field` of the message at `path` can be set without displacing another member of
    /// its oneof.
    fn oneof_holds(
        &mut self,
        map: &FieldMap,
        field: &FieldModel,
        message: &MessageModel,
        base: &Base<'s>,
        path: &[u32],
    ) -> bool {
        if field.oneof.is_empty() {
            return true;
        }
        let there = message.fields.iter().find(|other| {
            other.oneof == field.oneof
                && other.number != field.number
                && self.value_at(base, path, other.number).is_some()
        });
        let Some(there) = there else { return true };
        let written = format!("{} and {}", there.name, field.name);
        let text = "the reader keeps one of the two only: save for its version";
        self.refuse(map, rules::ONEOF_JOINED, (written, format!("oneof {}", field.oneof)), text);
        false
    }

    // --- Values ---

    fn copy(
        &mut self,
        map: &FieldMap,
        written: &FieldModel,
        value: Option<&Value>,
        read: &'s FieldModel,
        base: &mut Base<'s>,
        path: &mut Vec<u32>,
    ) {
        let count = value.map_or(0, |value| match value {
            Value::List(values) => values.len(),
            Value::Map(entries) => entries.len(),
            _ => 1,
        });
        if let Some(needed) = map.count.filter(|c| count < c.low || count > c.high) {
            let found = if written.repeated() {
                format!("{count} elements")
            } else {
                "absent or zero".to_owned()
            };
            let text = "the reader cannot tell this from another state: save for its version";
            self.refuse(map, needed.rule, (found, read.type_text.clone()), text);
            return;
        }
        let Some(value) = value else {
            return self.copy_absent(map, written, read, base, path);
        };
        if map.feature_changed {
            let text = "the reader takes the field only in states that use the feature, which the \
                        writer does not say: update one of the two";
            let feature = format!("feature {}", read.annotations.feature);
            self.refuse(map, rules::FEATURE_CHANGED, ("present".to_owned(), feature), text);
            return;
        }
        let Some(message) = self.message_at(base.message, path) else { return };
        if !self.oneof_holds(map, read, message, base, path) {
            return;
        }
        if read.message.is_some() && !read.repeated() && !written.repeated() {
            let (Value::Message(parts), Some(inner)) = (value, &map.inner) else { return };
            let (Some(from), Some(to)) =
                (self.writer.message_of(written), self.reader.message_of(read))
            else {
                return;
            };
            path.push(read.number);
            // It is there, whatever is in it.
            if self.members(base, path).is_some() {
                self.message(inner, from, parts, Some(to), base, path);
            }
            path.pop();
            return;
        }
        let elements: Vec<Value> = match value {
            Value::List(values) => {
                values.iter().filter_map(|value| self.element(map, written, value, read)).collect()
            }
            Value::Map(entries) => entries
                .iter()
                .filter_map(|entry| self.element(map, written, &entry_message(entry), read))
                .collect(),
            value => self.element(map, written, value, read).into_iter().collect(),
        };
        let value = match read.presence {
            Presence::Implicit | Presence::Explicit => elements.into_iter().next(),
            Presence::Repeated => Some(Value::List(elements)),
            Presence::Map => self.entries(map, read, elements),
        };
        if let Some(value) = value {
            self.set(base, path, read, value);
        }
    }

    fn message_at(&self, message: &'s MessageModel, path: &[u32]) -> Option<&'s MessageModel> {
        path.iter()
            .try_fold(message, |message, number| self.reader.message_of(message.field(*number)?))
    }

    /// Makes a map of entry messages.
    fn entries(
        &mut self,
        map: &FieldMap,
        read: &FieldModel,
        elements: Vec<Value>,
    ) -> Option<Value> {
        let entries: Vec<(Value, Value)> =
            elements.into_iter().map(|entry| entry_of(self.reader, read, entry)).collect();
        let keys: BTreeSet<String> = entries.iter().map(|(key, _)| key.to_json()).collect();
        if keys.len() < entries.len() {
            let text = "a map keeps one entry of each key: save for the reader's version";
            let found = ("a key more than once".to_owned(), read.type_text.clone());
            self.refuse(map, rules::MAP_KEYS_REPEATED, found, text);
            return None;
        }
        Some(Value::Map(entries))
    }

    /// Converts one value of a field; `None` if it is refused.
    fn element(
        &mut self,
        map: &FieldMap,
        written: &FieldModel,
        value: &Value,
        read: &'s FieldModel,
    ) -> Option<Value> {
        match value {
            Value::Message(parts) => {
                let (from, to) = (self.writer.message_of(written)?, self.reader.message_of(read)?);
                Some(self.convert(map.inner.as_ref()?, from, parts, to))
            }
            Value::Text(text) if read.kind == FieldType::Bytes => {
                Some(Value::Bytes(text.clone().into_bytes()))
            }
            Value::Bytes(bytes) if read.kind == FieldType::String => {
                let text = String::from_utf8(bytes.clone());
                if text.is_err() {
                    let found = ("other bytes".to_owned(), read.type_text.clone());
                    let why = "the reader takes UTF-8 only: save for its version when the value is";
                    self.refuse(map, rules::NOT_UTF8, found, why);
                }
                text.ok().map(Value::Text)
            }
            Value::Text(_) | Value::Bytes(_) => Some(value.clone()),
            // Every bit of a float.
            Value::Float(_) | Value::Double(_) if written.kind == read.kind => Some(value.clone()),
            value => self.number(map, written, number_of(value)?, read),
        }
    }

    fn number(
        &mut self,
        map: &FieldMap,
        written: &FieldModel,
        number: Number,
        read: &FieldModel,
    ) -> Option<Value> {
        let mut given = number;
        let mut known = true;
        if let Number::Integer(value) = number {
            if let Ok(value) = i32::try_from(value) {
                known = !map.enums.unknown.contains(&value);
                if let Some(other) = map.enums.renumbered.get(&value) {
                    given = Number::Integer((*other).into());
                }
            }
        }
        let value = value_from(self.reader, read, given).filter(|_| known);
        if value.is_none() {
            let (rule, text) = misfit(read);
            let found = (shown(written, number), read.type_text.clone());
            self.refuse(map, rule, found, text);
        }
        value
    }

    fn copy_absent(
        &mut self,
        map: &FieldMap,
        written: &FieldModel,
        read: &'s FieldModel,
        base: &mut Base<'s>,
        path: &[u32],
    ) {
        if matches!(map.target, Target::Fallback) || !map.arrives_absent(written, read) {
            return;
        }
        let value = match map.absent {
            Absent::ReadersDefault => default_of(self.reader, read),
            Absent::WritersDefault => default_of(self.writer, written)
                .and_then(|value| self.element(map, written, &value, read)),
            Absent::Stays => self.element(map, written, &zero_of(self.writer, written), read),
        };
        if let Some(value) = value {
            self.set(base, path, read, value);
        }
    }

    /// The other of the two fields has come across already, if the writer filled it. A zero says
    /// something of a wider one only: what does not fit leaves the narrower one empty.
    fn fall_back(
        &mut self,
        map: &FieldMap,
        written: &FieldModel,
        value: Option<&Value>,
        read: &'s FieldModel,
        base: &mut Base<'s>,
        path: &mut Vec<u32>,
    ) {
        let narrower = !written.annotations.fallback_for.is_empty();
        if value.is_none() && (narrower || written.presence == Presence::Explicit) {
            return;
        }
        let zero = zero_of(self.writer, written);
        let Some(number) = number_of(value.unwrap_or(&zero)) else { return };
        let fits = value_from(self.reader, read, number).is_some();
        if let Some(there) = self.value_at(base, path, read.number).and_then(number_of) {
            if fits && !same(number, there) {
                let text = "the field and the one that stands in for it differ: the writer does \
                            not keep to its schema";
                let found = (shown(written, number), shown(written, there));
                self.refuse(map, rules::FALLBACK_FIELD, found, text);
                return;
            }
        }
        if value.is_none() {
            return;
        }
        // The reader's bounds would say it of another field than the one that has the value.
        let allowed = match number {
            Number::Integer(number) => ValueSet::of(self.reader, read).contains(number),
            Number::Real(_) => true,
        };
        if fits && !allowed {
            let text = format!(
                "the field {} does not take the value: update the reader, or save when it does",
                read.name
            );
            let found = (shown(written, number), read.type_text.clone());
            self.refuse(map, rules::FALLBACK_FIELD, found, &text);
            return;
        }
        self.copy(map, written, value, read, base, path);
    }
}

fn value_in(members: &[Member], number: u32) -> Option<&Value> {
    members.iter().find(|member| member.number == number).map(|member| &member.value)
}

/// Makes the message of an entry, its zeros left out.
fn entry_message((key, value): &(Value, Value)) -> Value {
    let part = |number: u32, name: &str, value: &Value| Member {
        number,
        name: name.to_owned(),
        wide: false,
        value: value.clone(),
    };
    let mut members = vec![part(1, "key", key), part(2, "value", value)];
    members.retain(|member| !member.value.is_zero());
    Value::Message(members)
}

fn number_of(value: &Value) -> Option<Number> {
    Some(match value {
        Value::Bool(value) => Number::Integer((*value).into()),
        Value::Int(value) => Number::Integer((*value).into()),
        Value::Uint(value) => Number::Integer((*value).into()),
        Value::Enum(number, _) => Number::Integer((*number).into()),
        Value::Float(value) => Number::Real((*value).into()),
        Value::Double(value) => Number::Real(*value),
        _ => return None,
    })
}

fn same(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Integer(a), Number::Integer(b)) => a == b,
        (Number::Real(a), Number::Real(b)) => a.to_bits() == b.to_bits(),
        _ => false,
    }
}

fn shown(field: &FieldModel, number: Number) -> String {
    match number {
        _ if field.annotations.sensitive => "<redacted>".to_owned(),
        Number::Integer(value) => value.to_string(),
        Number::Real(value) => value.to_string(),
    }
}

/// Returns `number` as a value of `field`; `None` if its type does not have it.
fn value_from(schema: &SchemaModel, field: &FieldModel, number: Number) -> Option<Value> {
    match (number, field.kind) {
        (Number::Integer(value), _) if takes(schema, field, value) => Some(match field.kind {
            FieldType::Bool => Value::Bool(value != 0),
            FieldType::Enum => enum_value(schema, field, value as i32),
            _ if range_of_type(field).0 == 0 => Value::Uint(value as u64),
            _ => Value::Int(value as i64),
        }),
        (Number::Real(value), FieldType::Double) => Some(Value::Double(value)),
        (Number::Real(value), FieldType::Float) => {
            let narrow = value as f32;
            (value.is_nan() || f64::from(narrow) == value).then_some(Value::Float(narrow))
        }
        _ => None,
    }
}

/// Returns whether the type of `field` has an integer.
pub(crate) fn takes(schema: &SchemaModel, field: &FieldModel, value: i128) -> bool {
    let (low, high) = if field.is_integer() { range_of_type(field) } else { (1, 0) };
    let named = || {
        let values = field.enumeration.map(|index| &schema.enums[index].values);
        values.map_or(true, |values| values.iter().any(|of| i128::from(of.number) == value))
    };
    value >= low && value <= high && named()
}

/// Returns rule and text for a number that the type of `read` does not have.
pub(crate) fn misfit(read: &FieldModel) -> (Rule, &'static str) {
    if read.enumeration.is_some() {
        let text = "enums are closed, and the reader does not know this value: update the reader, \
                    or do not use the value";
        (rules::ENUM_VALUE_UNKNOWN, text)
    } else {
        let text = "the reader's type does not hold the value: update the reader, or save when it \
                    fits";
        (rules::VALUE_MAY_NOT_FIT, text)
    }
}

/// Returns the absent_default of `field`, whose schema is checked.
fn default_of(schema: &SchemaModel, field: &FieldModel) -> Option<Value> {
    let text = &field.annotations.absent_default;
    Some(match field.kind {
        FieldType::String => Value::Text(text.clone()),
        FieldType::Bytes => Value::Bytes(text.clone().into_bytes()),
        FieldType::Float => Value::Float(text.parse().ok()?),
        FieldType::Double => Value::Double(text.parse().ok()?),
        FieldType::Message => return None,
        _ => {
            let number = default_number(schema, field)?;
            value_from(schema, field, Number::Integer(number))?
        }
    })
}
