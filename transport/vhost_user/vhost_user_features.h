// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The names of feature bits, as QEMU's messages spell them. Sources: the
// virtio specification 1.3 and QEMU's docs/interop/vhost-user.rst. Pure: no
// I/O. All functions are thread-safe.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_FEATURES_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_FEATURES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace devstate::vhost_user {

struct FeatureBit {
  int bit = 0;  // 0 to 63
  // The name of the bit, such as "VHOST_F_LOG_ALL". "(of the device type)" for
  // the bits that mean something else for each type, "(unknown)" for those that
  // devstate has no name for.
  std::string name;
};

// Returns the bits that are set in an answer to GET_FEATURES, lowest first.
std::vector<FeatureBit> VirtioFeatureBits(uint64_t features);

// Returns the bits that are set in an answer to GET_PROTOCOL_FEATURES, lowest
// first.
std::vector<FeatureBit> ProtocolFeatureBits(uint64_t protocol_features);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_VHOST_USER_FEATURES_H_
