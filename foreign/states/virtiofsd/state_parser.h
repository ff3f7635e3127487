// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_STATE_PARSER_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_STATE_PARSER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::virtiofsd {

// Returns whether a state may start with `first_bytes`. They must have a known
// version, and what a first inode or an empty table looks like.
bool MayBeState(absl::string_view first_bytes);

// Reads one state of virtiofsd, V1 or V2, from the start of `source` to its end
// and gives its records to `visitor` as they come. OK only if the bytes are
// what virtiofsd's own encoder writes for some state, to the last one.
// TableCheck judges whether the records make sense together.
//
// Memory is constant. StreamErrors: UNKNOWN_CONTENT for a version above V2,
// NO_TRAILER for a state that is cut off, TRAILING_BYTES, LIMIT, MALFORMED.
absl::StatusOr<TableSummary> ParseState(ByteSource* source,
                                        TableVisitor* visitor);

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_STATE_PARSER_H_
