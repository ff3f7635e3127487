// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Values are matched by name first, then by number: a number can be taken over
// by another value, a name cannot without lint noticing.

#include "devstate/compat/enum_mapping.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compat/conditions.h"
#include "devstate/compat/field_mapping.h"
#include "devstate/compat/mapping.h"
#include "devstate/compat/schema_pair.h"

namespace devstate {
namespace {

std::string ValueText(const EnumValueModel& value) {
  return absl::StrCat(value.name, " (", value.number, ")");
}

// The length of what all names start with, up to and with an underscore.
size_t CommonPrefix(const EnumModel& enumeration) {
  if (enumeration.values.size() < 2) return 0;
  std::string prefix = enumeration.values[0].name;
  for (const EnumValueModel& value : enumeration.values) {
    size_t same = 0;
    while (same < prefix.size() && same < value.name.size() &&
           prefix[same] == value.name[same]) {
      ++same;
    }
    prefix.resize(same);
  }
  const size_t end = prefix.rfind('_');
  return end == std::string::npos ? 0 : end + 1;
}

class EnumMapper {
 public:
  EnumMapper(const SchemaPair& pair, FieldMapping* mapping)
      : pair_(pair),
        mapping_(*mapping),
        w_(*mapping->written->enumeration),
        r_(*mapping->read->enumeration),
        w_prefix_(CommonPrefix(w_)),
        r_prefix_(CommonPrefix(r_)) {}

  void Run() {
    for (const EnumValueModel& value : w_.values) MapValue(value);
    // An alias that the reader has on this number decides for all of them.
    for (const int number : kept_) {
      mapping_.enums.renumbered.erase(number);
      mapping_.enums.unknown.erase(number);
    }
    AddRenamed();
    AddUnknown();
  }

 private:
  void MapValue(const EnumValueModel& value) {
    if (const EnumValueModel* same_name = r_.FindName(value.name)) {
      if (same_name->number == value.number) {
        Keep(value, *same_name);
      } else {
        Renumber(value, *same_name);
      }
      return;
    }
    const EnumValueModel* same_number = r_.FindNumber(value.number);
    const EnumValueModel* other =
        same_number == nullptr ? nullptr : w_.FindName(same_number->name);
    if (same_number == nullptr ||
        (other != nullptr && other->number != value.number)) {
      // Free, or taken by a value that the writer has on another number.
      mapping_.enums.unknown.insert(value.number);
    } else if (other == nullptr) {
      // Maybe only the type's name in front has changed.
      if (value.number != 0 && SameWithoutPrefix(value, *same_number)) {
        ++common_;
      }
      renamed_.emplace_back(&value, same_number);
    }
  }

  void Keep(const EnumValueModel& value, const EnumValueModel& same) {
    kept_.insert(value.number);
    // Zero is often spelled in another way only.
    if (value.number != 0) ++common_;
    if (pair_.lineage == nullptr) return;
    const auto gap = pair_.lineage->EnumValueGap(
        pair_.OlderAndNewer(w_, r_).second->full_name, value.number,
        pair_.older_version(), pair_.newer_version());
    if (!gap.has_value()) return;
    Add(rules::kEnumValueReused, VERDICT_LEVEL_REFUSED, ValueText(value),
        ValueText(same),
        absl::StrCat("the number was free in version ", *gap,
                     ", so that this is another value: give it a number that "
                     "was never used"));
  }

  void Renumber(const EnumValueModel& value, const EnumValueModel& same) {
    const auto [older, newer] = pair_.OlderAndNewer(value, same);
    if (DeclaresFormerNumber(*newer, older->number)) {
      if (value.number != 0) ++common_;
      mapping_.enums.renumbered[value.number] = same.number;
      Add(rules::kEnumValueRenumbered, VERDICT_LEVEL_CONVERTED,
          ValueText(value), ValueText(same), "the other number is declared");
      return;
    }
    Add(rules::kEnumValueRenumbered, VERDICT_LEVEL_REFUSED, ValueText(value),
        ValueText(same),
        absl::StrCat(value.name,
                     " has another number, and its old one means something "
                     "else or nothing: keep numbers, or declare "
                     "renumbered_from: ",
                     older->number));
  }

  bool SameWithoutPrefix(const EnumValueModel& written,
                         const EnumValueModel& read) const {
    return written.name.substr(w_prefix_) == read.name.substr(r_prefix_);
  }

  void AddRenamed() {
    const auto replaced = std::count_if(
        renamed_.begin(), renamed_.end(), [this](const auto& values) {
          return values.first->number != 0 &&
                 !SameWithoutPrefix(*values.first, *values.second);
        });
    if (replaced >= 2 && common_ == 0) {
      Add(rules::kEnumReplaced, VERDICT_LEVEL_REFUSED, w_.full_name,
          r_.full_name,
          "the same numbers stand for other values: keep the enum and add "
          "another field on a new number");
      return;
    }
    for (const auto& [written, read] : renamed_) {
      Add(rules::kEnumValueRenamed, VERDICT_LEVEL_COMPATIBLE,
          ValueText(*written), ValueText(*read),
          "the number is what travels; see that it still means the same");
    }
  }

  void AddUnknown() {
    std::vector<std::string> names;
    for (const EnumValueModel& value : w_.values) {
      if (mapping_.enums.unknown.count(value.number) != 0) {
        names.push_back(ValueText(value));
      }
    }
    if (names.empty()) return;
    const std::string list = absl::StrJoin(names, ", ");
    Add(rules::kEnumValueUnknown, VERDICT_LEVEL_CONDITIONAL, list, "",
        "enums are closed, the reader refuses a value that it does not know: "
        "do not use the value before every reader knows it",
        ValueCondition(
            mapping_.message->place, *mapping_.written,
            absl::StrCat(names.size() == 1 ? "is not " : "is none of ", list)));
  }

  void Add(const Rule& rule, VerdictLevel level, std::string written,
           std::string read, std::string text, std::string condition = "") {
    mapping_.differences.push_back({&rule, level, std::move(written),
                                    std::move(read), std::move(text),
                                    std::move(condition), ""});
  }

  const SchemaPair& pair_;
  FieldMapping& mapping_;
  const EnumModel& w_;
  const EnumModel& r_;
  const size_t w_prefix_;
  const size_t r_prefix_;
  // Numbers that both have for one name.
  std::set<int> kept_;
  // Values other than zero that both have.
  int common_ = 0;
  // Other names of one number, the writer's first.
  std::vector<std::pair<const EnumValueModel*, const EnumValueModel*>> renamed_;
};

}  // namespace

bool DeclaresFormerNumber(const EnumValueModel& newer, int number) {
  return std::find(newer.renumbered_from.begin(), newer.renumbered_from.end(),
                   number) != newer.renumbered_from.end();
}

void MapEnums(const SchemaPair& pair, FieldMapping* mapping) {
  EnumMapper(pair, mapping).Run();
}

}  // namespace devstate
