// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Two walks: over the writer's fields, each of which must arrive somewhere, and over the reader's
//! fields, each of which must come from somewhere (`sources.rs`). A number comes before a declared
//! move, a move before a narrower field, and all of them before a name, which decides nothing but
//! whether a number is the same field.

use std::collections::{BTreeMap, BTreeSet};

use devstate::schema::Presence;
use devstate::{rules, Finding, Level, Rule};

use super::values::{has_meaning_of, ValueMapper};
use super::{
    can_be_absent, has_stopped, remark, text_of, Absent, EnumMap, FieldMap, Mapping, MessageMap,
    Remark, Target,
};
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::moves::{join, Located, Moves};
use crate::value_set::ValueSet;

/// More than two versions of one schema have to say to each other. A schema that comes with a
/// stream can nest its messages in many ways.
const MAX_FIELDS: usize = 1 << 16;
const MAX_FINDINGS: usize = 10_000;

/// Where a message stands.
#[derive(Clone, Debug)]
pub(super) struct Place<'s> {
    /// From the root: with the names of the newer schema, of the writer's and of the reader's.
    pub path: String,
    writer_path: String,
    pub reader_path: String,
    pub writer: &'s MessageModel,
    /// `None` if the reader does not have it.
    pub reader: Option<&'s MessageModel>,
    /// The last field on the reader's path that has several values.
    repeated_path: String,
    /// Whether it travels in columns.
    pub columns: bool,
    /// Whether the root, or the repeated element that it is part of, can be without it.
    pub optional: bool,
}

impl Place<'_> {
    pub fn is_root(&self) -> bool {
        self.path.is_empty()
    }
}

pub(super) fn map(writer: &SchemaModel, reader: &SchemaModel, lineage: &[SchemaModel]) -> Mapping {
    let mut mapper = Mapper {
        writer,
        reader,
        lineage,
        upgrade: writer.version() <= reader.version(),
        moves: Moves::new(writer, reader),
        fields: 0,
        findings: Vec::new(),
    };
    let root = mapper.message(&Place {
        path: String::new(),
        writer_path: String::new(),
        reader_path: String::new(),
        writer: writer.root(),
        reader: Some(reader.root()),
        repeated_path: String::new(),
        columns: false,
        optional: false,
    });
    if mapper.fields > MAX_FIELDS || mapper.findings.len() >= MAX_FINDINGS {
        let text = format!(
            "more than {MAX_FIELDS} fields or {MAX_FINDINGS} differences: these are two schemas"
        );
        mapper.findings.push(Finding::refusal(rules::TOO_MANY_FINDINGS, text));
    }
    Mapping { root, findings: mapper.findings }
}

pub(super) struct Mapper<'s> {
    pub writer: &'s SchemaModel,
    pub reader: &'s SchemaModel,
    lineage: &'s [SchemaModel],
    pub upgrade: bool,
    pub moves: Moves<'s>,
    fields: usize,
    findings: Vec<Finding>,
}

