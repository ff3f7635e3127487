// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_SCHEMA_ERROR_H_
#define DEVSTATE_SCHEMA_SCHEMA_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Returns an error at the place in the .proto file where `descriptor` is
// defined: "fs.proto:12:3: devices.fs.v1.Inode.id: TEXT".
template <typename Descriptor>
absl::Status SchemaError(const Descriptor& descriptor,
                         const std::string& text) {
  google::protobuf::SourceLocation location;
  std::string where(descriptor.file()->name());
  if (descriptor.GetSourceLocation(&location)) {
    absl::StrAppend(&where, ":", location.start_line + 1, ":",
                    location.start_column + 1);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": ", descriptor.full_name(), ": ", text));
}

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_SCHEMA_ERROR_H_
