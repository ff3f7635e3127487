// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/copy_message.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/root_message.h"

namespace devstate {

absl::Status CopyMessage(const google::protobuf::Message& from,
                         google::protobuf::Message* to) {
  if (to->ParsePartialFromString(SerializeDeterministic(from))) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat("a message of ", from.GetDescriptor()->full_name(),
                   " cannot be read back after it was serialized"));
}

}  // namespace devstate
