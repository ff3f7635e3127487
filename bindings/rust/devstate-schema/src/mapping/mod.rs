// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What becomes of each field between two versions of a schema.
//!
//! The rules are those of `docs/compat_rules.md`. The mapping is worked out once; the comparison
//! of two schemas, the columns that pass and the conversion of values read it, so that they cannot
//! disagree. Units are not converted here.

mod enums;
mod message;
mod sources;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use devstate::schema::Presence;
use devstate::{Finding, Level, Rule};

use crate::model::{FieldModel, SchemaModel};
use crate::value_set::ValueSet;

pub(crate) use values::default_number;

/// What to do with a field that a state has.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// It goes to the reader's field of the same number.
    Copy,
    /// It goes to a field in another place, by the numbers of the messages that lead there from
    /// the root or the repeated element.
    Move(Vec<u32>),
    /// Its parts have moved, and the reader does not have the message.
    Spread,
    /// It goes to the field that the reader has instead, narrower or wider.
    Fallback,
    /// It is dropped or refused, as the finding says.
    Drop(Finding),
    /// The reader could take nothing of it: no state loads.
    Refuse(Finding),
}

/// What an absent value becomes, where presence tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Absent {
    #[default]
    Stays,
    /// The writer's absent_default, as a value like any other.
    WritersDefault,
    ReadersDefault,
}

/// What becomes of the values of an enum.
#[derive(Clone, Debug, Default)]
pub(crate) struct EnumMap {
    /// The reader's number of the same value, by the writer's.
    pub renumbered: BTreeMap<i32, i32>,
    /// The numbers that mean nothing to the reader, or something else.
    pub unknown: BTreeSet<i32>,
}

impl EnumMap {
    /// Returns whether an absent value, which is zero, is another one to the reader.
    pub fn zero_changes(&self) -> bool {
        self.renumbered.contains_key(&0) || self.unknown.contains(&0)
    }
}

/// How many values a field must have in a message for the reader to take it. A scalar without
/// presence has one if it is not zero or empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub rule: Rule,
    pub low: usize,
    pub high: usize,
}

/// The mapping of a field of the writer.
#[derive(Clone, Debug)]
pub(crate) struct FieldMap {
    /// Its number.
    pub written: u32,
    /// The number of the reader's field, if there is one.
    pub read: u32,
    /// Number and path in the newer schema, for findings.
    pub number: u32,
    pub path: String,
    pub target: Target,
    pub absent: Absent,
    pub enums: EnumMap,
    pub count: Option<Count>,
    /// Whether the reader takes the field only with a feature that the writer does not declare.
    pub feature_changed: bool,
    /// Whether the reader's column is the writer's, as far as the field itself decides.
    pub same_column: bool,
    /// Whether the reader's type does not have every number of the writer's.
    pub narrower: bool,
    /// The mapping of the message that the field holds.
    pub inner: Option<MessageMap>,
}

impl FieldMap {
    /// Returns whether a value that the state does not have is one to the reader. A field without
    /// presence always has a value, zero, which an optional field tells from none.
    pub fn arrives_absent(&self, written: &FieldModel, read: &FieldModel) -> bool {
        self.absent != Absent::Stays
            || (written.presence == Presence::Implicit
                && (self.enums.zero_changes()
                    || (read.presence == Presence::Explicit
                        && read.message.is_none()
                        && read.oneof.is_empty())))
    }

    /// Makes a finding about the field that refuses the state.
    pub fn refusal(&self, rule: Rule, text: impl Into<String>) -> Finding {
        Finding {
            path: self.path.clone(),
            field_number: self.number,
            ..Finding::refusal(rule, text)
        }
    }

    /// Returns whether a column of it is one of the reader's, whatever is in it.
    fn passes(&self) -> bool {
        self.same_column
            && !self.narrower
            && self.enums.unknown.is_empty()
            && self.inner.as_ref().map_or(true, MessageMap::passes)
    }
}

/// Where a field of the reader comes from that the writer does not have by its number.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// From a field of the writer, which says so, or from nowhere.
    None,
    /// From the writer's narrower or wider field of this number, if the value fits.
    Fallback(u32),
    /// It is the reader's absent_default.
    Default,
    /// Each message is without something that it had.
    Lost(Finding),
}

/// The mapping of a field of the reader.
#[derive(Clone, Debug)]
pub(crate) struct SourceMap {
    /// Its number.
    pub read: u32,
    pub source: Source,
    /// Whether its default is what an absent field is anyway.
    pub is_zero: bool,
}

/// What becomes of the fields of a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageMap {
    /// By the numbers of the writer's schema, ascending.
    pub fields: Vec<FieldMap>,
    pub sources: Vec<SourceMap>,
}

impl MessageMap {
    pub fn field(&self, number: u32) -> Option<&FieldMap> {
        let at = self.fields.binary_search_by_key(&number, |field| field.written).ok()?;
        Some(&self.fields[at])
    }

    /// Returns whether columns can be left out or taken as they are, without a look at rows.
    pub fn in_columns(&self) -> bool {
        self.sources.iter().all(|source| match source.source {
            Source::None => true,
            Source::Default => source.is_zero,
            Source::Fallback(_) | Source::Lost(_) => false,
        }) && self.fields.iter().all(|field| match field.target {
            Target::Drop(_) | Target::Refuse(_) => true,
            _ => field.same_column && field.inner.as_ref().map_or(true, MessageMap::in_columns),
        })
    }

    /// Returns whether columns arrive as they are, whatever is in them. Requires: `in_columns()`.
    pub fn passes(&self) -> bool {
        self.fields.iter().all(FieldMap::passes)
    }
}

/// The mapping of two schemas.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapping {
    pub root: MessageMap,
    /// What there is to say of all states. Conditional where the state decides, lossy where it
    /// loses something if it has it.
    pub findings: Vec<Finding>,
}

/// Maps `writer` to `reader`. `lineage` has the versions that are known, in ascending order: what
/// was gone in between is not the same any more.
pub(crate) fn map(writer: &SchemaModel, reader: &SchemaModel, lineage: &[SchemaModel]) -> Mapping {
    message::map(writer, reader, lineage)
}

/// Whether a state can leave the field out, or have it at its zero.
fn can_be_absent(schema: &SchemaModel, field: &FieldModel) -> bool {
    !field.annotations.required
        && (field.presence != Presence::Implicit
            || !field.is_number()
            || ValueSet::of(schema, field).contains(0))
}

/// Whether the writer has stopped to fill the field.
fn has_stopped(schema: &SchemaModel, field: &FieldModel) -> bool {
    let last = field.annotations.write_until;
    last != 0 && schema.version() > last
}

fn text_of(field: &FieldModel) -> String {
    format!("{} {} = {}", field.type_text, field.name, field.number)
}

/// A finding in the making: what it says of all states.
struct Remark {
    rule: Rule,
    level: Level,
    written: String,
    read: String,
    text: String,
}

fn remark(
    rule: Rule,
    level: Level,
    written: impl Into<String>,
    read: impl Into<String>,
    text: impl Into<String>,
) -> Remark {
    Remark { rule, level, written: written.into(), read: read.into(), text: text.into() }
}
