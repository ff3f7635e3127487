// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What becomes of each field between two versions of a schema, as far as that needs no
//! conversion of values.
//!
//! The rules are those of `docs/compat_rules.md`. A difference that would take a conversion, or
//! that only a closer look at the values could allow, is refused here: a state that this mapping
//! lets through arrives whole, and one that it refuses may still load after `devstate convert`.

use devstate::schema::Presence;
use devstate::{rules, Finding, Level, Rule};

use crate::bounds::{bounds_of, BoundColumn};
use crate::model::{EnumModel, FieldModel, MessageModel, SchemaModel};
use crate::moves::{find, join, moves, Move};

/// What to do with a field that a state has.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// It arrives as it is; a message as `parts` says.
    Copy { parts: Option<MessageMap>, check: Option<Check> },
    /// It is dropped, and the finding says so.
    Drop(Finding),
    /// The state is refused, with the finding.
    Refuse(Finding),
}

/// What must hold of the numbers of a column.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub signed: bool,
    /// From the smallest to the largest, both inclusive.
    pub range: (i128, i128),
    /// The numbers that the reader's enum names.
    pub named: Option<Vec<i32>>,
    /// If it does not hold.
    pub finding: Finding,
}

/// What becomes of the fields of a message, by their numbers in the writer's schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageMap {
    pub fields: Vec<(u32, Action)>,
}

impl MessageMap {
    pub fn action(&self, number: u32) -> Option<&Action> {
        self.fields.iter().find(|(other, _)| *other == number).map(|(_, action)| action)
    }

    /// Returns whether every state arrives as it is.
    pub fn copies_all(&self) -> bool {
        self.fields.iter().all(|(_, action)| match action {
            Action::Copy { parts, check } => {
                check.is_none() && parts.as_ref().map_or(true, MessageMap::copies_all)
            }
            Action::Drop(_) | Action::Refuse(_) => false,
        })
    }
}

impl MessageMap {
    /// Returns what a state can be refused or lose data for, as conditional findings.
    pub fn conditions(&self) -> Vec<Finding> {
        let conditional =
            |finding: &Finding| Finding { level: Level::Conditional, ..finding.clone() };
        let mut found = Vec::new();
        for (_, action) in &self.fields {
            match action {
                Action::Copy { parts, check } => {
                    found.extend(parts.iter().flat_map(MessageMap::conditions));
                    found.extend(check.iter().map(|check| conditional(&check.finding)));
                }
                Action::Drop(finding) => found.push(finding.clone()),
                Action::Refuse(finding) => found.push(conditional(finding)),
            }
        }
        found
    }
}

/// Maps `writer` to `reader`. `findings` takes what holds of all states.
pub(crate) fn map(
    writer: &SchemaModel,
    reader: &SchemaModel,
    findings: &mut Vec<Finding>,
) -> MessageMap {
    let upgrade = writer.version() <= reader.version();
    let mapper = Mapper { writer, reader, upgrade, moves: moves(writer, reader) };
    mapper.message(writer.root(), reader.root(), "", findings)
}

/// Whether a default-valued state can leave the field out.
fn can_be_absent(field: &FieldModel) -> bool {
    !field.annotations.required
        && (field.presence != Presence::Implicit
            || bounds_of(field)
                .iter()
                .all(|bounds| bounds.column != BoundColumn::Values || bounds.allows(0)))
}

fn text_of(field: &FieldModel) -> String {
    format!("{} {} = {}", field.type_text, field.name, field.number)
}

/// What a name says of the unit.
fn unit_suffix(name: &str) -> &str {
    const SUFFIXES: [&str; 41] = [
        "ns", "us", "ms", "s", "sec", "secs", "seconds", "min", "mins", "minutes", "hours", "bits",
        "bytes", "kb", "kib", "mb", "mib", "gb", "gib", "pages", "sectors", "blocks", "clusters",
        "words", "hz", "khz", "mhz", "ghz", "ticks", "cycles", "percent", "millis", "micros",
        "nanos", "msec", "usec", "nsec", "jiffies", "bps", "kbps", "mbps",
    ];
    match name.rsplit_once('_') {
        Some((_, suffix)) if SUFFIXES.contains(&suffix) => suffix,
        _ => "",
    }
}

