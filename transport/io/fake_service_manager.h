// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: a service manager that keeps descriptors as systemd does
// (src/core/service.c), and starts a service again and again.

#ifndef DEVSTATE_TRANSPORT_IO_FAKE_SERVICE_MANAGER_H_
#define DEVSTATE_TRANSPORT_IO_FAKE_SERVICE_MANAGER_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/io/service_manager.h"

namespace devstate::testing {

class FakeServiceManager {
 public:
  // Keeps up to `most` descriptors, and drops what comes then.
  explicit FakeServiceManager(size_t most);

  // Runs `service` in a process of its own, with what is stored, and sees to
  // what it sends until it has ended. Returns its status as waitpid() does.
  // The exit code is 0 only if `service` is true and no check in it has failed.
  int Start(const std::function<bool()>& service);

  // Returns the names of what is stored, newest first.
  std::vector<std::string> names() const;

  // Whether a barrier is left unanswered, as by a manager that hangs.
  bool hangs = false;

 private:
  void Become(const std::function<bool()>& service);
  void TakeMessage();

  const size_t most_;
  const std::string path_;
  FileDescriptor socket_;
  std::deque<HandedOver> stored_;
  std::vector<FileDescriptor> unanswered_;
};

}  // namespace devstate::testing

#endif  // DEVSTATE_TRANSPORT_IO_FAKE_SERVICE_MANAGER_H_
