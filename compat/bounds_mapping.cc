// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "compat/conditions.h"
#include "compat/value_mapping.h"
#include "devstate/compat/mapping.h"
#include "devstate/compat/unit_scale.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {


std::string BoundsText(const FieldModel& field) {
  const FieldAnnotations& annotations = field.annotations;
  std::vector<std::string> parts = {field.type_text};
  if (annotations.has_min()) {
    parts.push_back(absl::StrCat("min: ", annotations.min()));
  }
  if (annotations.has_max()) {
    parts.push_back(absl::StrCat("max: ", annotations.max()));
  }
  if (annotations.power_of_two()) parts.push_back("power_of_two");
  if (annotations.one_of_size() > 0) {
    parts.push_back(
        absl::StrCat("one_of: ", absl::StrJoin(annotations.one_of(), ", ")));
  }
  return absl::StrJoin(parts, " ");
}

std::string LimitText(absl::string_view name, absl::optional<uint64_t> limit) {
  return limit.has_value() ? absl::StrCat(name, ": ", *limit) : "";
}

// What `pieces` says, in words; empty without it.
std::string PiecesText(const FieldAnnotations& annotations) {
  if (!annotations.has_pieces()) return "";
  const Pieces& pieces = annotations.pieces();
  return absl::StrCat("pieces: ", pieces.owner(), ", ", pieces.offset(), ", ",
                      pieces.data(), " of ", pieces.of(), ".", pieces.size(),
                      " by ", pieces.id());
}

// The reader's own bounds decide about a state.
class BoundsMapper {
 public:
  explicit BoundsMapper(FieldMapping* mapping)
      : mapping_(*mapping),
        place_(mapping->message->place),
        written_(*mapping->written),
        read_(*mapping->read) {}

  void Run() {
    const FieldAnnotations& w = written_.annotations;
    const FieldAnnotations& r = read_.annotations;
    if (IsNumber(written_) && IsNumber(read_) &&
        (written_.enumeration == nullptr || read_.enumeration == nullptr)) {
      CompareValues();
    }
    CompareLimit("max_len", "bytes", w.has_max_len(), w.max_len(),
                 r.has_max_len(), r.max_len(), /*of_each=*/true);
    CompareLimit("max_items", "elements", w.has_max_items(), w.max_items(),
                 r.has_max_items(), r.max_items(), /*of_each=*/false);
    CompareUnique();
    ComparePieces();
  }

 private:
  void CompareValues() {
    const absl::optional<UnitScale>& scale = mapping_.scale;
    const auto in_writers_unit = [&scale](const ValueSet& values) {
      return scale.has_value() ? InWritersUnit(values, *scale) : values;
    };
    const ValueSet written = ValuesOf(written_);
    const ValueSet read = in_writers_unit(ValuesOf(read_));
    const std::string predicate = Predicate(written, read);
    if (predicate.empty()) {
      if (!Predicate(read, written).empty() && written_.type == read_.type) {
        mapping_.Add(rules::kBoundWidened, VERDICT_LEVEL_COMPATIBLE,
            BoundsText(written_), BoundsText(read_),
            "the reader allows more than the writer has");
      }
      return;
    }
    const bool by_type =
        !Predicate(written, in_writers_unit(ValuesOfType(read_))).empty();
    const Rule& rule = by_type ? rules::kValueMayNotFit : rules::kBoundNarrowed;
    if (written_.presence == Presence::kImplicit && Disjoint(written, read)) {
      mapping_.Add(rule, VERDICT_LEVEL_REFUSED, BoundsText(written_), BoundsText(read_),
          "no value of the writer is one for the reader: keep the bounds");
      return;
    }
    mapping_.Add(rule, VERDICT_LEVEL_CONDITIONAL, BoundsText(written_),
        BoundsText(read_),
        by_type ? "the reader's type does not hold every value: keep the type, "
                  "or give the field bounds that fit both"
                : "the reader refuses values that the writer allows: widen the "
                  "bounds, or have both sides allow the same",
        ValueCondition(place_, written_, predicate));
  }

  void CompareLimit(absl::string_view name, absl::string_view unit,
                    bool has_written, uint64_t written, bool has_read,
                    uint64_t read, bool of_each) {
    if (!has_read || (has_written && written <= read)) {
      if (has_written && (!has_read || written < read)) {
        mapping_.Add(rules::kBoundWidened, VERDICT_LEVEL_COMPATIBLE,
            LimitText(name, written), has_read ? LimitText(name, read) : "",
            "the reader allows more than the writer has");
      }
      return;
    }
    const std::string predicate = absl::StrCat("has at most ", read, " ", unit);
    mapping_.Add(rules::kBoundNarrowed, VERDICT_LEVEL_CONDITIONAL,
        has_written ? LimitText(name, written) : "", LimitText(name, read),
        absl::StrCat("the reader refuses more than ", read, " ", unit,
                     ": raise its ", name),
        of_each ? ValueCondition(place_, written_, predicate)
                : FieldCondition(place_, written_, predicate));
  }

  void CompareUnique() {
    const auto& w = written_.annotations.unique_by();
    const auto& r = read_.annotations.unique_by();
    const std::string written = absl::StrJoin(w, ", ");
    const std::string read = absl::StrJoin(r, ", ");
    if (written == read) return;
    // What is unique by some fields is unique by more of them.
    const bool implied =
        !w.empty() && std::all_of(w.begin(), w.end(), [&](const auto& name) {
          return std::find(r.begin(), r.end(), name) != r.end();
        });
    if (r.empty() || implied) {
      mapping_.Add(rules::kBoundWidened, VERDICT_LEVEL_COMPATIBLE,
          absl::StrCat("unique_by: ", written),
          absl::StrCat("unique_by: ", read),
          "the reader allows more than the writer has");
      return;
    }
    mapping_.Add(rules::kBoundNarrowed, VERDICT_LEVEL_CONDITIONAL,
        absl::StrCat("unique_by: ", written), absl::StrCat("unique_by: ", read),
        "the reader refuses duplicates that the writer allows",
        FieldCondition(
            place_, written_,
            absl::StrCat("has no two elements with the same ", read)));
  }

  void ComparePieces() {
    const std::string written = PiecesText(written_.annotations);
    const std::string read = PiecesText(read_.annotations);
    if (written == read) return;
    if (read.empty()) {
      mapping_.Add(rules::kBoundWidened, VERDICT_LEVEL_COMPATIBLE, written, "",
          "the reader allows more than the writer has");
      return;
    }
    mapping_.Add(rules::kBoundNarrowed, VERDICT_LEVEL_CONDITIONAL, written,
        read, "the reader refuses pieces that the writer allows",
        FieldCondition(place_, written_,
                       absl::StrCat("has all pieces of the values of ",
                                    read_.annotations.pieces().of())));
  }

  FieldMapping& mapping_;
  const MessagePlace& place_;
  const FieldModel& written_;
  const FieldModel& read_;
};

}  // namespace

void MapBounds(FieldMapping* mapping) { BoundsMapper(mapping).Run(); }

}  // namespace devstate
