// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_SAVE_PROFILE_H_
#define DEVSTATE_COMPAT_SAVE_PROFILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/gate/batch_converter.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Saves a state as another version of its schema: a filter for
// RecordWriter::SetFilter(). For one save. Not thread-safe.
class SaveProfile : public SaveFilter {
 public:
  // `own` is the schema of the generated writer, `target` the version to write
  // and `target_info` its facts, from SchemaFacts. `archive` and `steps`, which
  // may be null, say what annotations do not of the way there. All of them must
  // outlive the profile. `writer` is what the writer was made with.
  SaveProfile(const SchemaView& own, const SchemaView& target,
              const SchemaInfo& target_info, const SchemaArchive* archive,
              const StepTable* steps, const WriterOptions& writer);

  // OK if there is a way from the writer's version to the target's.
  // FAILED_PRECONDITION with the reasons if there is none, whatever the state.
  // Must come before the filter is used.
  absl::Status Begin();

  const SchemaInfo& schema() const override { return info_; }

  // Both fail with FAILED_PRECONDITION and the path of what the target cannot
  // hold.
  absl::StatusOr<absl::string_view> FilterRoot(
      const google::protobuf::Message& root) override;
  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override;

  // What was found so far.
  Verdict verdict() const;

 private:
  const SchemaView own_;
  const SchemaView target_;
  const SchemaInfo& info_;
  const bool upgrade_;
  ConversionChain chain_;
  StreamFindings findings_;
  BatchConverter converter_;
  // Given for the whole state; without them, those of the root count.
  const std::optional<std::vector<std::string>> used_features_;
  std::string root_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_SAVE_PROFILE_H_
