// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_CHECK_STREAM_H_
#define DEVSTATE_CLI_CHECK_STREAM_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "cli/schema_flags.h"
#include "devstate/verdict.pb.h"
#include "serializer/byte_stream.h"

namespace devstate {

// devstate check STREAM --reader SCHEMA|MANIFEST: may this very state be loaded
// with that schema, or by a back-end with that manifest? Prints the report;
// returns the verdict, IDENTICAL if it is one of `accepted`. Reads `stream` to
// its end. An error is about the reader; what is wrong with the stream is in the
// verdict.
absl::StatusOr<VerdictLevel> CheckStreamWithReader(
    ByteSource& stream, const std::string& reader, const std::string& lineage,
    const SchemaFlags& flags, const std::set<VerdictLevel>& accepted);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_STREAM_H_
