// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_STREAM_VERDICT_H_
#define DEVSTATE_COMPAT_GATE_STREAM_VERDICT_H_

#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/schema_model.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Adds what `chain` says of all states, except for what only the concrete state
// decides.
void AddSchemaFindings(const ConversionChain& chain, StreamFindings* findings);

// Returns the verdict that `findings` make, at best `best`. Their paths have
// the names of `newer`, the newer of the two schemas.
Verdict MakeStreamVerdict(VerdictLevel best, const StreamFindings& findings,
                          const SchemaModel& newer);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_STREAM_VERDICT_H_
