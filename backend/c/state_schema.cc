// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/state_schema.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate::c {
namespace {

// As much as ParseDescriptorSet() takes.
constexpr uint64_t kMaxDescriptorBytes = 64 * 1024 * 1024;

}  // namespace

absl::StatusOr<std::shared_ptr<const StateSchema>> StateSchema::Make(
    const devstate_schema* schema) {
  if (schema == nullptr) {
    return absl::InvalidArgumentError(
        "the schema is NULL: give the one that protoc-gen-devstate made");
  }
  if (schema->abi != DEVSTATE_TABLE_ABI) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the schema's tables are of version ", schema->abi,
        ", this library reads ", DEVSTATE_TABLE_ABI,
        ": generate the code with the protoc-gen-devstate of the library"));
  }
  static auto& made =
      *new std::map<const devstate_schema*, std::weak_ptr<const StateSchema>>();
  static auto& mutex = *new std::mutex();
  const std::lock_guard<std::mutex> lock(mutex);
  std::weak_ptr<const StateSchema>& known = made[schema];
  if (std::shared_ptr<const StateSchema> shared = known.lock()) return shared;
  DS_ASSIGN_OR_RETURN(std::shared_ptr<const StateSchema> fresh,
                      MakeNew(*schema));
  known = fresh;
  return fresh;
}

absl::StatusOr<std::shared_ptr<const StateSchema>> StateSchema::MakeNew(
    const devstate_schema& schema) {
  DS_ASSIGN_OR_RETURN(
      const std::string bytes,
      ContentOfZstdFrame(ToView(schema.descriptor_set), kMaxDescriptorBytes));
  SchemaLoadOptions options;
  options.root = schema.root_message;
  DS_ASSIGN_OR_RETURN(
      LoadedSchema descriptors,
      ParseDescriptorSet("the generated schema", bytes, options));
  return std::shared_ptr<const StateSchema>(
      new StateSchema(schema, std::move(descriptors)));
}

StateSchema::StateSchema(const devstate_schema& tables,
                         LoadedSchema descriptors)
    : tables_(tables), descriptors_(std::move(descriptors)) {
  info_.schema = tables.name;
  info_.version = tables.version;
  info_.min_reader = tables.min_reader;
  info_.device = tables.device;
  info_.root_message = tables.root_message;
  info_.fingerprint = ToView(tables.fingerprint);
  info_.descriptor_set = ToView(tables.descriptor_set);
  for (uint32_t i = 0; i < tables.record_count; ++i) {
    structs_.Add(*tables.records[i].message);
  }
}

const devstate_field* StateSchema::FindRecords(uint32_t number) const {
  for (uint32_t i = 0; i < tables_.record_count; ++i) {
    if (tables_.records[i].number == number) return &tables_.records[i];
  }
  return nullptr;
}

std::unique_ptr<google::protobuf::Message> StateSchema::NewRoot() const {
  return std::unique_ptr<google::protobuf::Message>(
      messages_.GetPrototype(&descriptors_.root())->New());
}

}  // namespace devstate::c
