// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Messages as text, for tests.

#ifndef DEVSTATE_THIRD_PARTY_PROTOBUF_COMPAT_MESSAGE_TEXT_H_
#define DEVSTATE_THIRD_PARTY_PROTOBUF_COMPAT_MESSAGE_TEXT_H_

#include <string>

#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

namespace devstate {

// Returns a message on one line. It can be compared and parsed, unlike what
// ShortDebugString() returns since Protocol Buffers 30: that begins with words
// that are others in each process.
inline std::string MessageText(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  if (!printer.PrintToString(message, &text)) return "cannot be printed";
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_PROTOBUF_COMPAT_MESSAGE_TEXT_H_
