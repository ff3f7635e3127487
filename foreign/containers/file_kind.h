// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The files that people have around a state: what they are by their first
// bytes, and the way from there to a state.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_FILE_KIND_H_
#define DEVSTATE_FOREIGN_CONTAINERS_FILE_KIND_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace devstate {

enum class FileKind {
  // Nothing of the below: a state, or something unknown.
  kOther,
  // QEMU's migration stream.
  kMigration,
  // A libvirt save image: a header and XML, then a migration stream.
  kLibvirt,
  // Compressed, and read through the compressor's library.
  kGzip,
  kZstd,
  // JSON, and CBOR as crosvm begins a snapshot: they may have states in them.
  kJson,
  kCbor,
  // Known by name only; WayOn() says what to do with it.
  kNamed,
};

// As many of the first bytes as FileKindOf() may look at.
inline constexpr size_t kFileKindBytes = 16;
// The size of the header of a libvirt save image.
inline constexpr size_t kLibvirtHeader = 92;

// Returns the kind of a file that starts with `first_bytes`.
FileKind FileKindOf(absl::string_view first_bytes);

// Returns FAILED_PRECONDITION with what a file of kind kNamed is, and the way
// from there to a state.
absl::Status WayOn(absl::string_view first_bytes);

// What the header of a libvirt save image says.
struct LibvirtImage {
  // The offset of the migration stream.
  uint64_t start = 0;
  // The kind of what is there: kMigration if it is not compressed.
  FileKind content = FileKind::kMigration;
};

// Parses the first kLibvirtHeader bytes of a libvirt save image of `size`
// bytes. FAILED_PRECONDITION with the way on for one that was not finished, or
// whose compression is not read. INVALID_ARGUMENT with an ErrorDetail for one
// that is cut off.
absl::StatusOr<LibvirtImage> ParseLibvirtImage(absl::string_view first_bytes,
                                               uint64_t size);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_FILE_KIND_H_
