// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_COPY_MESSAGE_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_COPY_MESSAGE_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace devstate {

// Copies `from` to `to`, which has the same type but may be of another factory,
// as CopyFrom() cannot. Map entries arrive in the order of their keys.
//
// Errors: INTERNAL if `from` holds what no reader takes, such as a string that is
// not UTF-8. `to` then holds a part.
absl::Status CopyMessage(const google::protobuf::Message& from,
                         google::protobuf::Message* to);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_COPY_MESSAGE_H_
