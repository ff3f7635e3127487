// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The values of a field that both schemas have: what another annotation means, what a type and a
//! cardinality become, and which values fit.

use devstate::column::Kind;
use devstate::schema::{FieldType, Presence};
use devstate::{rules, Level, Rule};

use super::message::{Mapper, Place};
use super::{can_be_absent, enums, has_stopped, remark, Absent, Count, FieldMap, Remark, Target};
use crate::model::{FieldModel, SchemaModel};
use crate::value_set::ValueSet;

/// Maps the values of `written`, which is the field `read` in another version.
pub(super) struct ValueMapper<'m, 's> {
    pub mapper: &'m Mapper<'s>,
    pub place: &'m Place<'s>,
    pub written: &'s FieldModel,
    pub read: &'s FieldModel,
    pub is_move: bool,
}

impl ValueMapper<'_, '_> {
    /// Completes `field`. Returns false if the reader cannot make sense of the values.
    pub fn run(self, field: &mut FieldMap, remarks: &mut Vec<Remark>) -> bool {
        let scaled = has_meaning_of(self.written, self.read, remarks);
        self.defaults(scaled, field, remarks);
        self.required(field, remarks);
        self.stopped(remarks);
        self.owner(remarks);
        self.feature(field, remarks);
        if scaled || !self.types(field, remarks) {
            return false;
        }
        self.bounds(remarks);
        self.enums(field, remarks);
        field.same_column = self.same_column(field);
        true
    }

    fn has_stopped(&self) -> bool {
        has_stopped(self.mapper.writer, self.written)
    }

    /// Asks for a number of values, and says so.
    fn require(
        &self,
        (rule, low, high): (Rule, usize, usize),
        text: &str,
        field: &mut FieldMap,
        remarks: &mut Vec<Remark>,
    ) {
        field.count = Some(Count { rule, low, high });
        let (written, read) = (&self.written.type_text, &self.read.type_text);
        remarks.push(remark(rule, Level::Conditional, written, read, text));
    }

    // --- Annotations ---

    /// What an absent value means is up to the writer: each side's default is its own.
    fn defaults(&self, scaled: bool, field: &mut FieldMap, remarks: &mut Vec<Remark>) {
        let (w, r) = (&self.written.annotations, &self.read.annotations);
        let same = w.absent_default == r.absent_default;
        if same && w.absent_default.is_empty() {
            return;
        }
        let rule = rules::ABSENT_DEFAULT_CHANGED;
        let mut say = |rule, level, text: &str| {
            remarks.push(remark(rule, level, &w.absent_default, &r.absent_default, text));
        };
        // Where nothing can be absent, no default counts. A member of a oneof is absent because
        // another one is present.
        let explicit =
            |field: &FieldModel| field.presence == Presence::Explicit && field.oneof.is_empty();
        if w.required || self.has_stopped() || !explicit(self.written) || !explicit(self.read) {
            if !same {
                let text = "states from before the field are completed with another value";
                say(rule, Level::Defaulted, text);
            }
        } else if w.absent_default.is_empty() {
            let (writer, reader) = (self.mapper.writer, self.mapper.reader);
            if self.mapper.upgrade
                && r.since > writer.version()
                && allows_default_of(reader, self.read, reader, self.read)
            {
                field.absent = Absent::ReadersDefault;
                let text = "states without the field are completed with absent_default";
                say(rules::FIELD_DEFAULTED, Level::Defaulted, text);
            } else {
                let text = "the reader takes an absent value for its absent_default, and the \
                            writer does not say what it means: declare the same absent_default on \
                            both sides";
                self.require((rule, 1, usize::MAX), text, field, remarks);
            }
        } else if scaled
            || ((!same || r.required)
                && !allows_default_of(
                    self.mapper.reader,
                    self.read,
                    self.mapper.writer,
                    self.written,
                ))
        {
            let text = "an absent value means the writer's absent_default, which the reader \
                        cannot have: declare the same absent_default on both sides";
            self.require((rule, 1, usize::MAX), text, field, remarks);
        } else if !same || r.required {
            field.absent = Absent::WritersDefault;
            let text = "an absent value means a default to the writer and is written out";
            say(rule, Level::Converted, text);
        }
    }

