// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the author of a back-end includes for devstate_fuzz_test, which makes a
// fuzz target of a device's StageLoad(), Prepare() and Commit().
// docs/fuzzing.md is the guide. One source says which device:
//
//   std::unique_ptr<devstate::StateDevice<NetStateCodec>> MakeDevice() { … }
//   DEVSTATE_FUZZ_DEVICE(NetStateCodec, MakeDevice)

#ifndef DEVSTATE_BACKEND_DEVICE_FUZZ_H_
#define DEVSTATE_BACKEND_DEVICE_FUZZ_H_

#include <memory>
#include <utility>

#include "devstate/backend/backend.h"
#include "devstate/backend/state_handler.h"

namespace devstate::fuzz {

// The device that is fuzzed, a new one for each state. The author's source
// defines it.
std::unique_ptr<ErasedDevice> MakeFuzzedDevice();

// A base, so that it exists before the device that refers to it.
template <typename Codec>
struct OwnedDevice {
  std::unique_ptr<StateDevice<Codec>> owned;
};

// A device that its adapter owns.
template <typename Codec>
class OwningDevice : private OwnedDevice<Codec>,
                     public ErasedStateDevice<Codec> {
 public:
  explicit OwningDevice(std::unique_ptr<StateDevice<Codec>> device)
      : OwnedDevice<Codec>{std::move(device)},
        ErasedStateDevice<Codec>(this->owned.get()) {}
};

}  // namespace devstate::fuzz

// Makes `make()`, a std::unique_ptr<StateDevice<Codec>>, the device that is
// fuzzed. It always makes the same.
#define DEVSTATE_FUZZ_DEVICE(Codec, make)                                   \
  std::unique_ptr<::devstate::ErasedDevice>                                 \
  devstate::fuzz::MakeFuzzedDevice() {                                      \
    return std::make_unique<::devstate::fuzz::OwningDevice<Codec>>(make()); \
  }

#endif  // DEVSTATE_BACKEND_DEVICE_FUZZ_H_
