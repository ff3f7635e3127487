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
#include "devstate/serializer/limits.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/verdict.pb.h"

namespace devstate {

struct ConversionStep;
struct Quirk;
class SchemaArchive;

// How a save or a load went.
struct StateReport {
  enum class Event { kSaved, kVerified, kCommitted };
  Event event = Event::kSaved;
  absl::Status status;
  // The verdict on a load; of a save as another version, that version's on the
  // state.
  Verdict verdict;
  // For the log, one line on a load: the verdict with rules, paths, both
  // versions and remedies. Empty for a save.
  std::string verdict_line;
  // The version of the schema that a save has written. 0 for a load.
  uint32_t saved_version = 0;
  // The stream so far: bytes in the channel, and payload bytes before
  // compression.
  uint64_t stream_bytes = 0;
  uint64_t decoded_bytes = 0;
  uint64_t chunks = 0;
  uint64_t records = 0;
};

// The version of the schema that saves write.
struct SaveVersion {
  enum class Choice {
    // That of the generated code.
    kOwn,
    // The lowest of the archive that holds all of the state at hand, so that a
    // new feature that nobody uses keeps no older release from loading it. The
    // state is written once more for each version that is tried, to nowhere.
    kLowest,
    // `version`, whatever the state: a profile that the VM was started with. A
    // state that does not fit is refused with the path.
    kPinned,
  };
  // Default: kOwn.
  Choice choice = Choice::kOwn;
  // For kPinned; else unused. Default: 0.
  uint32_t version = 0;
};

// How StateHandler saves and loads.
struct StateOptions {
  // How a save is written. `used_features` is unused: the device says them, see
  // StateDevice::UsedFeatures(). Default: see WriterOptions.
  WriterOptions writer;
  // Default: the version of the generated code.
  SaveVersion save_version;

  // Bounds of what a load may take. Default: see Limits.
  Limits limits;
  // The worst verdict that a state is loaded with: LOSSY, or better.
  // Default: LOSSY.
  VerdictLevel accept = VERDICT_LEVEL_LOSSY;
  // Writers whose states are known to be wrong. Default: null, none.
  std::shared_ptr<const std::vector<Quirk>> quirks;
  // Where the report on each load goes, LoadReport of verdict.proto as JSON: a
  // file that is replaced as a whole, and an FD, which stays the caller's, for
  // a line. Default: empty and -1, nowhere.
  std::string load_report_file;
  int load_report_fd = -1;

  // Released versions of the schema, and what annotations cannot express of the
  // ways between them, for loads and saves. Default: null, none.
  std::shared_ptr<const SchemaArchive> archive;
  std::shared_ptr<const std::vector<ConversionStep>> steps;

  // Called on the thread that transfers: after a save (kSaved), after a load
  // was read and prepared or has failed (kVerified), after the commit
  // (kCommitted). Default: none.
  std::function<void(const StateReport&)> report;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_OPTIONS_H_
