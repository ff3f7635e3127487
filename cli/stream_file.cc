// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/stream_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/verb.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"

namespace devstate {
namespace {

// Of zeros, worth leaving out of a file.
constexpr size_t kSmallestHole = 64 << 10;
constexpr size_t kMaxWholeInput = size_t{1} << 30;

absl::Status ErrnoError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<FileDescriptor> OpenForReading(const std::string& name) {
  FileDescriptor fd(name == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                : open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("cannot open it");
  return fd;
}

absl::StatusOr<std::shared_ptr<ByteSource>> ReadFrom(FileDescriptor fd) {
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(fd), ChannelUse::kRead));
  // A user's own pipe may take its time.
  TransferLimits limits;
  limits.total = limits.idle = absl::InfiniteDuration();
  DS_ASSIGN_OR_RETURN(std::shared_ptr<FdSource> source,
                      FdSource::Create(std::move(channel), limits));
  return std::shared_ptr<ByteSource>(std::move(source));
}

absl::StatusOr<std::shared_ptr<ByteSource>> OpenInput(const std::string& name) {
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, OpenForReading(name));
  return ReadFrom(std::move(fd));
}

absl::Status CheckNoDevice(const std::string& name) {
  struct stat info = {};
  const int error =
      name == "-" ? fstat(STDIN_FILENO, &info) : stat(name.c_str(), &info);
  // What cannot be looked at cannot be opened either, which says why.
  if (error != 0 || !(S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "a device, not a state: name a file, or pipe one in");
}

std::optional<uint64_t> FileSize(const std::string& name) {
  struct stat info = {};
  if (stat(name.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(info.st_size);
}

absl::StatusOr<std::string> ReadInput(const std::string& name) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      OpenInput(name));
  std::string bytes;
  std::string buffer(64 * 1024, '\0');
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t size,
                        source->Read(&buffer[0], buffer.size()));
    if (size == 0) return bytes;
    if (bytes.size() + size > kMaxWholeInput) {
      return absl::ResourceExhaustedError(
          "larger than 1 GiB, which is not read as a whole");
    }
    bytes.append(buffer, 0, size);
  }
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(
    const std::string& name, Content content) {
  struct stat status;
  // What is no regular file is written to: a FIFO or /dev/null must not be
  // replaced.
  const bool exists_as_other = name != "-" &&
                               stat(name.c_str(), &status) == 0 &&
                               !S_ISREG(status.st_mode);
  if (name == "-" || exists_as_other) {
    FileDescriptor fd(name == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : open(name.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.valid()) return ErrnoError("cannot write to it");
    if (content == Content::kBinary && isatty(fd.get())) {
      return absl::FailedPreconditionError(
          "a device state is not for a terminal: name a file, or redirect "
          "standard output");
    }
    return std::unique_ptr<OutputFile>(new OutputFile(name, "", std::move(fd)));
  }
  const std::string unfinished = name + ".part";
  FileDescriptor fd(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid())
    return ErrnoError(absl::StrCat("cannot create ", unfinished));
  return std::unique_ptr<OutputFile>(
      new OutputFile(name, unfinished, std::move(fd)));
}

OutputFile::~OutputFile() {
  if (!unfinished_.empty()) unlink(unfinished_.c_str());
}

absl::Status OutputFile::Write(absl::string_view bytes) {
  // Migration files with memory at fixed places are mostly holes.
  if (!unfinished_.empty() && bytes.size() >= kSmallestHole &&
      bytes.find_first_not_of('\0') == absl::string_view::npos &&
      lseek(fd_.get(), static_cast<off_t>(bytes.size()), SEEK_CUR) >= 0) {
    return absl::OkStatus();
  }
  while (!bytes.empty()) {
    const ssize_t written = write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("cannot write");
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  if (unfinished_.empty()) return absl::OkStatus();
  // The last bytes may be a hole.
  if (ftruncate(fd_.get(), lseek(fd_.get(), 0, SEEK_CUR)) != 0 ||
      fsync(fd_.get()) != 0 ||
      std::rename(unfinished_.c_str(), name_.c_str()) != 0) {
    return ErrnoError("cannot finish it");
  }
  unfinished_.clear();
  return absl::OkStatus();
}

int PrintFileError(absl::string_view name, const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  absl::string_view message = status.message();
  const bool has_offset =
      detail.has_value() && absl::ConsumePrefix(&message, "offset ");
  absl::FPrintF(stderr, "devstate: %s:%s%s\n", name == "-" ? "(stdin)" : name,
                has_offset ? "" : " ", message);
  if (!detail.has_value()) return kExitUsageOrIo;
  const bool refused =
      detail->reason() == UNKNOWN_CONTENT || detail->reason() == CONSTRAINT;
  return refused ? kExitRefused : kExitDamaged;
}

}  // namespace devstate
