// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_ERROR_PLACE_H_
#define DEVSTATE_CLI_ERROR_PLACE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// A verb reads one file and writes another, and an error passes through layers
// that know neither. These functions say which of the two an error is about.

// Returns `status` with the name of its file. OK stays OK, and a name that is
// there stays.
absl::Status AboutFile(absl::string_view name, absl::Status status);

// Marks an error whose message names its place itself, as those about schemas
// do.
absl::Status NamesItsPlace(absl::Status status);

// Returns the file that an error is about, empty after NamesItsPlace(). Nothing
// for an error that neither of these functions has seen.
absl::optional<std::string> FileOf(const absl::Status& status);

// The bytes of another source, whose errors get a place of their own.
class PlacedSource : public ByteSource {
 public:
  using Place = std::function<absl::Status(const absl::Status&)>;

  // Requires: `source` outlives this object.
  PlacedSource(ByteSource& source, Place place)
      : source_(source), place_(std::move(place)) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    absl::StatusOr<size_t> got = source_.Read(buffer, size);
    if (!got.ok()) return place_(got.status());
    return got;
  }

 private:
  ByteSource& source_;
  const Place place_;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_ERROR_PLACE_H_
