// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_features.h"

#include <cstddef>

namespace devstate::vhost_user {
namespace {

struct Name {
  int bit;
  const char* name;
};

constexpr Name kVirtioNames[] = {
    {24, "VIRTIO_F_NOTIFY_ON_EMPTY"},   {26, "VHOST_F_LOG_ALL"},
    {27, "VIRTIO_F_ANY_LAYOUT"},        {28, "VIRTIO_RING_F_INDIRECT_DESC"},
    {29, "VIRTIO_RING_F_EVENT_IDX"},    {30, "VHOST_USER_F_PROTOCOL_FEATURES"},
    {32, "VIRTIO_F_VERSION_1"},         {33, "VIRTIO_F_ACCESS_PLATFORM"},
    {34, "VIRTIO_F_RING_PACKED"},       {35, "VIRTIO_F_IN_ORDER"},
    {36, "VIRTIO_F_ORDER_PLATFORM"},    {37, "VIRTIO_F_SR_IOV"},
    {38, "VIRTIO_F_NOTIFICATION_DATA"}, {39, "VIRTIO_F_NOTIF_CONFIG_DATA"},
    {40, "VIRTIO_F_RING_RESET"},        {41, "VIRTIO_F_ADMIN_VQ"},
};

constexpr Name kProtocolNames[] = {
    {0, "VHOST_USER_PROTOCOL_F_MQ"},
    {1, "VHOST_USER_PROTOCOL_F_LOG_SHMFD"},
    {2, "VHOST_USER_PROTOCOL_F_RARP"},
    {3, "VHOST_USER_PROTOCOL_F_REPLY_ACK"},
    {4, "VHOST_USER_PROTOCOL_F_NET_MTU"},
    {5, "VHOST_USER_PROTOCOL_F_BACKEND_REQ"},
    {6, "VHOST_USER_PROTOCOL_F_CROSS_ENDIAN"},
    {7, "VHOST_USER_PROTOCOL_F_CRYPTO_SESSION"},
    {8, "VHOST_USER_PROTOCOL_F_PAGEFAULT"},
    {9, "VHOST_USER_PROTOCOL_F_CONFIG"},
    {10, "VHOST_USER_PROTOCOL_F_BACKEND_SEND_FD"},
    {11, "VHOST_USER_PROTOCOL_F_HOST_NOTIFIER"},
    {12, "VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD"},
    {13, "VHOST_USER_PROTOCOL_F_RESET_DEVICE"},
    {14, "VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS"},
    {15, "VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS"},
    {16, "VHOST_USER_PROTOCOL_F_STATUS"},
    {17, "VHOST_USER_PROTOCOL_F_XEN_MMAP"},
    {18, "VHOST_USER_PROTOCOL_F_SHARED_OBJECT"},
    {19, "VHOST_USER_PROTOCOL_F_DEVICE_STATE"},
    {20, "VHOST_USER_PROTOCOL_F_GET_VRING_BASE_INFLIGHT"},
    {21, "VHOST_USER_PROTOCOL_F_GPA_ADDRESSES"},
    {22, "VHOST_USER_PROTOCOL_F_SHMEM"},
    {23, "VHOST_USER_PROTOCOL_F_GET_VRING_BASE_SKIP_DRAIN"},
    {62, "DEVSTATE_PROTOCOL_F_ROUNDS"},
};

constexpr char kUnknown[] = "(unknown)";
constexpr char kOfDeviceType[] = "(of the device type)";

template <size_t kSize>
const char* NameOf(int bit, const Name (&names)[kSize], const char* otherwise) {
  for (const Name& entry : names) {
    if (entry.bit == bit) return entry.name;
  }
  return otherwise;
}

}  // namespace

std::vector<FeatureBit> VirtioFeatureBits(uint64_t features) {
  std::vector<FeatureBit> bits;
  for (int bit = 0; bit < 64; ++bit) {
    if ((features >> bit & 1) == 0) continue;
    // Feature bits 0 to 23 and 50 up are the device type's.
    const bool own = bit < 24 || bit >= 50;
    bits.push_back(
        {bit, NameOf(bit, kVirtioNames, own ? kOfDeviceType : kUnknown)});
  }
  return bits;
}

std::vector<FeatureBit> ProtocolFeatureBits(uint64_t protocol_features) {
  std::vector<FeatureBit> bits;
  for (int bit = 0; bit < 64; ++bit) {
    if ((protocol_features >> bit & 1) == 0) continue;
    bits.push_back({bit, NameOf(bit, kProtocolNames, kUnknown)});
  }
  return bits;
}

}  // namespace devstate::vhost_user
