// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_IO_SERVICE_MANAGER_H_
#define DEVSTATE_TRANSPORT_IO_SERVICE_MANAGER_H_

#include <string>

#include "absl/status/status.h"

namespace devstate {

// The service manager that started this process, by the protocol of systemd's
// sd_notify(3). Thread-safety: none.
class ServiceManager {
 public:
  // Takes the variables out of the environment, so that a process started from
  // here does not speak for this one. Requires: no other thread runs yet.
  ServiceManager();

  // Tells the manager that this process is ready. OK if there is none.
  absl::Status NotifyReady() const;

 private:
  std::string socket_;  // of $NOTIFY_SOCKET; empty: nobody waits
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_SERVICE_MANAGER_H_
