// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_PASST_STATE_PARSER_H_
#define DEVSTATE_FOREIGN_STATES_PASST_STATE_PARSER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::passt {

// As many as the flow table of passt has room for.
inline constexpr uint32_t kMaxFlows = 131071;
// The most bytes in one queue.
inline constexpr uint32_t kMaxQueue = uint32_t{64} << 20;
// The most bytes of a queue that a visitor gets at once.
inline constexpr size_t kMaxPiece = size_t{256} << 10;

using Address = std::array<uint8_t, 16>;

struct Header {
  // The version of the stream, and the oldest one that can read it.
  uint32_t version = 0;
  uint32_t compatible_version = 0;
  // The layout by which it was read: 1 or 2.
  uint32_t layout = 0;
  Address ipv6 = {};
  Address ipv6_link_local = {};
  std::array<uint8_t, 4> ipv4 = {};
  std::array<uint8_t, 6> mac = {};
  uint32_t flows = 0;
};

struct Side {
  Address own = {};
  Address endpoint = {};
  uint16_t own_port = 0;
  uint16_t endpoint_port = 0;
};

struct Flow {
  uint8_t interfaces[2] = {};
  // The initiating and the target side.
  Side sides[2];
  uint8_t retries = 0;
  uint8_t window_scale_from_guest = 0;
  uint8_t window_scale_to_guest = 0;
  uint8_t events = 0;
  uint32_t guest_mss = 0;
  uint32_t send_buffer = 0;
  uint8_t flags = 0;
  uint8_t duplicate_ack = 0;
  uint16_t window_from_guest = 0;
  uint16_t window_to_guest = 0;
  uint32_t seq_to_guest = 0;
  uint32_t seq_ack_from_guest = 0;
  uint32_t seq_from_guest = 0;
  uint32_t seq_ack_to_guest = 0;
  uint32_t seq_init_from_guest = 0;
};

struct Socket {
  uint32_t seq_send = 0;
  uint32_t seq_receive = 0;
  uint32_t send_queue = 0;
  uint32_t not_sent = 0;
  uint32_t receive_queue = 0;
  uint32_t mss = 0;
  uint32_t timestamp = 0;
  uint32_t window[5] = {};
  uint8_t send_scale = 0;
  uint8_t receive_scale = 0;
  uint8_t tcp_state = 0;
  uint8_t options = 0;
};

// Takes the parts of a state in its order. An error ends the pass and is
// returned.
class StateVisitor {
 public:
  virtual ~StateVisitor() = default;

  virtual absl::Status OnHeader(const Header& header) = 0;
  // Takes flow `index`, which is at `offset`. No socket if the source could not
  // save it.
  virtual absl::Status OnFlow(uint32_t index, uint64_t offset, const Flow& flow,
                              const absl::optional<Socket>& socket) = 0;
  // Takes the next bytes of a queue of flow `index`, from `offset` of it on.
  virtual absl::Status OnQueue(uint32_t index, bool receive, uint64_t offset,
                               absl::string_view bytes) = 0;
};

// Returns whether a state may start with `first_bytes`, by its magic.
bool MayBeState(absl::string_view first_bytes);

// Reads one state of passt from the start of `source` to its end and gives its
// parts to `visitor`. Returns its size. Ports are taken as a little-endian
// machine writes them.
//
// Takes 128 bytes for each flow. StreamErrors: UNKNOWN_CONTENT for a version
// that only newer readers can read, NO_TRAILER for a state that is cut off,
// TRAILING_BYTES, LIMIT, MALFORMED.
absl::StatusOr<uint64_t> ParseState(ByteSource* source, StateVisitor* visitor);

}  // namespace devstate::passt

#endif  // DEVSTATE_FOREIGN_STATES_PASST_STATE_PARSER_H_
