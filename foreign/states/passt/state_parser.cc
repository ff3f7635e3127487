// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/passt/state_parser.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/foreign/field_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::passt {
namespace {

constexpr absl::string_view kMagic = "\xb1\xbb\x1d\x1b\x0b\xb1\xd1\xb0";

constexpr size_t kAddressesSize = 42;
constexpr size_t kFlowSize = 112;
// Version 1 has no timestamp.
constexpr size_t kSocketSize = 52;
constexpr size_t kTimestampSize = 4;

// The numbers of a record, in their order.
class Fields {
 public:
  explicit Fields(absl::string_view bytes) : rest_(bytes) {}

  uint8_t U8() { return static_cast<uint8_t>(BigEndian(1)); }
  uint16_t U16() { return static_cast<uint16_t>(BigEndian(2)); }
  uint32_t U32() { return BigEndian(4); }
  // Ports are as they were in the memory of the source.
  uint16_t Port() {
    const auto low = U8();
    return static_cast<uint16_t>(low | U8() << 8);
  }
  // The mss of version 1, likewise.
  uint32_t Native32() {
    const uint32_t low = Port();
    return low | uint32_t{Port()} << 16;
  }
  template <size_t kSize>
  void Bytes(std::array<uint8_t, kSize>* out) {
    for (uint8_t& byte : *out) byte = U8();
  }

 private:
  uint32_t BigEndian(size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<uint8_t>(rest_[i]);
    }
    rest_.remove_prefix(size);
    return value;
  }

  absl::string_view rest_;
};

class Reader : public FieldReader {
 public:
  using FieldReader::FieldReader;

  uint32_t U32(absl::string_view what) {
    std::string bytes;
    Raw(what, 4, &bytes);
    return ok() ? Fields(bytes).U32() : 0;
  }
};

Flow ParseFlow(absl::string_view bytes) {
  Fields in(bytes);
  Flow flow;
  for (uint8_t& interface : flow.interfaces) interface = in.U8();
  for (Side& side : flow.sides) {
    in.Bytes(&side.own);
    in.Bytes(&side.endpoint);
    side.own_port = in.Port();
    side.endpoint_port = in.Port();
  }
  flow.retries = in.U8();
  flow.window_scale_from_guest = in.U8();
  flow.window_scale_to_guest = in.U8();
  flow.events = in.U8();
  flow.guest_mss = in.U32();
  flow.send_buffer = in.U32();
  flow.flags = in.U8();
  flow.duplicate_ack = in.U8();
  flow.window_from_guest = in.U16();
  flow.window_to_guest = in.U16();
  flow.seq_to_guest = in.U32();
  flow.seq_ack_from_guest = in.U32();
  flow.seq_from_guest = in.U32();
  flow.seq_ack_to_guest = in.U32();
  flow.seq_init_from_guest = in.U32();
  return flow;
}

Socket ParseSocket(absl::string_view bytes, uint32_t layout) {
  Fields in(bytes);
  Socket socket;
  socket.seq_send = in.U32();
  socket.seq_receive = in.U32();
  socket.send_queue = in.U32();
  socket.not_sent = in.U32();
  socket.receive_queue = in.U32();
  socket.mss = layout == 1 ? in.Native32() : in.U32();
  if (layout != 1) socket.timestamp = in.U32();
  for (uint32_t& number : socket.window) number = in.U32();
  socket.send_scale = in.U8();
  socket.receive_scale = in.U8();
  socket.tcp_state = in.U8();
  socket.options = in.U8();
  return socket;
}

class Parser {
 public:
  Parser(ByteSource* source, StateVisitor* visitor)
      : in_(source), visitor_(*visitor) {}

  absl::StatusOr<uint64_t> Run() && {
    ReadHeader();
    DS_RETURN_IF_ERROR(in_.status());
    DS_RETURN_IF_ERROR(visitor_.OnHeader(header_));
    std::vector<Flow> flows;
    const uint64_t first = in_.offset();
    std::string bytes;
    for (uint32_t i = 0; i < header_.flows; ++i) {
      in_.InRecord("flow", i, header_.flows);
      in_.Raw("its record", kFlowSize, &bytes);
      DS_RETURN_IF_ERROR(in_.status());
      flows.push_back(ParseFlow(bytes));
    }
    for (uint32_t i = 0; i < header_.flows; ++i) {
      in_.InRecord("flow", i, header_.flows);
      DS_RETURN_IF_ERROR(ReadSocket(i, first + i * kFlowSize, flows[i]));
    }
    in_.OutOfRecords();
    in_.End();
    DS_RETURN_IF_ERROR(in_.status());
    return in_.offset();
  }

