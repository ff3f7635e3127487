// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/decompressor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "zlib.h"
#include "zstd.h"

namespace devstate {
namespace {

constexpr size_t kInputSize = 128 << 10;

// What one step of a library has done.
struct Step {
  size_t taken = 0;
  size_t made = 0;
  // A member or frame is complete.
  bool ended = false;
};

class GzipLibrary {
 public:
  GzipLibrary() {
    // A window of 15 bits, and 16 for the header of gzip.
    ok_ = inflateInit2(&stream_, 15 + 16) == Z_OK;
  }
  ~GzipLibrary() { inflateEnd(&stream_); }
  GzipLibrary(const GzipLibrary&) = delete;
  GzipLibrary& operator=(const GzipLibrary&) = delete;

  static constexpr absl::string_view kName = "gzip";

  absl::StatusOr<Step> Run(absl::string_view input, char* output, size_t size) {
    if (!ok_) return absl::ResourceExhaustedError("no memory");
    constexpr size_t kMost = 1 << 30;
    input = input.substr(0, kMost);
    size = std::min(size, kMost);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(output);
    stream_.avail_out = static_cast<uInt>(size);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return absl::InvalidArgumentError(
          stream_.msg != nullptr ? stream_.msg : "no such data");
    }
    Step step{input.size() - stream_.avail_in, size - stream_.avail_out,
              result == Z_STREAM_END};
    if (step.ended) inflateReset(&stream_);
    return step;
  }

 private:
  z_stream stream_ = {};
  bool ok_ = false;
};

class ZstdLibrary {
 public:
  ZstdLibrary() : stream_(ZSTD_createDStream()) {}
  ~ZstdLibrary() { ZSTD_freeDStream(stream_); }
  ZstdLibrary(const ZstdLibrary&) = delete;
  ZstdLibrary& operator=(const ZstdLibrary&) = delete;

  static constexpr absl::string_view kName = "zstd";

  absl::StatusOr<Step> Run(absl::string_view input, char* output, size_t size) {
    if (stream_ == nullptr) return absl::ResourceExhaustedError("no memory");
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output, size, 0};
    const size_t result = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(result) != 0) {
      return absl::InvalidArgumentError(ZSTD_getErrorName(result));
    }
    return Step{in.pos, out.pos, result == 0};
  }

 private:
  ZSTD_DStream* const stream_;
};

template <typename Library>
class Source : public ByteSource {
 public:
  explicit Source(std::shared_ptr<ByteSource> compressed)
      : compressed_(std::move(compressed)), input_(kInputSize, '\0') {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    DS_RETURN_IF_ERROR(failure_);
    absl::StatusOr<size_t> read = ReadOnce(buffer, size);
    if (!read.ok()) failure_ = read.status();
    return read;
  }

 private:
  absl::StatusOr<size_t> ReadOnce(char* buffer, size_t size) {
    while (true) {
      if (position_ == filled_ && !at_end_) DS_RETURN_IF_ERROR(Fill());
      if (between_) {
        // At the start, or after a member.
        if (position_ == filled_ && at_end_) return 0;
        if (offset_ + position_ != 0 && input_[position_] == '\0') {
          DS_RETURN_IF_ERROR(SkipZeros());
          return 0;
        }
        between_ = false;
      }
      const absl::string_view input =
          absl::string_view(input_).substr(position_, filled_ - position_);
      const absl::StatusOr<Step> step = library_.Run(input, buffer, size);
      if (!step.ok()) return Damaged(step.status().message());
      position_ += step->taken;
      between_ = step->ended;
      if (step->made != 0) return step->made;
      if (step->taken == 0 && !step->ended && at_end_) {
        return Error(ERROR_REASON_NO_TRAILER,
                     absl::StrCat("the file compressed with ", Library::kName,
                                  " ends early: it was cut off; save or copy "
                                  "it again"));
      }
    }
  }

  absl::Status Fill() {
    offset_ += filled_;
    position_ = filled_ = 0;
    DS_ASSIGN_OR_RETURN(filled_, compressed_->Read(&input_[0], input_.size()));
    at_end_ = filled_ == 0;
    return absl::OkStatus();
  }

  absl::Status SkipZeros() {
    while (!at_end_) {
      const absl::string_view rest =
          absl::string_view(input_).substr(position_, filled_ - position_);
      const size_t other = rest.find_first_not_of('\0');
      if (other != absl::string_view::npos) {
        position_ += other;
        return Damaged("something follows its end");
      }
      DS_RETURN_IF_ERROR(Fill());
    }
    return absl::OkStatus();
  }

  absl::Status Damaged(absl::string_view what) const {
    return Error(ERROR_REASON_MALFORMED,
                 absl::StrCat("not what ", Library::kName, " writes: ", what,
                              "; save or copy it again"));
  }

  absl::Status Error(ErrorReason reason, absl::string_view message) const {
    return StreamError({reason, offset_ + position_}, message);
  }

  const std::shared_ptr<ByteSource> compressed_;
  Library library_;
  std::string input_;
  size_t position_ = 0;
  size_t filled_ = 0;
  // The offset of the input's first byte.
  uint64_t offset_ = 0;
  bool at_end_ = false;
  bool between_ = true;
  absl::Status failure_;
};

}  // namespace

std::shared_ptr<ByteSource> Decompressed(
    FileKind kind, std::shared_ptr<ByteSource> compressed) {
  if (kind == FileKind::kGzip) {
    return std::make_shared<Source<GzipLibrary>>(std::move(compressed));
  }
  return std::make_shared<Source<ZstdLibrary>>(std::move(compressed));
}

}  // namespace devstate
