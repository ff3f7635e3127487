// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/journal_sink.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/map_file.h"

namespace devstate {
namespace {

constexpr uint64_t kReserveStep = 1024 * 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<JournalSink>> JournalSink::Create(
    FileDescriptor fd, JournalWay way, uint64_t max_bytes) {
  std::unique_ptr<JournalSink> sink(new JournalSink(std::move(fd), max_bytes));
  if (way == JournalWay::kMap) {
    void* const map =
        MapFile(sink->fd(), 0, max_bytes, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (map == MAP_FAILED) return ErrnoStatus(errno, "cannot map the journal");
    sink->map_ = static_cast<char*>(map);
  }
  return sink;
}

JournalSink::~JournalSink() {
  if (map_ == nullptr) return;
  ::munmap(map_, max_bytes_);
  // What was reserved and not used would follow a trailer. Without one it is
  // dropped as torn, so nothing is lost if this fails.
  if (TEMP_FAILURE_RETRY(::ftruncate(fd_.get(), static_cast<off_t>(size_))) !=
      0) {
    return;
  }
}

absl::Status JournalSink::Reserve(uint64_t size) {
  // Without pages of its own, a full file system would be a SIGBUS.
  const uint64_t end =
      std::min(max_bytes_, (size / kReserveStep + 1) * kReserveStep);
  int error;
  do {
    error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(end));
  } while (error == EINTR);
  if (error != 0) return ErrnoStatus(error, "cannot extend the journal");
  reserved_ = end;
  return absl::OkStatus();
}

absl::Status JournalSink::Write(absl::string_view bytes) {
  if (bytes.size() > max_bytes_ - size_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the journal has ", size_, " bytes and may have ",
                     max_bytes_, ": start a new generation"));
  }
  if (map_ != nullptr) {
    const uint64_t end = size_ + bytes.size();
    if (end > reserved_) DS_RETURN_IF_ERROR(Reserve(end));
    std::memcpy(map_ + size_, bytes.data(), bytes.size());
    size_ = end;
    return absl::OkStatus();
  }
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_.get(), bytes.data(), bytes.size(),
                                     static_cast<off_t>(size_));
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "cannot write to the journal");
    }
    size_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace devstate