const CONVERT: &str = "this reader does not convert: convert the state with devstate convert";

struct Mapper<'s> {
    writer: &'s SchemaModel,
    reader: &'s SchemaModel,
    upgrade: bool,
    moves: Vec<Move>,
}

impl Mapper<'_> {
    fn older_and_newer<'f>(
        &self,
        written: &'f FieldModel,
        read: &'f FieldModel,
    ) -> (&'f FieldModel, &'f FieldModel) {
        if self.upgrade {
            (written, read)
        } else {
            (read, written)
        }
    }

    fn message(
        &self,
        written: &MessageModel,
        read: &MessageModel,
        path: &str,
        findings: &mut Vec<Finding>,
    ) -> MessageMap {
        let mut map = MessageMap::default();
        for field in &written.fields {
            let action = match read.field(field.number) {
                Some(other) => self.both(written, read, field, other, path, findings),
                None => self.dropped(written, read, field, path, findings),
            };
            map.fields.push((field.number, action));
        }
        for field in read.fields.iter().filter(|field| written.field(field.number).is_none()) {
            findings.push(self.absent(written, read, field, path));
        }
        map
    }

    fn finding(
        &self,
        rule: Rule,
        level: Level,
        path: &str,
        field: &FieldModel,
        text: impl Into<String>,
    ) -> Finding {
        Finding {
            level,
            path: path.to_owned(),
            field_number: field.number,
            ..Finding::refusal(rule, text)
        }
    }

    /// A field that both have.
    fn both(
        &self,
        written_in: &MessageModel,
        read_in: &MessageModel,
        written: &FieldModel,
        read: &FieldModel,
        outer: &str,
        findings: &mut Vec<Finding>,
    ) -> Action {
        let (older, newer) = self.older_and_newer(written, read);
        let path = join(outer, &newer.name);
        // Whatever the state holds, the two are not read as one.
        let mut refuse = |rule: Rule, text: &str| {
            let finding = Finding {
                written: text_of(written),
                read: text_of(read),
                ..self.finding(rule, Level::Refused, &path, newer, format!("{text}; {CONVERT}"))
            };
            findings.push(finding.clone());
            Action::Refuse(finding)
        };
        if older.name != newer.name && !newer.annotations.renamed_from.contains(&older.name) {
            let swapped = written_in.field_named(&read.name).is_some()
                && read_in.field_named(&written.name).is_some();
            return if swapped {
                refuse(rules::NUMBERS_SWAPPED, "fields have changed their numbers")
            } else {
                refuse(rules::ANOTHER_FIELD, "the number is another field by its name")
            };
        }
        if let Some((rule, text)) = self.values_differ(written, read, outer.is_empty()) {
            return refuse(rule, text);
        }
        let (w, r) = (&written.annotations, &read.annotations);
        let stopped = w.write_until != 0 && self.writer.version() > w.write_until;
        if stopped && !can_be_absent(read) {
            return refuse(
                rules::NO_LONGER_WRITTEN,
                "the reader needs what is not filled any more",
            );
        }
        if stopped {
            let text = "the writer has stopped to fill the field, the reader takes its default";
            let rule = rules::NO_LONGER_WRITTEN;
            findings.push(self.finding(rule, Level::Defaulted, &path, newer, text));
        }
        if older.name != newer.name {
            let text = "the rename is declared, the number is what travels";
            let rule = rules::FIELD_RENAMED;
            findings.push(self.finding(rule, Level::Converted, &path, newer, text));
        }
        if w.feature != r.feature && !r.feature.is_empty() {
            return Action::Refuse(self.finding(
                rules::FEATURE_CHANGED,
                Level::Refused,
                &path,
                newer,
                "the reader takes the field with a feature only, which the writer does not say",
            ));
        }
        let parts = match (self.writer.message_of(written), self.reader.message_of(read)) {
            (Some(a), Some(b)) => Some(self.message(a, b, &path, findings)),
            _ => None,
        };
        let check = self.check(written, read, &path, newer, findings);
        Action::Copy { parts, check }
    }

    /// Why no value of `written` can be taken for one of `read` as it is.
    fn values_differ(
        &self,
        written: &FieldModel,
        read: &FieldModel,
        root: bool,
    ) -> Option<(Rule, &'static str)> {
        let (w, r) = (&written.annotations, &read.annotations);
        let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
        let is_map = |field: &FieldModel| field.presence == Presence::Map;
        if differ(&w.unit, &r.unit) || differ(unit_suffix(&written.name), unit_suffix(&read.name)) {
            return Some((rules::UNIT_CHANGED, "the value has another unit"));
        }
        if differ(&w.encoding, &r.encoding) {
            return Some((rules::ENCODING_CHANGED, "the value has another encoding"));
        }
        if w.meaning_rev != r.meaning_rev {
            return Some((rules::MEANING_CHANGED, "the value means something else"));
        }
        if differ(&w.owner, &r.owner) {
            return Some((rules::OWNER_CHANGED, "the field belongs to another implementation"));
        }
        if w.absent_default != r.absent_default || (r.required && !r.absent_default.is_empty()) {
            return Some((rules::ABSENT_DEFAULT_CHANGED, "an absent value means something else"));
        }
        if written.repeated() != read.repeated() || is_map(written) != is_map(read) {
            return Some((rules::CARDINALITY_CHANGED, "the field occurs in another number"));
        }
        if written.presence != read.presence {
            let text = "absence and zero are told apart on one side";
            return Some((rules::PRESENCE_CHANGED, text));
        }
        if !read.oneof.is_empty() && written.oneof != read.oneof {
            return Some((rules::ONEOF_JOINED, "of the members of a oneof only one is kept"));
        }
        self.kinds_differ(written, read, root).or_else(|| {
            let (a, b) = (written.enumeration?, read.enumeration?);
            enums_differ(&self.writer.enums[a], &self.reader.enums[b])
        })
    }

    /// Whether the types are too different to be told apart by values.
    fn kinds_differ(
        &self,
        written: &FieldModel,
        read: &FieldModel,
        root: bool,
    ) -> Option<(Rule, &'static str)> {
        if written.kind == read.kind {
            return None;
        }
        use devstate::schema::FieldType as T;
        let plain =
            |field: &FieldModel| field.is_integer() && !matches!(field.kind, T::Bool | T::Enum);
        let zigzag = |field: &FieldModel| matches!(field.kind, T::Sint32 | T::Sint64);
        let fixed = |field: &FieldModel| {
            matches!(field.kind, T::Fixed32 | T::Fixed64 | T::Sfixed32 | T::Sfixed64)
        };
        let same_kind =
            plain(written) && plain(read) && written.column_kind() == read.column_kind();
        // In a message of the root the wire format decides, in columns the kind alone.
        let in_root = root || !self.in_records(written);
        let same_wire = zigzag(written) == zigzag(read) && !fixed(written) && !fixed(read);
        if same_kind && (!in_root || same_wire) {
            return None;
        }
        Some((rules::WIRE_TYPE_CHANGED, "the value is written in another way"))
    }

    /// Whether `field` is one of a message that travels in batches only. Messages of both worlds
    /// count as of the root, which is the stricter one.
    fn in_records(&self, field: &FieldModel) -> bool {
        fn contains(schema: &SchemaModel, message: &MessageModel, field: &FieldModel) -> bool {
            message.fields.iter().any(|other| {
                std::ptr::eq(other, field)
                    || schema.message_of(other).is_some_and(|part| contains(schema, part, field))
            })
        }
        let root = self.writer.root();
        !root.fields.iter().filter(|other| !other.holds_records()).any(|other| {
            std::ptr::eq(other, field)
                || self.writer.message_of(other).is_some_and(|m| contains(self.writer, m, field))
        })
    }

    /// What must hold of the numbers, if the reader does not take all of the writer's.
    fn check(
        &self,
        written: &FieldModel,
        read: &FieldModel,
        path: &str,
        newer: &FieldModel,
        findings: &mut Vec<Finding>,
    ) -> Option<Check> {
        if let (Some(a), Some(b)) = (written.enumeration, read.enumeration) {
            let numbers = |model: &EnumModel| -> Vec<i32> {
                model.values.iter().map(|value| value.number).collect()
            };
            let (a, b) = (numbers(&self.writer.enums[a]), numbers(&self.reader.enums[b]));
            if a.iter().all(|number| b.contains(number)) {
                return None;
            }
            let text = "enums are closed, and the reader does not name this value: update the \
                        reader, or do not use the value";
            return Some(Check {
                signed: true,
                range: (i32::MIN.into(), i32::MAX.into()),
                named: Some(b),
                finding: self.finding(rules::ENUM_VALUE_UNKNOWN, Level::Refused, path, newer, text),
            });
        }
        if written.kind == read.kind || !written.is_integer() {
            return None;
        }
        let mut finding = Finding {
            written: written.type_text.clone(),
            read: read.type_text.clone(),
            ..self.finding(rules::VALUE_MAY_NOT_FIT, Level::Refused, path, newer, "")
        };
        if read.bits() >= written.bits() {
            finding.rule = rules::TYPE_WIDENED;
            finding.level = Level::Compatible;
            finding.text = "the reader's type holds every value of the writer's".into();
            findings.push(finding);
            return None;
        }
        finding.text = "a value does not fit the reader's type: update the reader".into();
        Some(Check {
            signed: written.column_kind() == Some(devstate::column::Kind::Signed),
            range: crate::bounds::range_of_type(read),
            named: None,
            finding,
        })
    }

    /// A field that the reader does not have.
    fn dropped(
        &self,
        written_in: &MessageModel,
        read_in: &MessageModel,
        written: &FieldModel,
        outer: &str,
        findings: &mut Vec<Finding>,
    ) -> Action {
        let path = join(outer, &written.name);
        let a = &written.annotations;
        let within = format!("{path}.");
        let refusal = |rule: Rule, text: String| Finding {
            written: text_of(written),
            ..self.finding(rule, Level::Refused, &path, written, text)
        };
        let moved: Vec<&Move> = self
            .moves
            .iter()
            .filter(|other| other.from == path || other.from.starts_with(&within))
            .collect();
        if !moved.is_empty() {
            let finding = refusal(
                rules::FIELD_MOVED,
                format!("the reader has the field in another place; {CONVERT}"),
            );
            let differs = |other: &&Move| {
                let fields = (find(self.writer, &other.from), find(self.reader, &other.to));
                let (Some(from), Some(to)) = fields else { return true };
                !other.convertible || self.values_differ(from, to, false).is_some()
            };
            if moved.iter().any(differs) {
                findings.push(finding.clone());
            }
            return Action::Refuse(finding);
        }
        if has_partner(written_in, written) {
            return Action::Refuse(refusal(
                rules::FALLBACK_FIELD,
                format!("the reader has a narrower or wider field instead; {CONVERT}"),
            ));
        }
        if let Some(other) = read_in.field_named(&written.name) {
            let newer = if self.upgrade { read_in } else { written_in };
            let older = self.older_and_newer(written, other).0.number;
            if written_in.field(other.number).is_none() && newer.tombstone(older).is_none() {
                let finding = refusal(
                    rules::FIELD_RENUMBERED,
                    "the number is what travels: give the field its number back".into(),
                );
                findings.push(finding.clone());
                return Action::Refuse(finding);
            }
        }
        if a.ignorable {
            let mut finding = refusal(
                rules::IGNORABLE_DROPPED,
                "the reader does not know the field and drops it, as the writer's schema allows"
                    .into(),
            );
            finding.level = Level::Lossy;
            return Action::Drop(finding);
        }
        let feature = if a.feature.is_empty() {
            String::new()
        } else {
            format!(" that does not use the feature {}", a.feature)
        };
        let rule = if self.upgrade { rules::REMOVED_CRITICAL } else { rules::UNKNOWN_CRITICAL };
        let finding = refusal(
            rule,
            format!(
                "the reader does not know the field and skipping it would lose state: update the \
                 reader, or save a state{feature} for its version"
            ),
        );
        if a.feature.is_empty() && !can_be_absent(written) {
            findings.push(finding.clone());
        }
        Action::Refuse(finding)
    }

    /// A field that the writer does not have.
    fn absent(
        &self,
        written_in: &MessageModel,
        read_in: &MessageModel,
        read: &FieldModel,
        outer: &str,
    ) -> Finding {
        let path = join(outer, &read.name);
        let a = &read.annotations;
        let add = |rule: Rule, level: Level, text: &str| Finding {
            read: text_of(read),
            ..self.finding(rule, level, &path, read, text)
        };
        let within = format!("{path}.");
        if self.moves.iter().any(|other| other.to == path || other.to.starts_with(&within)) {
            return add(rules::FIELD_MOVED, Level::Converted, "the move is declared");
        }
        if has_partner(read_in, read) {
            let text = format!("the writer has a narrower or wider field instead; {CONVERT}");
            return add(rules::FALLBACK_FIELD, Level::Refused, &text);
        }
        if self.upgrade && read.oneof.is_empty() && !a.absent_default.is_empty() {
            // That is what the reader takes anyway.
            let zero = ["0", "false"].contains(&a.absent_default.as_str());
            if read.presence == Presence::Implicit && zero && can_be_absent(read) {
                return add(rules::FIELD_DEFAULTED, Level::Defaulted, "the default is zero");
            }
            let text = format!(
                "states without the field are taken to have {}; {CONVERT}",
                a.absent_default
            );
            return add(rules::FIELD_DEFAULTED, Level::Refused, &text);
        }
        if a.required && a.feature.is_empty() {
            return add(
                rules::REQUIRED_MISSING,
                Level::Refused,
                "the reader needs a field that the writer does not have",
            );
        }
        if !can_be_absent(read) && a.feature.is_empty() {
            return add(
                rules::DEFAULT_OUT_OF_BOUNDS,
                Level::Refused,
                "the reader would take the absent field for 0, which its bounds do not allow",
            );
        }
        let says_what_absence_means = read.presence == Presence::Explicit
            || a.ignorable
            || !a.absent_default.is_empty()
            || !a.feature.is_empty();
        if !self.upgrade && !says_what_absence_means {
            let tombstone = written_in.tombstone(read.number);
            if a.write_until != 0 || tombstone.is_some_and(|t| t.write_until != 0) {
                return add(
                    rules::NO_LONGER_WRITTEN,
                    Level::Defaulted,
                    "writers have stopped to fill the field before it went",
                );
            }
            return add(
                rules::LOST_CRITICAL,
                Level::Refused,
                "the writer no longer has the field, and the reader would go on with zero or \
                 nothing in its place",
            );
        }
        if read.presence == Presence::Implicit {
            let text = "the reader takes the absent field for zero or empty";
            return add(rules::FIELD_DEFAULTED, Level::Defaulted, text);
        }
        add(rules::FIELD_ABSENT, Level::Compatible, "the reader finds the field absent")
    }
}

