// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/passt/state_check.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/compat/rules.h"

namespace devstate::passt {
namespace {

constexpr uint8_t kHost = 1;
constexpr uint8_t kGuest = 2;

constexpr uint8_t kEstablished = 1 << 2;
// FINs that were received or sent.
constexpr uint8_t kClosing = 0xf8;
constexpr uint8_t kFlags = 0x7f;
constexpr uint8_t kOptions = 0x5f;
// In memory it has 3 bits, and the window scales 4.
constexpr uint8_t kMaxRetries = 7;
constexpr uint8_t kMaxScale = 14;
constexpr uint32_t kMaxMss = 65532;
constexpr uint32_t kMaxSendBuffer = (1 << 24) - 1;

// What to do about a refusal: no passt saves such a state. A newer one may have
// bits that are unknown here.
constexpr absl::string_view kRemedy =
    ": save again, the state was changed on its way";
constexpr absl::string_view kUnknownRemedy =
    ": take a devstate that is as new as the source's passt, or save again";

// Linux' numbers of the TCP states that are saved.
constexpr uint8_t kStates[] = {1, 4, 5, 8, 9, 11};

bool IsIpv4(const Address& address) {
  return std::all_of(address.begin(), address.begin() + 10,
                     [](uint8_t byte) { return byte == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

bool IsZero(const Address& address) {
  return std::all_of(address.begin(), address.end(),
                     [](uint8_t byte) { return byte == 0; });
}

// The two sides as bytes.
std::string KeyOf(const Flow& flow) {
  std::string key;
  for (const Side& side : flow.sides) {
    key.append(side.own.begin(), side.own.end());
    key.append(side.endpoint.begin(), side.endpoint.end());
    absl::StrAppend(&key, side.own_port, "-", side.endpoint_port, " ");
  }
  return key;
}

}  // namespace

absl::Status StateCheck::OnHeader(const Header& header) {
  header_ = header;
  if (header.layout == 1) {
    findings_.Add(VERDICT_LEVEL_COMPATIBLE, rules::kForeignVersion, "",
                  absl::nullopt,
                  "version 1 is what passt wrote until 2025-03-19; later "
                  "releases refuse it (CHECK_DEVICE_STATE says 95): update "
                  "passt at the source and save again");
  }
  const bool all_ones = std::all_of(header.mac.begin(), header.mac.end(),
                                    [](uint8_t byte) { return byte == 0xff; });
  if ((header.mac[0] & 1) != 0 && !all_ones) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignAddress,
                  "the guest's MAC address", absl::nullopt,
                  absl::StrCat("is a multicast address", kRemedy));
  }
  const Address& local = header.ipv6_link_local;
  if (!IsZero(local) && !(local[0] == 0xfe && (local[1] & 0xc0) == 0x80)) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignAddress,
                  "the guest's link-local address", absl::nullopt,
                  absl::StrCat("is not in fe80::/10", kRemedy));
  }
  return absl::OkStatus();
}

absl::Status StateCheck::OnFlow(uint32_t index, uint64_t offset,
                                const Flow& flow,
                                const absl::optional<Socket>& socket) {
  const std::string path = absl::StrCat("flow ", index);
  const auto refuse_if = [&](bool wrong, const Rule& rule,
                             absl::string_view text,
                             absl::string_view remedy = kRemedy) {
    if (wrong) {
      findings_.Add(VERDICT_LEVEL_REFUSED, rule, path, offset,
                    absl::StrCat(text, remedy));
    }
  };
  const Rule& bad_flow = rules::kForeignFlow;
  refuse_if(flow.interfaces[0] + flow.interfaces[1] != kHost + kGuest ||
                (flow.interfaces[0] != kHost && flow.interfaces[0] != kGuest),
            bad_flow,
            absl::StrCat("is from interface ", flow.interfaces[0], " to ",
                         flow.interfaces[1],
                         ", expected one between host (1) and guest (2)"));
  refuse_if((flow.events & kEstablished) == 0, bad_flow,
            absl::StrFormat("has the events 0x%02x, without ESTABLISHED",
                            flow.events));
  refuse_if(
      flow.window_scale_from_guest > kMaxScale ||
          flow.window_scale_to_guest > kMaxScale,
      bad_flow,
      absl::StrCat("has window scales ", flow.window_scale_from_guest, " and ",
                   flow.window_scale_to_guest, ", allowed are up to 14"));
  refuse_if(flow.retries > kMaxRetries, bad_flow,
            absl::StrCat("has ", flow.retries,
                         " retries, and would be loaded with fewer"));
  refuse_if(flow.guest_mss > kMaxMss || flow.guest_mss % 4 != 0, bad_flow,
            absl::StrCat("has the guest's MSS ", flow.guest_mss,
                         ", and would be loaded with another"));
  refuse_if(flow.send_buffer > kMaxSendBuffer, bad_flow,
            absl::StrCat("has a send buffer of ", flow.send_buffer,
                         " times 256 bytes, and would be loaded with less"));
  refuse_if((flow.flags & ~kFlags) != 0, bad_flow,
            absl::StrFormat("has unknown flags in 0x%02x", flow.flags),
            kUnknownRemedy);
  for (const Side& side : flow.sides) {
    refuse_if(IsIpv4(side.own) != IsIpv4(side.endpoint), rules::kForeignAddress,
              "has an IPv4 and an IPv6 address at the ends of one side");
    refuse_if(side.own_port == 0 || side.endpoint_port == 0,
              rules::kForeignAddress, "has the port 0");
  }
  const auto known = sides_.emplace(KeyOf(flow), index);
  refuse_if(
      !known.second, bad_flow,
      absl::StrCat("is the same connection as flow ", known.first->second));
  if (!socket.has_value()) {
    ++lost_;
    findings_.Add(VERDICT_LEVEL_COMPATIBLE, rules::kForeignFlowLost, path,
                  offset,
                  "the source could not save it: the destination drops it, and "
                  "the guest sees it reset");
    return absl::OkStatus();
  }
  refuse_if(std::find(std::begin(kStates), std::end(kStates),
                      socket->tcp_state) == std::end(kStates),
            bad_flow,
            absl::StrCat("has the TCP state ", socket->tcp_state,
                         ", in which none is saved"));
  refuse_if(
      (socket->options & ~kOptions) != 0, bad_flow,
      absl::StrFormat("has unknown TCP options in 0x%02x", socket->options),
      kUnknownRemedy);
  refuse_if(
      socket->send_scale > kMaxScale || socket->receive_scale > kMaxScale,
      bad_flow,
      absl::StrCat("has the socket's window scales ", socket->send_scale,
                   " and ", socket->receive_scale, ", allowed are up to 14"));
  refuse_if(socket->not_sent > socket->send_queue, rules::kForeignQueue,
            absl::StrCat(socket->not_sent,
                         " bytes were never sent, of a send queue of ",
                         socket->send_queue));
  const uint32_t not_acknowledged = flow.seq_to_guest - flow.seq_ack_from_guest;
  refuse_if(
      (flow.events & kClosing) == 0 && not_acknowledged > socket->receive_queue,
      rules::kForeignQueue,
      absl::StrCat("the guest has not acknowledged ", not_acknowledged,
                   " bytes, of a receive queue of ", socket->receive_queue));
  return absl::OkStatus();
}

absl::Status StateCheck::OnQueue(uint32_t, bool, uint64_t,
                                 absl::string_view bytes) {
  queued_ += bytes.size();
  return absl::OkStatus();
}

}  // namespace devstate::passt
