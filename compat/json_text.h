// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages as JSON, as every report and every verb prints them. Fields have
// their names in the .proto file.

#ifndef DEVSTATE_COMPAT_JSON_TEXT_H_
#define DEVSTATE_COMPAT_JSON_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace devstate {

struct JsonStyle {
  // Whether the text has several lines. Default: false, one line without its
  // end.
  bool indented = false;
  // Whether fields with default values are printed, too. Default: false.
  bool all_fields = false;
};

// Returns `message` as JSON. INVALID_ARGUMENT for a string that is not UTF-8.
absl::StatusOr<std::string> JsonText(const google::protobuf::Message& message,
                                     JsonStyle style);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_JSON_TEXT_H_
