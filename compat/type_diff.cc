// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/diff_context.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using Presence = FieldModel::Presence;

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

// Compares cardinalities; false if nothing can be read.
class CardinalityDiff {
 public:
  CardinalityDiff(const MessagePlace& place, const FieldModel& written,
                  const FieldModel& read, DiffContext* context)
      : place_(place), written_(written), read_(read), context_(*context) {}

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
        Add("presence-changed", CONVERTED,
            "a zero, which was not written, arrives as a value");
        return true;
      case Presence::kRepeated:
        if (place_.columns) {
          return Refuse("a column of a repeated field has another layout");
        }
        return Require("cardinality-changed", "is not zero",
                       "a zero, which is not written, would arrive as no "
                       "element");
      default:
        return Refuse("a map cannot be read from a single value");
    }
  }

  bool FromExplicit() {
    switch (read_.presence) {
      case Presence::kImplicit:
        return Require("presence-changed", "is present",
                       "an absent value would be taken for zero");
      case Presence::kRepeated:
        Add("cardinality-changed", CONVERTED, "arrives as at most one element");
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
        return Require("cardinality-changed", "has exactly one element",
                       "of several elements only one would arrive");
      case Presence::kExplicit:
        if (!place_.columns && IsPackable(written_)) {
          return Require("cardinality-changed", "has no element",
                         "packed elements cannot be read as a single value");
        }
        return Require("cardinality-changed", "has at most one element",
                       "of several elements only one would arrive");
      default:
        if (written_.message == nullptr) {
          return Refuse("a map is written as messages");
        }
        return Require("map-keys-repeated", "has no two elements of one key",
                       "a map keeps one entry of each key");
    }
  }

  bool FromMap() {
    if (read_.presence == Presence::kRepeated && read_.message != nullptr) {
      Add("cardinality-changed", CONVERTED,
          "the entries of the map arrive as messages");
      return true;
    }
    return Refuse("a map is written as messages");
  }

  void Add(absl::string_view rule, VerdictLevel level, std::string text,
           std::string condition = "") {
    context_.Add(rule, level, context_.Path(place_, written_, read_),
                 written_.type_text, read_.type_text, std::move(text),
                 std::move(condition));
  }

  bool Refuse(absl::string_view why,
              absl::string_view rule = "cardinality-changed") {
    Add(rule, REFUSED,
        absl::StrCat(why, ": keep the field and add another on a new number"));
    return false;
  }

  bool Require(absl::string_view rule, absl::string_view predicate,
               absl::string_view why) {
    Add(rule, CONDITIONAL,
        absl::StrCat(why, ": add another field on a new number instead"),
        FieldCondition(place_, written_, predicate));
    return true;
  }

  const MessagePlace& place_;
  const FieldModel& written_;
  const FieldModel& read_;
  DiffContext& context_;
};

}  // namespace

bool CompareTypes(const MessagePlace& place, const FieldModel& written,
                  const FieldModel& read, DiffContext* context) {
  const auto add = [&](absl::string_view rule, VerdictLevel level,
                       absl::string_view text, std::string condition = "") {
    context->Add(rule, level, context->Path(place, written, read),
                 written.type_text, read.type_text, std::string(text),
                 std::move(condition));
  };
  const Wire wire = WireOf(written);
  const bool same_wire = wire == WireOf(read);
  const bool integers = IsInteger(written) && IsInteger(read);
  const bool same_column = place.columns && integers &&
                           IsUnsignedColumn(written) == IsUnsignedColumn(read);
  if (!same_wire && !same_column) {
    add("wire-type-changed", REFUSED,
        "the value is written in another way and would be misread or lost: "
        "keep the field and add another on a new number");
    return false;
  }
  if (!CardinalityDiff(place, written, read, context).Run()) return false;
  if (written.type == read.type) return true;
  if (wire == Wire::kText) {
    if (read.type == FieldDescriptor::TYPE_STRING) {
      add("not-utf8", CONDITIONAL, "a string holds UTF-8 only: keep bytes",
          ValueCondition(place, written, "is valid UTF-8"));
    } else {
      add("type-widened", CONVERTED, "the text arrives as bytes");
    }
    return true;
  }
  if (written.enumeration == nullptr || read.enumeration == nullptr) {
    if (Predicate(ValuesOf(written), ValuesOfType(read)).empty()) {
      add("type-widened",
          IsPlainInteger(written) && IsPlainInteger(read) ? COMPATIBLE
                                                          : CONVERTED,
          "every value fits the reader's type");
    }
  }
  return true;
}

}  // namespace devstate
