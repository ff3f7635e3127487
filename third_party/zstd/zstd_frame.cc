// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/third_party/zstd/zstd_frame.h"

#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "zstd.h"
#include "zstd_errors.h"

namespace devstate {
namespace {

constexpr absl::string_view kFrameMagic("\x28\xb5\x2f\xfd", 4);

// What a reader that decompresses piece by piece must be ready to keep.
constexpr uint64_t kMaxWindowSize = uint64_t{1} << 31;

// Returns the window size that a frame header declares, 0 if it has none of its
// own (RFC 8878, section 3.1.1.1.2). `frame` starts with the magic and is a
// whole frame.
uint64_t WindowSizeOf(absl::string_view frame) {
  const auto byte = [frame](size_t i) {
    return uint64_t{static_cast<uint8_t>(frame[i])};
  };
  constexpr uint64_t kSingleSegment = 1 << 5;
  if ((byte(4) & kSingleSegment) != 0) return 0;
  const uint64_t base = uint64_t{1} << (10 + (byte(5) >> 3));
  return base + base / 8 * (byte(5) & 7);
}

}  // namespace

size_t Compressor::Bound(size_t size) { return ZSTD_compressBound(size); }

void Compressor::Free::operator()(ZSTD_CCtx* context) const {
  ZSTD_freeCCtx(context);
}

void Decompressor::Free::operator()(ZSTD_DCtx* context) const {
  ZSTD_freeDCtx(context);
}

absl::StatusOr<size_t> Compressor::Compress(absl::string_view input, int level,
                                            char* output, size_t capacity) {
  if (context_ == nullptr) context_.reset(ZSTD_createCCtx());
  if (context_ == nullptr) {
    return absl::ResourceExhaustedError("no memory for zstd");
  }
  ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  // What repeats in columns are words of names and runs of equal bytes: matches
  // of 5 bytes instead of level 1's 6 make the table of the benchmark 2 %
  // smaller and take 5 % less time.
  if (level == 1) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_minMatch, 5);
  }
  const size_t size = ZSTD_compress2(context_.get(), output, capacity,
                                     input.data(), input.size());
  if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation) {
    return absl::ResourceExhaustedError("no memory for zstd");
  }
  if (ZSTD_isError(size)) {
    return absl::InternalError(
        absl::StrCat("zstd cannot compress: ", ZSTD_getErrorName(size)));
  }
  return size;
}

std::string ZstdFrameOf(absl::string_view bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(&frame[0], frame.size(), bytes.data(),
                                    bytes.size(), ZSTD_maxCLevel());
  // Cannot fail with that much room; an empty frame is one that readers can do
  // without.
  frame.resize(ZSTD_isError(size) ? 0 : size);
  return frame;
}

absl::Status Decompressor::Decompress(absl::string_view input, char* output,
                                      size_t size) {
  // ZSTD_decompressDCtx() alone would also take several frames, skippable ones
  // and those of old formats among them, and frames of another size.
  if (!absl::StartsWith(input, kFrameMagic)) {
    return absl::InvalidArgumentError("payload is not a zstd frame");
  }
  const size_t frame_size =
      ZSTD_findFrameCompressedSize(input.data(), input.size());
  if (ZSTD_isError(frame_size) || frame_size != input.size()) {
    return absl::InvalidArgumentError("payload is not exactly one zstd frame");
  }
  const uint64_t window_size = WindowSizeOf(input);
  if (window_size > kMaxWindowSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("zstd frame asks for a window of ", window_size,
                     " bytes, allowed are ", kMaxWindowSize));
  }
  const unsigned long long declared =
      ZSTD_getFrameContentSize(input.data(), input.size());
  if (declared != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("zstd frame does not declare the content size ", size,
                     " of the chunk header"));
  }
  if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
  if (context_ == nullptr) {
    return absl::ResourceExhaustedError("no memory for zstd");
  }
  const size_t result = ZSTD_decompressDCtx(context_.get(), output, size,
                                            input.data(), input.size());
  if (ZSTD_isError(result)) {
    return absl::InvalidArgumentError(
        absl::StrCat("zstd cannot decompress: ", ZSTD_getErrorName(result)));
  }
  if (result != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("zstd frame holds ", result, " bytes, expected ", size));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ContentOfZstdFrame(absl::string_view frame,
                                               uint64_t max_size) {
  const unsigned long long size =
      ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return absl::InvalidArgumentError("is not a zstd frame with its size");
  }
  if (size > max_size) {
    return absl::ResourceExhaustedError(
        absl::StrCat("has ", size, " bytes, allowed are ", max_size));
  }
  std::string content(static_cast<size_t>(size), '\0');
  const absl::Status status =
      Decompressor().Decompress(frame, &content[0], content.size());
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is damaged: ", status.message()));
  }
  return content;
}

}  // namespace devstate
