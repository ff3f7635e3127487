// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Values are drawn from a short list of edges rather than from all numbers,
// because conversions and bounds go wrong at edges. The annotations of the
// schema decide which of them may come, so that a writer may save the state.

#include "devstate/compat/gate/random_state.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/absent_value.h"
#include "devstate/compat/gate/constraints.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/pieces.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int kMaxDepth = 4;

class Filler {
 public:
  Filler(const SchemaModel& schema, std::mt19937* random)
      : schema_(schema), random_(*random) {}

  void Fill(const MessageModel& model, Message* message, int depth) {
    for (const FieldModel& field : model.fields) {
      const FieldDescriptor& descriptor =
          *message->GetDescriptor()->FindFieldByNumber(field.number);
      const bool needed = field.annotations.required() || !CanBeAbsent(field);
      if (!needed && HasStopped(schema_, field)) continue;
      // An entry without a value has one all the same.
      if (!needed && !model.map_entry && Below(2) == 0) continue;
      if (descriptor.real_containing_oneof() != nullptr &&
          message->GetReflection()->HasOneof(
              *message, descriptor.real_containing_oneof())) {
        continue;
      }
      uint64_t count = 1;
      if (descriptor.is_repeated()) {
        count = Below(7);
        if (needed && count == 0) count = 1;
        if (field.annotations.has_max_items()) {
          count = std::min(count, field.annotations.max_items());
        }
      }
      if (field.message != nullptr && depth >= kMaxDepth) continue;
      for (uint64_t i = 0; i < count; ++i) {
        FillValue(field, descriptor, needed, i, message, depth);
      }
    }
    for (const FieldModel& field : model.fields) {
      if (!field.annotations.fallback_for().empty()) FillNarrow(field, message);
    }
  }

  // Makes the pieces of a field those of its owners.
  void FillValues(const PiecesInfo& info, Message* root) {
    const FieldModel& pieces =
        *schema_.root->FindNumber(static_cast<int>(info.field));
    const FieldModel& owners =
        *schema_.root->FindNumber(static_cast<int>(info.owners_field));
    const FieldModel& id_of = owners.message->fields[info.id];
    const FieldModel& size = owners.message->fields[info.size];
    const FieldModel& data = pieces.message->fields[info.data];
    const Reflection& reflection = *root->GetReflection();
    const auto descriptor = [root](const FieldModel& field) {
      return root->GetDescriptor()->FindFieldByNumber(field.number);
    };
    reflection.ClearField(root, descriptor(pieces));
    std::set<absl::int128> seen;
    const int count = reflection.FieldSize(*root, descriptor(owners));
    for (int i = 0; i < count; ++i) {
      Message* owner =
          reflection.MutableRepeatedMessage(root, descriptor(owners), i);
      const absl::int128 id =
          GetNumber(*owner,
                    *owner->GetDescriptor()->FindFieldByNumber(id_of.number), 0)
              .integer;
      uint64_t bytes = Below(9);
      if (!seen.insert(id).second ||
          !ValuesOf(size).Contains(bytes)) {
        bytes = 0;
      }
      SetNumberOf(size, bytes, owner);
      for (uint64_t offset = 0; offset < bytes;) {
        const uint64_t length = std::min(1 + Below(bytes - offset),
                                         data.annotations.max_len());
        Message* piece = reflection.AddMessage(root, descriptor(pieces));
        Fill(*pieces.message, piece, 1);
        SetNumberOf(pieces.message->fields[info.owner], id, piece);
        SetNumberOf(pieces.message->fields[info.offset], offset, piece);
        piece->GetReflection()->SetString(
            piece, piece->GetDescriptor()->FindFieldByNumber(data.number),
            std::string(length, 'v'));
        offset += length;
      }
    }
  }

 private:
  static void SetNumberOf(const FieldModel& field, absl::int128 value,
                          Message* record) {
    Number number;
    number.integer = value;
    SetNumber(number, *record->GetDescriptor()->FindFieldByNumber(field.number),
              record);
  }

