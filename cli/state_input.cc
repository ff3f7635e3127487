// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/state_input.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "cli/stream_file.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

constexpr char kFileHelp[] =
    "State, or a QEMU migration file with one; - for standard input";
constexpr char kDeviceHelp[] =
    "Of a QEMU migration file with several states: the device, as `devstate "
    "qemu list` names it";

// A source whose first bytes were read already.
class HeadedSource : public ByteSource {
 public:
  HeadedSource(std::string head, std::shared_ptr<ByteSource> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (taken_ == head_.size()) return rest_->Read(buffer, size);
    size = std::min(size, head_.size() - taken_);
    std::memcpy(buffer, head_.data() + taken_, size);
    taken_ += size;
    return size;
  }

 private:
  const std::string head_;
  size_t taken_ = 0;
  const std::shared_ptr<ByteSource> rest_;
};

// A file and a source that needs it.
struct StateOfFile {
  std::unique_ptr<QemuFile> file;
  std::unique_ptr<ByteSource> source;
};

// Without moving its offset; false for what has none.
bool IsQemuFile(int fd) {
  std::string magic(kQemuFileMagic.size(), '\0');
  return lseek(fd, 0, SEEK_CUR) == 0 &&
         pread(fd, &magic[0], magic.size(), 0) ==
             static_cast<ssize_t>(magic.size()) &&
         magic == kQemuFileMagic;
}

absl::Status OpenStateOfFile(FileDescriptor fd, const std::string& device,
                             StateInput* input) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccess> bytes,
                      OpenRandomAccess(std::move(fd)));
  auto state = std::make_shared<StateOfFile>();
  DS_ASSIGN_OR_RETURN(state->file, QemuFile::Open(std::move(bytes)));
  DS_ASSIGN_OR_RETURN(const BackendState* const found,
                      state->file->Find(device));
  state->source = state->file->OpenState(*found);
  input->device = found->device;
  input->file_offset = found->offset;
  input->size = found->bytes;
  absl::StrAppendFormat(&input->name, " (state of %s at 0x%x)",
                        absl::Utf8SafeCEscape(found->device), found->offset);
  input->source = std::shared_ptr<ByteSource>(state, state->source.get());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadHead(ByteSource& source, size_t size) {
  std::string head(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source.Read(&head[filled], size - filled));
    if (got == 0) break;
    filled += got;
  }
  head.resize(filled);
  return head;
}

void StateInputFlags::AddTo(Command& verb) {
  verb.AddOption("FILE", &file, kFileHelp).Required();
  verb.AddOption("--device", &device, kDeviceHelp);
}

void AddStates(Command& verb, std::vector<std::string>* files,
               std::string* device) {
  verb.AddOption("FILE", files, kFileHelp).Required();
  verb.AddOption("--device", device, kDeviceHelp);
}

absl::StatusOr<StateInput> OpenState(const StateInputFlags& flags) {
  StateInput input;
  input.name = flags.file == "-" ? "(stdin)" : flags.file;
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, OpenForReading(flags.file));
  const bool is_qemu_file = IsQemuFile(fd.get());
  if (is_qemu_file) {
    DS_RETURN_IF_ERROR(OpenStateOfFile(std::move(fd), flags.device, &input));
  } else {
    input.size = FileSize(flags.file);
    DS_ASSIGN_OR_RETURN(input.source, ReadFrom(std::move(fd)));
  }
  DS_ASSIGN_OR_RETURN(std::string head,
                      ReadHead(*input.source, kQemuFileMagic.size()));
  if (!is_qemu_file && absl::StartsWith(head, kQemuFileMagic)) {
    return absl::FailedPreconditionError(
        "a QEMU migration file is read from its end and cannot come through a "
        "pipe: name the file");
  }
  if (!is_qemu_file && !flags.device.empty()) {
    return absl::InvalidArgumentError(
        "not a QEMU migration file, so it has no devices: leave --device out");
  }
  input.source =
      std::make_shared<HeadedSource>(std::move(head), std::move(input.source));
  return input;
}

}  // namespace devstate
