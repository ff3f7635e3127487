// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A table in two dimensions: what a type becomes, by how protobuf writes it,
// and what a cardinality becomes. Each cell says what it means for all states
// and what a single state must have.

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compat/conditions.h"
#include "compat/value_mapping.h"
#include "devstate/compat/mapping.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;

// How protobuf writes a value.
enum class Wire {
  kVarint,
  kZigzag,
  kFixed32,
  kFixed64,
  kFloat,
  kDouble,
  kText,
  kMessage
};

Wire WireOf(const FieldModel& field) {
  switch (field.type) {
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
      return Wire::kZigzag;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return Wire::kFixed32;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return Wire::kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
      return Wire::kFloat;
    case FieldDescriptor::TYPE_DOUBLE:
      return Wire::kDouble;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
      return Wire::kText;
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return Wire::kMessage;
    default:
      return Wire::kVarint;
  }
}

// The kind of the column that an integer travels in.
bool IsUnsignedColumn(const FieldModel& field) {
  switch (field.type) {
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_BOOL:
      return true;
    default:
      return false;
  }
}

bool IsPlainInteger(const FieldModel& field) {
  return IsInteger(field) && field.type != FieldDescriptor::TYPE_BOOL &&
         field.type != FieldDescriptor::TYPE_ENUM;
}

bool IsPackable(const FieldModel& field) { return IsNumber(field); }

constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();

// Maps cardinalities. Returns false if nothing can be read.
class CardinalityMapper {
 public:
  explicit CardinalityMapper(FieldMapping* mapping)
      : mapping_(*mapping),
        place_(mapping->message->place),
        written_(*mapping->written),
        read_(*mapping->read) {}

  bool Run() {
    if (written_.presence == read_.presence) return true;
    if (place_.root() && HoldsRecords(written_) != HoldsRecords(read_)) {
      return Refuse("a repeated message of the root travels in columns");
    }
    switch (written_.presence) {
      case Presence::kImplicit:
        return FromImplicit();
      case Presence::kExplicit:
        return FromExplicit();
      case Presence::kRepeated:
        return FromRepeated();
      case Presence::kMap:
        return FromMap();
    }
    return true;
  }

 private:
  bool FromImplicit() {
    switch (read_.presence) {
      case Presence::kExplicit:
        // Of a oneof, some other member can be there.
        Add(rules::kPresenceChanged, VERDICT_LEVEL_CONVERTED,
            read_.oneof.empty()
                ? "a zero, which was not written, arrives as a value"
                : "a zero, which was not written, arrives as no member");
        return true;
      case Presence::kRepeated:
        if (place_.columns) {
          return Refuse("a column of a repeated field has another layout");
        }
        return Require({&rules::kCardinalityChanged, 1, kAny, "is not zero",
                        "a value other than zero"},
                       "a zero, which is not written, would arrive as no "
                       "element");
      default:
        return Refuse("a map cannot be read from a single value");
    }
  }

  bool FromExplicit() {
    switch (read_.presence) {
      case Presence::kImplicit:
        return Require(
            {&rules::kPresenceChanged, 1, kAny, "is present", "a value"},
            "an absent value would be taken for zero");
      case Presence::kRepeated:
        Add(rules::kCardinalityChanged, VERDICT_LEVEL_CONVERTED,
            "arrives as at most one element");
        return true;
      default:
        return Refuse("a map cannot be read from a single value");
    }
  }

