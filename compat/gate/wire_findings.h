// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_WIRE_FINDINGS_H_
#define DEVSTATE_COMPAT_GATE_WIRE_FINDINGS_H_

#include "absl/status/status.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/serializer/stream_reader.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Walks the root chunk (wire_walk.h) by the writer's schema and adds a finding
// for each kind of fault and path. MALFORMED if the payload is not well-formed
// or holds records.
absl::Status AddWireFindings(const Chunk& chunk,
                             const google::protobuf::Descriptor& root,
                             StreamFindings* findings);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_WIRE_FINDINGS_H_
