// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_RECORD_CHECK_H_
#define DEVSTATE_SCHEMA_RECORD_CHECK_H_

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// The depth to which the messages of a schema may nest. Those of the root's
// fields lie 1 deep. Columns take two protobuf messages a level, so a stock
// parser with its limit of 100 reads every columns message.
inline constexpr int kMaxRecordDepth = 32;

// The depth to which they may nest in a schema that a state is only read by.
// Releases without the rule above wrote such schemas into their streams.
inline constexpr int kMaxReadableDepth = 64;

// The most fields of a message, those of nested messages included at each place
// where these occur. A record can have this many columns.
inline constexpr int kMaxRecordColumns = 16384;

// Refuses messages that cannot be part of a schema. They are not of proto3,
// contain themselves, nest deeper than `max_depth` or exceed kMaxRecordColumns.
// INVALID_ARGUMENT with file, line, field and remedy. Takes time for
// kMaxRecordColumns fields at most, so that hostile schemas can be checked.
absl::Status CheckRecordType(const google::protobuf::Descriptor& record,
                             int max_depth = kMaxRecordDepth);

// Checks the types of all fields of `root` likewise.
absl::Status CheckRootType(const google::protobuf::Descriptor& root,
                           int max_depth = kMaxRecordDepth);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_RECORD_CHECK_H_
