// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/data_plane_rings.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::vhost_user {
namespace {

FileDescriptor TakeFd(Message& request) {
  return request.fds.empty() ? FileDescriptor() : std::move(request.fds[0]);
}

// Returns a second descriptor for a ring's call, empty if that is.
absl::StatusOr<FileDescriptor> CopyCall(const FileDescriptor& call) {
  FileDescriptor copy;
  if (!call.valid()) return copy;
  copy.Reset(::fcntl(call.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoStatus(errno, "the descriptor of a call");
  return copy;
}

}  // namespace

absl::Status DataPlaneRings::Apply(uint32_t index, Message& request) {
  Ring& ring = rings_[index];
  switch (request.request) {
    case kSetVringNum:
    case kSetVringAddr:
    case kSetVringBase:
      if (ring.running) {
        return absl::FailedPreconditionError(
            absl::StrCat(RequestName(request.request), ": ring ", index,
                         " is running; stop it with GET_VRING_BASE first"));
      }
      if (request.request == kSetVringNum) {
        ring.size = ReadU32(request.payload, 4);
      } else if (request.request == kSetVringAddr) {
        ring.address = ReadRingAddress(request.payload);
      } else {
        ring.base = ReadU32(request.payload, 4);
      }
      return absl::OkStatus();
    case kSetVringEnable:
      ring.enabled = ReadU32(request.payload, 4) != 0;
      return ring.running ? plane_.EnableRing(index, ring.enabled)
                          : absl::OkStatus();
    case kSetVringCall: {
      FileDescriptor call = TakeFd(request);
      if (ring.running) {
        DS_ASSIGN_OR_RETURN(FileDescriptor copy, CopyCall(call));
        DS_RETURN_IF_ERROR(plane_.SetCall(index, std::move(copy)));
      }
      ring.call = std::move(call);
      return absl::OkStatus();
    }
    case kSetVringKick:
      return Start(index, ring, request);
    default:
      return absl::OkStatus();
  }
}

absl::Status DataPlaneRings::Start(uint32_t index, Ring& ring, Message& kick) {
  if (ring.size == 0 || !ring.address.has_value()) return absl::OkStatus();
  if (ring.running) {
    return absl::FailedPreconditionError(
        absl::StrCat("SET_VRING_KICK: ring ", index, " is running already"));
  }
  RingSetup setup;
  setup.size = ring.size;
  setup.address = *ring.address;
  setup.base = ring.base;
  setup.enabled = ring.enabled || enabled_at_start_;
  setup.kick = TakeFd(kick);
  if (!setup.kick.valid()) {
    return absl::UnimplementedError(
        absl::StrCat("SET_VRING_KICK: ring ", index,
                     " comes without a descriptor; rings are not polled"));
  }
  DS_ASSIGN_OR_RETURN(setup.call, CopyCall(ring.call));
  DS_RETURN_IF_ERROR(plane_.StartRing(index, std::move(setup)));
  ring.running = true;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<uint32_t>> DataPlaneRings::Stop(uint32_t index,
                                                             RingStop stop) {
  const auto found = rings_.find(index);
  if (found == rings_.end() || !found->second.running) return std::nullopt;
  found->second.running = false;
  DS_ASSIGN_OR_RETURN(const uint32_t base, plane_.StopRing(index, stop));
  found->second.base = base;
  return base;
}

absl::Status DataPlaneRings::StopAll() {
  for (auto& [index, ring] : rings_) {
    DS_RETURN_IF_ERROR(Stop(index, RingStop::kKeep).status());
    ring.enabled = false;
  }
  return absl::OkStatus();
}

}  // namespace devstate::vhost_user
