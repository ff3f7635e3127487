// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_IO_SERVICE_MANAGER_H_
#define DEVSTATE_TRANSPORT_IO_SERVICE_MANAGER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A descriptor that the service manager has handed over, and its name there.
struct HandedOver {
  std::string name;
  FileDescriptor fd;
};

// The service manager that started this process, by the protocols of systemd's
// sd_notify(3) and sd_listen_fds(3). It keeps descriptors while the process
// ends and its next one starts, if the unit allows it
// (FileDescriptorStoreMax=). Thread-safety: none.
class ServiceManager {
 public:
  // Takes the variables out of the environment, so that a process started from
  // here does not speak for this one. Requires: no other thread runs yet.
  ServiceManager();

  // Returns how many descriptors the unit may have stored, which systemd 254
  // and later say ($FDSTORE); nullopt if nobody says.
  std::optional<int> store_max() const { return store_max_; }

  // Tells the manager that this process is ready. OK if there is none.
  absl::Status NotifyReady() const;

  // Gives the descriptors away that were handed over with a name that begins
  // with `prefix`: sockets of the unit first, then stored ones, newest first.
  // They are close-on-exec. The first call takes all that were handed over into
  // ownership; the environment says how many, and only a process that the
  // manager started is believed.
  std::vector<HandedOver> Take(absl::string_view prefix);

  // Has the manager keep a duplicate of `fd`, and waits until it does. It keeps
  // another one of the same name, too. A unit that has as many as it may keeps
  // the old ones, and nobody is told.
  //
  // Errors: FAILED_PRECONDITION (no manager), INVALID_ARGUMENT (`name` is
  // empty, longer than 255 bytes, or has a colon or a control character),
  // DEADLINE_EXCEEDED (the manager has not said that it has it).
  absl::Status Store(const std::string& name, int fd, Deadline deadline) const;

  // Has the manager close all of this name, and waits until it has. Errors are
  // those of Store().
  absl::Status Remove(const std::string& name, Deadline deadline) const;

 private:
  absl::Status Send(absl::string_view text, int fd) const;
  // Sends what is about `name`, and waits until the manager has seen to it.
  absl::Status Tell(absl::string_view what, const std::string& name, int fd,
                    Deadline deadline) const;

  std::optional<int> store_max_;
  std::string socket_;  // of $NOTIFY_SOCKET; empty: nobody waits
  // The names of the descriptors from 3 on that nobody has taken yet.
  std::vector<std::string> names_;
  std::vector<HandedOver> handed_over_;
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_SERVICE_MANAGER_H_
