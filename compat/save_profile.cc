// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/save_profile.h"

#include <memory>
#include <set>
#include <utility>

#include "devstate/compat/gate/constraints.h"
#include "devstate/compat/gate/stream_verdict.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/empty_chunk.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Message;

SaveProfile::SaveProfile(const SchemaView& own, const SchemaView& target,
                         const SchemaInfo& target_info,
                         const SchemaArchive* archive, const StepTable* steps,
                         const WriterOptions& writer)
    : own_(own),
      target_(target),
      info_(target_info),
      upgrade_(own.model->version() <= target.model->version()),
      chain_(own, target, archive, steps),
      converter_(&chain_, writer.limits, &findings_),
      used_features_(writer.used_features),
      roots_(*own.root) {}

absl::Status SaveProfile::Begin() {
  AddSchemaFindings(chain_, &findings_);
  return VerdictStatus(verdict());
}

absl::StatusOr<absl::string_view> SaveProfile::FilterRoot(
    absl::string_view serialized) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> root,
                      roots_.Parse(serialized));
  const std::unique_ptr<Message> converted =
      chain_.ConvertRoot(*root, &findings_);
  if (findings_.level() < VERDICT_LEVEL_REFUSED) {
    std::set<std::string> features;
    if (used_features_.has_value()) {
      features.insert(used_features_->begin(), used_features_->end());
    } else {
      AddUsedFeatures(*root, &features);
    }
    ConstraintChecker(target_.model, own_.model->version(), std::move(features))
        .CheckRoot(*converted, &findings_);
  }
  DS_RETURN_IF_ERROR(VerdictStatus(verdict()));
  root_ = SerializeDeterministic(*converted);
  return absl::string_view(root_);
}

absl::StatusOr<Chunk> SaveProfile::FilterBatch(const Chunk& batch) {
  const FieldModel& written =
      *own_.model->root->FindNumber(static_cast<int>(batch.header.field));
  const FieldModel* read = chain_.RecordField(written, &findings_);
  Chunk result = EmptyChunk(batch);
  if (read != nullptr) {
    DS_ASSIGN_OR_RETURN(result, converter_.Convert(batch, written, *read));
  }
  if (findings_.level() >= VERDICT_LEVEL_REFUSED)
    return VerdictStatus(verdict());
  return result;
}

Verdict SaveProfile::verdict() const {
  return MakeStreamVerdict(VERDICT_LEVEL_COMPATIBLE, findings_,
                           *(upgrade_ ? target_ : own_).model);
}

}  // namespace devstate
