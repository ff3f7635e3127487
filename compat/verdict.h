// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_VERDICT_H_
#define DEVSTATE_COMPAT_VERDICT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "devstate/schema/schema_info.h"
#include "devstate/stream.pb.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// What the header of a stream alone says about loading it with a reader of
// `schema`: IDENTICAL if the schema is the same, COMPATIBLE if the chunks must
// tell, REFUSED with a finding for another device, another schema, or a writer
// that says that this reader is too old.
Verdict JudgeHeader(const StreamHeader& header, const SchemaInfo& schema);

// The verdict after the chunks were read with `status`, which is worse than
// `header_verdict` or equal to it: DAMAGED for a stream that is not what its
// writer wrote or breaks a limit, REFUSED for one that this reader cannot load.
Verdict JudgeLoad(const Verdict& header_verdict, const absl::Status& status);

// OK unless the verdict is REFUSED or DAMAGED; then FAILED_PRECONDITION with
// VerdictText().
absl::Status VerdictStatus(const Verdict& verdict);

// One line with the findings that make the verdict: "refused [unknown-critical]
// queues.size: …".
std::string VerdictText(const Verdict& verdict);

// The answer to CHECK_DEVICE_STATE. 0 exactly if the verdict lets the state be
// loaded and `status` is OK. Otherwise, from the highest byte: 0xd5;
// VerdictLevel; the code of the rule that made the verdict (Rule::code), or 0;
// what the low 32 bits are: 0 nothing, 1 the number of the field that the
// finding is about, 2 the index of the chunk. QEMU 10.0 only looks whether the
// value is 0 (hw/virtio/vhost.c, vhost_check_device_state).
uint64_t CheckReplyValue(const Verdict& verdict, const absl::Status& status);

// An answer to CHECK_DEVICE_STATE for people: "0xd508380000000000, damaged
// [not-a-stream]: devstate explain not-a-stream". The number alone if it is not
// one of CheckReplyValue(), as that of another implementation.
std::string CheckReplyText(uint64_t reply);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_VERDICT_H_
