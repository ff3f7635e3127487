// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/kept_state.h"

#include <algorithm>
#include <set>
#include <string>

#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::devstate::vhost_user::DeviceStateHandler;

absl::StatusOr<std::unique_ptr<KeptGenerations>> KeptGenerations::Open(
    KeptStateOptions options, const google::protobuf::Descriptor& root) {
  if (!options.writer.used_features.has_value()) {
    const std::set<std::string> features = AllFeatures(root);
    options.writer.used_features.emplace(features.begin(), features.end());
  }
  options.writer.limits = options.store.limits;
  // Without it no journal is merged.
  options.writer.embed_descriptor_set = true;
  std::unique_ptr<KeptGenerations> kept(
      new KeptGenerations(std::move(options)));
  DS_ASSIGN_OR_RETURN(kept->store_, StateStore::Open(kept->options_.store));
  return kept;
}

absl::StatusOr<Recovery> KeptGenerations::Load(DeviceStateHandler& handler) {
  return store_->Load([&handler](ByteSource& source) {
    absl::Status status = handler.Load(source).status;
    if (status.ok()) status = handler.Commit().status;
    if (!status.ok()) handler.Discard();
    return status;
  });
}

absl::StatusOr<JournalSink*> KeptGenerations::Begin() {
  sink_ = nullptr;
  DS_ASSIGN_OR_RETURN(sink_, store_->Begin());
  return sink_;
}

absl::Status KeptGenerations::Publish() {
  first_round_bytes_ = sink_->size();
  return store_->Publish();
}

bool KeptGenerations::IsLong() const {
  return sink_->size() - first_round_bytes_ >
         std::max(options_.max_changes_bytes, first_round_bytes_);
}

}  // namespace devstate
