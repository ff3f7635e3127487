// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Files that the verbs read and write: by name, or "-" for standard input and
// output.

#ifndef DEVSTATE_CLI_STREAM_FILE_H_
#define DEVSTATE_CLI_STREAM_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// Opens `name` for reading; standard input if it is "-". UNAVAILABLE with the
// reason.
absl::StatusOr<FileDescriptor> OpenForReading(const std::string& name);

// Reads `fd` from where it stands. Errors name the reason: a directory, a
// terminal, …
absl::StatusOr<std::shared_ptr<ByteSource>> ReadFrom(FileDescriptor fd);

// Opens `name` and reads it, as the two above.
absl::StatusOr<std::shared_ptr<ByteSource>> OpenInput(const std::string& name);

// Refuses a device such as /dev/zero, which may never end, with
// INVALID_ARGUMENT.
absl::Status CheckNoDevice(const std::string& name);

// Returns whether `name` is standard input or a pipe, of which nothing is left
// when it has been read.
bool IsReadOnce(const std::string& name);

// Returns the size of a regular file, if `name` is one.
std::optional<uint64_t> FileSize(const std::string& name);

// Refuses "-" if more than one of `names` is it, because it is read once.
// INVALID_ARGUMENT.
absl::Status CheckStandardInput(const std::vector<std::string>& names);

// The most bytes that are read as a whole.
inline constexpr size_t kMaxWholeInput = size_t{1} << 30;

// Returns all bytes of `name` or `source`. RESOURCE_EXHAUSTED beyond
// kMaxWholeInput.
absl::StatusOr<std::string> ReadInput(const std::string& name);
absl::StatusOr<std::string> ReadInput(ByteSource& source);

// A file that appears under its name only when it is complete. It has the
// permissions of the file that it replaces, or else those that the umask
// leaves. Long runs of zeros become holes in it. Errors are AboutFile() of it.
class OutputFile : public ByteSink {
 public:
  enum class Content { kBinary, kText };

  // Creates the file; standard output if `name` is "-". Standard output and
  // everything that is not a regular file, such as a FIFO, are written to as
  // they are. A symbolic link is followed.
  //
  // Errors: FAILED_PRECONDITION for a terminal if the content is binary,
  // because the bytes of a state are not for one; INVALID_ARGUMENT for a file
  // that is one of `inputs` as well.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(
      const std::string& name, Content content,
      const std::vector<std::string>& inputs);
  // Removes what was written, unless Commit() succeeded.
  ~OutputFile() override;

  absl::Status Write(absl::string_view bytes) override;
  absl::Status Commit();

 private:
  OutputFile(std::string name, std::string target, std::string unfinished,
             FileDescriptor fd)
      : name_(std::move(name)),
        target_(std::move(target)),
        unfinished_(std::move(unfinished)),
        fd_(std::move(fd)) {}

  // The name as the user gave it, and after links.
  const std::string name_;
  const std::string target_;
  // The unfinished file; empty after Commit(), and for what is not replaced.
  std::string unfinished_;
  FileDescriptor fd_;
};

// Returns the exit code for an error.
int ExitCodeOf(const absl::Status& status);

// Prints "devstate: FILE:0x1a4: chunk 7: …" for an error about a stream and
// "devstate: FILE: …" for any other, and returns its ExitCodeOf(). FILE is
// FileOf() the error, else `name`.
int PrintFileError(absl::string_view name, const absl::Status& status);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STREAM_FILE_H_
