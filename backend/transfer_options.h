// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_TRANSFER_OPTIONS_H_
#define DEVSTATE_BACKEND_TRANSFER_OPTIONS_H_

#include <cstdint>

namespace devstate {

// The moment of a report. A load is reported as verified when it was read and
// prepared, or has failed before, and once more when it was put into force.
enum class TransferEvent { kSaved, kVerified, kCommitted };

// The version of the schema that saves write.
struct SaveVersion {
  enum class Choice {
    // The version of the generated code.
    kOwn,
    // The lowest version of the archive that holds all of the state at hand. A
    // new feature that nobody uses then keeps no older release from loading the
    // state. For each version that is tried, the state is written once more and
    // the bytes are dropped.
    kLowest,
    // `version`, whatever the state is. This is the profile that the VM was
    // started with. A state that does not fit is refused with the path.
    kPinned,
  };
  // The way in which the version is chosen. Default: kOwn.
  Choice choice = Choice::kOwn;
  // The version for kPinned; unused otherwise. Default: 0.
  uint32_t version = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_TRANSFER_OPTIONS_H_
