// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The texts in which people and programs learn of a verdict.

#ifndef DEVSTATE_COMPAT_GATE_LOAD_REPORT_H_
#define DEVSTATE_COMPAT_GATE_LOAD_REPORT_H_

#include <string>

#include "devstate/schema/schema_info.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Returns one line for a log. It has the level, both versions, and of each
// finding that makes the verdict the rule id, the path and the text with the
// remedy:
//   refused: state of devices.fs.v1 version 3 by fs 3.0, reader has version 1:
//   [unknown-critical] locks: the reader does not know the field …
// Of more than 3 such findings it gives the number. What the stream says is
// escaped.
std::string VerdictLogLine(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader);

// Returns LoadReport of verdict.proto as JSON, in one line.
std::string LoadReportJson(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_LOAD_REPORT_H_
