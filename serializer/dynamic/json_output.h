// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_JSON_OUTPUT_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_JSON_OUTPUT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate::dynamic {

// What is not written.
struct JsonFilter {
  // Values of sensitive fields, in whose place RedactedText() stands.
  bool sensitive = false;
  // Volatile fields.
  bool volatiles = false;
};

// Writes JSON as protobuf does, with whitespace, but without a message to print
// from. Thread-safety: none.
class JsonOutput {
 public:
  // `depth` is the number of brackets around what is written; `after_item` says
  // whether something stands before it in the innermost of them.
  JsonOutput(int depth, bool after_item, JsonFilter filter)
      : depth_(depth), has_items_(after_item), filter_(filter) {}

  const JsonFilter& filter() const { return filter_; }
  // The text so far.
  std::string& text() { return text_; }
  // Returns the same for a value within an object that is to be opened here.
  JsonOutput Inner() const { return {depth_ + 1, false, filter_}; }

  // Begin an object or array, and end it. `bracket` is one of "{[" or "}]".
  void Open(char bracket);
  void Close(char bracket);
  // Begins an element of an array.
  void Item();
  // Begins a member of an object; `key` is in quotation marks already or needs
  // no more than these.
  void Key(absl::string_view key);

  // Write a value: numbers of 64 bits are strings.
  void Number(int32_t value);
  void Number(uint32_t value);
  void Number(int64_t value);
  void Number(uint64_t value);
  void Number(bool value);
  void Number(float value);
  void Number(double value);
  void String(absl::string_view value);
  // Writes the bytes in base 64.
  void Bytes(absl::string_view value);

 private:
  void NewLine();

  std::string text_;
  int depth_;
  // Whether the innermost bracket has something in it.
  bool has_items_;
  const JsonFilter filter_;
};

}  // namespace devstate::dynamic

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_JSON_OUTPUT_H_