  // What a writer does that has a wider field: the narrower one has the same
  // value if it fits.
  static void FillNarrow(const FieldModel& narrow, Message* message) {
    const auto* descriptor = message->GetDescriptor();
    const FieldDescriptor* from =
        descriptor->FindFieldByName(narrow.annotations.fallback_for());
    const FieldDescriptor& to = *descriptor->FindFieldByNumber(narrow.number);
    if (from == nullptr) return;
    const Number number = GetNumber(*message, *from, 0);
    message->GetReflection()->ClearField(message, &to);
    if (Fits(number, to) &&
        (number.floating || ValuesOf(narrow).Contains(number.integer))) {
      SetNumber(number, to, message);
    }
  }

  uint64_t Below(uint64_t limit) {
    return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_);
  }

  void FillValue(const FieldModel& field, const FieldDescriptor& descriptor,
                 bool needed, uint64_t index, Message* message, int depth) {
    const Reflection& reflection = *message->GetReflection();
    if (field.message != nullptr) {
      Message* inner = descriptor.is_repeated()
                           ? reflection.AddMessage(message, &descriptor)
                           : reflection.MutableMessage(message, &descriptor);
      Fill(*field.message, inner, depth + 1);
      // Keys and what is unique_by must differ.
      if (descriptor.is_map()) MakeUnique("key", index, inner);
      for (const std::string& name : field.annotations.unique_by()) {
        MakeUnique(name, index, inner);
      }
      return;
    }
    if (HoldsNumbers(descriptor)) {
      SetNumber(NumberFor(field, descriptor, needed), descriptor, message);
      return;
    }
    const std::string text = TextFor(field, descriptor, needed);
    if (descriptor.is_repeated()) {
      reflection.AddString(message, &descriptor, text);
    } else {
      reflection.SetString(message, &descriptor, text);
    }
  }

  static void MakeUnique(const std::string& name, uint64_t index,
                         Message* message) {
    const FieldDescriptor& field =
        *message->GetDescriptor()->FindFieldByName(name);
    if (!HoldsNumbers(field)) {
      message->GetReflection()->SetString(message, &field,
                                          absl::StrCat("key", index));
    } else if (field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL) {
      Number number;
      number.integer = index;
      SetNumber(number, field, message);
    }
  }

  Number NumberFor(const FieldModel& field, const FieldDescriptor& descriptor,
                   bool needed) {
    Number number;
    if (!IsInteger(field)) {
      number.floating = true;
      number.real = static_cast<double>(Below(5)) / 2;
      return number;
    }
    const ValueSet values = ValuesOf(field);
    std::vector<absl::int128> candidates = {
        values.low, values.high, 0,    1,
        2,          3,           5,    -1,
        9,          10,          512,  1000,
        1024,       3000,        4096, absl::int128(Below(UINT32_MAX))};
    for (const int bit : {8, 16, 31, 32, 62, 63}) {
      candidates.push_back(absl::int128(1) << bit);
      candidates.push_back((absl::int128(1) << bit) - 1);
    }
    if (values.values.has_value()) {
      candidates.assign(values.values->begin(), values.values->end());
    }
    // Some of them are allowed: every table's bounds have one.
    while (true) {
      const uint64_t choice = Below(candidates.size() + 6);
      number.integer = choice < candidates.size() ? candidates[choice]
                       : choice % 2 == 0          ? values.low
                                                  : values.high;
      if (values.Contains(number.integer) && Fits(number, descriptor) &&
          !(needed && field.annotations.required() && number.integer == 0)) {
        return number;
      }
    }
  }

  std::string TextFor(const FieldModel& field,
                      const FieldDescriptor& descriptor, bool needed) {
    static const char* const kTexts[] = {"", "a", "text", "longer than eight"};
    std::string text = kTexts[Below(4)];
    if (needed && text.empty()) text = "x";
    if (descriptor.type() == FieldDescriptor::TYPE_BYTES && Below(2) == 0) {
      text += "\xff";
    }
    if (field.annotations.has_max_len() &&
        text.size() > field.annotations.max_len()) {
      text.resize(field.annotations.max_len());
    }
    return text;
  }

  const SchemaModel& schema_;
  std::mt19937& random_;
};

}  // namespace

void FillRandomly(const SchemaModel& schema, std::mt19937* random,
                  Message* message) {
  Filler filler(schema, random);
  filler.Fill(*schema.root, message, 0);
  for (const PiecesInfo& info : PiecesOf(schema)) {
    filler.FillValues(info, message);
  }
}

}  // namespace devstate
