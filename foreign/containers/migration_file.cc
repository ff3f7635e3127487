// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/migration_file.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "devstate/foreign/containers/decompressor.h"
#include "devstate/foreign/containers/file_kind.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

constexpr size_t kPiece = 1 << 20;

// Room is given back in pieces of this, or each would cost a call.
constexpr uint64_t kForgetStep = uint64_t{256} << 20;

// The start and the end of something that was read once.
class StartAndEnd : public RandomAccess {
 public:
  static absl::StatusOr<std::unique_ptr<StartAndEnd>> Of(ByteSource& content) {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFile> file,
                        TemporaryFile::Create());
    uint64_t kept_from = kPiece;
    std::string piece(kPiece, '\0');
    while (true) {
      DS_ASSIGN_OR_RETURN(const size_t got,
                          content.Read(&piece[0], piece.size()));
      if (got == 0) break;
      DS_RETURN_IF_ERROR(file->Write(absl::string_view(piece).substr(0, got)));
      if (file->size() >= kept_from + kKeptOfCompressed + kForgetStep) {
        DS_RETURN_IF_ERROR(file->Forget(kept_from, kept_from + kForgetStep));
        kept_from += kForgetStep;
      }
    }
    return std::unique_ptr<StartAndEnd>(
        new StartAndEnd(std::move(file), kept_from));
  }

  uint64_t size() const override { return file_->size(); }

  absl::Status ReadAt(uint64_t offset, char* buffer, size_t size) override {
    if (kept_from_ != kPiece && offset + size > kPiece && offset < kept_from_) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "only the last ", kKeptOfCompressed >> 30,
          " GiB are kept of a migration that is compressed or comes through a "
          "pipe: store it in a file, uncompressed"));
    }
    while (size > 0) {
      DS_ASSIGN_OR_RETURN(const size_t got,
                          file_->ReadAt(offset, buffer, size));
      if (got == 0) return absl::DataLossError("the copy has become shorter");
      offset += got;
      buffer += got;
      size -= got;
    }
    return absl::OkStatus();
  }

 private:
  StartAndEnd(std::unique_ptr<TemporaryFile> file, uint64_t kept_from)
      : file_(std::move(file)), kept_from_(kept_from) {}

  const std::unique_ptr<TemporaryFile> file_;
  // The end of what was given back, which starts after the first piece.
  const uint64_t kept_from_;
};

absl::StatusOr<std::string> ReadFirst(RandomAccess& bytes, uint64_t offset) {
  std::string first(std::min<uint64_t>(bytes.size() - offset, kLibvirtHeader),
                    '\0');
  DS_RETURN_IF_ERROR(bytes.ReadAt(offset, &first[0], first.size()));
  return first;
}

// Decompresses the rest of `bytes` from `start` on. Refuses what came out of a
// compressor itself, of which there may be any number.
absl::StatusOr<MigrationFile> Decompress(FileKind kind, RandomAccess& bytes,
                                         uint64_t start, bool decompressed) {
  if (decompressed) {
    return absl::FailedPreconditionError(
        "compressed twice: decompress it to a file");
  }
  const std::shared_ptr<ByteSource> content =
      Decompressed(kind, std::make_shared<RangeSource>(&bytes, start));
  return KeepMigration(*content);
}

// Finds the stream in `bytes`, which are those of a file or a copy.
absl::StatusOr<MigrationFile> Find(std::unique_ptr<RandomAccess> bytes,
                                   absl::optional<ReadOnce> copy) {
  DS_ASSIGN_OR_RETURN(const std::string first, ReadFirst(*bytes, 0));
  const bool decompressed = copy == ReadOnce::kDecompressed;
  MigrationFile file;
  file.as_it_is = !copy.has_value();
  switch (const FileKind kind = FileKindOf(first)) {
    case FileKind::kNamed:
      return WayOn(first);
    case FileKind::kGzip:
    case FileKind::kZstd:
      return Decompress(kind, *bytes, 0, decompressed);
    case FileKind::kLibvirt: {
      DS_ASSIGN_OR_RETURN(const LibvirtImage image,
                          ParseLibvirtImage(first, bytes->size()));
      if (image.content != FileKind::kMigration) {
        return Decompress(image.content, *bytes, image.start, decompressed);
      }
      file.start = image.start;
      break;
    }
    case FileKind::kMigration:
    case FileKind::kJson:
    case FileKind::kCbor:
    case FileKind::kOther:
      break;
  }
  file.bytes = std::move(bytes);
  return file;
}

}  // namespace

absl::StatusOr<MigrationFile> OpenMigrationFile(FileDescriptor fd) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccess> bytes,
                      OpenRandomAccess(std::move(fd)));
  return Find(std::move(bytes), absl::nullopt);
}

absl::StatusOr<MigrationFile> KeepMigration(ByteSource& content,
                                            ReadOnce from) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccess> bytes,
                      StartAndEnd::Of(content));
  return Find(std::move(bytes), from);
}

}  // namespace devstate