    /// The reader's own `required` decides about a state.
    fn required(&self, field: &FieldMap, remarks: &mut Vec<Remark>) {
        if self.has_stopped() || field.absent != Absent::Stays {
            return;
        }
        let (w, r) = (&self.written.annotations, &self.read.annotations);
        // A message that is made for its parts can be without the field.
        let carried = self.is_move
            && self.place.optional
            && (r.required || !can_be_absent(self.mapper.reader, self.read));
        let missing = r.required && !w.required && can_be_absent(self.mapper.writer, self.written);
        if carried || missing {
            remarks.push(remark(
                rules::REQUIRED_MISSING,
                Level::Conditional,
                "",
                "required",
                "the reader needs what the writer can leave out: give it an absent_default, or do \
                 not require it",
            ));
        }
    }

    fn stopped(&self, remarks: &mut Vec<Remark>) {
        if !self.has_stopped() {
            return;
        }
        let (level, text) = if can_be_absent(self.mapper.reader, self.read) {
            let text = "the writer has stopped to fill the field, the reader takes its default";
            (Level::Defaulted, text)
        } else {
            let text = "the reader needs what the writer has stopped to fill: write the field for \
                        as long as such readers are supported";
            (Level::Refused, text)
        };
        let until = format!("write_until: {}", self.written.annotations.write_until);
        remarks.push(remark(rules::NO_LONGER_WRITTEN, level, until, "", text));
    }

    fn owner(&self, remarks: &mut Vec<Remark>) {
        let (w, r) = (&self.written.annotations.owner, &self.read.annotations.owner);
        if w == r {
            return;
        }
        let (level, text) = if w.is_empty() || r.is_empty() {
            (Level::Compatible, "one of the two calls the field private")
        } else {
            let text = "two implementations use one number for fields of their own: give each its \
                        own numbers";
            (Level::Refused, text)
        };
        remarks.push(remark(rules::OWNER_CHANGED, level, w, r, text));
    }

    fn feature(&self, field: &mut FieldMap, remarks: &mut Vec<Remark>) {
        let (w, r) = (&self.written.annotations.feature, &self.read.annotations.feature);
        if w == r {
            return;
        }
        field.feature_changed = !r.is_empty();
        let (level, text) = if r.is_empty() {
            (Level::Compatible, "the reader takes the field with and without the feature")
        } else {
            let text = "the reader takes the field only in states that use the feature, which the \
                        writer does not say";
            (Level::Conditional, text)
        };
        remarks.push(remark(rules::FEATURE_CHANGED, level, w, r, text));
    }

    // --- Types ---

    fn types(&self, field: &mut FieldMap, remarks: &mut Vec<Remark>) -> bool {
        let (written, read) = (self.written, self.read);
        let wire = Wire::of(written);
        // In columns a number is its kind, elsewhere it is how protobuf writes it.
        let same_column = self.place.columns
            && written.is_integer()
            && read.is_integer()
            && written.column_kind() == read.column_kind();
        let mut say = |rule, level, text: &str| {
            remarks.push(remark(rule, level, &written.type_text, &read.type_text, text));
        };
        if wire != Wire::of(read) && !same_column {
            let text = "the value is written in another way and would be misread or lost: keep \
                        the field and add another on a new number";
            say(rules::WIRE_TYPE_CHANGED, Level::Refused, text);
            return false;
        }
        if !self.cardinality(field, remarks) {
            return false;
        }
        if written.kind == read.kind {
            return true;
        }
        let mut say = |rule, level, text: &str| {
            remarks.push(remark(rule, level, &written.type_text, &read.type_text, text));
        };
        if wire == Wire::Text {
            if read.kind == FieldType::String {
                let text = "a string holds UTF-8 only: keep bytes";
                say(rules::NOT_UTF8, Level::Conditional, text);
            } else {
                say(rules::TYPE_WIDENED, Level::Converted, "the text arrives as bytes");
            }
        } else if written.enumeration.is_none() || read.enumeration.is_none() {
            let of_read = ValueSet::of_type(self.mapper.reader, read);
            field.narrower = !ValueSet::of_type(self.mapper.writer, written).is_within(&of_read);
            if ValueSet::of(self.mapper.writer, written).is_within(&of_read) {
                let plain = |of: &FieldModel| !matches!(of.kind, FieldType::Bool | FieldType::Enum);
                let level = if plain(written) && plain(read) {
                    Level::Compatible
                } else {
                    Level::Converted
                };
                say(rules::TYPE_WIDENED, level, "every value fits the reader's type");
            }
        }
        true
    }

