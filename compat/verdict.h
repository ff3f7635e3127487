// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_VERDICT_H_
#define DEVSTATE_COMPAT_VERDICT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Returns what the header of a stream alone says about loading it with a reader
// of `schema`. IDENTICAL if the schema is the same. COMPATIBLE if the chunks
// must tell. REFUSED, with a finding, for another device, another schema, or a
// writer which says that this reader is too old.
Verdict JudgeHeader(const StreamHeader& header, const SchemaInfo& schema);

// Returns the verdict after the chunks were read with `status`. It is never
// better than `header_verdict`. DAMAGED if the stream is not what its writer
// wrote or breaks a limit. REFUSED if this reader cannot load it.
Verdict JudgeLoad(const Verdict& header_verdict, const absl::Status& status);

// Returns OK unless the verdict is REFUSED or DAMAGED. These are
// FAILED_PRECONDITION with VerdictText().
absl::Status VerdictStatus(const Verdict& verdict);

// Returns one line with the findings that make the verdict: "refused
// [unknown-critical] queues.size: …".
std::string VerdictText(const Verdict& verdict);

// Returns the first of the findings that make the verdict, or null.
const Finding* DecidingFinding(const Verdict& verdict);

// Returns the answer to CHECK_DEVICE_STATE. It is 0 exactly if the verdict lets
// the state be loaded and `status` is OK. Otherwise it has these parts, from
// the highest byte on:
//
//  * 0xd5
//  * the VerdictLevel
//  * the code of the rule that made the verdict (Rule::code), or 0
//  * the meaning of the low 32 bits: 0 nothing, 1 the number of the field that
//    the finding is about, 2 the index of the chunk
//  * these 32 bits
//
// QEMU 10.0 only looks whether the value is 0 (hw/virtio/vhost.c,
// vhost_check_device_state).
uint64_t CheckReplyValue(const Verdict& verdict, const absl::Status& status);

// Returns an answer to CHECK_DEVICE_STATE as text for people:
// "0xd508380000000000, damaged [not-a-stream]: devstate explain not-a-stream".
// Returns the number alone if CheckReplyValue() cannot have made it, as for
// another implementation.
std::string CheckReplyText(uint64_t reply);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_VERDICT_H_
