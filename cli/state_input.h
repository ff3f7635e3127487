// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state that a verb reads. It is a file of its own, standard input, or a
// device of a QEMU migration file or a snapshot. Each may be compressed.

#ifndef DEVSTATE_CLI_STATE_INPUT_H_
#define DEVSTATE_CLI_STATE_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/foreign/containers/migration_file.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A source of bytes that it holds.
class TextSource : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

 private:
  const std::string text_;
  size_t taken_ = 0;
};

struct StateInput {
  std::shared_ptr<ByteSource> source;
  // The device in a QEMU migration file, and where in the file its state
  // starts. Offsets in the state leave out the lengths that QEMU stores between
  // its chunks.
  std::string device;
  uint64_t file_offset = 0;
  // The size of the state, if it is known without reading it.
  std::optional<uint64_t> size;
  // Whether opening it again costs as much as reading the whole file.
  bool costly = false;
  // The name that errors are about, for PrintFileError(): the file, and the
  // device.
  std::string name;
};

// The options that choose a state.
struct StateInputFlags {
  // The file, or "-" for standard input.
  std::string file;
  // The state to take from a QEMU migration file; empty: the only one.
  std::string device;

  // Adds FILE and --device.
  void AddTo(Command& verb);
};

// Adds the options of a verb that takes several states: FILE..., and a --device
// of each.
void AddStates(Command& verb, std::vector<std::string>* files,
               std::string* device);

// What a verb does with a file that has no QEMU migration in it.
enum class StateUse {
  // It looks into the state. A compressed file is read as its content, and a
  // file of another known kind is refused by its name.
  kLook,
  // It hands the bytes on, whatever they are.
  kHandOn,
};

// Opens the migration that `fd` has, in a file or through a pipe. Errors are
// those of OpenMigrationFile() and KeepMigration().
absl::StatusOr<MigrationFile> OpenMigration(FileDescriptor fd);

// Opens the state. Errors are those of OpenInput(), OpenMigrationFile(),
// QemuFile::Open() and QemuFile::Find(); INVALID_ARGUMENT for a device of a
// file that is not QEMU's; FAILED_PRECONDITION for a file that is refused.
absl::StatusOr<StateInput> OpenState(const StateInputFlags& flags,
                                     StateUse use = StateUse::kLook);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STATE_INPUT_H_