/// Whether another field of `message` can carry the value of `field`.
fn has_partner(message: &MessageModel, field: &FieldModel) -> bool {
    !field.annotations.fallback_for.is_empty()
        || message.fields.iter().any(|other| other.annotations.fallback_for == field.name)
}

/// Whether a number of one enum is another value of the other.
fn enums_differ(written: &EnumModel, read: &EnumModel) -> Option<(Rule, &'static str)> {
    let has = |model: &EnumModel, number: i32, name: &str| {
        model.values.iter().any(|value| value.number == number && value.name == name)
    };
    let renumbered = written.values.iter().any(|value| {
        read.values.iter().any(|other| other.name == value.name)
            && !has(read, value.number, &value.name)
    });
    let shared: Vec<_> = written
        .values
        .iter()
        // The zero says that there is none, whatever it is called.
        .filter(|value| value.number != 0)
        .filter(|value| read.values.iter().any(|other| other.number == value.number))
        .collect();
    let renamed = shared.iter().filter(|value| !has(read, value.number, &value.name)).count();
    let declared = [written, read]
        .iter()
        .any(|model| model.values.iter().any(|value| !value.renumbered_from.is_empty()));
    if renumbered || (declared && renamed > 0) {
        return Some((rules::ENUM_VALUE_RENUMBERED, "a value of the enum has another number"));
    }
    (renamed > 1 && renamed == shared.len())
        .then_some((rules::ENUM_REPLACED, "the same numbers stand for other values"))
}
