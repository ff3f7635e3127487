// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/constraints.h"

#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compat/gate/field_values.h"
#include "compat/value_set.h"
#include "google/protobuf/descriptor.h"
#include "xxhash.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

constexpr absl::string_view kRule = "value-out-of-bounds";

// 128 bits of what was seen, not the values: two that differ are taken for one
// with a probability of 2^-64 for 2^32 elements.
using Digest = std::pair<uint64_t, uint64_t>;
using DigestSet = absl::flat_hash_set<Digest>;

// What is to be checked of a field, worked out once.
struct FieldCheck {
  const FieldModel* field;
  ValueSet values;
  bool bounded = false;
};

struct MessageCheck {
  std::vector<FieldCheck> fields;
};

std::string AllowedText(const FieldModel& field) {
  const FieldAnnotations& annotations = field.annotations;
  std::vector<std::string> parts;
  if (annotations.one_of_size() > 0) {
    parts.push_back(
        absl::StrCat("one of ", absl::StrJoin(annotations.one_of(), ", ")));
  }
  if (annotations.has_min()) {
    parts.push_back(absl::StrCat("at least ", annotations.min()));
  }
  if (annotations.has_max()) {
    parts.push_back(absl::StrCat("at most ", annotations.max()));
  }
  if (annotations.power_of_two()) parts.push_back("a power of two");
  return absl::StrJoin(parts, ", ");
}

// A schema that no build has seen may have annotations where they make no
// sense.
bool IsBounded(const FieldModel& field) {
  if (!IsNumber(field)) return false;
  const FieldAnnotations& annotations = field.annotations;
  return annotations.has_min() || annotations.has_max() ||
         annotations.power_of_two() || annotations.one_of_size() > 0;
}

bool Contains(const ValueSet& values, const FieldModel& field,
              const Number& number) {
  if (!number.floating) return values.Contains(number.integer);
  const FieldAnnotations& annotations = field.annotations;
  // Written so that a NaN is in no range.
  return (!annotations.has_min() ||
          number.real >= static_cast<double>(annotations.min())) &&
         (!annotations.has_max() ||
          number.real <= static_cast<double>(annotations.max()));
}

// Zero in a field without presence may mean that the feature which the field
// belongs to is not used.
bool IsUnusedFeature(const FieldModel& model, const FieldDescriptor& field,
                     const Number& number) {
  return !model.annotations.feature().empty() && !field.is_repeated() &&
         !field.has_presence() &&
         (number.floating ? number.real == 0 && !std::signbit(number.real)
                          : number.integer == 0);
}

Digest DigestOf(const std::string& bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

// The values of the fields `names` of an element, such that different values
// are different texts.
std::string KeyText(const Message& element, const std::vector<int>& numbers) {
  std::string key;
  for (const int number : numbers) {
    const FieldDescriptor* field =
        element.GetDescriptor()->FindFieldByNumber(number);
    const int count = field == nullptr ? 0 : ValueCount(element, *field);
    absl::StrAppend(&key, count, ":");
    for (int i = 0; i < count; ++i) {
      std::string text;
      if (HoldsNumbers(*field)) {
        text = NumberText(GetNumber(element, *field, i));
      } else if (field->message_type() == nullptr) {
        text = GetText(element, *field, i);
      } else {
        GetMessage(element, *field, i).SerializePartialToString(&text);
      }
      absl::StrAppend(&key, text.size(), ":", text);
    }
  }
  return key;
}

}  // namespace

class ConstraintChecker::Impl {
 public:
  Impl(const SchemaModel* schema, std::set<std::string> used_features)
      : schema_(*schema), used_features_(std::move(used_features)) {}

  void CheckRoot(const Message& root, StreamFindings* findings) {
    findings->SetRecord("", 0);
    for (const FieldCheck& check : ChecksOf(*schema_.root).fields) {
      if (!HoldsRecords(*check.field)) {
        CheckField(check, root, check.field->name, findings);
      }
    }
  }

  void CheckRecord(const FieldModel& field, const Message& record,
                   StreamFindings* findings) {
    Batch& batch = batches_[field.number];
    findings->SetRecord(field.name, batch.records);
    ++batch.records;
    CheckUnique(field, record, field.name, &batch.unique, findings);
    CheckMessage(*field.message, record, field.name, findings);
  }

  void CheckEnd(StreamFindings* findings) {
    findings->SetRecord("", 0);
    for (const FieldModel& field : schema_.root->fields) {
      if (!HoldsRecords(field)) continue;
      CheckCount(field, batches_[field.number].records, field.name, findings);
    }
  }

 private:
  struct Batch {
    uint64_t records = 0;
    DigestSet unique;
  };

  const MessageCheck& ChecksOf(const MessageModel& message) {
    const auto found = checks_.find(&message);
    if (found != checks_.end()) return found->second;
    MessageCheck checks;
    for (const FieldModel& field : message.fields) {
      FieldCheck check{&field, {}, IsBounded(field)};
      if (check.bounded) check.values = ValuesOf(field);
      checks.fields.push_back(std::move(check));
    }
    return checks_.emplace(&message, std::move(checks)).first->second;
  }

  void CheckMessage(const MessageModel& model, const Message& message,
                    const std::string& path, StreamFindings* findings) {
    for (const FieldCheck& check : ChecksOf(model).fields) {
      CheckField(check, message, absl::StrCat(path, ".", check.field->name),
                 findings);
    }
  }

