// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// QemuFile::Inject() and QemuFile::ReplaceVirtio().

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

constexpr uint32_t kNewChunk = 64 << 10;
// QEMU takes memory for a whole chunk; so does this.
constexpr uint32_t kMaxChunk = 1 << 20;
constexpr uint64_t kCopyPiece = 64 << 10;
// Of the description: a be32.
constexpr uint64_t kLengthSize = 4;

// Fills `buffer` unless the source ends before.
absl::StatusOr<size_t> ReadFully(ByteSource& source, char* buffer,
                                 size_t size) {
  size_t filled = 0;
  while (filled < size) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source.Read(buffer + filled, size - filled));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

}  // namespace

absl::Status QemuFile::CopyRange(uint64_t begin, uint64_t end, ByteSink& out) {
  std::string piece;
  for (uint64_t at = begin; at < end; at += piece.size()) {
    piece.resize(std::min(kCopyPiece, end - at));
    DS_RETURN_IF_ERROR(file_->ReadAt(at, &piece[0], piece.size()));
    DS_RETURN_IF_ERROR(out.Write(piece));
  }
  return absl::OkStatus();
}

// Returns how many bytes were written, with lengths and end mark.
absl::StatusOr<uint64_t> QemuFile::WriteChunks(const BackendState& state,
                                               ByteSource& replacement,
                                               ByteSink& out) {
  StateChunkWalker old_chunks(file_.get(), state.offset, state.end);
  bool has_old = true;
  uint64_t written = 0;
  std::string chunk;
  while (true) {
    if (has_old) {
      DS_ASSIGN_OR_RETURN(has_old, old_chunks.Next());
    }
    const uint32_t size =
        has_old ? std::min(old_chunks.length(), kMaxChunk) : kNewChunk;
    chunk.resize(kLengthSize + size);
    DS_ASSIGN_OR_RETURN(const size_t got,
                        ReadFully(replacement, &chunk[kLengthSize], size));
    std::string length;
    AppendBigEndian32(static_cast<uint32_t>(got), &length);
    chunk.replace(0, kLengthSize, length);
    chunk.resize(kLengthSize + got);
    DS_RETURN_IF_ERROR(out.Write(chunk));
    written += chunk.size();
    // A length of 0 is the end mark.
    if (got == 0) return written;
  }
}

absl::Status QemuFile::Inject(const BackendState& state,
                              ByteSource& replacement, ByteSink& out) {
  DS_RETURN_IF_ERROR(CopyRange(0, state.offset, out));
  DS_ASSIGN_OR_RETURN(const uint64_t written,
                      WriteChunks(state, replacement, out));
  const StateField& field = state.field;
  return CopyRest(state.end, field.size - (state.end - state.offset) + written,
                  field.size_at, field.size_digits, out);
}

absl::Status QemuFile::ReplaceVirtio(const VirtioSection& section,
                                     absl::string_view bytes, ByteSink& out) {
  const VirtioField& field = section.field;
  DS_RETURN_IF_ERROR(CopyRange(0, section.offset, out));
  DS_RETURN_IF_ERROR(out.Write(bytes));
  return CopyRest(section.offset + field.size, bytes.size(), field.size_at,
                  field.size_digits, out);
}

// All that the description says of what is replaced is the size of its field.
absl::Status QemuFile::CopyRest(uint64_t from, uint64_t size, size_t size_at,
                                size_t size_digits, ByteSink& out) {
  DS_RETURN_IF_ERROR(CopyRange(from, description_offset_ - kLengthSize, out));
  const std::string digits = absl::StrCat(size);
  std::string length;
  AppendBigEndian32(static_cast<uint32_t>(end_ - description_offset_ -
                                          size_digits + digits.size()),
                    &length);
  DS_RETURN_IF_ERROR(out.Write(length));
  DS_RETURN_IF_ERROR(
      CopyRange(description_offset_, description_offset_ + size_at, out));
  DS_RETURN_IF_ERROR(out.Write(digits));
  return CopyRange(description_offset_ + size_at + size_digits, file_->size(),
                   out);
}

}  // namespace devstate
