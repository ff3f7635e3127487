// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Where a field of the reader comes from.

use devstate::schema::Presence;
use devstate::{rules, Finding, Level};

use super::message::{can_fall_back, partner_of, Mapper, Place};
use super::values::{allows_default_of, default_number};
use super::{can_be_absent, remark, text_of, Remark, Source, SourceMap};
use crate::model::FieldModel;
use crate::moves::join;
use crate::value_set::ValueSet;

impl<'s> Mapper<'s> {
    /// Maps a field of the reader that the writer does not have by its number. `renumbered` says
    /// that it has it on another one.
    pub fn read(&mut self, place: &Place<'s>, read: &'s FieldModel, renumbered: bool) -> SourceMap {
        let mut map = SourceMap { read: read.number, source: Source::None, is_zero: false };
        // What fills it, or refuses it, says so already.
        if self.moves.is_filled(&join(&place.reader_path, &read.name)) {
            return map;
        }
        let mut remarks = Vec::new();
        if let Some(written) = self.source_of_fallback(place, read, &mut remarks) {
            map.source = Source::Fallback(written.number);
        } else if !renumbered {
            map = self.absent(place, read, &mut remarks);
        }
        let path = join(&place.path, &read.name);
        if let Source::Lost(finding) = &mut map.source {
            (finding.path, finding.field_number) = (path.clone(), read.number);
        }
        for remark in remarks {
            self.add(&path, read.number, remark);
        }
        map
    }

    fn source_of_fallback(
        &self,
        place: &Place<'s>,
        read: &FieldModel,
        remarks: &mut Vec<Remark>,
    ) -> Option<&'s FieldModel> {
        let partner = partner_of(place.reader?, read)?;
        let written = place.writer.field(partner.number)?;
        if !self.is_same(place, written, partner) || !can_fall_back(written, read) {
            return None;
        }
        // What does not fit a narrower field is in the wider one, which the reader has as well:
        // then only the bounds of the narrower one count.
        let narrower = !read.annotations.fallback_for.is_empty();
        let of_read = ValueSet::of(self.reader, read);
        let all = (narrower && ValueSet::of_type(self.reader, read).is_within(&of_read))
            || ValueSet::of(self.writer, written).is_within(&of_read);
        let level = if all { Level::Converted } else { Level::Conditional };
        let text = format!("the value is taken from {}", written.name);
        remarks.push(remark(rules::FALLBACK_FIELD, level, text_of(written), text_of(read), text));
        if read.annotations.required && (narrower || !written.annotations.required) {
            remarks.push(remark(
                rules::REQUIRED_MISSING,
                Level::Conditional,
                text_of(written),
                text_of(read),
                "the reader needs what the writer can leave out: do not require it",
            ));
        }
        Some(written)
    }

    fn absent(&self, place: &Place<'_>, read: &FieldModel, remarks: &mut Vec<Remark>) -> SourceMap {
        let a = &read.annotations;
        let mut map = SourceMap { read: read.number, source: Source::None, is_zero: false };
        let mut say = |rule, level, text: String| {
            remarks.push(remark(rule, level, "", text_of(read), text));
        };
        // A default in a oneof would displace the member that is there.
        let completed = self.upgrade && read.oneof.is_empty() && !a.absent_default.is_empty();
        let absent = can_be_absent(self.reader, read);
        let tells = read.presence == Presence::Explicit
            || a.ignorable
            || !a.absent_default.is_empty()
            || !a.feature.is_empty();
        if completed && allows_default_of(self.reader, read, self.reader, read) {
            map.source = Source::Default;
            map.is_zero =
                read.presence == Presence::Implicit && default_number(self.reader, read) == Some(0);
            let text = format!("states without the field are taken to have {}", a.absent_default);
            say(rules::FIELD_DEFAULTED, Level::Defaulted, text);
        } else if a.required && a.feature.is_empty() {
            let text = "the reader needs a field that the writer does not have: give it an \
                        absent_default, keep writing it, or do not require it";
            say(rules::REQUIRED_MISSING, Level::Refused, text.into());
        } else if completed || (!absent && a.feature.is_empty()) {
            let text = format!(
                "the reader would take the absent field for {}, which its bounds do not allow",
                if completed { &a.absent_default } else { "0" }
            );
            say(rules::DEFAULT_OUT_OF_BOUNDS, Level::Refused, text);
        } else if !self.upgrade && !tells {
            let tombstone = place.writer.tombstone(read.number);
            if a.write_until != 0 || tombstone.is_some_and(|t| t.write_until != 0) {
                let text = "writers have stopped to fill the field before it went, the reader \
                            takes it for zero or empty";
                say(rules::NO_LONGER_WRITTEN, Level::Defaulted, text.into());
                return map;
            }
            let text = "the writer no longer has the field, and the reader would go on with zero \
                        or nothing in its place: load the state with a newer reader";
            map.source = Source::Lost(Finding {
                read: text_of(read),
                ..Finding::refusal(rules::LOST_CRITICAL, text)
            });
            // Elsewhere a state without the message is without a loss.
            let level = if place.is_root() { Level::Refused } else { Level::Conditional };
            say(rules::LOST_CRITICAL, level, text.into());
        } else if read.presence == Presence::Implicit {
            let text = "the reader takes the absent field for zero or empty";
            say(rules::FIELD_DEFAULTED, Level::Defaulted, text.into());
        } else {
            let text = "the reader finds the field absent";
            say(rules::FIELD_ABSENT, Level::Compatible, text.into());
        }
        map
    }
}
