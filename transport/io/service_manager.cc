// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/service_manager.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

ServiceManager::ServiceManager() {
  const char* socket = getenv("NOTIFY_SOCKET");
  if (socket != nullptr) socket_ = socket;
  for (const char* name :
       {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
    unsetenv(name);
  }
}

absl::Status ServiceManager::NotifyReady() const {
  if (socket_.empty()) return absl::OkStatus();
  const std::string what = absl::StrCat("NOTIFY_SOCKET=", socket_);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": too long"));
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // An abstract name, which has a zero byte where the variable has an @.
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, what);
  constexpr absl::string_view kReady = "READY=1";
  if (::sendto(fd.get(), kReady.data(), kReady.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address),
               offsetof(sockaddr_un, sun_path) + socket_.size()) < 0) {
    return ErrnoStatus(errno, what);
  }
  return absl::OkStatus();
}

}  // namespace devstate
