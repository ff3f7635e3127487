# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What the library stands on, for its own build and for those of its users.
# CMAKE_PREFIX_PATH says where else than in the system it is looked for.

include(CMakeFindDependencyMacro)

find_dependency(Threads)
# Protocol Buffers bring a configuration from release 22 on, in which CMake's own
# module misses their dependencies.
find_package(Protobuf QUIET CONFIG)
if(NOT Protobuf_FOUND)
  find_dependency(Protobuf MODULE)
endif()
find_dependency(absl CONFIG)
find_dependency(PkgConfig)
pkg_check_modules(DEVSTATE_MD QUIET REQUIRED IMPORTED_TARGET libmd)
pkg_check_modules(DEVSTATE_ZSTD QUIET REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(DEVSTATE_XXHASH QUIET REQUIRED IMPORTED_TARGET libxxhash)

# What headers show.
set(DEVSTATE_PUBLIC_LIBRARIES
  protobuf::libprotobuf
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::int128
  absl::optional
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::synchronization
  absl::time
  Threads::Threads)
set(DEVSTATE_PRIVATE_LIBRARIES
  PkgConfig::DEVSTATE_MD
  PkgConfig::DEVSTATE_XXHASH
  PkgConfig::DEVSTATE_ZSTD)
