// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PORTABLE_INPUT_H_
#define DEVSTATE_CLI_PORTABLE_INPUT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// A state that a verb reads as a devstate stream. It may be a stream, a state
// in a foreign format, or either within a QEMU migration file. A foreign state
// is imported into a TemporaryFile, so memory does not grow with it. A state
// that is none of these is read as a stream, whose reader tells what is wrong
// with it. Thread-safety: none.
class PortableInput {
 public:
  // Opens the state. Any error goes to standard error. So do the findings about
  // a foreign state, unless the caller takes them in `report`. If the state
  // cannot be opened or is refused, returns null and sets `exit_code`.
  static std::unique_ptr<PortableInput> Open(const StateInputFlags& flags,
                                             int* exit_code,
                                             ForeignReport* report = nullptr);

  PortableInput(const PortableInput&) = delete;
  PortableInput& operator=(const PortableInput&) = delete;

  // Returns the name that errors are about, for PrintFileError().
  const std::string& name() const { return original_->name(); }
  // Returns the size of the stream, if it is known without reading it.
  std::optional<uint64_t> size() const;
  // Returns the format that it was imported from: "virtiofsd V2"; empty for a
  // stream.
  const std::string& foreign() const { return foreign_; }

  // Returns whether the state has no stream, because its format has no portable
  // schema for all states. It can be shown all the same.
  bool shown_only() const { return shown_only_ != nullptr; }
  // Writes a state that is shown_only() as JSON.
  absl::Status Show(ByteSink* output);

  // Open the stream from its start, as those of RepeatableInput.
  // FAILED_PRECONDITION if the state is shown_only().
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenStream();
  absl::StatusOr<std::shared_ptr<ByteSource>> OpenStreamLast();

 private:
  PortableInput() = default;
  // Recognises the state and imports a foreign one.
  absl::StatusOr<ForeignReport> Prepare();

  std::unique_ptr<RepeatableInput> original_;
  std::string foreign_;
  const ForeignFormat* shown_only_ = nullptr;
  // The portable form of a foreign state; null for a stream.
  std::unique_ptr<TemporaryFile> imported_;
};

// Calls `run` with the input that `flags` name. Prints the error of either in
// one line, and returns the exit code.
int WithPortableInput(const StateInputFlags& flags,
                      const std::function<absl::Status(PortableInput&)>& run);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PORTABLE_INPUT_H_