  void CheckField(const FieldCheck& check, const Message& message,
                  const std::string& path, StreamFindings* findings) {
    const FieldModel& model = *check.field;
    const FieldDescriptor* field =
        message.GetDescriptor()->FindFieldByNumber(model.number);
    if (field == nullptr) return;
    const int count = ValueCount(message, *field);
    if (field->is_repeated()) {
      CheckCount(model, static_cast<uint64_t>(count), path, findings);
    } else if (IsRequired(model) &&
               !message.GetReflection()->HasField(message, field)) {
      AddMissing(model, path, findings);
    }
    for (int i = 0; i < count; ++i) {
      if (check.bounded) CheckBounds(check, message, *field, i, path, findings);
      if (model.annotations.has_max_len() &&
          field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        CheckLength(model, GetText(message, *field, i).size(), path, findings);
      }
    }
    if (model.message == nullptr) return;
    DigestSet unique;
    DigestSet keys;
    for (int i = 0; i < count; ++i) {
      const Message& element = GetMessage(message, *field, i);
      if (field->is_map() &&
          !keys.insert(DigestOf(KeyText(element, {1}))).second) {
        findings->Add("duplicate-map-key", REFUSED, path,
                      "a key more than once", "once",
                      "a reader would keep one of the entries: the writer does "
                      "not write this format rightly, save with another");
      }
      CheckUnique(model, element, path, &unique, findings);
      CheckMessage(*model.message, element, path, findings);
    }
  }

  bool IsRequired(const FieldModel& field) const {
    const FieldAnnotations& annotations = field.annotations;
    return annotations.required() &&
           (annotations.feature().empty() ||
            used_features_.count(annotations.feature()) != 0);
  }

  static void AddMissing(const FieldModel& field, const std::string& path,
                         StreamFindings* findings) {
    findings->Add("required-missing", REFUSED, path, "absent",
                  absl::StrCat("required ", field.type_text),
                  "the reader needs the field and the state does not have it: "
                  "save with a writer that fills it");
  }

  void CheckCount(const FieldModel& field, uint64_t count,
                  const std::string& path, StreamFindings* findings) {
    if (count == 0 && IsRequired(field)) AddMissing(field, path, findings);
    const FieldAnnotations& annotations = field.annotations;
    if (annotations.has_max_items() && count > annotations.max_items()) {
      findings->Add(
          kRule, REFUSED, path, absl::StrCat(count, " elements"),
          absl::StrCat("at most ", annotations.max_items(), " elements"),
          "the reader does not take so many: raise its max_items, or save a "
          "smaller state");
    }
  }

  static void CheckBounds(const FieldCheck& check, const Message& message,
                          const FieldDescriptor& field, int index,
                          const std::string& path, StreamFindings* findings) {
    const Number number = GetNumber(message, field, index);
    if (IsUnusedFeature(*check.field, field, number)) return;
    if (Contains(check.values, *check.field, number)) return;
    findings->Add(kRule, REFUSED, path,
                  check.field->annotations.sensitive() ? "<redacted>"
                                                       : NumberText(number),
                  AllowedText(*check.field),
                  "the reader does not take this value: widen its bounds, or "
                  "see why the writer has it");
  }

  static void CheckLength(const FieldModel& field, size_t length,
                          const std::string& path, StreamFindings* findings) {
    if (length <= field.annotations.max_len()) return;
    findings->Add(
        kRule, REFUSED, path, absl::StrCat(length, " bytes"),
        absl::StrCat("at most ", field.annotations.max_len(), " bytes"),
        "the reader does not take so long a value: raise its max_len");
  }

  static void CheckUnique(const FieldModel& field, const Message& element,
                          const std::string& path, DigestSet* seen,
                          StreamFindings* findings) {
    const auto& names = field.annotations.unique_by();
    if (names.empty()) return;
    std::vector<int> numbers;
    for (const std::string& name : names) {
      const FieldModel* part = field.message->FindName(name);
      if (part != nullptr) numbers.push_back(part->number);
    }
    if (seen->insert(DigestOf(KeyText(element, numbers))).second) return;
    findings->Add(
        "not-unique", REFUSED, path,
        "two elements with the same " + absl::StrJoin(names, ", "),
        "unique_by: " + absl::StrJoin(names, ", "),
        "the reader takes each once: see why the writer has it twice");
  }

  const SchemaModel& schema_;
  const std::set<std::string> used_features_;
  std::map<const MessageModel*, MessageCheck> checks_;
  // By the number of the root's field.
  std::map<int, Batch> batches_;
};

ConstraintChecker::ConstraintChecker(const SchemaModel* schema,
                                     std::set<std::string> used_features)
    : impl_(std::make_unique<Impl>(schema, std::move(used_features))) {}
ConstraintChecker::~ConstraintChecker() = default;

void ConstraintChecker::CheckRoot(const Message& root,
                                  StreamFindings* findings) {
  impl_->CheckRoot(root, findings);
}

void ConstraintChecker::CheckRecord(const FieldModel& field,
                                    const Message& record,
                                    StreamFindings* findings) {
  impl_->CheckRecord(field, record, findings);
}

void ConstraintChecker::CheckEnd(StreamFindings* findings) {
  impl_->CheckEnd(findings);
}

}  // namespace devstate
