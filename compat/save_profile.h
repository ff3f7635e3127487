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
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Saves a state as another version of its schema. A filter for
// RecordWriter::SetFilter(), for one save. Thread-safety: none.
class SaveProfile : public SaveFilter {
 public:
  // `own` is the schema of the generated writer, `target` the version to write
  // and `target_info` its facts, from SchemaFacts. `archive` and `steps`, which
  // may be null, express the conversions that annotations do not. `writer` is
  // what the writer was made with. Requires: all of them, `writer` excepted,
  // outlive the profile.
  SaveProfile(const SchemaView& own, const SchemaView& target,
              const SchemaInfo& target_info, const SchemaArchive* archive,
              const StepTable* steps, const WriterOptions& writer);

  // Returns OK if there is a way from the writer's version to the target's.
  // FAILED_PRECONDITION with the reasons if there is none, whatever the state.
  // Call it before the filter is used.
  absl::Status Begin();

  const SchemaInfo& schema() const override { return info_; }

  // Both fail with FAILED_PRECONDITION and the path of what the target cannot
  // hold.
  absl::StatusOr<absl::string_view> FilterRoot(absl::string_view root) override;
  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override;

  // Returns all that was found so far.
  Verdict verdict() const;

 private:
  const SchemaView own_;
  const SchemaView target_;
  const SchemaInfo& info_;
  const bool upgrade_;
  ConversionChain chain_;
  StreamFindings findings_;
  BatchConverter converter_;
  // The features given for the whole state; without them, those of the root
  // count.
  const std::optional<std::vector<std::string>> used_features_;
  RootFactory roots_;
  std::string root_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_SAVE_PROFILE_H_