 private:
  void ReadHeader() {
    std::string bytes;
    in_.Raw("the magic", kMagic.size(), &bytes);
    if (in_.ok() && bytes != kMagic) {
      in_.Fail(ERROR_REASON_MALFORMED, 0, "not the magic of passt's state");
    }
    header_.version = in_.U32("the version");
    header_.compatible_version = in_.U32("the oldest compatible version");
    ChooseLayout();
    in_.Raw("the guest's addresses", kAddressesSize, &bytes);
    if (!in_.ok()) return;
    Fields addresses(bytes);
    addresses.Bytes(&header_.ipv6);
    addresses.Bytes(&header_.ipv6_link_local);
    addresses.Bytes(&header_.ipv4);
    addresses.Bytes(&header_.mac);
    // The first writers of version 1 knew no flows.
    if (header_.layout == 1 && !in_.More()) return;
    const uint64_t at = in_.offset();
    header_.flows = in_.U32("the number of flows");
    if (header_.flows > kMaxFlows) {
      in_.Fail(ERROR_REASON_LIMIT, at,
               absl::StrCat("the number of flows is ", header_.flows,
                            ", the limit is ", kMaxFlows));
    }
  }

  // Takes the newest layout that the two versions allow, as passt does.
  void ChooseLayout() {
    if (!in_.ok()) return;
    if (header_.version == 0 || header_.compatible_version == 0) {
      in_.Fail(ERROR_REASON_MALFORMED, kMagic.size(),
               "the version or the oldest compatible one is 0");
      return;
    }
    for (const uint32_t layout : {2u, 1u}) {
      if (header_.compatible_version <= layout && layout <= header_.version) {
        header_.layout = layout;
        return;
      }
    }
    in_.Fail(ERROR_REASON_UNKNOWN_CONTENT, kMagic.size(),
             absl::StrCat("the state has version ", header_.version,
                          ", which readers from version ",
                          header_.compatible_version,
                          " on can read; known are 1 and 2: update devstate"));
  }

  absl::Status ReadSocket(uint32_t index, uint64_t flow_offset,
                          const Flow& flow) {
    const uint64_t at = in_.offset();
    std::string bytes;
    in_.Raw("its socket",
            header_.layout == 1 ? kSocketSize - kTimestampSize : kSocketSize,
            &bytes);
    DS_RETURN_IF_ERROR(in_.status());
    const Socket socket = ParseSocket(bytes, header_.layout);
    // Then nothing else of it holds, and no queues follow.
    if (socket.tcp_state == 0) {
      return visitor_.OnFlow(index, flow_offset, flow, absl::nullopt);
    }
    for (const uint32_t queue : {socket.send_queue, socket.receive_queue}) {
      if (queue > kMaxQueue) {
        in_.Fail(ERROR_REASON_LIMIT, at,
                 absl::StrCat("a queue of ", queue, " bytes, the limit is ",
                              kMaxQueue));
        return in_.status();
      }
    }
    DS_RETURN_IF_ERROR(visitor_.OnFlow(index, flow_offset, flow, socket));
    DS_RETURN_IF_ERROR(ReadQueue(index, false, socket.send_queue));
    return ReadQueue(index, true, socket.receive_queue);
  }

  absl::Status ReadQueue(uint32_t index, bool receive, uint32_t size) {
    std::string piece;
    for (uint64_t offset = 0; offset < size; offset += piece.size()) {
      in_.Raw(receive ? "the receive queue" : "the send queue",
              std::min<uint64_t>(kMaxPiece, size - offset), &piece);
      DS_RETURN_IF_ERROR(in_.status());
      DS_RETURN_IF_ERROR(visitor_.OnQueue(index, receive, offset, piece));
    }
    return absl::OkStatus();
  }

  Reader in_;
  StateVisitor& visitor_;
  Header header_;
};

}  // namespace

bool MayBeState(absl::string_view first_bytes) {
  return absl::StartsWith(first_bytes, kMagic);
}

absl::StatusOr<uint64_t> ParseState(ByteSource* source, StateVisitor* visitor) {
  return Parser(source, visitor).Run();
}

}  // namespace devstate::passt
