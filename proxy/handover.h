// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a proxy leaves for the program that takes its place in the same process,
// by handover.proto. Descriptors stay open across execve(2), so only their
// numbers are written.

#ifndef DEVSTATE_PROXY_HANDOVER_H_
#define DEVSTATE_PROXY_HANDOVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/handover.pb.h"
#include "devstate/proxy/backend.h"
#include "devstate/proxy/device_setup.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate::proxy {

// The format that this release writes, and the newest that it reads.
inline constexpr uint32_t kHandoverFormat = 1;

// A message with the descriptors that it names, which are duplicates.
struct HandoverDraft {
  ProxyHandover message;
  std::vector<FileDescriptor> fds;

  // Duplicates `fd`, and returns the number for the message.
  // RESOURCE_EXHAUSTED if there is no descriptor left.
  absl::StatusOr<uint32_t> Keep(int fd);
  // Writes a listener into `handed`, which is part of the message.
  absl::Status KeepListener(const UnixListener& listener,
                            HandedListener* handed);
  // Writes the set-up.
  absl::Status KeepSetup(const DeviceSetup& setup);
};

// Returns what a hand-over says, without the numbers of its descriptors. It is
// the same for two that a program takes over, or refuses, alike.
std::string HandoverSense(ProxyHandover message);

// Writes `message` into a memfd. RESOURCE_EXHAUSTED.
absl::StatusOr<FileDescriptor> WriteHandover(const ProxyHandover& message);

// Reads what WriteHandover() of any release has written, from the start.
//
// Errors: INVALID_ARGUMENT (no such message), UNIMPLEMENTED (a newer release
// has written what this one would get wrong).
absl::StatusOr<ProxyHandover> ReadHandover(int fd);

// What was handed over, as objects.
struct TakenOver {
  std::optional<UnixListener> listener;  // set
  std::optional<UnixListener> control;
  std::string folder;
  BackendSpec spec;
  std::unique_ptr<Backend> backend;  // null if there is none
  FileDescriptor frontend;           // empty if there is none
  DeviceSetup setup;
  // Whoever asked for it, and what is to be answered.
  FileDescriptor asker;
  ExchangeReport report;
  absl::Time ended;  // when the program before this one ended
};

// Takes all that `message` names. In a rehearsal `stand_in` is duplicated for
// every descriptor, and no listener and no back-end is made of it.
//
// Errors: INVALID_ARGUMENT and FAILED_PRECONDITION (something is not what it is
// said to be), UNIMPLEMENTED (a request that this release does not know),
// RESOURCE_EXHAUSTED.
absl::StatusOr<TakenOver> TakeOver(const ProxyHandover& message, int stand_in);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_HANDOVER_H_
