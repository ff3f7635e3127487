// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_RUNNING_GUEST_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_RUNNING_GUEST_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "examples/fs_backend/fs_device.h"

namespace devstate::examples {

// A guest that changes the device's table as long as it runs, in place of a
// data plane. Thread-safety: one thread calls all methods.
class RunningGuest {
 public:
  // About `rate` updates come in a second, and none if that is 0. Requires:
  // `device` outlives the guest.
  RunningGuest(FsDevice* device, uint64_t rate)
      : device_(*device), rate_(rate) {}
  ~RunningGuest() { SetRunning(false); }

  RunningGuest(const RunningGuest&) = delete;
  RunningGuest& operator=(const RunningGuest&) = delete;

  // Starts or stops the guest. Where it has stopped, it changes nothing more.
  void SetRunning(bool running);

 private:
  void Run();

  FsDevice& device_;
  const uint64_t rate_;
  uint64_t updates_ = 0;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_RUNNING_GUEST_H_
