// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_NET_MAC_TEXT_H_
#define DEVSTATE_DEVICES_NET_MAC_TEXT_H_

#include <string>

#include "absl/strings/str_format.h"
#include "devstate/devices/net/net_model.h"

namespace devstate::net {

inline std::string MacText(const MacAddress& mac) {
  return absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                         mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_MAC_TEXT_H_
