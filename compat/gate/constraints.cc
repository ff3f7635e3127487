// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The gate checks values by reflection where no generated reader does: in the
// root message, and in records when a state is checked without a device. The
// checks of a message are worked out once for its type, and what has none is
// not looked at.

#include "devstate/compat/gate/constraints.h"

#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/rules.h"
#include "devstate/schema/column_bounds.h"
#include "devstate/schema/pieces.h"
#include "devstate/serializer/piece_sequence.h"
#include "google/protobuf/descriptor.h"
#include "xxhash.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// 128 bits of each value that was seen, instead of the values. Two different
// values count as one with a probability of 2^-64 for 2^32 elements.
using Digest = std::pair<uint64_t, uint64_t>;
using DigestSet = absl::flat_hash_set<Digest>;

struct MessageCheck;

// What is to be checked of a field, worked out once.
struct FieldCheck {
  const FieldModel* field;
  std::vector<ColumnBounds> bounds;
  // Numbers of the fields of an element that unique_by names.
  std::vector<int> unique_by;
  // What is to be checked within a message; null for all else.
  const MessageCheck* message = nullptr;

  bool LooksAtElements() const;
};

// The fields of a message of which something is to be checked.
struct MessageCheck {
  std::vector<FieldCheck> fields;
  // False while they are worked out, which shows that a message contains
  // itself.
  bool complete = false;

  bool Empty() const { return complete && fields.empty(); }
};

bool FieldCheck::LooksAtElements() const {
  return message != nullptr && (field->descriptor->is_map() ||
                                !unique_by.empty() || !message->Empty());
}

// Where values are in the schema. The text is for findings, which most values
// have not.
struct Path {
  const Path* outer;
  absl::string_view name;

  std::string Text() const {
    return outer == nullptr ? std::string(name)
                            : absl::StrCat(outer->Text(), ".", name);
  }
};

// What a reader should do about a value that its bounds do not allow.
const char* RemedyFor(ColumnBounds::Column column) {
  switch (column) {
    case ColumnBounds::Column::kCounts:
      return "the reader does not take so many: raise its max_items, or save a "
             "smaller state";
    case ColumnBounds::Column::kNumbers:
      return "the reader does not take this value: widen its bounds, or see "
             "why the writer has it";
    case ColumnBounds::Column::kLengths:
      return "the reader does not take so long a value: raise its max_len";
  }
  return "";
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
        text = GetMessage(element, *field, i).SerializePartialAsString();
      }
      absl::StrAppend(&key, text.size(), ":", text);
    }
  }
  return key;
}

}  // namespace

class ConstraintChecker::Impl {
 public:
  Impl(const SchemaModel* schema, uint32_t written_version,
       std::set<std::string> used_features)
      : schema_(*schema),
        written_version_(written_version),
        used_features_(std::move(used_features)) {
    for (const PiecesInfo& info : PiecesOf(schema_)) {
      values_.push_back({info, PieceSequence(info.max_owners)});
    }
  }

  void CheckRoot(const Message& root, StreamFindings* findings) {
    findings->SetRecord("", 0);
    in_record_ = false;
    for (const FieldModel& field : schema_.root->fields) {
      if (!HoldsRecords(field)) {
        CheckField(CheckOf(field), root, {nullptr, field.name}, findings);
      }
    }
  }

  void CheckRecord(const FieldModel& field, const Message& record,
                   StreamFindings* findings) {
    Batch& batch = BatchOf(field);
    findings->SetRecord(field.name, batch.records);
    ++batch.records;
    in_record_ = true;
    for (Values& values : values_) {
      FollowPieces(field, record, &values, findings);
    }
    const Path path{nullptr, field.name};
    CheckUnique(batch.check, record, path, &batch.unique, findings);
    CheckMessage(*batch.check.message, record, path, findings);
  }

  void CheckEnd(StreamFindings* findings) {
    findings->SetRecord("", 0);
    in_record_ = false;
    for (const FieldModel* field : schema_.batches) {
      const Batch& batch = BatchOf(*field);
      CheckCount(batch.check, batch.records, {nullptr, field->name}, findings);
    }
    for (const Values& values : values_) {
      AddFault(values.sequence.Finish(), values.info.name, findings);
    }
  }

