// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Feature bits (VIRTIO 1.3, sections 5.1.3 and 6), and the abilities of the
// example device.

#ifndef DEVSTATE_DEVICES_NET_NET_FEATURES_H_
#define DEVSTATE_DEVICES_NET_NET_FEATURES_H_

#include <cstdint>

namespace devstate::net {

constexpr uint64_t Bit(int number) { return uint64_t{1} << number; }

inline constexpr uint64_t kNetGuestCsum = Bit(1);
inline constexpr uint64_t kNetCtrlGuestOffloads = Bit(2);
inline constexpr uint64_t kNetMtu = Bit(3);
inline constexpr uint64_t kNetMac = Bit(5);
inline constexpr uint64_t kNetGuestTso4 = Bit(7);
inline constexpr uint64_t kNetGuestTso6 = Bit(8);
inline constexpr uint64_t kNetGuestEcn = Bit(9);
inline constexpr uint64_t kNetGuestUfo = Bit(10);
inline constexpr uint64_t kNetMrgRxbuf = Bit(15);
inline constexpr uint64_t kNetStatus = Bit(16);
inline constexpr uint64_t kNetCtrlVq = Bit(17);
inline constexpr uint64_t kNetCtrlRx = Bit(18);
inline constexpr uint64_t kNetCtrlVlan = Bit(19);
inline constexpr uint64_t kNetCtrlRxExtra = Bit(20);
inline constexpr uint64_t kNetGuestAnnounce = Bit(21);
inline constexpr uint64_t kNetMq = Bit(22);
inline constexpr uint64_t kRingEventIdx = Bit(29);
inline constexpr uint64_t kVersion1 = Bit(32);
inline constexpr uint64_t kRingPacked = Bit(34);
inline constexpr uint64_t kNetHashTunnel = Bit(51);
inline constexpr uint64_t kNetVqNotfCoal = Bit(52);
inline constexpr uint64_t kNetNotfCoal = Bit(53);
inline constexpr uint64_t kNetGuestUso4 = Bit(54);
inline constexpr uint64_t kNetGuestUso6 = Bit(55);
inline constexpr uint64_t kNetHashReport = Bit(57);
inline constexpr uint64_t kNetRss = Bit(60);
inline constexpr uint64_t kNetSpeedDuplex = Bit(63);

// The bits that VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET can switch, which are those
// of the features.
inline constexpr uint64_t kNetGuestOffloads =
    kNetGuestCsum | kNetGuestTso4 | kNetGuestTso6 | kNetGuestEcn |
    kNetGuestUfo | kNetGuestUso4 | kNetGuestUso6;

// What a device can. A state that needs more cannot be loaded.
struct NetAbilities {
  uint64_t features;
  uint32_t max_queue_pairs;
  uint32_t max_ring_size;
  uint32_t max_mtu;
  uint32_t mac_table_size;
  uint32_t max_key_size;
  uint32_t max_indirection_table;
};

// All that VIRTIO and devices.net.v1 have room for.
inline constexpr NetAbilities kAnyDevice = {
    UINT64_MAX, 32768, 32768, 65535, UINT32_MAX, 255, 65535};

// Those of the example device.
inline constexpr uint64_t kOfferedFeatures =
    kNetGuestOffloads | kNetCtrlGuestOffloads | kNetMtu | kNetMac |
    kNetMrgRxbuf | kNetStatus | kNetCtrlVq | kNetCtrlRx | kNetCtrlVlan |
    kNetCtrlRxExtra | kNetGuestAnnounce | kNetMq | kRingEventIdx | kVersion1 |
    kRingPacked | kNetHashTunnel | kNetVqNotfCoal | kNetNotfCoal |
    kNetHashReport | kNetRss | kNetSpeedDuplex;
inline constexpr uint32_t kMaxQueuePairs = 8;
inline constexpr uint32_t kMaxRingSize = 1024;
inline constexpr uint32_t kMaxMtu = 9000;
inline constexpr uint32_t kMacTableSize = 64;
inline constexpr uint32_t kMaxKeySize = 40;
inline constexpr uint32_t kMaxIndirectionTable = 128;
inline constexpr NetAbilities kExampleDevice = {
    kOfferedFeatures, kMaxQueuePairs, kMaxRingSize,        kMaxMtu,
    kMacTableSize,    kMaxKeySize,    kMaxIndirectionTable};

inline constexpr uint32_t kHashTypes = 0x1ff;
inline constexpr uint32_t kTunnelTypes = 0x3;

inline constexpr uint32_t kLinkUp = 1;
inline constexpr uint32_t kAnnounce = 2;

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_NET_FEATURES_H_
