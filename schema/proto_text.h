// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_PROTO_TEXT_H_
#define DEVSTATE_SCHEMA_PROTO_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.pb.h"

namespace devstate {

// The number of brackets that may be open at one place of a .proto file. It is
// protobuf's own limit for messages within messages (CodedInputStream).
constexpr int kMaxOpenBrackets = 100;

// Checks that `text`, a .proto file or the value of an option, opens no more
// brackets than that. protobuf's parsers of text call themselves for each, and
// a long row of them overflows the stack.
//
// Errors: INVALID_ARGUMENT, "LINE:COLUMN: " and what is wrong.
absl::Status CheckNesting(absl::string_view text);

// Checks the options of a descriptor set that are still text. protobuf parses
// them when it builds the descriptors. `path` is for the error.
//
// Errors: INVALID_ARGUMENT.
absl::Status CheckNestingOfOptions(
    absl::string_view path, const google::protobuf::FileDescriptorSet& set);

// Reads what the text of a .proto file says by itself: `*file` has what comes
// before an error. Returns whether there is none, CheckNesting() included.
bool ParseAlone(const std::string& text,
                google::protobuf::FileDescriptorProto* file);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_PROTO_TEXT_H_
