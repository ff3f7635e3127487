// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What people and front-ends learn of every load, in parts that need no
// verdict.proto: a state of the reader's own schema has no findings.

#ifndef DEVSTATE_COMPAT_LOAD_LINE_H_
#define DEVSTATE_COMPAT_LOAD_LINE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

// Returns "fs 3.0", as far as the writer has a name and a version.
std::string WriterText(const WriterName& writer);

// Returns the start of VerdictLogLine(), without findings: "identical: state of
// devices.fs.v1 version 3 by fs 3.0, reader has version 3".
std::string LoadLine(absl::string_view level, const StreamHeader& header,
                     const SchemaInfo& reader);

// Returns an answer to CHECK_DEVICE_STATE other than 0, of the parts that
// CheckReplyValue() lists.
constexpr uint64_t kCheckReplyTag = 0xd5;
constexpr uint64_t MakeCheckReply(int level, int rule_code, uint32_t meaning,
                                  uint32_t number) {
  return kCheckReplyTag << 56 | static_cast<uint64_t>(level) << 48 |
         static_cast<uint64_t>(rule_code) << 40 |
         static_cast<uint64_t>(meaning) << 32 | number;
}

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_LOAD_LINE_H_
