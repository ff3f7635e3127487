// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/state_input.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "cli/stream_file.h"
#include "devstate/foreign/containers/decompressor.h"
#include "devstate/foreign/containers/file_kind.h"
#include "devstate/foreign/containers/migration_file.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/snapshot/snapshot.h"
#include "devstate/foreign/read_head.h"
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

// The first bytes of what can be read again from its start, without moving its
// offset; none of anything else.
std::string FirstBytes(int fd) {
  std::string first(kFileKindBytes, '\0');
  if (lseek(fd, 0, SEEK_CUR) != 0) return "";
  const ssize_t got = pread(fd, &first[0], first.size(), 0);
  first.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return first;
}

absl::Status TakeStateOf(MigrationFile migration, const std::string& device,
                         StateInput* input) {
  auto state = std::make_shared<StateOfFile>();
  input->costly = !migration.as_it_is;
  DS_ASSIGN_OR_RETURN(
      state->file, QemuFile::Open(std::move(migration.bytes), migration.start));
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

bool IsSnapshot(FileKind kind) {
  return kind == FileKind::kJson || kind == FileKind::kCbor;
}

absl::Status TakeStateOfSnapshot(FileKind kind, const std::string& device,
                                 StateInput* input) {
  DS_ASSIGN_OR_RETURN(const std::vector<SnapshotState> states,
                      ReadSnapshot(*input->source, kind == FileKind::kJson
                                                       ? SnapshotForm::kJson
                                                       : SnapshotForm::kCbor));
  DS_ASSIGN_OR_RETURN(const SnapshotState* const found,
                      FindSnapshotState(states, device));
  input->costly = true;
  input->device = found->device;
  input->size = found->bytes.size();
  absl::StrAppendFormat(&input->name, " (state of %s)",
                        absl::Utf8SafeCEscape(found->device));
  input->source = std::make_shared<TextSource>(found->bytes);
  return absl::OkStatus();
}

bool HasMigration(FileKind kind) {
  return kind == FileKind::kMigration || kind == FileKind::kLibvirt;
}

// Reads the first bytes of `source`, and puts them back.
absl::StatusOr<std::string> Peek(std::shared_ptr<ByteSource>* source) {
  DS_ASSIGN_OR_RETURN(std::string first, ReadHead(**source, kFileKindBytes));
  *source = std::make_shared<HeadedSource>(first, std::move(*source));
  return first;
}

// Opens what is no migration file, or comes through a pipe.
absl::Status OpenPlain(FileDescriptor fd, const StateInputFlags& flags,
                       StateUse use, StateInput* input) {
  DS_ASSIGN_OR_RETURN(input->source, ReadFrom(std::move(fd)));
  DS_ASSIGN_OR_RETURN(std::string first, Peek(&input->source));
  FileKind kind = FileKindOf(first);
  if (HasMigration(kind)) {
    DS_ASSIGN_OR_RETURN(MigrationFile migration,
                        KeepMigration(*input->source, ReadOnce::kPipe));
    return TakeStateOf(std::move(migration), flags.device, input);
  }
  if (use == StateUse::kLook &&
      (kind == FileKind::kGzip || kind == FileKind::kZstd)) {
    input->costly = true;
    input->source = Decompressed(kind, std::move(input->source));
    DS_ASSIGN_OR_RETURN(first, Peek(&input->source));
    kind = FileKindOf(first);
    if (HasMigration(kind)) {
      DS_ASSIGN_OR_RETURN(MigrationFile migration,
                          KeepMigration(*input->source));
      return TakeStateOf(std::move(migration), flags.device, input);
    }
  } else {
    input->size = FileSize(flags.file);
  }
  if (use == StateUse::kLook && kind == FileKind::kNamed) return WayOn(first);
  if (use == StateUse::kLook && IsSnapshot(kind)) {
    return TakeStateOfSnapshot(kind, flags.device, input);
  }
  if (!flags.device.empty()) {
    return absl::InvalidArgumentError(
        "not a QEMU migration file, so it has no devices: leave --device out");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<size_t> TextSource::Read(char* buffer, size_t size) {
  size = std::min(size, text_.size() - taken_);
  std::memcpy(buffer, text_.data() + taken_, size);
  taken_ += size;
  return size;
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

absl::StatusOr<MigrationFile> OpenMigration(FileDescriptor fd) {
  struct stat info = {};
  if (fstat(fd.get(), &info) != 0 ||
      !(S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) {
    return OpenMigrationFile(std::move(fd));
  }
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      ReadFrom(std::move(fd)));
  return KeepMigration(*source, ReadOnce::kPipe);
}

absl::StatusOr<StateInput> OpenState(const StateInputFlags& flags,
                                     StateUse use) {
  StateInput input;
  input.name = flags.file == "-" ? "(stdin)" : flags.file;
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, OpenForReading(flags.file));
  if (HasMigration(FileKindOf(FirstBytes(fd.get())))) {
    DS_ASSIGN_OR_RETURN(MigrationFile migration,
                        OpenMigrationFile(std::move(fd)));
    DS_RETURN_IF_ERROR(TakeStateOf(std::move(migration), flags.device, &input));
  } else {
    DS_RETURN_IF_ERROR(OpenPlain(std::move(fd), flags, use, &input));
  }
  return input;
}

}  // namespace devstate