impl<'s> Mapper<'s> {
    /// The versions between the two, ascending.
    fn between(&self) -> impl Iterator<Item = &'s SchemaModel> {
        let (a, b) = (self.writer.version(), self.reader.version());
        let within = a.min(b) + 1..a.max(b);
        self.lineage.iter().filter(move |schema| within.contains(&schema.version()))
    }

    /// Returns the version between the two in which the enum was without a number.
    pub fn enum_gap(&self, full_name: &str, number: i32) -> Option<u32> {
        let lacks = |schema: &&SchemaModel| {
            let found = schema.enums.iter().find(|of| of.full_name == full_name);
            found.is_some_and(|of| of.values.iter().all(|value| value.number != number))
        };
        self.between().find(lacks).map(SchemaModel::version)
    }

    /// Puts what belongs to the older schema first.
    pub fn ordered<'f, T>(&self, written: &'f T, read: &'f T) -> (&'f T, &'f T) {
        if self.upgrade {
            (written, read)
        } else {
            (read, written)
        }
    }

    pub fn add(&mut self, path: &str, number: u32, remark: Remark) {
        if self.findings.len() >= MAX_FINDINGS {
            return;
        }
        self.findings.push(Finding {
            rule: remark.rule,
            level: remark.level,
            path: path.to_owned(),
            written: remark.written,
            read: remark.read,
            text: remark.text,
            field_number: number,
        });
    }

    fn message(&mut self, place: &Place<'s>) -> MessageMap {
        let mut map = MessageMap::default();
        self.fields += place.writer.fields.len();
        if self.fields > MAX_FIELDS {
            return map;
        }
        let mut renumbered = BTreeSet::new();
        for written in &place.writer.fields {
            map.fields.push(self.written(place, written, &mut renumbered));
        }
        let Some(reader) = place.reader else { return map };
        for read in &reader.fields {
            if place.writer.field(read.number).is_none() {
                map.sources.push(self.read(place, read, renumbered.contains(&read.number)));
            }
        }
        self.oneofs(place, reader, &map);
        map
    }

    // --- The writer's fields ---

    fn written(
        &mut self,
        place: &Place<'s>,
        written: &'s FieldModel,
        renumbered: &mut BTreeSet<u32>,
    ) -> FieldMap {
        let read = place.reader.and_then(|reader| reader.field(written.number));
        let from = join(&place.writer_path, &written.name);
        let moves = std::mem::take(&mut self.moves);
        let moved = if read.is_none() { moves.find(&from) } else { None };
        let spreads = moved.is_none()
            && read.is_none()
            && written.message.is_some()
            && written.presence == Presence::Explicit
            && moves.any_within(&from);
        // The newer schema's place and name.
        let (path, number) = match (moved, read) {
            (Some(to), _) if self.upgrade => (to.path(), to.field().number),
            (None, Some(read)) if self.upgrade => (join(&place.path, &read.name), read.number),
            _ => (join(&place.path, &written.name), written.number),
        };
        let mut field = FieldMap {
            written: written.number,
            read: 0,
            number,
            path,
            target: Target::Copy,
            absent: Absent::Stays,
            enums: EnumMap::default(),
            count: None,
            feature_changed: false,
            same_column: false,
            narrower: false,
            inner: None,
        };
        let mut remarks = Vec::new();
        let mut inner = None;
        let sound = if let Some(read) = read {
            field.read = read.number;
            inner = Some((Some(read), join(&place.reader_path, &read.name)));
            self.is_one_field(place, written, read, &mut remarks)
                && self.is_not_reused(place, written, &mut remarks)
                && ValueMapper { mapper: self, place, written, read, is_move: false }
                    .run(&mut field, &mut remarks)
        } else if let Some(to) = moved {
            field.read = to.field().number;
            inner = Some((Some(to.field()), to.path()));
            self.moved(place, written, to, &mut field, &mut remarks)
        } else if spreads {
            field.target = Target::Spread;
            inner = Some((None, place.reader_path.clone()));
            true
        } else if self.fallback(place, written, &mut field, &mut remarks) {
            true
        } else if let Some(read) = self.renumbered(place, written) {
            renumbered.insert(read.number);
            remarks.push(remark(
                rules::FIELD_RENUMBERED,
                Level::Refused,
                text_of(written),
                text_of(read),
                "the number is what travels: give the field its number back",
            ));
            false
        } else {
            field.target = Target::Drop(self.dropped(place, written, &field, &mut remarks));
            true
        };
        self.moves = moves;
        if !sound {
            let why = remarks.iter().find(|remark| remark.level >= Level::Refused);
            let finding = why.map_or_else(
                || field.refusal(rules::WIRE_TYPE_CHANGED, ""),
                |why| Finding {
                    written: why.written.clone(),
                    read: why.read.clone(),
                    ..field.refusal(why.rule, why.text.clone())
                },
            );
            field.target = Target::Refuse(finding);
        } else if let Some((read, reader_path)) = inner {
            field.inner = self.inner(place, written, read, reader_path, &field.path);
        }
        for remark in remarks {
            self.add(&field.path, field.number, remark);
        }
        field
    }

    fn inner(
        &mut self,
        place: &Place<'s>,
        written: &'s FieldModel,
        read: Option<&'s FieldModel>,
        reader_path: String,
        path: &str,
    ) -> Option<MessageMap> {
        let writer = self.writer.message_of(written)?;
        let reader = match read {
            Some(read) => Some(self.reader.message_of(read)?),
            None => None,
        };
        let several = written.repeated();
        let inner = Place {
            path: path.to_owned(),
            writer_path: join(&place.writer_path, &written.name),
            repeated_path: if several { reader_path.clone() } else { place.repeated_path.clone() },
            reader_path,
            writer,
            reader,
            columns: place.columns || (place.is_root() && written.holds_records()),
            optional: !several,
        };
        Some(self.message(&inner))
    }

    /// Whether two fields of one number are one, by their names.
    pub fn is_same(&self, place: &Place<'_>, written: &FieldModel, read: &FieldModel) -> bool {
        let (older, newer) = self.ordered(written, read);
        let declares = |field: &FieldModel, former: &str| {
            field.name == former || field.annotations.renamed_from.iter().any(|name| name == former)
        };
        if declares(newer, &older.name) {
            return true;
        }
        // From version to version.
        let Some(reader) = place.reader else { return false };
        let (_, newer_in) = self.ordered(place.writer, reader);
        let mut before = older.name.as_str();
        let mut steps = 0;
        for schema in self.between() {
            let message = schema.messages.iter().find(|of| of.full_name == newer_in.full_name);
            match message.and_then(|message| message.field(older.number)) {
                Some(field) if declares(field, before) => before = &field.name,
                _ => return false,
            }
            steps += 1;
        }
        steps > 0 && declares(newer, before)
    }

    /// As [`Mapper::is_same`], with what there is to say.
    fn is_one_field(
        &self,
        place: &Place<'_>,
        written: &FieldModel,
        read: &FieldModel,
        remarks: &mut Vec<Remark>,
    ) -> bool {
        if written.name == read.name {
            return true;
        }
        if self.is_same(place, written, read) {
            remarks.push(remark(
                rules::FIELD_RENAMED,
                Level::Converted,
                &written.name,
                &read.name,
                "the rename is declared, the number is what travels",
            ));
            return true;
        }
        let has = |message: Option<&MessageModel>, name: &str| {
            message.is_some_and(|message| message.field_named(name).is_some())
        };
        let swapped = has(Some(place.writer), &read.name) && has(place.reader, &written.name);
        let (rule, text) = if swapped {
            let text = "fields have changed their numbers, so that one would be read as another: \
                        give each its number back";
            (rules::NUMBERS_SWAPPED, text.to_owned())
        } else {
            let text = format!(
                "number {} is another field by its name: if it is the same, declare renamed_from: \
                 \"{}\", else use a new number",
                written.number,
                self.ordered(written, read).0.name
            );
            (rules::ANOTHER_FIELD, text)
        };
        remarks.push(remark(rule, Level::Refused, text_of(written), text_of(read), text));
        false
    }

    /// Whether no version between the two was without the number.
    fn is_not_reused(
        &self,
        place: &Place<'_>,
        written: &FieldModel,
        remarks: &mut Vec<Remark>,
    ) -> bool {
        let Some(reader) = place.reader else { return true };
        let (_, newer) = self.ordered(place.writer, reader);
        let lacks = |schema: &&SchemaModel| {
            let message = schema.messages.iter().find(|of| of.full_name == newer.full_name);
            message.is_some_and(|message| message.field(written.number).is_none())
        };
        let Some(gap) = self.between().find(lacks) else { return true };
        let text = format!(
            "the field was gone in version {}, so that this is another one on its number: use a \
             number that was never used",
            gap.version()
        );
        let rule = rules::NUMBER_REUSED;
        remarks.push(remark(rule, Level::Refused, text_of(written), "", text));
        false
    }

    fn moved(
        &mut self,
        place: &Place<'s>,
        written: &'s FieldModel,
        to: &Located<'s>,
        field: &mut FieldMap,
        remarks: &mut Vec<Remark>,
    ) -> bool {
        let read = to.field();
        let records = place.is_root() && written.holds_records();
        // Records travel in batches, which only the root has.
        let same_records = to.repeated_path() == place.repeated_path
            && records == (to.in_root() && read.holds_records());
        let (level, text) = if same_records {
            (Level::Converted, "the move is declared: a value that is there moves")
        } else {
            let text = "the field has moved into or out of repeated records, where no single \
                        value follows: a conversion step is needed";
            (Level::Refused, text)
        };
        let from = join(&place.writer_path, &written.name);
        remarks.push(remark(rules::FIELD_MOVED, level, from, to.path(), text));
        let way = to.steps_from_element();
        field.target = Target::Move(way.iter().map(|step| step.number).collect());
        let mapper = ValueMapper { mapper: self, place, written, read, is_move: true };
        if !same_records || !mapper.run(field, remarks) {
            return false;
        }
        for step in way.iter().copied().chain([read]).filter(|step| !step.oneof.is_empty()) {
            remarks.push(remark(
                rules::ONEOF_JOINED,
                Level::Conditional,
                text_of(written),
                format!("oneof {}", step.oneof),
                "of the members of a oneof only one is kept: leave fields that can be there \
                 together outside of it",
            ));
        }
        true
    }

    /// Maps a field whose narrower or wider one the reader has instead.
    fn fallback(
        &self,
        place: &Place<'_>,
        written: &FieldModel,
        field: &mut FieldMap,
        remarks: &mut Vec<Remark>,
    ) -> bool {
        let Some(read) = partner_of(place.writer, written)
            .and_then(|partner| Some((partner, place.reader?.field(partner.number)?)))
            .filter(|(partner, read)| self.is_same(place, partner, read))
            .map(|(_, read)| read)
            .filter(|read| can_fall_back(written, read))
        else {
            return false;
        };
        field.read = read.number;
        field.target = Target::Fallback;
        has_meaning_of(written, read, remarks);
        let within = ValueSet::of(self.writer, written).is_within(&ValueSet::of(self.reader, read));
        let (level, text) = if within {
            (Level::Converted, format!("the value travels in {}", read.name))
        } else {
            let text = format!("the field {} carries the value for as long as it fits", read.name);
            (Level::Conditional, text)
        };
        let rule = rules::FALLBACK_FIELD;
        remarks.push(remark(rule, level, text_of(written), text_of(read), text));
        true
    }

    /// Returns the reader's field of the same name on another number, which neither message knows
    /// otherwise, unless the newer schema says that the older field is gone on purpose.
    fn renumbered(&self, place: &Place<'s>, written: &FieldModel) -> Option<&'s FieldModel> {
        let reader = place.reader?;
        let read = reader.field_named(&written.name)?;
        let (older, _) = self.ordered(written, read);
        let (_, newer_in) = self.ordered(place.writer, reader);
        let known = place.writer.field(read.number).is_some();
        (!known && newer_in.tombstone(older.number).is_none()).then_some(read)
    }

    /// Returns what to say of a state that has a field which the reader does not know.
    fn dropped(
        &self,
        place: &Place<'_>,
        written: &FieldModel,
        field: &FieldMap,
        remarks: &mut Vec<Remark>,
    ) -> Finding {
        let a = &written.annotations;
        let gone = place.reader.and_then(|reader| reader.tombstone(written.number));
        let gone = gone.map_or_else(String::new, |gone| format!("tombstone of {}", gone.name));
        let finding = |rule: Rule, text: String| Finding {
            written: text_of(written),
            read: gone.clone(),
            ..field.refusal(rule, text)
        };
        if a.ignorable {
            let mut finding = finding(
                rules::IGNORABLE_DROPPED,
                "the reader does not know the field and drops it, as the writer's schema allows"
                    .into(),
            );
            finding.level = Level::Lossy;
            if has_stopped(self.writer, written) {
                remarks.push(stopped(written, gone));
            } else {
                remarks.push(remark_of(&finding, Level::Lossy));
            }
            return finding;
        }
        let rule = if self.upgrade { rules::REMOVED_CRITICAL } else { rules::UNKNOWN_CRITICAL };
        let feature = if a.feature.is_empty() {
            String::new()
        } else {
            format!(" that does not use the feature {}", a.feature)
        };
        let owner =
            if a.owner.is_empty() { String::new() } else { format!(", private to {},", a.owner) };
        let found = finding(
            rule,
            format!(
                "the reader does not know the field{owner} and skipping it would lose state: \
                 update the reader, or save a state{feature} for its version"
            ),
        );
        let needed = a.feature.is_empty() && !can_be_absent(self.writer, written);
        remarks.push(if has_stopped(self.writer, written) {
            stopped(written, gone)
        } else {
            remark_of(&found, if needed { Level::Refused } else { Level::Conditional })
        });
        found
    }

    // --- Oneofs ---

    /// Says which fields that can be there together are members of one oneof for the reader.
    fn oneofs(&mut self, place: &Place<'_>, reader: &MessageModel, map: &MessageMap) {
        let mut joined: BTreeMap<&str, Vec<&FieldModel>> = BTreeMap::new();
        for field in &map.fields {
            let (Some(written), Some(read)) =
                (place.writer.field(field.written), reader.field(field.written))
            else {
                continue;
            };
            if !read.oneof.is_empty() {
                joined.entry(&read.oneof).or_default().push(written);
            }
        }
        for (oneof, members) in joined {
            let groups: BTreeSet<(&str, u32)> = members
                .iter()
                .map(|of| (of.oneof.as_str(), if of.oneof.is_empty() { of.number } else { 0 }))
                .collect();
            if groups.len() < 2 {
                continue;
            }
            let names: Vec<&str> = members.iter().map(|of| of.name.as_str()).collect();
            let remark = remark(
                rules::ONEOF_JOINED,
                Level::Conditional,
                names.join(", "),
                format!("oneof {oneof}"),
                "of the members of a oneof only one is kept: leave fields that can be there \
                 together outside of it",
            );
            self.add(&join(&place.path, oneof), 0, remark);
        }
    }
}