    fn cardinality(&self, field: &mut FieldMap, remarks: &mut Vec<Remark>) -> bool {
        use Presence as P;
        let (written, read) = (self.written, self.read);
        if written.presence == read.presence {
            return true;
        }
        let columns = self.place.columns;
        let rule = rules::CARDINALITY_CHANGED;
        let many = usize::MAX;
        let mut say = |rule, level, text: &str| {
            remarks.push(remark(rule, level, &written.type_text, &read.type_text, text));
        };
        let mut refuse = |why: &str| {
            let text = format!("{why}: keep the field and add another on a new number");
            say(rule, Level::Refused, &text);
            false
        };
        let needed = if self.place.is_root() && written.holds_records() != read.holds_records() {
            return refuse("a repeated message of the root travels in columns");
        } else {
            match (written.presence, read.presence) {
                (P::Implicit, P::Explicit) => {
                    let text = if read.oneof.is_empty() {
                        "a zero, which was not written, arrives as a value"
                    } else {
                        "a zero, which was not written, arrives as no member"
                    };
                    say(rules::PRESENCE_CHANGED, Level::Converted, text);
                    return true;
                }
                (P::Implicit, P::Repeated) if columns => {
                    return refuse("a column of a repeated field has another layout");
                }
                (P::Implicit, P::Repeated) => {
                    ((rule, 1, many), "a zero, which is not written, would arrive as no element")
                }
                (P::Explicit, P::Implicit) => {
                    ((rules::PRESENCE_CHANGED, 1, many), "an absent value would be taken for zero")
                }
                (P::Explicit, P::Repeated) => {
                    say(rule, Level::Converted, "arrives as at most one element");
                    return true;
                }
                (P::Repeated, P::Implicit) if columns || written.is_number() => {
                    return refuse("a single value is written in another way");
                }
                (P::Repeated, P::Implicit) => {
                    ((rule, 1, 1), "of several elements only one would arrive")
                }
                (P::Repeated, P::Explicit) if !columns && written.is_number() => {
                    ((rule, 0, 0), "packed elements cannot be read as a single value")
                }
                (P::Repeated, P::Explicit) => {
                    ((rule, 0, 1), "of several elements only one would arrive")
                }
                (P::Repeated, _) if written.message.is_some() => {
                    let text = "a map keeps one entry of each key";
                    say(rules::MAP_KEYS_REPEATED, Level::Conditional, text);
                    return true;
                }
                (P::Map, P::Repeated) if read.message.is_some() => {
                    say(rule, Level::Converted, "the entries of the map arrive as messages");
                    return true;
                }
                (P::Map | P::Repeated, _) => return refuse("a map is written as messages"),
                _ => return refuse("a map cannot be read from a single value"),
            }
        };
        self.require(needed.0, needed.1, field, remarks);
        true
    }

    // --- Values ---

