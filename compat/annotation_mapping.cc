// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One function for each annotation that decides, in the order of options.proto:
// together they are the table of what another value of an annotation means.

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compat/conditions.h"
#include "compat/value_mapping.h"
#include "devstate/compat/absent_value.h"
#include "devstate/compat/mapping.h"
#include "devstate/compat/unit_scale.h"
#include "devstate/compat/unit_suffix.h"

namespace devstate {
namespace {

using AbsentValue = FieldMapping::AbsentValue;

constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();

std::string OrNone(const std::string& text) {
  return text.empty() ? "none" : text;
}

template <typename Value>
std::string Text(absl::string_view name, const Value& value) {
  return absl::StrCat(name, ": ", value);
}
std::string Text(absl::string_view name, bool value) {
  return absl::StrCat(name, ": ", value ? "true" : "false");
}

class AnnotationMapper {
 public:
  explicit AnnotationMapper(FieldMapping* mapping)
      : mapping_(*mapping),
        place_(mapping->message->place),
        written_(*mapping->written),
        read_(*mapping->read),
        w_(written_.annotations),
        r_(read_.annotations) {}

  void Run(const SchemaPair& pair) {
    CompareMeaning();
    stopped_ = HasStopped(*pair.writer, written_);
    CompareDefaults(pair);
    CompareRequired();
    if (stopped_) AddStopped();
    CompareOwner();
    CompareFeature();
    if (w_.ignorable() != r_.ignorable()) {
      mapping_.Add(rules::kAnnotationChanged, VERDICT_LEVEL_COMPATIBLE,
          Text("ignorable", w_.ignorable()), Text("ignorable", r_.ignorable()),
          "readers without the field now treat it in another way");
    }
    if (w_.external() != r_.external()) {
      mapping_.Add(rules::kAnnotationChanged, VERDICT_LEVEL_COMPATIBLE,
          External_Name(w_.external()), External_Name(r_.external()),
          "what must exist outside of the state has changed");
    }
  }

  void CompareMeaning() {
    CompareUnit();
    CompareWord(rules::kEncodingChanged, "encoding", w_.encoding(),
                r_.encoding());
    if (w_.meaning_rev() != r_.meaning_rev()) {
      mapping_.Add(rules::kMeaningChanged, VERDICT_LEVEL_REFUSED,
          Text("meaning_rev", w_.meaning_rev()),
          Text("meaning_rev", r_.meaning_rev()),
          "the value means something else: a conversion step is needed, or "
          "another field on a new number");
    }
    if (w_.unit().empty() || r_.unit().empty()) {
      const absl::string_view before = UnitSuffix(written_.name);
      const absl::string_view after = UnitSuffix(read_.name);
      if (!before.empty() && !after.empty() && before != after) {
        mapping_.Add(rules::kUnitChanged, VERDICT_LEVEL_REFUSED, written_.name,
            read_.name,
            "the name says another unit: a conversion step is needed, or "
            "another field on a new number");
      }
    }
  }

 private:
  void CompareUnit() {
    mapping_.scale = ScaleBetween(written_, read_);
    const absl::optional<UnitScale>& scale = mapping_.scale;
    if (!scale.has_value()) {
      CompareWord(rules::kUnitChanged, "unit", w_.unit(), r_.unit());
      return;
    }
    const bool whole = scale->divisor == 1;
    mapping_.Add(rules::kUnitScaled,
        whole ? VERDICT_LEVEL_CONVERTED : VERDICT_LEVEL_CONDITIONAL,
        Text("unit", w_.unit()), Text("unit", r_.unit()),
        whole ? absl::StrCat("the value is multiplied by ", scale->multiplier)
              : absl::StrCat("the value is divided by ", scale->divisor,
                             " if that leaves no rest"),
        whole ? ""
              : ValueCondition(
                    place_, written_,
                    absl::StrCat("is a multiple of ", scale->divisor)));
  }

  void CompareWord(const Rule& rule, absl::string_view name,
                   const std::string& written, const std::string& read) {
    if (written == read) return;
    if (written.empty() || read.empty()) {
      mapping_.Add(rules::kAnnotationChanged, VERDICT_LEVEL_COMPATIBLE,
          Text(name, OrNone(written)), Text(name, OrNone(read)),
          absl::StrCat("only one of the two declares its ", name));
      return;
    }
    mapping_.Add(rule, VERDICT_LEVEL_REFUSED, Text(name, written), Text(name, read),
        absl::StrCat("the value would be taken in another ", name,
                     ": a conversion step is needed, or another field on a "
                     "new number"));
  }

  // What an absent value means is up to the writer: each side's default is its
  // own.
  void CompareDefaults(const SchemaPair& pair) {
    const bool same = w_.absent_default() == r_.absent_default();
    if (same && w_.absent_default().empty()) return;
    // Where nothing can be absent, no default counts. A member of a oneof is
    // absent because another one is present.
    if (w_.required() || stopped_ || written_.presence != Presence::kExplicit ||
        read_.presence != Presence::kExplicit || !written_.oneof.empty() ||
        !read_.oneof.empty()) {
      if (!same) {
        mapping_.Add(rules::kAbsentDefaultChanged, VERDICT_LEVEL_DEFAULTED,
            w_.absent_default(), r_.absent_default(),
            "states from before the field are completed with another value");
      }
      return;
    }
    if (w_.absent_default().empty()) {
      CompleteWithReadersDefault(pair);
    } else if (!same || r_.required() || mapping_.scale.has_value()) {
      WriteDefault();
    }
  }

