// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a client behind its VERSION. Each whole message is answered
// once, in the right form and within its limits, and changes the device in the
// order of its states. Whatever came before, a device that is reset is saved
// and loaded.

#include <cstdint>
#include <string>

#include "devstate/transport/vfio/fake_migration_device.h"
#include "devstate/transport/vfio/vfio_user_requests.h"
#include "devstate/transport/vfio/vfio_user_server.h"
#include "fuzz/promise.h"

namespace devstate::vfio {
namespace {

using ::devstate::fuzz::Promise;

constexpr uint32_t kMaxData = 256;

VfioUserOptions SmallMessages() {
  VfioUserOptions options;
  options.max_data_transfer = kMaxData;
  return options;
}

void CheckReply(absl::string_view request, const std::string& reply,
                const FakeMigrationDevice& device) {
  const MessageHeader asked = ReadStruct<MessageHeader>(request);
  if ((asked.flags & kNoReply) != 0) {
    Promise(reply.empty(), "who wants no reply gets none");
    return;
  }
  Promise(reply.size() >= kHeaderSize, "a request is answered");
  const MessageHeader header = ReadStruct<MessageHeader>(reply);
  Promise(header.id == asked.id && header.command == asked.command &&
              header.size == reply.size(),
          "a reply is that to its request");
  const bool failed = (header.flags & kErrorFlag) != 0;
  Promise(!failed || (header.error != 0 && header.size == kHeaderSize),
          "a failed request is answered by a header alone");
  if (failed || header.command != kMigDataRead) return;
  const uint32_t wanted =
      ReadStruct<MigDataPayload>(request.substr(kHeaderSize)).size;
  const MigDataPayload got =
      ReadStruct<MigDataPayload>(reply.substr(kHeaderSize));
  Promise(got.size == reply.size() - kHeaderSize - sizeof(got) &&
              got.size <= wanted,
          "a read has the bytes that it says, and not more than were asked");
  Promise(got.size == wanted || (device.CountPreCopy().initial +
                                 device.CountPreCopy().dirty) == 0,
          "a read is short only where nothing is left");
}

void Migrate(VfioUserServer& server, FakeMigrationDevice& device) {
  const auto ask = [&server](const std::string& request) {
    const auto reply = server.Handle(request);
    Promise(reply.ok() && ReadStruct<MessageHeader>(*reply).error == 0,
            "a device that was reset migrates");
    return reply->substr(kHeaderSize);
  };
  ask(Request(kDeviceReset, ""));
  device.state = "a small state";
  ask(SetStateRequest(MigrationState::kStopCopy));
  Promise(ask(ReadRequest(kMaxData)).substr(sizeof(MigDataPayload)) ==
              "a small state",
          "a save has the whole state");
  ask(SetStateRequest(MigrationState::kResuming));
  ask(WriteRequest("another state"));
  ask(SetStateRequest(MigrationState::kRunning));
  Promise(device.state == "another state", "what was written is in force");
}

void Run(absl::string_view bytes) {
  FakeMigrationDevice device;
  MigrationSession session(&device);
  VfioUserServer server(&session, SmallMessages());
  Promise(server.Handle(VersionRequest()).ok(), "VERSION is answered");
  while (bytes.size() >= kHeaderSize) {
    const auto size = server.MessageSize(bytes.substr(0, kHeaderSize));
    if (!size.ok() || *size > bytes.size()) break;
    const absl::string_view message = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    const auto reply = server.Handle(message);
    if (!reply.ok()) break;
    CheckReply(message, *reply, device);
    Promise(device.breaches == 0 &&
                device.saving() == IsSaving(session.state()) &&
                device.loading() == IsLoading(session.state()),
            "the device is called in the order of its states");
    if (session.state() == MigrationState::kPreCopy) device.Change("change");
  }
  Migrate(server, device);
}

}  // namespace
}  // namespace devstate::vfio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::vfio::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