    /// The reader's own bounds decide about a state.
    fn bounds(&self, remarks: &mut Vec<Remark>) {
        let (written, read) = (self.written, self.read);
        let (w, r) = (&written.annotations, &read.annotations);
        let mut say = |rule, level, text: &str| {
            remarks.push(remark(rule, level, &written.type_text, &read.type_text, text));
        };
        let both_enums = written.enumeration.is_some() && read.enumeration.is_some();
        if written.is_number() && read.is_number() && !both_enums {
            let of_written = ValueSet::of(self.mapper.writer, written);
            let of_read = ValueSet::of(self.mapper.reader, read);
            if !of_written.is_within(&of_read) {
                let by_type = !of_written.is_within(&ValueSet::of_type(self.mapper.reader, read));
                let rule = if by_type { rules::VALUE_MAY_NOT_FIT } else { rules::BOUND_NARROWED };
                let none =
                    written.presence == Presence::Implicit && of_written.is_disjoint(&of_read);
                let (level, text) = if none {
                    (Level::Refused, "no value of the writer is one for the reader")
                } else if by_type {
                    (Level::Conditional, "the reader's type does not hold every value")
                } else {
                    (Level::Conditional, "the reader refuses values that the writer allows")
                };
                say(rule, level, text);
            }
        }
        for (written, read) in [(w.max_len, r.max_len), (w.max_items, r.max_items)] {
            if read.is_some_and(|read| written.map_or(true, |written| written > read)) {
                let text = "the reader refuses more bytes or elements than it allows";
                say(rules::BOUND_NARROWED, Level::Conditional, text);
            }
        }
        // What is unique by some fields is unique by more of them.
        let implied =
            !w.unique_by.is_empty() && w.unique_by.iter().all(|n| r.unique_by.contains(n));
        if !r.unique_by.is_empty() && !implied {
            let text = "the reader refuses duplicates that the writer allows";
            say(rules::BOUND_NARROWED, Level::Conditional, text);
        }
        if r.pieces.is_some() && r.pieces != w.pieces {
            let text = "the reader refuses pieces that the writer allows";
            say(rules::BOUND_NARROWED, Level::Conditional, text);
        }
    }

    fn enums(&self, field: &mut FieldMap, remarks: &mut Vec<Remark>) {
        let (Some(a), Some(b)) = (self.written.enumeration, self.read.enumeration) else { return };
        let mapper = self.mapper;
        let (written, read) = (&mapper.writer.enums[a], &mapper.reader.enums[b]);
        let (_, newer) = mapper.ordered(written, read);
        let gap = |number| mapper.enum_gap(&newer.full_name, number);
        field.enums = enums::map(written, read, mapper.upgrade, &gap, remarks);
    }

    /// Whether the column of one is a column of the other, but for numbers that the reader does
    /// not have.
    fn same_column(&self, field: &FieldMap) -> bool {
        let (written, read) = (self.written, self.read);
        matches!(field.target, Target::Copy)
            && !field.feature_changed
            && field.count.is_none()
            && field.absent == Absent::Stays
            && field.enums.renumbered.is_empty()
            && !field.enums.zero_changes()
            && written.column_kind() == read.column_kind()
            && written.presence == read.presence
            && written.oneof == read.oneof
    }
}

/// How protobuf writes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    Varint,
    Zigzag,
    Fixed(usize),
    Float,
    Double,
    Text,
    Message,
}

impl Wire {
    fn of(field: &FieldModel) -> Self {
        match field.column_kind() {
            None => Wire::Message,
            Some(Kind::Bytes | Kind::Text) => Wire::Text,
            Some(Kind::Float) => Wire::Float,
            Some(Kind::Double) => Wire::Double,
            Some(_) if matches!(field.kind, FieldType::Sint32 | FieldType::Sint64) => Wire::Zigzag,
            Some(_) if field.wire_size() > 0 => Wire::Fixed(field.wire_size()),
            Some(_) => Wire::Varint,
        }
    }
}