  void CompleteWithReadersDefault(const SchemaPair& pair) {
    if (pair.upgrade() && r_.since() > pair.writer->version() &&
        AllowsDefaultOf(read_, read_)) {
      mapping_.absent = AbsentValue::kReadersDefault;
      mapping_.Add(rules::kFieldDefaulted, VERDICT_LEVEL_DEFAULTED, "",
          r_.absent_default(),
          "states without the field are completed with absent_default");
      return;
    }
    NeedPresent(
        "the reader takes an absent value for its absent_default, and "
        "the writer does not say what it means: declare the same "
        "absent_default on both sides");
  }

  void WriteDefault() {
    if (mapping_.scale.has_value() || !AllowsDefaultOf(read_, written_)) {
      NeedPresent(
          "an absent value means the writer's absent_default, which "
          "the reader cannot have: declare the same absent_default on "
          "both sides");
      return;
    }
    mapping_.absent = AbsentValue::kWritersDefault;
    mapping_.Add(rules::kAbsentDefaultChanged, VERDICT_LEVEL_CONVERTED,
        w_.absent_default(), r_.absent_default(),
        absl::StrCat("an absent value means ", w_.absent_default(),
                     " to the writer and is written out"));
  }

  void NeedPresent(std::string text) {
    mapping_.count = {&rules::kAbsentDefaultChanged, 1, kAny, "is present",
                      "a value"};
    mapping_.Add(rules::kAbsentDefaultChanged, VERDICT_LEVEL_CONDITIONAL,
        w_.absent_default(), r_.absent_default(), std::move(text),
        FieldCondition(place_, written_, mapping_.count->predicate));
  }

  // The reader's own required decides about a state.
  void CompareRequired() {
    // AddStopped() says it.
    if (stopped_ || mapping_.absent != AbsentValue::kAbsent) return;
    // A message that is made for its parts can be without the field.
    const bool carried = mapping_.action == FieldMapping::kMove &&
                         place_.optional &&
                         (r_.required() || !CanBeAbsent(read_));
    if (!carried &&
        (!r_.required() || w_.required() || !CanBeAbsent(written_))) {
      return;
    }
    const char* predicate =
        written_.presence == Presence::kImplicit   ? "is not zero or empty"
        : written_.presence == Presence::kExplicit ? "is present"
                                                   : "has an element";
    mapping_.Add(rules::kRequiredMissing, VERDICT_LEVEL_CONDITIONAL, "", "required",
        "the reader needs what the writer can leave out: give it an "
        "absent_default, or do not require it",
        FieldCondition(place_, written_, predicate));
  }

  void AddStopped() {
    const bool refused = !CanBeAbsent(read_);
    mapping_.Add(rules::kNoLongerWritten,
        refused ? VERDICT_LEVEL_REFUSED : VERDICT_LEVEL_DEFAULTED,
        Text("write_until", w_.write_until()), refused ? "required" : "",
        refused ? "the reader needs what the writer has stopped to fill: write "
                  "the field for as long as such readers are supported"
                : "the writer has stopped to fill the field, the reader takes "
                  "its default");
  }

  void CompareOwner() {
    if (w_.owner() == r_.owner()) return;
    const bool portable = w_.owner().empty() || r_.owner().empty();
    mapping_.Add(rules::kOwnerChanged,
        portable ? VERDICT_LEVEL_COMPATIBLE : VERDICT_LEVEL_REFUSED,
        Text("owner", OrNone(w_.owner())), Text("owner", OrNone(r_.owner())),
        portable ? "one of the two calls the field private"
                 : "two implementations use one number for fields of their "
                   "own: give each its own numbers");
  }

  void CompareFeature() {
    if (w_.feature() == r_.feature()) return;
    if (r_.feature().empty()) {
      mapping_.Add(rules::kFeatureChanged, VERDICT_LEVEL_COMPATIBLE,
          Text("feature", w_.feature()), "",
          "the reader takes the field with and without the feature");
      return;
    }
    mapping_.feature_changed = true;
    mapping_.Add(rules::kFeatureChanged, VERDICT_LEVEL_CONDITIONAL,
        Text("feature", OrNone(w_.feature())), Text("feature", r_.feature()),
        absl::StrCat("the reader takes the field only in states that use the "
                     "feature ",
                     r_.feature(), ", which the writer does not say"),
        AbsenceCondition(place_, written_));
  }

  FieldMapping& mapping_;
  const MessagePlace& place_;
  const FieldModel& written_;
  const FieldModel& read_;
  const FieldAnnotations& w_;
  const FieldAnnotations& r_;
  bool stopped_ = false;
};

}  // namespace

void MapAnnotations(const SchemaPair& pair, FieldMapping* mapping) {
  AnnotationMapper(mapping).Run(pair);
}

void MapMeaning(FieldMapping* mapping) {
  AnnotationMapper(mapping).CompareMeaning();
}

bool MapValues(const SchemaPair& pair, FieldMapping* mapping) {
  MapAnnotations(pair, mapping);
  if (!MapTypes(mapping)) return false;
  MapBounds(mapping);
  if (mapping->written->enumeration != nullptr &&
      mapping->read->enumeration != nullptr) {
    MapEnums(pair, mapping);
  }
  return true;
}

}  // namespace devstate
