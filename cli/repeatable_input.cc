// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/repeatable_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cli/stream_file.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

absl::Status ErrnoError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(
      what, " the copy of an input that is read more than once: ",
      std::strerror(errno), "; name a folder with room for it in $TMPDIR"));
}

std::string TemporaryFolder() {
  const char* const given = std::getenv("TMPDIR");
  return given == nullptr || *given == '\0' ? "/tmp" : given;
}

}  // namespace

// What was kept, then the rest.
class RepeatableInput::Replay : public ByteSource {
 public:
  explicit Replay(RepeatableInput* input) : input_(*input) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (position_ < input_.kept_) {
      const ssize_t read =
          pread(input_.copy_.get(), buffer,
                std::min<uint64_t>(size, input_.kept_ - position_),
                static_cast<off_t>(position_));
      if (read <= 0) return ErrnoError("cannot read");
      position_ += static_cast<uint64_t>(read);
      return static_cast<size_t>(read);
    }
    DS_ASSIGN_OR_RETURN(const size_t read, input_.rest_->Read(buffer, size));
    if (!input_.last_) {
      DS_RETURN_IF_ERROR(input_.Keep(buffer, read));
      position_ += read;
    }
    return read;
  }

 private:
  RepeatableInput& input_;
  uint64_t position_ = 0;
};

absl::Status RepeatableInput::Keep(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written =
        pwrite(copy_.get(), bytes, size, static_cast<off_t>(kept_));
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("cannot write");
    }
    bytes += written;
    size -= static_cast<size_t>(written);
    kept_ += static_cast<uint64_t>(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RepeatableInput>> RepeatableInput::Create(
    const StateInputFlags& flags) {
  std::unique_ptr<RepeatableInput> input(new RepeatableInput());
  DS_ASSIGN_OR_RETURN(StateInput state, OpenState(flags));
  input->name_ = std::move(state.name);
  input->size_ = state.size;
  if (FileSize(flags.file).has_value()) {
    input->file_ = flags;
    return input;
  }
  input->rest_ = std::move(state.source);
  std::string path = TemporaryFolder() + "/devstate-XXXXXX";
  input->copy_ = FileDescriptor(mkostemp(path.data(), O_CLOEXEC));
  if (!input->copy_.valid()) return ErrnoError("cannot create");
  unlink(path.c_str());
  return input;
}

absl::StatusOr<std::shared_ptr<ByteSource>> RepeatableInput::Open() {
  if (rest_ != nullptr) {
    return std::shared_ptr<ByteSource>(std::make_shared<Replay>(this));
  }
  DS_ASSIGN_OR_RETURN(StateInput state, OpenState(file_));
  return std::move(state.source);
}

absl::StatusOr<std::shared_ptr<ByteSource>> RepeatableInput::OpenLast() {
  last_ = true;
  return Open();
}

}  // namespace devstate
