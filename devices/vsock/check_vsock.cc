// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/vsock/check_vsock.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "devices/vsock/v1/vsock.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_pieces.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::vsock::v1::Connection;
using ::devices::vsock::v1::Credit;
using ::devices::vsock::v1::VsockState;

constexpr int kSeqpacketBit = 1;
constexpr uint32_t kTypeSeqpacket = 2;

constexpr DeviceRule kId = {
    "vsock-connection-id", "Two connections have one id.",
    "Number the connections of a state, each with a number of its own."};
constexpr DeviceRule kPeer = {
    "vsock-peer", "A connection is one of the guest with itself.",
    "Save the cid of the other end. The guest does not send to itself through "
    "the device."};
constexpr DeviceRule kSeqpacket = {
    "vsock-seqpacket",
    "A connection keeps message boundaries, which was not negotiated.",
    "Save the type with which the guest opened the connection."};
constexpr DeviceRule kCredit = {
    "vsock-credit", "An end has sent more than the other end has room for.",
    "Save the counters of a connection at one moment, modulo 2^32. If they are "
    "lost, leave the credit out: the connection is then reset."};
constexpr DeviceRule kBuffered = {
    "vsock-buffered", "Data waits on a connection that cannot have it.",
    "Save data with the credit of its connection, or neither."};
constexpr DeviceRule kReset = {
    "vsock-reset",
    "The guest is to drop all connections, and one of them is to go on.",
    "Save the credit of connections, or the pending reset."};

void CheckConnection(const VsockState& state, const Connection& connection,
                     const std::string& path, BrokenRules* broken) {
  if (connection.host_cid() == state.config().guest_cid()) {
    broken->Add(kPeer, path + ".host_cid", connection.host_cid(),
                " is the guest's own");
  }
  if (connection.type() == kTypeSeqpacket &&
      (state.acked_features() >> kSeqpacketBit & 1) == 0) {
    broken->Add(kSeqpacket, path + ".type", connection.type(),
                " without VIRTIO_VSOCK_F_SEQPACKET");
  }
  if (!connection.has_credit()) {
    if (connection.buffered_bytes() != 0) {
      broken->Add(kBuffered, path + ".buffered_bytes",
                  connection.buffered_bytes(),
                  " bytes on a connection that is reset");
    }
    return;
  }
  const Credit& credit = connection.credit();
  // Modulo 2^32.
  const uint32_t unread = credit.sent() - credit.guest_fwd_cnt();
  if (unread > credit.guest_buf_alloc()) {
    broken->Add(kCredit, path + ".credit.sent", unread,
                " bytes that the guest has not taken, it has room for ",
                credit.guest_buf_alloc());
  }
  const uint32_t untold = credit.fwd_cnt() - credit.announced_fwd_cnt();
  if (untold > credit.buf_alloc()) {
    broken->Add(kCredit, path + ".credit.announced_fwd_cnt", untold,
                " bytes were taken that the guest was not told of, it was told "
                "of room for ",
                credit.buf_alloc());
  }
  if (connection.buffered_bytes() > credit.buf_alloc()) {
    broken->Add(kBuffered, path + ".buffered_bytes",
                connection.buffered_bytes(), " bytes, the guest was told of ",
                "room for ", credit.buf_alloc());
  }
  if (state.reset_pending()) {
    broken->Add(kReset, path + ".credit", "it is set, and so is reset_pending");
  }
}

virtio::QueueUse UseOf(uint32_t queue) {
  constexpr uint32_t kTransmit = 1;
  return {queue == kTransmit, queue > kTransmit};
}

void Check(const VsockState& state, BrokenRules* broken) {
  std::map<uint64_t, uint64_t> sizes;
  for (int i = 0; i < state.connections_size(); ++i) {
    const Connection& connection = state.connections(i);
    const std::string path = PlaceOf("connections", i);
    CheckConnection(state, connection, path, broken);
    if (!sizes.emplace(connection.id(), connection.buffered_bytes()).second) {
      broken->Add(kId, path + ".id", connection.id(), " occurs twice");
    }
  }
  virtio::CheckPieces("buffered", state.buffered(), sizes, broken);
  virtio::CheckRingsOf(state, 3, UseOf, broken);
}

}  // namespace

const DeviceType& VsockType() {
  static const auto& type = *new DeviceType{
      VsockState::descriptor(),
      {},
      JoinRules({&kId, &kPeer, &kSeqpacket, &kCredit, &kBuffered, &kReset},
                {&virtio::RingRules(), &virtio::PieceRules()}),
      &CheckAs<VsockState, &Check>};
  return type;
}

}  // namespace devstate
