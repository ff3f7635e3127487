// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Structs that a table describes as the ordinary messages in which the root
// travels.

#ifndef DEVSTATE_BACKEND_C_ROOT_MESSAGE_H_
#define DEVSTATE_BACKEND_C_ROOT_MESSAGE_H_

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/devstate.h"
#include "devstate/serializer/message_writer.h"

namespace devstate::c {

// Memory for the arrays that structs point to.
class Arrays {
 public:
  // Returns an array of zeros, aligned for every type, or null if there is not
  // so much memory.
  char* Allocate(size_t count, size_t element_size);
  void Clear() {
    arrays_.clear();
    exhausted_ = false;
  }
  // Returns whether Allocate() has returned null since Clear().
  bool exhausted() const { return exhausted_; }

 private:
  std::vector<std::unique_ptr<char[]>> arrays_;
  bool exhausted_ = false;
};

// Appends the struct `row` of type `type` to `out`: the bytes that protobuf
// makes of the same message in its deterministic order. INVALID_ARGUMENT, with
// the field's path, for what no reader takes: text that is not UTF-8, a key of
// a map twice, a selector that selects nothing. Enum values that have no name
// are written.
absl::Status WriteMessage(const devstate_table& type, const void* row,
                          MessageWriter& out);

// Sets the members of `row`, which holds zeros. They point into `message` and
// `arrays`. Returns false for a message that WriteMessage() does not make, or
// with an enum value that has no name. Readers take some of these messages,
// such as one with repeated numbers each with its tag. They refuse others. Also
// returns false if `arrays` is exhausted.
bool ReadMessage(absl::string_view message, const devstate_table& type,
                 void* row, Arrays* arrays);

// Adds the features of the fields that are present in the struct `row` and in
// the structs within.
void AddUsedFeatures(const devstate_table& type, const void* row,
                     std::set<std::string>* features);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_ROOT_MESSAGE_H_