/// Refuses two fields whose values are not of one unit, encoding and meaning. Returns whether a
/// value could be scaled from one unit to the other, which is not done here.
pub(super) fn has_meaning_of(
    written: &FieldModel,
    read: &FieldModel,
    remarks: &mut Vec<Remark>,
) -> bool {
    let (w, r) = (&written.annotations, &read.annotations);
    let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
    let mut refuse = |rule, a: &str, b: &str, text: &str| {
        remarks.push(remark(rule, Level::Refused, a, b, text));
    };
    let scaled = can_scale(written, read);
    if scaled {
        let text = "the value has another unit, which this reader does not convert: convert the \
                    state with devstate convert";
        refuse(rules::UNIT_SCALED, &w.unit, &r.unit, text);
    } else if differ(&w.unit, &r.unit) {
        let text = "the value would be taken in another unit: a conversion step is needed, or \
                    another field on a new number";
        refuse(rules::UNIT_CHANGED, &w.unit, &r.unit, text);
    }
    if differ(&w.encoding, &r.encoding) {
        let text = "the value would be taken in another encoding: a conversion step is needed, or \
                    another field on a new number";
        refuse(rules::ENCODING_CHANGED, &w.encoding, &r.encoding, text);
    }
    if w.meaning_rev != r.meaning_rev {
        let text = "the value means something else: a conversion step is needed, or another field \
                    on a new number";
        let (a, b) = (w.meaning_rev.to_string(), r.meaning_rev.to_string());
        refuse(rules::MEANING_CHANGED, &a, &b, text);
    }
    if (w.unit.is_empty() || r.unit.is_empty())
        && differ(unit_suffix(&written.name), unit_suffix(&read.name))
    {
        let text = "the name says another unit: a conversion step is needed, or another field on \
                    a new number";
        refuse(rules::UNIT_CHANGED, &written.name, &read.name, text);
    }
    scaled
}

/// Returns whether the units are two of one quantity, in fields whose numbers can be scaled.
pub(super) fn can_scale(written: &FieldModel, read: &FieldModel) -> bool {
    const QUANTITIES: [&[&str]; 3] = [
        &["ns", "us", "ms", "s", "min", "h"],
        &["bytes", "KiB", "MiB", "GiB"],
        &["Hz", "kHz", "MHz", "GHz"],
    ];
    let (from, to) = (written.annotations.unit.as_str(), read.annotations.unit.as_str());
    let scales = |field: &FieldModel| {
        field.is_integer()
            && !matches!(field.kind, FieldType::Bool | FieldType::Enum)
            && !field.annotations.power_of_two
            && field.annotations.one_of.is_empty()
    };
    from != to
        && scales(written)
        && scales(read)
        && QUANTITIES.iter().any(|units| units.contains(&from) && units.contains(&to))
}

/// Returns what a name says of the unit.
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

/// Returns the absent_default of an integer field as a number.
pub(crate) fn default_number(schema: &SchemaModel, field: &FieldModel) -> Option<i128> {
    let text = &field.annotations.absent_default;
    match field.enumeration {
        Some(index) => {
            let values = &schema.enums[index].values;
            values.iter().find(|value| value.name == *text).map(|value| value.number.into())
        }
        None if field.kind == FieldType::Bool => Some((text == "true").into()),
        None => text.parse().ok(),
    }
}

/// Returns whether `field` can have the absent_default of `of`, a field of schema `from`.
pub(super) fn allows_default_of(
    schema: &SchemaModel,
    field: &FieldModel,
    from: &SchemaModel,
    of: &FieldModel,
) -> bool {
    let a = &field.annotations;
    let text = &of.annotations.absent_default;
    if field.is_integer() {
        // An enum of another version can have the name on another number.
        let number = default_number(from, of);
        let missing = number == Some(0) && a.required && field.presence == Presence::Implicit;
        return !missing && number.is_some_and(|n| ValueSet::of(schema, field).contains(n));
    }
    if field.is_number() {
        return text.parse::<f64>().is_ok_and(|number| {
            a.min.map_or(true, |min| number >= min as f64)
                && a.max.map_or(true, |max| number <= max as f64)
        });
    }
    a.max_len.map_or(true, |max| text.len() as u64 <= max)
}
