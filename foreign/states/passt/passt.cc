// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/passt/passt.h"

#include <arpa/inet.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/repeated_input.h"
#include "devstate/foreign/states/passt/state_check.h"
#include "devstate/foreign/states/passt/state_parser.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "foreign/states/passt/passt.devstate.h"

namespace devstate::passt {
namespace {

using ::foreign::passt::v1::Interface;
using ::foreign::passt::v1::PasstState;
using ::foreign::passt::v1::PasstStateWriter;
using ::foreign::passt::v1::QueuePieceRow;
using ::foreign::passt::v1::SocketRow;
using ::foreign::passt::v1::TcpFlowRow;

constexpr absl::string_view kVersion1 = "1";
constexpr absl::string_view kVersion2 = "2";

std::string Text(int family, const void* address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, address, text, sizeof(text));
  return text;
}

// An IPv4 address in the form of IPv6 is shown as the former.
std::string Text(const Address& address) {
  const in6_addr* const ipv6 =
      reinterpret_cast<const in6_addr*>(address.data());
  return IN6_IS_ADDR_V4MAPPED(ipv6) ? Text(AF_INET, address.data() + 12)
                                    : Text(AF_INET6, address.data());
}

// Writes the singular fields and the flows, and in a second pass the queues:
// a stream has them one after the other.
class PortableWriter : public StateVisitor {
 public:
  PortableWriter(ByteSink* sink, const WriterOptions& options)
      : writer_(sink, options) {}

  // Goes on to the queues.
  void StartQueues() { queues_ = true; }
  absl::Status Finish() { return writer_.Finish(); }

  absl::Status OnHeader(const Header& header) override {
    if (queues_) return absl::OkStatus();
    PasstState root;
    root.set_version(header.version);
    root.set_compatible_version(header.compatible_version);
    root.set_ipv6(Text(AF_INET6, header.ipv6.data()));
    root.set_ipv6_link_local(Text(AF_INET6, header.ipv6_link_local.data()));
    root.set_ipv4(Text(AF_INET, header.ipv4.data()));
    const auto& mac = header.mac;
    root.set_mac(absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
                                 mac[1], mac[2], mac[3], mac[4], mac[5]));
    return writer_.Begin(root);
  }

  absl::Status OnFlow(uint32_t, uint64_t, const Flow& flow,
                      const absl::optional<Socket>& socket) override {
    if (queues_) return absl::OkStatus();
    TcpFlowRow row;
    row.initiator = static_cast<Interface>(flow.interfaces[0]);
    row.target = static_cast<Interface>(flow.interfaces[1]);
    const Side& initiator = flow.sides[0];
    const Side& target = flow.sides[1];
    const std::string addresses[] = {Text(initiator.own),
                                     Text(initiator.endpoint), Text(target.own),
                                     Text(target.endpoint)};
    row.initiator_own_address = addresses[0];
    row.initiator_own_port = initiator.own_port;
    row.initiator_endpoint_address = addresses[1];
    row.initiator_endpoint_port = initiator.endpoint_port;
    row.target_own_address = addresses[2];
    row.target_own_port = target.own_port;
    row.target_endpoint_address = addresses[3];
    row.target_endpoint_port = target.endpoint_port;
    row.retries = flow.retries;
    row.window_scale_from_guest = flow.window_scale_from_guest;
    row.window_scale_to_guest = flow.window_scale_to_guest;
    row.events = flow.events;
    row.guest_mss = flow.guest_mss;
    row.send_buffer = flow.send_buffer;
    row.flags = flow.flags;
    row.duplicate_ack = flow.duplicate_ack;
    row.window_from_guest = flow.window_from_guest;
    row.window_to_guest = flow.window_to_guest;
    row.seq_to_guest = flow.seq_to_guest;
    row.seq_ack_from_guest = flow.seq_ack_from_guest;
    row.seq_from_guest = flow.seq_from_guest;
    row.seq_ack_to_guest = flow.seq_ack_to_guest;
    row.seq_init_from_guest = flow.seq_init_from_guest;
    if (socket.has_value()) row.socket = RowOf(*socket);
    return writer_.AddFlows(row);
  }

  absl::Status OnQueue(uint32_t index, bool receive, uint64_t offset,
                       absl::string_view bytes) override {
    if (!queues_) return absl::OkStatus();
    QueuePieceRow row;
    row.flow = index;
    row.receive = receive;
    row.offset = offset;
    row.data = bytes;
    return writer_.AddQueues(row);
  }

 private:
  static SocketRow RowOf(const Socket& socket) {
    SocketRow row;
    row.seq_send = socket.seq_send;
    row.seq_receive = socket.seq_receive;
    row.send_queue = socket.send_queue;
    row.not_sent = socket.not_sent;
    row.receive_queue = socket.receive_queue;
    row.mss = socket.mss;
    row.timestamp = socket.timestamp;
    row.snd_wl1 = socket.window[0];
    row.snd_wnd = socket.window[1];
    row.max_window = socket.window[2];
    row.rcv_wnd = socket.window[3];
    row.rcv_wup = socket.window[4];
    row.send_scale = socket.send_scale;
    row.receive_scale = socket.receive_scale;
    row.tcp_state = socket.tcp_state;
    row.options = socket.options;
    return row;
  }

  PasstStateWriter writer_;
  bool queues_ = false;
};

absl::StatusOr<uint64_t> Pass(RepeatedInput& input, StateVisitor* visitor) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, input.Open());
  return ParseState(source.get(), visitor);
}

absl::StatusOr<ForeignReport> Judge(RepeatedInput& input) {
  FindingList findings;
  StateCheck check(&findings);
  ForeignReport report;
  DS_ASSIGN_OR_RETURN(report.bytes, Pass(input, &check));
  report.version = check.header().layout == 1 ? kVersion1 : kVersion2;
  report.records = check.header().flows;
  report.numbers = {{"flows", check.header().flows},
                    {"lost_flows", check.lost_flows()},
                    {"queued_bytes", check.queued_bytes()}};
  report.verdict = findings.Take();
  return report;
}

absl::StatusOr<ForeignReport> Check(const OpenSource& open) {
  RepeatedInput input(open);
  return Judge(input);
}

absl::StatusOr<ForeignReport> Import(const OpenSource& open,
                                     const WriterOptions& options,
                                     ByteSink* output) {
  RepeatedInput input(open);
  DS_ASSIGN_OR_RETURN(ForeignReport report, Judge(input));
  if (report.refused()) return report;
  PortableWriter writer(output, options);
  DS_RETURN_IF_ERROR(Pass(input, &writer).status());
  writer.StartQueues();
  DS_RETURN_IF_ERROR(Pass(input, &writer).status());
  DS_RETURN_IF_ERROR(writer.Finish());
  return report;
}

}  // namespace

const ForeignFormat& Format() {
  static const auto& format = *new ForeignFormat{
      /*name=*/"passt",
      /*schema=*/"foreign.passt.v1",
      /*versions=*/{},
      /*recognise=*/MayBeState,
      /*check=*/Check,
      /*import_state=*/Import,
      /*export_state=*/nullptr,
  };
  return format;
}

}  // namespace devstate::passt
