// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/repeatable_source.h"

#include "absl/strings/str_cat.h"
#include "cli/progress.h"
#include "cli/stream_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

// What was kept, then the rest.
class RepeatableSource::Replay : public ByteSource {
 public:
  explicit Replay(RepeatableSource* bytes) : bytes_(*bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (position_ < bytes_.copy_->size()) {
      DS_ASSIGN_OR_RETURN(const size_t read,
                          bytes_.copy_->ReadAt(position_, buffer, size));
      position_ += read;
      return read;
    }
    DS_ASSIGN_OR_RETURN(const size_t read, bytes_.rest_->Read(buffer, size));
    if (!bytes_.last_) {
      DS_RETURN_IF_ERROR(bytes_.copy_->Write(absl::string_view(buffer, read)));
      position_ += read;
    }
    return read;
  }

 private:
  RepeatableSource& bytes_;
  uint64_t position_ = 0;
};

absl::StatusOr<std::unique_ptr<RepeatableSource>> RepeatableSource::Keep(
    std::shared_ptr<ByteSource> rest, std::optional<uint64_t> size) {
  auto bytes = std::make_unique<RepeatableSource>(nullptr, size);
  bytes->rest_ = std::move(rest);
  DS_ASSIGN_OR_RETURN(bytes->copy_, TemporaryFile::Create());
  return bytes;
}

absl::StatusOr<std::unique_ptr<RepeatableSource>> RepeatableSource::OfFile(
    const std::string& name) {
  const std::optional<uint64_t> size = FileSize(name);
  if (size.has_value()) {
    return std::make_unique<RepeatableSource>(
        [name] { return OpenInput(name); }, size);
  }
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> input, OpenInput(name));
  return Keep(std::move(input), std::nullopt);
}

absl::StatusOr<std::shared_ptr<ByteSource>> RepeatableSource::Open() {
  if (open_) return open_();
  return std::shared_ptr<ByteSource>(std::make_shared<Replay>(this));
}

OpenSource RepeatableSource::Opening(std::string label) {
  return [this, label = std::move(label),
          pass = 0]() mutable -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source, Open());
    ++pass;
    return WithProgress(
        std::move(source),
        pass == 1 ? label : absl::StrCat(label, ", pass ", pass), size_);
  };
}

absl::StatusOr<std::shared_ptr<ByteSource>> RepeatableSource::OpenLast() {
  last_ = true;
  return Open();
}

}  // namespace devstate
