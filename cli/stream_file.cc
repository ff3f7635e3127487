// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// An output must not look complete before it is, and must not destroy an input.
// So it is written under another name and renamed, unless it is not a regular
// file or standard output.

#include "cli/stream_file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/error_place.h"
#include "cli/exit_codes.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"

namespace devstate {
namespace {

// Of zeros, worth leaving out of a file.
constexpr size_t kSmallestHole = 64 << 10;
// As Linux has it.
constexpr int kMaxLinks = 40;
// At a name for an unfinished file.
constexpr int kMaxAttempts = 1000;

absl::Status ErrnoError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

std::string NameOfOutput(const std::string& name) {
  return name == "-" ? "(stdout)" : name;
}

// Of a file, or of standard input or output.
bool Stat(const std::string& name, int standard, struct stat* status) {
  return (name == "-" ? fstat(standard, status) : stat(name.c_str(), status)) ==
         0;
}

// Whether writing the file would be writing an input.
bool IsOneOf(const std::string& output,
             const std::vector<std::string>& inputs) {
  struct stat out = {};
  if (!Stat(output, STDOUT_FILENO, &out) || !S_ISREG(out.st_mode)) return false;
  return std::any_of(
      inputs.begin(), inputs.end(), [&out](const std::string& input) {
        struct stat in = {};
        return !input.empty() && Stat(input, STDIN_FILENO, &in) &&
               in.st_dev == out.st_dev && in.st_ino == out.st_ino;
      });
}

// The file that `name` leads to, be it there or not.
std::string FollowLinks(std::string name) {
  for (int links = 0; links < kMaxLinks; ++links) {
    std::string to(PATH_MAX, '\0');
    const ssize_t size = readlink(name.c_str(), &to[0], to.size());
    if (size <= 0) break;
    to.resize(static_cast<size_t>(size));
    name = to[0] == '/' ? to : name.substr(0, name.rfind('/') + 1) + to;
  }
  return name;
}

}  // namespace

absl::StatusOr<FileDescriptor> OpenForReading(const std::string& name) {
  FileDescriptor fd(name == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                : TEMP_FAILURE_RETRY(open(
                                      name.c_str(), O_RDONLY | O_CLOEXEC)));
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

bool IsReadOnce(const std::string& name) {
  struct stat info = {};
  return name == "-" || (stat(name.c_str(), &info) == 0 &&
                         (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)));
}

std::optional<uint64_t> FileSize(const std::string& name) {
  struct stat info = {};
  if (stat(name.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(info.st_size);
}

absl::Status CheckStandardInput(const std::vector<std::string>& names) {
  if (std::count(names.begin(), names.end(), "-") < 2) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "(stdin): is named twice and can be read once: name a file for one of "
      "them");
}

absl::StatusOr<std::string> ReadInput(const std::string& name) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      OpenInput(name));
  return ReadInput(*source);
}

absl::StatusOr<std::string> ReadInput(ByteSource& source) {
  std::string bytes;
  std::string buffer(64 * 1024, '\0');
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t size,
                        source.Read(&buffer[0], buffer.size()));
    if (size == 0) return bytes;
    if (bytes.size() + size > kMaxWholeInput) {
      return absl::ResourceExhaustedError(
          "larger than 1 GiB, which is not read as a whole");
    }
    bytes.append(buffer, 0, size);
  }
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(
    const std::string& name, Content content,
    const std::vector<std::string>& inputs) {
  const auto failed = [&name](absl::Status status) {
    return AboutFile(NameOfOutput(name), std::move(status));
  };
  if (IsOneOf(name, inputs)) {
    return failed(absl::InvalidArgumentError(
        "is an input, too, and would be lost: name another file"));
  }
  struct stat status;
  const bool exists = name != "-" && stat(name.c_str(), &status) == 0;
  // What is no regular file is written to: a FIFO or /dev/null must not be
  // replaced.
  if (name == "-" || (exists && !S_ISREG(status.st_mode))) {
    FileDescriptor fd(name == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : TEMP_FAILURE_RETRY(open(
                                        name.c_str(), O_WRONLY | O_CLOEXEC)));
    if (!fd.valid()) return failed(ErrnoError("cannot write to it"));
    if (content == Content::kBinary && isatty(fd.get())) {
      return failed(absl::FailedPreconditionError(
          "a device state is not for a terminal: name a file, or redirect "
          "standard output"));
    }
    return std::unique_ptr<OutputFile>(
        new OutputFile(name, "", "", std::move(fd)));
  }
  const std::string target = FollowLinks(name);
  const std::string folder = target.substr(0, target.rfind('/') + 1);
  std::string unfinished;
  FileDescriptor fd;
  // Nobody else's file is ever opened.
  for (int attempt = 0; attempt < kMaxAttempts && !fd.valid(); ++attempt) {
    unfinished =
        absl::StrCat(folder, ".devstate-", getpid(), "-", attempt, ".part");
    fd = FileDescriptor(TEMP_FAILURE_RETRY(open(
        unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)));
    if (!fd.valid() && errno != EEXIST) break;
  }
  if (!fd.valid()) return failed(ErrnoError("cannot create it"));
  if (exists && fchmod(fd.get(), status.st_mode & 0777) != 0) {
    const absl::Status error = ErrnoError("cannot create it");
    unlink(unfinished.c_str());
    return failed(error);
  }
  return std::unique_ptr<OutputFile>(
      new OutputFile(name, target, unfinished, std::move(fd)));
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
      return AboutFile(NameOfOutput(name_), ErrnoError("cannot write"));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  if (unfinished_.empty()) return absl::OkStatus();
  // The last bytes may be a hole.
  const off_t size = lseek(fd_.get(), 0, SEEK_CUR);
  if (size < 0 || TEMP_FAILURE_RETRY(ftruncate(fd_.get(), size)) != 0 ||
      TEMP_FAILURE_RETRY(fsync(fd_.get())) != 0 ||
      std::rename(unfinished_.c_str(), target_.c_str()) != 0) {
    return AboutFile(name_, ErrnoError("cannot finish it"));
  }
  unfinished_.clear();
  return absl::OkStatus();
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  const absl::optional<std::string> file = FileOf(status);
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value() || (file.has_value() && file->empty())) {
    return kExitUsageOrIo;
  }
  const bool refused = detail->reason == ERROR_REASON_UNKNOWN_CONTENT ||
                       detail->reason == ERROR_REASON_CONSTRAINT;
  return refused ? kExitRefused : kExitDamaged;
}

int PrintFileError(absl::string_view name, const absl::Status& status) {
  const absl::optional<std::string> file = FileOf(status);
  if (file.has_value() && file->empty()) {
    absl::FPrintF(stderr, "devstate: %s\n", status.message());
    return ExitCodeOf(status);
  }
  if (file.has_value()) name = *file;
  absl::string_view message = status.message();
  const bool has_offset = GetErrorDetail(status).has_value() &&
                          absl::ConsumePrefix(&message, "offset ");
  absl::FPrintF(stderr, "devstate: %s:%s%s\n", name == "-" ? "(stdin)" : name,
                has_offset ? "" : " ", message);
  return ExitCodeOf(status);
}

}  // namespace devstate
