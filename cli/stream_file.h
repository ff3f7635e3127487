// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Files that the verbs read and write: by name, or "-" for standard input and
// output.

#ifndef DEVSTATE_CLI_STREAM_FILE_H_
#define DEVSTATE_CLI_STREAM_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "serializer/byte_stream.h"
#include "transport/file_descriptor.h"

namespace devstate {

// Opens `name` for reading, from where standard input stands if it is "-".
// Errors name the file and the reason: a directory, a terminal, no permission,
// …
absl::StatusOr<std::shared_ptr<ByteSource>> OpenInput(const std::string& name);

// All bytes of `name`. RESOURCE_EXHAUSTED beyond 1 GiB.
absl::StatusOr<std::string> ReadInput(const std::string& name);

// A file that appears under its name only when it is complete.
class OutputFile : public ByteSink {
 public:
  enum class Content { kBinary, kText };

  // FAILED_PRECONDITION if `name` is "-", standard output is a terminal and the
  // content is binary: the bytes of a state are not for one.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(
      const std::string& name, Content content = Content::kBinary);
  // Removes what was written, unless Commit() succeeded.
  ~OutputFile() override;

  absl::Status Write(absl::string_view bytes) override;
  absl::Status Commit();

 private:
  OutputFile(std::string name, std::string unfinished, FileDescriptor fd)
      : name_(std::move(name)),
        unfinished_(std::move(unfinished)),
        fd_(std::move(fd)) {}

  const std::string name_;
  // Empty for standard output and after Commit().
  std::string unfinished_;
  FileDescriptor fd_;
};

// Prints "devstate: FILE:0x1a4: chunk 7: …" for an error about a stream and
// "devstate: FILE: …" for any other, and returns the exit code that it means.
int PrintFileError(absl::string_view name, const absl::Status& status);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STREAM_FILE_H_