  bool FromRepeated() {
    switch (read_.presence) {
      case Presence::kImplicit:
        if (place_.columns || IsPackable(written_)) {
          return Refuse("a single value is written in another way");
        }
        return Require({&rules::kCardinalityChanged, 1, 1,
                        "has exactly one element", "exactly one element"},
                       "of several elements only one would arrive");
      case Presence::kExplicit:
        if (!place_.columns && IsPackable(written_)) {
          return Require({&rules::kCardinalityChanged, 0, 0, "has no element",
                          "no element"},
                         "packed elements cannot be read as a single value");
        }
        return Require({&rules::kCardinalityChanged, 0, 1,
                        "has at most one element", "at most one element"},
                       "of several elements only one would arrive");
      default:
        if (written_.message == nullptr) {
          return Refuse("a map is written as messages");
        }
        Add(rules::kMapKeysRepeated, VERDICT_LEVEL_CONDITIONAL,
            absl::StrCat("a map keeps one entry of each key", kRemedy),
            FieldCondition(place_, written_, "has no two elements of one key"));
        return true;
    }
  }

  bool FromMap() {
    if (read_.presence == Presence::kRepeated && read_.message != nullptr) {
      Add(rules::kCardinalityChanged, VERDICT_LEVEL_CONVERTED,
          "the entries of the map arrive as messages");
      return true;
    }
    return Refuse("a map is written as messages");
  }

  void Add(const Rule& rule, VerdictLevel level, std::string text,
           std::string condition = "") {
    mapping_.differences.push_back({&rule, level, written_.type_text,
                                    read_.type_text, std::move(text),
                                    std::move(condition), ""});
  }

  bool Refuse(absl::string_view why) {
    Add(rules::kCardinalityChanged, VERDICT_LEVEL_REFUSED,
        absl::StrCat(why, ": keep the field and add another on a new number"));
    return false;
  }

  bool Require(const CountCondition& count, absl::string_view why) {
    mapping_.count = count;
    Add(*count.rule, VERDICT_LEVEL_CONDITIONAL, absl::StrCat(why, kRemedy),
        FieldCondition(place_, written_, count.predicate));
    return true;
  }

  static constexpr char kRemedy[] =
      ": add another field on a new number instead";

  FieldMapping& mapping_;
  const MessagePlace& place_;
  const FieldModel& written_;
  const FieldModel& read_;
};

}  // namespace

bool MapTypes(FieldMapping* mapping) {
  const MessagePlace& place = mapping->message->place;
  const FieldModel& written = *mapping->written;
  const FieldModel& read = *mapping->read;
  const auto add = [&](const Rule& rule, VerdictLevel level, std::string text,
                       std::string condition = "") {
    mapping->differences.push_back({&rule, level, written.type_text,
                                    read.type_text, std::move(text),
                                    std::move(condition), ""});
  };
  const Wire wire = WireOf(written);
  const bool same_wire = wire == WireOf(read);
  const bool integers = IsInteger(written) && IsInteger(read);
  const bool same_column = place.columns && integers &&
                           IsUnsignedColumn(written) == IsUnsignedColumn(read);
  if (!same_wire && !same_column) {
    add(rules::kWireTypeChanged, VERDICT_LEVEL_REFUSED,
        "the value is written in another way and would be misread or lost: "
        "keep the field and add another on a new number");
    return false;
  }
  if (!CardinalityMapper(mapping).Run()) return false;
  if (written.type == read.type) return true;
  if (wire == Wire::kText) {
    if (read.type == FieldDescriptor::TYPE_STRING) {
      add(rules::kNotUtf8, VERDICT_LEVEL_CONDITIONAL,
          "a string holds UTF-8 only: keep bytes",
          ValueCondition(place, written, "is valid UTF-8"));
    } else {
      add(rules::kTypeWidened, VERDICT_LEVEL_CONVERTED,
          "the text arrives as bytes");
    }
    return true;
  }
  if (written.enumeration == nullptr || read.enumeration == nullptr) {
    if (Predicate(ValuesOf(written), ValuesOfType(read)).empty()) {
      add(rules::kTypeWidened,
          IsPlainInteger(written) && IsPlainInteger(read)
              ? VERDICT_LEVEL_COMPATIBLE
              : VERDICT_LEVEL_CONVERTED,
          "every value fits the reader's type");
    }
  }
  return true;
}

}  // namespace devstate