 private:
  struct Batch {
    FieldCheck check;
    uint64_t records = 0;
    DigestSet unique;
  };

  Batch& BatchOf(const FieldModel& field) {
    const auto found = batches_.find(field.number);
    if (found != batches_.end()) return found->second;
    return batches_.emplace(field.number, Batch{CheckOf(field), 0, {}})
        .first->second;
  }

  const MessageCheck& ChecksOf(const MessageModel& message) {
    const auto [place, added] = checks_.try_emplace(&message);
    MessageCheck& checks = place->second;
    if (!added) return checks;
    for (const FieldModel& field : message.fields) {
      FieldCheck check = CheckOf(field);
      if (!check.bounds.empty() || check.LooksAtElements()) {
        checks.fields.push_back(std::move(check));
      }
    }
    checks.complete = true;
    return checks;
  }

  FieldCheck CheckOf(const FieldModel& field) {
    const bool feature_used =
        used_features_.count(field.annotations.feature()) != 0;
    FieldCheck check{
        &field, feature_used ? BoundsOf(field, true) : field.bounds, {}};
    if (field.message != nullptr) check.message = &ChecksOf(*field.message);
    for (const std::string& name : field.annotations.unique_by()) {
      // A schema that no build has seen may have annotations where they make
      // no sense.
      const FieldModel* part =
          field.message == nullptr ? nullptr : field.message->FindName(name);
      if (part != nullptr) check.unique_by.push_back(part->number);
    }
    return check;
  }

  void CheckMessage(const MessageCheck& checks, const Message& message,
                    const Path& path, StreamFindings* findings) {
    for (const FieldCheck& check : checks.fields) {
      CheckField(check, message, {&path, check.field->name}, findings);
    }
  }

  void CheckField(const FieldCheck& check, const Message& message,
                  const Path& path, StreamFindings* findings) {
    const FieldDescriptor* field = check.field->descriptor;
    if (field->containing_type() != message.GetDescriptor()) {
      field = message.GetDescriptor()->FindFieldByNumber(field->number());
    }
    if (field == nullptr) return;
    // Parsers give each entry of a map a value, written or not.
    const bool always =
        !in_record_ && field->containing_type()->options().map_entry();
    const int count = always ? 1 : ValueCount(message, *field);
    for (const ColumnBounds& bounds : check.bounds) {
      switch (bounds.column) {
        case ColumnBounds::Column::kCounts:
          CheckNumber(bounds, count, path, findings);
          break;
        case ColumnBounds::Column::kNumbers:
          for (int i = 0; i < count; ++i) {
            CheckNumber(bounds, GetNumber(message, *field, i), path, findings);
          }
          break;
        case ColumnBounds::Column::kLengths:
          for (int i = 0; i < count; ++i) {
            CheckNumber(bounds, GetText(message, *field, i).size(), path,
                        findings);
          }
          break;
      }
    }
    if (!check.LooksAtElements()) return;
    DigestSet unique;
    DigestSet keys;
    for (int i = 0; i < count; ++i) {
      const Message& element = GetMessage(message, *field, i);
      if (field->is_map() &&
          !keys.insert(DigestOf(KeyText(element, {1}))).second) {
        findings->Add(rules::kDuplicateMapKey, VERDICT_LEVEL_REFUSED,
                      path.Text(), "a key more than once", "once",
                      "a reader would keep one of the entries: the writer does "
                      "not write this format rightly, save with another");
      }
      CheckUnique(check, element, path, &unique, findings);
      CheckMessage(*check.message, element, path, findings);
    }
  }

  void CheckCount(const FieldCheck& check, uint64_t count, const Path& path,
                  StreamFindings* findings) const {
    for (const ColumnBounds& bounds : check.bounds) {
      if (bounds.column == ColumnBounds::Column::kCounts) {
        CheckNumber(bounds, count, path, findings);
      }
    }
  }

