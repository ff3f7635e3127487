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
  // Whether these are the bytes of the file, and not of its content or a copy.
  bool as_it_is = true;
};

// The most of the end of a migration that is kept if it is compressed or comes
// through a pipe. The sections of the devices, with their states, are at the
// end.
inline constexpr uint64_t kKeptOfCompressed = uint64_t{4} << 30;

// Opens the migration stream that `fd` has. A compressed one is read to its
// end, and the last kKeptOfCompressed of it go into a TemporaryFile.
//
// FAILED_PRECONDITION, with what it is and the way on, for a file that has
// none. Errors are also those of OpenRandomAccess(), TemporaryFile and
// Decompressed().
absl::StatusOr<MigrationFile> OpenMigrationFile(FileDescriptor fd);

// Where bytes come from that can be read once.
enum class ReadOnce { kDecompressed, kPipe };

// Takes the migration stream that `content` is or has, as OpenMigrationFile()
// does. What was decompressed must not be compressed again.
absl::StatusOr<MigrationFile> KeepMigration(
    ByteSource& content, ReadOnce from = ReadOnce::kDecompressed);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_MIGRATION_FILE_H_
