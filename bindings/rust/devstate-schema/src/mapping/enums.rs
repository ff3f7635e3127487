// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Values of enums are matched by name first, then by number: a number can be taken over by
//! another value, a name cannot without lint noticing.

use std::collections::BTreeSet;

use devstate::{rules, Level};

use super::{remark, EnumMap, Remark};
use crate::model::{EnumModel, EnumValue};

/// Maps the values of `written`. What there is to say of them is added to `remarks`.
/// `gap` returns the version between the two in which a number of the enum was free.
pub(super) fn map(
    written: &EnumModel,
    read: &EnumModel,
    upgrade: bool,
    gap: &dyn Fn(i32) -> Option<u32>,
    remarks: &mut Vec<Remark>,
) -> EnumMap {
    let mut mapper = Mapper {
        written,
        read,
        upgrade,
        gap,
        prefixes: (common_prefix(written), common_prefix(read)),
        map: EnumMap::default(),
        kept: BTreeSet::new(),
        common: 0,
        renamed: Vec::new(),
        remarks,
    };
    written.values.iter().for_each(|value| mapper.value(value));
    // An alias that the reader has on this number decides for all of them.
    for number in &mapper.kept {
        mapper.map.renumbered.remove(number);
        mapper.map.unknown.remove(number);
    }
    mapper.add_renamed();
    mapper.add_unknown();
    mapper.map
}

fn named<'e>(of: &'e EnumModel, name: &str) -> Option<&'e EnumValue> {
    of.values.iter().find(|value| value.name == name)
}

fn text_of(value: &EnumValue) -> String {
    format!("{} ({})", value.name, value.number)
}

/// Returns the length of what all names start with, up to and with an underscore.
fn common_prefix(of: &EnumModel) -> usize {
    let Some((first, rest)) = of.values.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return 0;
    };
    let same = |a: &[u8], b: &[u8]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let prefix = rest.iter().fold(first.name.as_bytes(), |prefix, value| {
        &prefix[..same(prefix, value.name.as_bytes())]
    });
    prefix.iter().rposition(|&byte| byte == b'_').map_or(0, |end| end + 1)
}

struct Mapper<'e, 'r> {
    written: &'e EnumModel,
    read: &'e EnumModel,
    upgrade: bool,
    gap: &'r dyn Fn(i32) -> Option<u32>,
    prefixes: (usize, usize),
    map: EnumMap,
    /// Numbers that both have for one name.
    kept: BTreeSet<i32>,
    /// Values other than zero that both have.
    common: u32,
    /// Other names of one number, the writer's first.
    renamed: Vec<(&'e EnumValue, &'e EnumValue)>,
    remarks: &'r mut Vec<Remark>,
}

impl<'e> Mapper<'e, '_> {
    fn value(&mut self, value: &'e EnumValue) {
        if let Some(same) = named(self.read, &value.name) {
            if same.number == value.number {
                self.kept.insert(value.number);
                // Zero is often spelled in another way only.
                self.common += u32::from(value.number != 0);
                if let Some(gap) = (self.gap)(value.number) {
                    let text = format!(
                        "the number was free in version {gap}, so that this is another value: \
                         give it a number that was never used"
                    );
                    let (rule, level) = (rules::ENUM_VALUE_REUSED, Level::Refused);
                    self.remarks.push(remark(rule, level, text_of(value), text_of(same), text));
                }
            } else {
                self.renumber(value, same);
            }
            return;
        }
        let same = self.read.values.iter().find(|other| other.number == value.number);
        let other = same.and_then(|same| named(self.written, &same.name));
        match (same, other) {
            // Maybe only the type's name in front has changed.
            (Some(same), None) => {
                let alike = value.number != 0 && self.alike(value, same);
                self.common += u32::from(alike);
                self.renamed.push((value, same));
            }
            (Some(_), Some(other)) if other.number == value.number => {}
            // Free, or taken by a value that the writer has on another number.
            _ => {
                self.map.unknown.insert(value.number);
            }
        }
    }

    fn renumber(&mut self, value: &EnumValue, same: &EnumValue) {
        let (older, newer) = if self.upgrade { (value, same) } else { (same, value) };
        if newer.renumbered_from.contains(&older.number.into()) {
            self.common += u32::from(value.number != 0);
            self.map.renumbered.insert(value.number, same.number);
        }
        let (level, text) = if self.map.renumbered.contains_key(&value.number) {
            (Level::Converted, "the other number is declared".to_owned())
        } else {
            let text = format!(
                "{} has another number, and its old one means something else or nothing: keep \
                 numbers, or declare renumbered_from: {}",
                value.name, older.number
            );
            (Level::Refused, text)
        };
        let rule = rules::ENUM_VALUE_RENUMBERED;
        self.remarks.push(remark(rule, level, text_of(value), text_of(same), text));
    }

    /// Whether the names are the same without what all names of their enums start with.
    fn alike(&self, written: &EnumValue, read: &EnumValue) -> bool {
        written.name[self.prefixes.0..] == read.name[self.prefixes.1..]
    }

    fn add_renamed(&mut self) {
        let replaced =
            self.renamed.iter().filter(|(w, r)| w.number != 0 && !self.alike(w, r)).count();
        if replaced >= 2 && self.common == 0 {
            self.remarks.push(remark(
                rules::ENUM_REPLACED,
                Level::Refused,
                &self.written.full_name,
                &self.read.full_name,
                "the same numbers stand for other values: keep the enum and add another field on \
                 a new number",
            ));
            return;
        }
        for (written, read) in &self.renamed {
            self.remarks.push(remark(
                rules::ENUM_VALUE_RENAMED,
                Level::Compatible,
                text_of(written),
                text_of(read),
                "the number is what travels; see that it still means the same",
            ));
        }
    }

    fn add_unknown(&mut self) {
        let unknown = |value: &&EnumValue| self.map.unknown.contains(&value.number);
        let names: Vec<String> = self.written.values.iter().filter(unknown).map(text_of).collect();
        if names.is_empty() {
            return;
        }
        self.remarks.push(remark(
            rules::ENUM_VALUE_UNKNOWN,
            Level::Conditional,
            names.join(", "),
            "",
            "enums are closed, the reader refuses a value that it does not know: do not use the \
             value before every reader knows it",
        ));
    }
}
