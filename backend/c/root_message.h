// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The root's struct and the protobuf message that it travels as.

#ifndef DEVSTATE_BACKEND_C_ROOT_MESSAGE_H_
#define DEVSTATE_BACKEND_C_ROOT_MESSAGE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "devstate/devstate.h"
#include "google/protobuf/message.h"

namespace devstate::c {

// Memory for the arrays that structs point to.
class Arrays {
 public:
  // Returns `size` bytes of zeros, aligned for every type.
  char* Allocate(size_t size);
  void Clear() { arrays_.clear(); }

 private:
  std::vector<std::unique_ptr<char[]>> arrays_;
};

// Sets the fields of `message`, an empty one, from the struct `row` of the same
// type. INVALID_ARGUMENT, with the field's path, for what no reader takes and
// the message would hide: text that is not UTF-8, a key of a map twice, a
// selector that selects nothing.
absl::Status ToMessage(const devstate_table& type, const void* row,
                       google::protobuf::Message* message);

// Sets the members of `row`, which holds zeros. They point into `message` and
// `arrays`.
void ToStruct(const google::protobuf::Message& message,
              const devstate_table& type, void* row, Arrays* arrays);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_ROOT_MESSAGE_H_
