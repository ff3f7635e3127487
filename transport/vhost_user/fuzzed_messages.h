// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Control messages with descriptors, made of the bytes of a fuzz target's
// input. Each message is
//
//   descriptors: how many (3 bits), "raw" (1 bit), of what kind (4 bits)
//   if raw       12 bytes, the header as it is
//   otherwise    request, flags, and the header follows from them
//   size         of the payload, and the payload

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_FUZZED_MESSAGES_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_FUZZED_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::vhost_user {

// What some of the descriptors have to read.
inline constexpr absl::string_view kFuzzedState("a small state");

// Takes numbers and bytes from the front of an input.
class Input {
 public:
  explicit Input(absl::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    const absl::string_view byte = Bytes(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }
  absl::string_view Bytes(size_t size) {
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  absl::string_view rest_;
};

// What was sent.
struct SentMessages {
  std::string bytes;
  // How many of them are CHECK_DEVICE_STATE. Nothing if the framing may be
  // wrong, or if not all could be sent.
  std::optional<int> checks;
};

// Sends up to `count` messages of the input, without waiting. What must outlive
// their descriptors is added to `kept`.
SentMessages SendMessages(Input& input, size_t count,
                          const FileDescriptor& socket,
                          std::vector<FileDescriptor>* kept);

// Sends without waiting. Returns false if the peer is gone or has no room.
bool SendFuzzed(const FileDescriptor& socket, const std::string& bytes,
                const std::vector<FileDescriptor>& fds);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_FUZZED_MESSAGES_H_