fn remark_of(finding: &Finding, level: Level) -> Remark {
    remark(finding.rule, level, &finding.written, &finding.read, &finding.text)
}

fn stopped(written: &FieldModel, gone: String) -> Remark {
    remark(
        rules::NO_LONGER_WRITTEN,
        Level::Compatible,
        text_of(written),
        gone,
        "the writer has stopped to fill the field",
    )
}

/// Returns the field of `message` that has the value of `field` as well: a wider one its narrower
/// one, or the other way round.
pub(super) fn partner_of<'s>(
    message: &'s MessageModel,
    field: &FieldModel,
) -> Option<&'s FieldModel> {
    let wide = &field.annotations.fallback_for;
    if wide.is_empty() {
        message.fields.iter().find(|other| other.annotations.fallback_for == field.name)
    } else {
        message.field_named(wide)
    }
}

/// Whether single numbers of `from` can stand in `to`.
pub(super) fn can_fall_back(from: &FieldModel, to: &FieldModel) -> bool {
    let feature = &to.annotations.feature;
    from.is_number()
        && to.is_number()
        && !from.repeated()
        && !to.repeated()
        && from.oneof.is_empty()
        && to.oneof.is_empty()
        && !super::values::can_scale(from, to)
        && (feature.is_empty() || *feature == from.annotations.feature)
}
