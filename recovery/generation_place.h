// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_RECOVERY_GENERATION_PLACE_H_
#define DEVSTATE_RECOVERY_GENERATION_PLACE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/io/service_manager.h"

namespace devstate {

// A place for the generations of one StateStore, each a file with a number from
// 1 on. Thread-safety: none.
class GenerationPlace {
 public:
  virtual ~GenerationPlace() = default;

  // Return what the log calls a generation, and what an error calls it, which
  // says where it is, too.
  virtual std::string NameOf(uint64_t generation) const = 0;
  virtual std::string PathOf(uint64_t generation) const = 0;

  // Returns the numbers of the generations there are, in ascending order.
  virtual absl::StatusOr<std::vector<uint64_t>> List() const = 0;

  // Opens a generation for reading. RESOURCE_EXHAUSTED if this process has no
  // descriptors or memory left for it.
  virtual absl::StatusOr<FileDescriptor> Open(uint64_t generation) const = 0;

  // Returns an empty file for the next generation, open for reading and
  // writing. It is none before Publish(); an unfinished one before it goes.
  virtual absl::StatusOr<FileDescriptor> Create() = 0;

  // Makes the file that was created last, which `fd` is, this generation.
  // `whole`: nothing is written to it any more. After an error it is one or it
  // is not.
  virtual absl::Status Publish(uint64_t generation, int fd, bool whole) = 0;

  // Removes an older generation.
  virtual absl::Status Remove(uint64_t generation) = 0;
};

// Returns a folder. A generation is a file of its own, renamed into place once,
// and on another file system than tmpfs it survives the host. Errors are those
// of StateStore::Open().
absl::StatusOr<std::unique_ptr<GenerationPlace>> OpenFolder(std::string path);

// Returns the memory files that the service manager keeps for this service.
// `name` is theirs, with a dot and the number. Takes what was handed over.
// FAILED_PRECONDITION if the manager says that it would not keep as many as a
// StateStore needs at a time. Requires: `manager` outlives the place.
absl::StatusOr<std::unique_ptr<GenerationPlace>> OpenParked(
    ServiceManager& manager, std::string name);

}  // namespace devstate

#endif  // DEVSTATE_RECOVERY_GENERATION_PLACE_H_
