// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The interface between a back-end and the transfer: its state to bytes and
// back.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_HANDLER_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_HANDLER_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::vhost_user {

// The result of a load or of its commit.
struct LoadResult {
  // A status alone is a result, so that handlers may return one.
  LoadResult(absl::Status status, uint64_t reply = 0)  // NOLINT
      : status(std::move(status)), reply(reply) {}

  absl::Status status;
  // The answer to CHECK_DEVICE_STATE if `status` is an error. Nothing else
  // reaches the front-end. Default: 0, which stands for the number of the
  // absl::StatusCode, because an error must not be answered with 0.
  uint64_t reply;
};

// Saves and loads the state of one device.
//
// Threads: the engine calls all four functions on its one worker thread, never
// two at a time. The device is suspended during each call: all rings are
// stopped. Nothing else can be transferred until the call returns. So a call
// may wait for nothing but the sink or source, whose calls end with ABORTED
// when the transfer is cancelled.
//
// Order: each Load is followed by exactly one of a successful Commit or a
// Discard, before any other call. Nothing that was loaded may show before
// Commit.
//
// Rounds (docs/rounds.md) are for handlers that can have them. Their endpoint
// offers them then; else none of their functions is called.
class DeviceStateHandler {
 public:
  virtual ~DeviceStateHandler() = default;

  // Writes the whole state to `sink`. Does not change the device, which can go
  // on afterwards, whatever the result. Must not close anything, because
  // returning OK is the end mark.
  virtual absl::Status Save(ByteSink& sink) = 0;

  // Writes the next round of a state to `sink`, which is the same for all of
  // them. The device runs meanwhile, unless `last`: then it is suspended, and
  // the state is whole, as Save() would leave it. Returns about how many bytes
  // the changes of the device have by now that another round would write. An
  // error ends the rounds.
  //
  // Default: UNIMPLEMENTED.
  virtual absl::StatusOr<uint64_t> SaveRound(ByteSink&, bool last) {
    return absl::UnimplementedError(
        last ? "the device has no last round" : "the device has no rounds");
  }
  // Gives up rounds without a last one. Also called without any.
  virtual void EndRounds() {}

  // Reads a state to the end of `source`, verifies all of it and keeps it
  // aside. Must not change the device. Bytes left unread after OK are an error.
  //
  // After an error the engine itself reads on to the end of the channel. A
  // front-end that stops at a broken pipe, as QEMU does, then still comes to
  // CHECK_DEVICE_STATE and hears of the error.
  virtual LoadResult Load(ByteSource& source) = 0;

  // Puts the loaded state into force, all or nothing. Called for
  // CHECK_DEVICE_STATE, and only after Load returned OK.
  virtual LoadResult Commit() = 0;

  // As Load(), of a state that may come in rounds, while the device at its
  // source runs. Calls `on_round` with the number of each round, from 1, when
  // it was read and what can be prepared for it was prepared.
  //
  // Default: Load(), which calls nothing.
  virtual LoadResult LoadRounds(ByteSource& source,
                                const std::function<void(uint32_t)>&) {
    return Load(source);
  }

  // Forgets what Load kept aside. Called after a failed Load or Commit, or when
  // the front-end abandoned the transfer.
  virtual void Discard() = 0;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_HANDLER_H_
