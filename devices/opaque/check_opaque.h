// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_DEVICES_OPAQUE_CHECK_OPAQUE_H_
#define DEVSTATE_DEVICES_OPAQUE_CHECK_OPAQUE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devices/opaque/v1/opaque.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/third_party/libmd/sha256_hash.h"

namespace devstate {

// The device type of devices.opaque.v1.
const DeviceType& OpaqueType();

// Checks the bytes of an opaque state piece by piece, so that nobody needs to
// hold them all. Thread-safety: none.
class OpaqueCheck {
 public:
  // Requires: `state` and `broken` outlive the check.
  OpaqueCheck(const ::devices::opaque::v1::OpaqueState& state,
              BrokenRules* broken)
      : state_(state), broken_(*broken) {}

  void AddPiece(uint64_t owner, uint64_t offset, absl::string_view data);
  // Checks what the pieces are together. The last call.
  void Finish();

 private:
  const ::devices::opaque::v1::OpaqueState& state_;
  BrokenRules& broken_;
  size_t pieces_ = 0;
  uint64_t end_ = 0;
  Sha256Hash hash_;
};

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_OPAQUE_CHECK_OPAQUE_H_