  // `integer` is a count or a length.
  void CheckNumber(const ColumnBounds& bounds, absl::int128 integer,
                   const Path& path, StreamFindings* findings) const {
    Number number;
    number.integer = integer;
    CheckNumber(bounds, number, path, findings);
  }

  void CheckNumber(const ColumnBounds& bounds, const Number& number,
                   const Path& path, StreamFindings* findings) const {
    // As generated readers have it, which do not read root fields.
    if (in_record_ && written_version_ < bounds.since) return;
    if (number.floating ? bounds.AllowsReal(number.real)
                        : bounds.Allows(number.integer)) {
      return;
    }
    // As columns have it, -0.0 is a value.
    if (bounds.required && number.IsZero() && !std::signbit(number.real)) {
      findings->Add(rules::kRequiredMissing, VERDICT_LEVEL_REFUSED, path.Text(),
                    "absent", bounds.allowed,
                    "the reader needs the field and the state does not have "
                    "it: save with a writer that fills it");
      return;
    }
    findings->Add(rules::kValueOutOfBounds, VERDICT_LEVEL_REFUSED, path.Text(),
                  bounds.sensitive
                      ? "<redacted>"
                      : absl::StrCat(NumberText(number), bounds.unit),
                  bounds.allowed, RemedyFor(bounds.column));
  }

  static void CheckUnique(const FieldCheck& check, const Message& element,
                          const Path& path, DigestSet* seen,
                          StreamFindings* findings) {
    const auto& names = check.field->annotations.unique_by();
    if (names.empty()) return;
    if (seen->insert(DigestOf(KeyText(element, check.unique_by))).second) {
      return;
    }
    findings->Add(
        rules::kNotUnique, VERDICT_LEVEL_REFUSED, path.Text(),
        "two elements with the same " + absl::StrJoin(names, ", "),
        "unique_by: " + absl::StrJoin(names, ", "),
        "the reader takes each once: see why the writer has it twice");
  }

  // The values in pieces of one field.
  struct Values {
    PiecesInfo info;
    PieceSequence sequence;
  };

  // Looks at `record` of `field` if it is an owner of values or a piece of one.
  static void FollowPieces(const FieldModel& field, const Message& record,
                           Values* values, StreamFindings* findings) {
    const PiecesInfo& info = values->info;
    const auto number = [&](uint16_t index) {
      return static_cast<uint64_t>(
          GetNumber(record, FieldAt(field, record, index), 0).integer);
    };
    const auto here = static_cast<uint32_t>(field.number);
    if (here == info.owners_field) {
      AddFault(values->sequence.Declare(number(info.id), number(info.size)),
               info.owners_name, findings);
    } else if (here == info.field) {
      const size_t length =
          GetText(record, FieldAt(field, record, info.data), 0).size();
      AddFault(
          values->sequence.Add(number(info.owner), number(info.offset), length),
          info.name, findings);
    }
  }

  static const FieldDescriptor& FieldAt(const FieldModel& records,
                                        const Message& record, uint16_t index) {
    return *record.GetDescriptor()->FindFieldByNumber(
        records.message->fields[index].number);
  }

  static void AddFault(const PieceFault& fault, absl::string_view path,
                       StreamFindings* findings) {
    if (fault.ok()) return;
    findings->Add(rules::kPiecesNotWhole, VERDICT_LEVEL_REFUSED, path, "",
                  "pieces", fault.text);
  }

  const SchemaModel& schema_;
  const uint32_t written_version_;
  const std::set<std::string> used_features_;
  bool in_record_ = false;
  std::map<const MessageModel*, MessageCheck> checks_;
  // By the number of the root's field.
  std::map<int, Batch> batches_;
  std::vector<Values> values_;
};

ConstraintChecker::ConstraintChecker(const SchemaModel* schema,
                                     uint32_t written_version,
                                     std::set<std::string> used_features)
    : impl_(std::make_unique<Impl>(schema, written_version,
                                   std::move(used_features))) {}
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
