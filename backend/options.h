// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_OPTIONS_H_
#define DEVSTATE_BACKEND_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "devstate/backend/transfer_options.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/verdict.pb.h"

namespace devstate {

struct ConversionStep;
struct Quirk;
class SchemaArchive;

// The outcome of a save or a load.
struct StateReport {
  using Event = TransferEvent;
  Event event = Event::kSaved;
  absl::Status status;
  // The verdict on a load. For a save as another version, the verdict of that
  // version on the state.
  Verdict verdict;
  // The log line of a load: the verdict with rules, paths, both versions and
  // remedies. Empty for a save.
  std::string verdict_line;
  // The version of the schema that a save has written. 0 for a load.
  uint32_t saved_version = 0;
  // The size of the stream so far. `stream_bytes` counts bytes in the channel,
  // `decoded_bytes` payload bytes before compression.
  uint64_t stream_bytes = 0;
  uint64_t decoded_bytes = 0;
  uint64_t chunks = 0;
  uint64_t records = 0;
  // How many of the chunks of a save were prepared before it. 0 for a load.
  uint64_t prepared_chunks = 0;
};

// The options of StateHandler for saves and loads.
struct StateOptions {
  // The options of the stream that a save writes. `used_features` is unused:
  // StateDevice::UsedFeatures() names them. Default: see WriterOptions.
  WriterOptions writer;
  // The version of the schema that saves write. Default: kOwn, the version of
  // the generated code.
  SaveVersion save_version;

  // The bounds of what a load may take. Default: see Limits.
  Limits limits;
  // The worst verdict that a state is loaded with: LOSSY, or better. Default:
  // LOSSY.
  VerdictLevel accept = VERDICT_LEVEL_LOSSY;
  // The writers whose states are known to be wrong. Default: null, none.
  std::shared_ptr<const std::vector<Quirk>> quirks;
  // The places for the report on each load, which is LoadReport of
  // verdict.proto as JSON. The file is replaced as a whole. The FD gets a line
  // and stays the caller's. Default: empty and -1, nowhere.
  std::string load_report_file;
  int load_report_fd = -1;

  // The released versions of the schema, and the conversion steps between them
  // that annotations cannot express. Used by loads and saves. Default: null,
  // none.
  std::shared_ptr<const SchemaArchive> archive;
  std::shared_ptr<const std::vector<ConversionStep>> steps;

  // The callback for reports, called on the thread that transfers. It is called
  // after a save (kSaved), after a load was read and prepared or has failed
  // (kVerified), and after the commit (kCommitted). Default: none.
  std::function<void(const StateReport&)> report;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_OPTIONS_H_
