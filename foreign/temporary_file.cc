// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/temporary_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {

absl::Status ErrnoError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(
      what, " the copy of an input that is read more than once: ",
      std::strerror(errno), "; name a folder with room for it in $TMPDIR"));
}

std::string Folder() {
  const char* const given = std::getenv("TMPDIR");
  return given == nullptr || *given == '\0' ? "/tmp" : given;
}

class Source : public ByteSource {
 public:
  explicit Source(const TemporaryFile* file) : file_(*file) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const absl::StatusOr<size_t> read = file_.ReadAt(offset_, buffer, size);
    if (read.ok()) offset_ += *read;
    return read;
  }

 private:
  const TemporaryFile& file_;
  uint64_t offset_ = 0;
};

}  // namespace

std::shared_ptr<ByteSource> TemporaryFile::Open() const {
  return std::make_shared<Source>(this);
}

absl::StatusOr<std::unique_ptr<TemporaryFile>> TemporaryFile::Create() {
  std::string path = Folder() + "/devstate-XXXXXX";
  FileDescriptor fd(mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoError("cannot create");
  unlink(path.c_str());
  return std::unique_ptr<TemporaryFile>(new TemporaryFile(std::move(fd)));
}

absl::Status TemporaryFile::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd_.get(), bytes.data(), bytes.size(),
                                   static_cast<off_t>(size_));
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("cannot write");
    }
    bytes.remove_prefix(static_cast<size_t>(written));
    size_ += static_cast<uint64_t>(written);
  }
  return absl::OkStatus();
}

absl::Status TemporaryFile::Forget(uint64_t begin, uint64_t end) {
  // Where the file system has no holes, the room stays taken.
  if (fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(begin),
                static_cast<off_t>(end - begin)) != 0 &&
      errno != EOPNOTSUPP) {
    return ErrnoError("cannot shorten");
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> TemporaryFile::ReadAt(uint64_t offset, char* buffer,
                                             size_t size) const {
  if (offset >= size_) return 0;
  const ssize_t read =
      pread(fd_.get(), buffer, std::min<uint64_t>(size, size_ - offset),
            static_cast<off_t>(offset));
  if (read <= 0) return ErrnoError("cannot read");
  return static_cast<size_t>(read);
}

}  // namespace devstate
