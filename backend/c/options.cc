// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/options.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/backend/c/sized.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

constexpr uint32_t kKnownWriteFlags =
    DEVSTATE_WRITE_ONE_THREAD | DEVSTATE_WRITE_NO_SCHEMA | DEVSTATE_WRITE_PLAIN;

// Keeps the default for 0.
template <typename T>
void Take(T given, T* value) {
  if (given != 0) *value = given;
}
void Take(const char* given, std::string* value) {
  if (given != nullptr) *value = given;
}

}  // namespace

absl::StatusOr<Limits> ReadLimits(const devstate_limits* given) {
  DS_ASSIGN_OR_RETURN(const devstate_limits read,
                      ReadSized(given, "devstate_limits"));
  Limits limits;
  Take(read.max_header_bytes, &limits.max_header_bytes);
  Take(read.max_chunk_stored_bytes, &limits.max_chunk_stored_bytes);
  Take(read.max_chunk_decoded_bytes, &limits.max_chunk_decoded_bytes);
  Take(read.max_chunk_records, &limits.max_chunk_records);
  Take(read.max_chunks, &limits.max_chunks);
  Take(read.max_expansion, &limits.max_expansion);
  Take(read.max_batch_memory, &limits.max_batch_memory);
  Take(read.max_records, &limits.max_records);
  Take(read.max_decoded_bytes, &limits.max_decoded_bytes);
  return limits;
}

absl::StatusOr<WriterOptions> ReadWriteOptions(
    const devstate_write_options* given) {
  DS_ASSIGN_OR_RETURN(const devstate_write_options read,
                      ReadSized(given, "devstate_write_options"));
  if ((read.flags & ~kKnownWriteFlags) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("devstate_write_options.flags has bits that this library "
                     "does not know: ",
                     read.flags & ~kKnownWriteFlags));
  }
  WriterOptions options;
  options.use_second_thread = (read.flags & DEVSTATE_WRITE_ONE_THREAD) == 0;
  options.embed_descriptor_set = (read.flags & DEVSTATE_WRITE_NO_SCHEMA) == 0;
  options.plain_columns = (read.flags & DEVSTATE_WRITE_PLAIN) != 0;
  Take(read.implementation, &options.implementation.name);
  Take(read.implementation_version, &options.implementation.version);
  Take(read.instance, &options.instance);
  if (read.compression != nullptr) {
    DS_ASSIGN_OR_RETURN(options.compression,
                        Compression::Parse(read.compression));
  }
  if (read.features != nullptr) {
    options.used_features.emplace();
    for (const char* const* feature = read.features; *feature != nullptr;
         ++feature) {
      options.used_features->push_back(*feature);
    }
  }
  DS_ASSIGN_OR_RETURN(options.limits, ReadLimits(read.limits));
  Take(read.max_batch_records, &options.max_batch_records);
  Take(read.max_batch_bytes, &options.max_batch_bytes);
  return options;
}

}  // namespace devstate::c
