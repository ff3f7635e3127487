// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/inner_state.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// The subsection's type, the length of its name, its name and version 0.
constexpr absl::string_view kMark(
    "\x05\x19"
    "virtio-net-device/backend\0\0\0\0",
    31);
// The subsections after it are those of any virtio device: "virtio/…".
constexpr char kSubsection = 0x05;
constexpr absl::string_view kNext = "virtio/";
// Each costs one walk over the field.
constexpr int kMaxMarks = 16;

// Whether a whole state starts at `offset`.
absl::StatusOr<bool> IsState(RandomAccess* file, uint64_t offset,
                             uint64_t end) {
  StateChunkWalker walker(file, offset, end);
  while (true) {
    const absl::StatusOr<bool> more = walker.Next();
    // A file that cannot be read is not one with something else in it.
    if (more.status().code() == absl::StatusCode::kDataLoss) return more;
    if (!more.ok()) return false;
    if (!*more) break;
  }
  const uint64_t next = walker.position();
  if (next == end) return true;
  const size_t size = 2 + kNext.size();
  if (end - next < size) return false;
  std::string bytes(size, '\0');
  DS_RETURN_IF_ERROR(file->ReadAt(next, &bytes[0], size));
  return bytes[0] == kSubsection && absl::string_view(bytes).substr(2) == kNext;
}

}  // namespace

absl::StatusOr<absl::optional<uint64_t>> FindInnerState(RandomAccess* file,
                                                        uint64_t begin,
                                                        uint64_t end) {
  constexpr uint64_t kPiece = 64 << 10;
  absl::optional<uint64_t> found;
  int marks = 0;
  std::string piece;
  // Pieces overlap by one byte less than the mark.
  for (uint64_t start = begin; end - start >= kMark.size();
       start += piece.size() - (kMark.size() - 1)) {
    piece.resize(std::min(kPiece, end - start));
    DS_RETURN_IF_ERROR(file->ReadAt(start, &piece[0], piece.size()));
    for (size_t at = piece.find(kMark.data(), 0, kMark.size());
         at != std::string::npos;
         at = piece.find(kMark.data(), at + 1, kMark.size())) {
      const uint64_t state = start + at + kMark.size();
      if (++marks > kMaxMarks) {
        return QemuFileError(
            state, absl::StrFormat("more than %d places look like the start of "
                                   "a virtio-net device's state",
                                   kMaxMarks));
      }
      DS_ASSIGN_OR_RETURN(const bool is_state, IsState(file, state, end));
      if (!is_state) continue;
      if (found.has_value()) {
        return QemuFileError(
            state,
            absl::StrFormat("a virtio-net device's state starts here or at "
                            "0x%x: a guest may have made one of them up",
                            *found));
      }
      found = state;
    }
  }
  return found;
}

}  // namespace devstate
