// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/load_report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/blocked_write_signals.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {
namespace {

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    BlockedWriteSignals signals;
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno == EPIPE || errno == EFBIG) signals.set_failed();
      return ErrnoStatus(errno, "write");
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ReplaceFile(absl::string_view line, const std::string& file) {
  const std::string unfinished = absl::StrCat(file, ".", getpid());
  const FileDescriptor fd(TEMP_FAILURE_RETRY(open(
      unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)));
  if (!fd.valid()) return ErrnoStatus(errno, file);
  absl::Status status = WriteAll(fd.get(), line);
  if (status.ok() && rename(unfinished.c_str(), file.c_str()) != 0) {
    status = ErrnoStatus(errno, file);
  }
  if (!status.ok()) unlink(unfinished.c_str());
  return status;
}

}  // namespace

absl::Status WriteLoadReport(absl::string_view json, const std::string& file,
                             int fd) {
  const std::string line = absl::StrCat(json, "\n");
  if (!file.empty()) DS_RETURN_IF_ERROR(ReplaceFile(line, file));
  if (fd < 0) return absl::OkStatus();
  const absl::Status status = WriteAll(fd, line);
  return status.ok()
             ? status
             : absl::Status(status.code(),
                            absl::StrCat("FD ", fd, ": ", status.message()));
}

}  // namespace devstate
