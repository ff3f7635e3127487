// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/lineage.h"

#include <algorithm>

namespace devstate {

Lineage::Lineage(const std::vector<const SchemaModel*>& schemas,
                 absl::string_view schema) {
  for (const SchemaModel* model : schemas) {
    if (model->schema() == schema) schemas_.push_back(model);
  }
  std::stable_sort(schemas_.begin(), schemas_.end(),
                   [](const SchemaModel* a, const SchemaModel* b) {
                     return a->version() < b->version();
                   });
}

absl::optional<uint32_t> Lineage::FieldGap(absl::string_view message,
                                           int number, uint32_t low,
                                           uint32_t high) const {
  for (const SchemaModel* schema : schemas_) {
    if (schema->version() <= low || schema->version() >= high) continue;
    const MessageModel* model = schema->FindMessage(message);
    if (model != nullptr && model->FindNumber(number) == nullptr) {
      return schema->version();
    }
  }
  return absl::nullopt;
}

absl::optional<uint32_t> Lineage::EnumValueGap(absl::string_view enumeration,
                                               int number, uint32_t low,
                                               uint32_t high) const {
  for (const SchemaModel* schema : schemas_) {
    if (schema->version() <= low || schema->version() >= high) continue;
    const EnumModel* model = schema->FindEnum(enumeration);
    if (model != nullptr && model->FindNumber(number) == nullptr) {
      return schema->version();
    }
  }
  return absl::nullopt;
}

bool Lineage::Renamed(absl::string_view message, const FieldModel& older,
                      const FieldModel& newer, uint32_t low,
                      uint32_t high) const {
  const FieldModel* before = &older;
  const auto step = [&before](const FieldModel& next) {
    if (next.name != before->name && !DeclaresFormerName(next, before->name)) {
      return false;
    }
    before = &next;
    return true;
  };
  for (const SchemaModel* schema : schemas_) {
    if (schema->version() <= low || schema->version() >= high) continue;
    const MessageModel* model = schema->FindMessage(message);
    if (model == nullptr) return false;
    const FieldModel* field = model->FindNumber(older.number);
    if (field == nullptr || !step(*field)) return false;
  }
  return step(newer);
}

bool DeclaresFormerName(const FieldModel& newer, absl::string_view name) {
  const auto& former = newer.annotations.renamed_from();
  return std::find(former.begin(), former.end(), name) != former.end();
}

}  // namespace devstate
