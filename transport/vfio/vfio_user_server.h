// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VFIO_VFIO_USER_SERVER_H_
#define DEVSTATE_TRANSPORT_VFIO_VFIO_USER_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/vfio/migration_session.h"
#include "devstate/transport/vfio/vfio_user_message.h"

namespace devstate::vfio {

struct VfioUserOptions {
  // The most bytes of data in one message, from either side. The client is
  // told. Default: 1 MiB, as of a server that does not say.
  uint32_t max_data_transfer = kDefaultMaxDataTransfer;

  // Answers any other command with the payload of its reply. An error of it
  // fails the request. Default: fails all of them.
  std::function<absl::StatusOr<std::string>(uint16_t command,
                                            absl::string_view payload)>
      other_commands;

  // Gets one line for each request that has failed, because the client sees a
  // number only. Default: nobody.
  std::function<void(const std::string& line)> log;
};

// Answers the messages of one client: VERSION, DEVICE_RESET, DEVICE_FEATURE
// for a migration, MIG_DATA_READ and MIG_DATA_WRITE. It is sans I/O: a whole
// message in, a whole reply out. Thread-safety: none.
//
// A request that fails is answered with EINVAL.
class VfioUserServer {
 public:
  // Requires: `session` outlives the server. A client that connects anew gets a
  // server of its own, and finds the state as the one before has left it.
  VfioUserServer(MigrationSession* session, VfioUserOptions options)
      : session_(*session), options_(std::move(options)) {}

  VfioUserServer(const VfioUserServer&) = delete;
  VfioUserServer& operator=(const VfioUserServer&) = delete;

  // Returns the size of the message whose header is `header`, of kHeaderSize
  // bytes. INVALID_ARGUMENT if there is none of that size, so that the
  // connection must end.
  absl::StatusOr<size_t> MessageSize(absl::string_view header) const;

  // Handles a message of the size that MessageSize() says. Returns the reply,
  // empty if the client wants none. An error ends the connection:
  // INVALID_ARGUMENT (a reply to nothing), FAILED_PRECONDITION (VERSION did not
  // come first, or it asks for another major version).
  absl::StatusOr<std::string> Handle(absl::string_view message);

 private:
  using Payload = absl::StatusOr<std::string>;

  Payload Answer(uint16_t command, absl::string_view payload);
  Payload AnswerFeature(absl::string_view payload);
  Payload GetFeature(const FeaturePayload& request);
  Payload AnswerRead(absl::string_view payload);
  Payload AnswerWrite(absl::string_view payload);
  absl::StatusOr<MigDataPayload> ReadDataPayload(
      absl::string_view payload) const;
  Payload AnswerVersion(absl::string_view payload);

  MigrationSession& session_;
  const VfioUserOptions options_;
  bool has_version_ = false;
};

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_VFIO_USER_SERVER_H_
