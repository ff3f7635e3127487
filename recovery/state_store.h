// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_RECOVERY_STATE_STORE_H_
#define DEVSTATE_RECOVERY_STATE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/recovery/journal_sink.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/limits.h"

namespace devstate {

class GenerationPlace;
class ServiceManager;

struct StateStoreOptions {
  // The folder of the generations, which must exist and be of this store alone:
  // on tmpfs, systemd's RuntimeDirectory= with RuntimeDirectoryPreserve=. On
  // another file system each generation is synced, and survives the host.
  std::string directory;
  // Instead of a folder, the service manager: it keeps each generation as a
  // memory file, whole ones sealed, and there are up to four at a time
  // (FileDescriptorStoreMax=). `name` is theirs there, followed by a dot and a
  // number, so it is of this store alone. Not owned; outlives the store.
  ServiceManager* manager = nullptr;
  std::string name = "state";
  // The bytes of a generation, its journal included. Default: 256 MiB.
  uint64_t max_bytes = 256ull * 1024 * 1024;
  // The way a journal is written. Default: kAppend.
  JournalWay way = JournalWay::kAppend;
  // The limits of the reader of a generation. The device gives the writer of a
  // journal the same. Default: those of any stream, with more rounds, chunks
  // and bytes to merge.
  Limits limits = ForJournals();

  static Limits ForJournals() {
    Limits limits;
    // A round takes at most 20 bytes of the trailer, which is at most 1 MiB.
    limits.max_rounds = 50'000;
    limits.max_chunks = UINT32_MAX;
    // No peer has written what is in the folder.
    limits.max_merge_bytes = 4ull * 1024 * 1024 * 1024;
    return limits;
  }
};

// What a load has found, newest generation first.
struct Recovery {
  // The generation that was loaded; 0 if none was.
  uint64_t generation = 0;
  // A line for each generation that was looked at: what became of it, and why.
  std::vector<std::string> log;
};

// Keeps the state of a device where it outlives the process: generations, each
// a state written whole or a journal (journal_source.h), the newest two that
// are good. Thread-safety: none.
class StateStore {
 public:
  // Opens the store. FAILED_PRECONDITION if another process has the folder
  // open, which one that was killed does not, or if the manager says that it
  // keeps too few descriptors. INVALID_ARGUMENT if there is neither a folder
  // nor a manager, or both.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(
      StateStoreOptions options);
  ~StateStore();

  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  // Calls `load` with the newest generation that is whole, as a state without
  // rounds, and with the one before if `load` refuses it. `load` applies
  // nothing unless it returns OK, and judges the state as any other: it may be
  // of another release.
  //
  // Errors are those of the place, and RESOURCE_EXHAUSTED if this process has
  // no descriptors or memory left to read a generation: then none is loaded,
  // lest it be an older one. A store without a state that can be loaded is OK,
  // generation 0.
  absl::StatusOr<Recovery> Load(
      const std::function<absl::Status(ByteSource&)>& load);

  // Starts the next generation. What is written to the sink is none before
  // Publish(). Valid until the next Begin(). RESOURCE_EXHAUSTED if no number is
  // left for it.
  absl::StatusOr<JournalSink*> Begin();

  // Makes the generation the newest: the sink has a state with its trailer, or
  // the first round of a journal that goes on. Of the generations before it,
  // the one that was loaded or published last stays, and those after that one.
  //
  // After an error the newest generation is this one or the one before.
  absl::Status Publish();

  // Writes a whole generation.
  absl::Status Put(const std::function<absl::Status(ByteSink&)>& write);

 private:
  explicit StateStore(StateStoreOptions options);

  absl::StatusOr<JournalSink*> BeginAs(JournalWay way);
  absl::Status PublishAs(bool whole);
  // Sets `unread` if it is the file that cannot be read.
  absl::Status LoadOne(uint64_t generation,
                       const std::function<absl::Status(ByteSource&)>& load,
                       std::string* line, absl::Status* unread) const;

  const StateStoreOptions options_;
  std::unique_ptr<GenerationPlace> place_;
  // The generation that Begin() has started, or the last one there is.
  uint64_t generation_ = 0;
  // The generation that was loaded or published last; 0 if none was.
  uint64_t good_ = 0;
  std::unique_ptr<JournalSink> sink_;
};

}  // namespace devstate

#endif  // DEVSTATE_RECOVERY_STATE_STORE_H_
