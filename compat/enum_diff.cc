// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "compat/diff_context.h"

namespace devstate {
namespace {

std::string ValueText(const EnumValueModel& value) {
  return absl::StrCat(value.name, " (", value.number, ")");
}

// What all names start with, up to and with an underscore.
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

}  // namespace

void CompareEnums(const MessagePlace& place, const FieldModel& written,
                  const FieldModel& read, DiffContext* context) {
  const EnumModel& w = *written.enumeration;
  const EnumModel& r = *read.enumeration;
  const std::string path = context->Path(place, written, read);
  const size_t w_prefix = CommonPrefix(w);
  const size_t r_prefix = CommonPrefix(r);
  std::vector<std::string> unknown;
  // Values other than zero, which is often spelled in another way only.
  int common = 0;
  std::vector<std::pair<const EnumValueModel*, const EnumValueModel*>> renamed;
  for (const EnumValueModel& value : w.values) {
    const EnumValueModel* same_name = r.FindName(value.name);
    if (same_name != nullptr) {
      if (same_name->number != value.number) {
        context->Add("enum-value-renumbered", REFUSED, path, ValueText(value),
                     ValueText(*same_name),
                     absl::StrCat(value.name,
                                  " has another number, and its old one means "
                                  "something else or nothing: keep numbers"));
        continue;
      }
      if (value.number != 0) ++common;
      if (context->lineage != nullptr) {
        const auto [older, newer] = context->OldAndNew(w, r);
        const auto gap = context->lineage->EnumValueGap(
            newer->full_name, value.number, context->old_version(),
            context->new_version());
        if (gap.has_value()) {
          context->Add(
              "enum-value-reused", REFUSED, path, ValueText(value),
              ValueText(*same_name),
              absl::StrCat("the number was free in version ", *gap,
                           ", so that this is another value: give it a number "
                           "that was never used"));
        }
      }
      continue;
    }
    const EnumValueModel* same_number = r.FindNumber(value.number);
    if (same_number == nullptr) {
      unknown.push_back(ValueText(value));
    } else if (w.FindName(same_number->name) == nullptr) {
      if (value.name.substr(w_prefix) == same_number->name.substr(r_prefix)) {
        // Only the type's name in front has changed.
        if (value.number != 0) ++common;
      }
      renamed.emplace_back(&value, same_number);
    }
  }
  int replaced = 0;
  for (const auto& [before, after] : renamed) {
    if (before->number != 0 &&
        before->name.substr(w_prefix) != after->name.substr(r_prefix)) {
      ++replaced;
    }
  }
  if (replaced >= 2 && common == 0) {
    context->Add("enum-replaced", REFUSED, path, w.full_name, r.full_name,
                 "the same numbers stand for other values: keep the enum and "
                 "add another field on a new number");
  } else {
    for (const auto& [before, after] : renamed) {
      context->Add("enum-value-renamed", COMPATIBLE, path, ValueText(*before),
                   ValueText(*after),
                   "the number is what travels; see that it still means the "
                   "same");
    }
  }
  if (!unknown.empty()) {
    context->Add(
        "enum-value-unknown", CONDITIONAL, path, absl::StrJoin(unknown, ", "),
        "",
        "enums are closed, the reader refuses a value that it does not know: "
        "do not use the value before every reader knows it",
        ValueCondition(
            place, written,
            absl::StrCat(unknown.size() == 1 ? "is not " : "is none of ",
                         absl::StrJoin(unknown, ", "))));
  }
}

}  // namespace devstate
