// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/state_schema.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/backend/c/struct_builder.h"
#include "devstate/serializer/row_kind.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

// Tables that generated code has been made with, and since when they have
// `pieces`.
constexpr uint32_t kFirstAbi = 2;
constexpr uint32_t kPiecesAbi = 3;

// Returns whether `found` holds for a field of `type` or of a message in it.
template <typename Found>
bool AnyField(const devstate_table& type, const Found& found) {
  return std::any_of(type.fields, type.fields + type.field_count,
                     [&found](const devstate_field& field) {
                       return found(field) || (field.message != nullptr &&
                                               AnyField(*field.message, found));
                     });
}

}  // namespace

absl::StatusOr<std::shared_ptr<const StateSchema>> StateSchema::Make(
    const devstate_schema* schema) {
  if (schema == nullptr) {
    return absl::InvalidArgumentError(
        "the schema is NULL: give the one that protoc-gen-devstate made");
  }
  if (schema->abi < kFirstAbi || schema->abi > DEVSTATE_TABLE_ABI) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the schema's tables are of version ", schema->abi,
        ", this library reads ", kFirstAbi, " to ", DEVSTATE_TABLE_ABI,
        ": generate the code with the protoc-gen-devstate of the library"));
  }
  static auto& made =
      *new std::map<const devstate_schema*, std::weak_ptr<const StateSchema>>();
  static auto& mutex = *new std::mutex();
  const std::lock_guard<std::mutex> lock(mutex);
  std::weak_ptr<const StateSchema>& known = made[schema];
  std::shared_ptr<const StateSchema> shared = known.lock();
  if (shared == nullptr) {
    shared.reset(new StateSchema(*schema));
    known = shared;
  }
  return shared;
}

StateSchema::StateSchema(const devstate_schema& tables) : tables_(tables) {
  info_.schema = tables.name;
  info_.version = tables.version;
  info_.min_reader = tables.min_reader;
  info_.device = tables.device;
  info_.root_message = tables.root_message;
  info_.fingerprint = ToView(tables.fingerprint);
  info_.descriptor_set = ToView(tables.descriptor_set);
  const uint32_t pieces_count =
      tables.abi >= kPiecesAbi ? tables.pieces_count : 0;
  for (uint32_t i = 0; i < pieces_count; ++i) {
    const devstate_pieces& pieces = tables.pieces[i];
    pieces_.push_back({pieces.field, pieces.name, pieces.owners_field,
                       pieces.owners_name, pieces.owner, pieces.offset,
                       pieces.data, pieces.id, pieces.size, pieces.max_owners});
  }
  info_.pieces = pieces_;
  structs_.Add(*tables.root);
  root_has_more_rules_ = AnyField(*tables.root, [](const auto& field) {
    return (field.flags & DEVSTATE_MORE_RULES) != 0;
  });
  for (uint32_t i = 0; i < tables.record_count; ++i) {
    const devstate_field& records = tables.records[i];
    structs_.Add(*records.message);
    records_have_features_ |= records.feature != nullptr ||
                              AnyField(*records.message, [](const auto& field) {
                                return field.feature != nullptr;
                              });
  }
}

bool StateSchema::RootIsAllowed(const void* row) const {
  if (root_has_more_rules_) return false;
  const Structs root = {static_cast<const char*>(row), 1,
                        tables_.root->row_size};
  // The checks of records: the root is one that stands alone.
  StructBuilder columns(structs_, *tables_.root);
  uint64_t size = 0;
  size_t bad = 0;
  if (!columns.Measure(root, &size, &bad).ok()) return false;
  columns.Append(root);
  return columns.Validate(RowKind::kRecord).ok();
}

absl::StatusOr<DescribedSchema*> StateSchema::Described() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (described_ == nullptr) {
    DS_ASSIGN_OR_RETURN(const JudgeFunctions* const judge, FindJudge());
    described_ = judge->describe(info_);
  }
  return described_.get();
}

const devstate_field* StateSchema::FindRecords(uint32_t number) const {
  for (uint32_t i = 0; i < tables_.record_count; ++i) {
    if (tables_.records[i].number == number) return &tables_.records[i];
  }
  return nullptr;
}

}  // namespace devstate::c
