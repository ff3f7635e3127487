// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Where a migration stream is in the files that have one: by itself, in a
// libvirt save image, compressed.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_MIGRATION_FILE_H_
#define DEVSTATE_FOREIGN_CONTAINERS_MIGRATION_FILE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "devstate/foreign/containers/random_access.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A migration stream that can be read at any place.
struct MigrationFile {
  std::unique_ptr<RandomAccess> bytes;
  // The offset of the stream in it.
  uint64_t start = 0;
  // Whether these are the bytes of the file, and not of its content.
  bool as_it_is = true;
};

// The most of the end of a compressed migration that is kept. The sections of
// the devices, with their states, are at the end.
inline constexpr uint64_t kKeptOfCompressed = uint64_t{4} << 30;

// Opens the migration stream that `fd` has. A compressed one is read to its
// end, and the last kKeptOfCompressed of it go into a TemporaryFile.
//
// FAILED_PRECONDITION, with what it is and the way on, for a file that has
// none. Errors are also those of OpenRandomAccess(), TemporaryFile and
// Decompressed().
absl::StatusOr<MigrationFile> OpenMigrationFile(FileDescriptor fd);

// Takes the migration stream that `content`, which was decompressed, is or has.
absl::StatusOr<MigrationFile> KeepMigration(ByteSource& content);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_MIGRATION_FILE_H_
