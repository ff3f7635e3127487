// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/handover.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TempFolder;
using ::devstate::testing::TwoU32;
using ::testing::HasSubstr;
using vhost_user::Message;
using vhost_user::U64Payload;

void Remember(DeviceSetup& setup, uint32_t request, std::string payload = "",
              int fds = 0, const Message* reply = nullptr) {
  Message message;
  message.request = request;
  message.payload = std::move(payload);
  message.fds = SomeFds(fds);
  EXPECT_THAT(AdmitRequest(message), IsOk());
  setup.Remember(std::move(message), reply);
}

void Answered(DeviceSetup& setup, uint32_t request, uint64_t value) {
  const Message reply = vhost_user::MakeReply(request, U64Payload(value));
  Remember(setup, request, "", 0, &reply);
}

// One ring runs, one was stopped, one is new.
DeviceSetup FullSetup() {
  DeviceSetup setup;
  Answered(setup, vhost_user::kGetFeatures, UINT64_MAX);
  Answered(setup, vhost_user::kGetProtocolFeatures, UINT64_MAX);
  Answered(setup, vhost_user::kGetQueueNum, 3);
  Answered(setup, vhost_user::kGetMaxMemSlots, 16);
  Remember(setup, vhost_user::kSetProtocolFeatures,
           U64Payload(vhost_user::kProtocolFReplyAck |
                      vhost_user::kProtocolFConfigureMemSlots));
  Remember(setup, vhost_user::kSetOwner);
  Remember(setup, vhost_user::kSetBackendReqFd, "", 1);
  Remember(setup, vhost_user::kSetFeatures,
           U64Payload(vhost_user::kVirtioFVersion1 |
                      vhost_user::kVhostUserFProtocolFeatures |
                      vhost_user::kVhostFLogAll));
  Remember(setup, vhost_user::kNetSetMtu, U64Payload(1500));
  for (const uint64_t address : {0, 1 << 20}) {
    Remember(setup, vhost_user::kAddMemReg,
             U64Payload(0) + U64Payload(address) + U64Payload(4096) +
                 U64Payload(address + (1 << 30)) + U64Payload(0),
             1);
  }
  Remember(setup, vhost_user::kSetLogBase, U64Payload(4096) + U64Payload(0), 1);
  for (const uint32_t ring : {0, 1}) {
    Remember(setup, vhost_user::kSetVringNum, TwoU32(ring, 128));
    Remember(setup, vhost_user::kSetVringBase, TwoU32(ring, 7));
    Remember(setup, vhost_user::kSetVringAddr,
             TwoU32(ring, 0) + std::string(32, '\x01'));
    Remember(setup, vhost_user::kSetVringKick, U64Payload(ring), 1);
    Remember(setup, vhost_user::kSetVringCall, U64Payload(ring), 1);
    Remember(setup, vhost_user::kSetVringEnable, TwoU32(ring, 1));
  }
  const Message base =
      vhost_user::MakeReply(vhost_user::kGetVringBase, TwoU32(1, 9));
  Remember(setup, vhost_user::kGetVringBase, TwoU32(1, 0), 0, &base);
  Remember(setup, vhost_user::kSetVringCall,
           U64Payload(2 | vhost_user::kVringNoFd));
  return setup;
}

class HandoverTest : public ::testing::Test {
 protected:
  HandoverTest() {
    auto listener = UnixListener::Listen(folder_.path() + "/front.sock");
    EXPECT_THAT(listener, IsOk());
    listener_.emplace(*std::move(listener));
  }

  HandoverDraft Draft(const DeviceSetup& setup) {
    HandoverDraft draft;
    draft.message.set_format(kHandoverFormat);
    draft.message.set_backend_command("true {fd}");
    EXPECT_THAT(
        draft.KeepListener(*listener_, draft.message.mutable_listener()),
        IsOk());
    EXPECT_THAT(draft.KeepSetup(setup), IsOk());
    return draft;
  }

  // Takes over as a program does that has got the descriptors by execve(2).
  static absl::StatusOr<TakenOver> Take(HandoverDraft draft) {
    for (FileDescriptor& fd : draft.fds) fd.Release();
    return TakeOver(draft.message, -1);
  }

  const TempFolder folder_;
  std::optional<UnixListener> listener_;
};

// Writes what a draft says, with the files in place of their descriptors.
std::string Text(HandoverDraft draft) {
  for (HandedRequest& request : *draft.message.mutable_set_up()) {
    for (int i = 0; i < request.fds_size(); ++i) {
      struct stat info = {};
      EXPECT_EQ(::fstat(static_cast<int>(request.fds(i)), &info), 0);
      request.set_fds(i, static_cast<uint32_t>(info.st_ino));
    }
  }
  draft.message.clear_listener();
  return draft.message.DebugString();
}

TEST_F(HandoverTest, TheSetupIsTheSameAfterwards) {
  const DeviceSetup setup = FullSetup();
  const absl::StatusOr<TakenOver> taken = Take(Draft(setup));
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(Text(Draft(taken->setup)), Text(Draft(setup)));
  EXPECT_TRUE(taken->setup.rings().at(0).started);
  EXPECT_FALSE(taken->setup.rings().at(1).started);
  EXPECT_EQ(taken->setup.rings().at(1).base, 9u);
  EXPECT_EQ(taken->setup.rings().at(1).address, setup.rings().at(1).address);
  EXPECT_TRUE(taken->setup.rings().at(2).call.is_set);
}

TEST_F(HandoverTest, OnlyTheNumbersOfDescriptorsMakeNoDifference) {
  DeviceSetup setup = FullSetup();
  const HandoverDraft draft = Draft(setup);
  const HandoverDraft again = Draft(setup);
  EXPECT_NE(draft.message.listener().fd(), again.message.listener().fd());
  EXPECT_EQ(HandoverSense(draft.message), HandoverSense(again.message));
  // As often as interrupts are masked.
  Remember(setup, vhost_user::kSetVringCall, U64Payload(0), 1);
  EXPECT_EQ(HandoverSense(draft.message), HandoverSense(Draft(setup).message));
  ProxyHandover connected = draft.message;
  connected.set_frontend_fd(9);
  EXPECT_NE(HandoverSense(draft.message), HandoverSense(connected));
  Remember(setup, vhost_user::kSetVringNum, TwoU32(2, 128));
  EXPECT_NE(HandoverSense(draft.message), HandoverSense(Draft(setup).message));
}

TEST_F(HandoverTest, WhatIsNotKnownWholeStaysSo) {
  DeviceSetup setup;
  Message unknown;
  unknown.request = 99;
  setup.Remember(std::move(unknown), nullptr);
  const absl::StatusOr<TakenOver> taken = Take(Draft(setup));
  ASSERT_THAT(taken, IsOk());
  EXPECT_EQ(taken->setup.obstacle(), setup.obstacle());
  EXPECT_THAT(taken->setup.CheckMovable(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(HandoverTest, TheNameOfAListenerIsRemovedByWhoHasItLast) {
  std::optional<absl::StatusOr<TakenOver>> taken = Take(Draft(DeviceSetup()));
  ASSERT_THAT(*taken, IsOk());
  const std::string path = listener_->path();
  EXPECT_EQ((*taken)->listener->path(), path);
  taken.reset();
  EXPECT_EQ(::access(path.c_str(), F_OK), -1);
}

TEST_F(HandoverTest, TheNameStaysIfSomebodyElseHasItByNow) {
  HandoverDraft draft = Draft(DeviceSetup());
  const std::string path = listener_->path();
  const std::string aside = folder_.path() + "/aside";
  ASSERT_EQ(::rename(path.c_str(), aside.c_str()), 0);
  const auto other = UnixListener::Listen(path);
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT(Take(std::move(draft)), IsOk());
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  ::unlink(aside.c_str());
}

TEST_F(HandoverTest, ARehearsalTouchesNothing) {
  HandoverDraft draft = Draft(FullSetup());
  draft.message.set_rehearsal(true);
  draft.message.set_backend_fd(10000);
  draft.message.set_backend_process(1);
  const int open = devstate::testing::CountOpenFds();
  EXPECT_THAT(TakeOver(draft.message, STDIN_FILENO), IsOk());
  EXPECT_EQ(devstate::testing::CountOpenFds(), open);
  EXPECT_EQ(::access(listener_->path().c_str(), F_OK), 0);
}

TEST_F(HandoverTest, ARequestThatIsNotKnownIsRefused) {
  HandoverDraft draft = Draft(DeviceSetup());
  draft.message.set_rehearsal(true);
  draft.message.add_set_up()->set_request(99);
  EXPECT_THAT(
      TakeOver(draft.message, STDIN_FILENO).status(),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("request 99")));
}

TEST_F(HandoverTest, WhatIsNoChildIsNotTaken) {
  HandoverDraft draft = Draft(DeviceSetup());
  draft.message.set_backend_fd(*draft.Keep(listener_->fd()));
  draft.message.set_backend_process(1);
  EXPECT_THAT(Take(std::move(draft)).status(),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("process 1 is no child")));
}

TEST_F(HandoverTest, ANewerFormatIsRefusedWithTheRemedy) {
  ProxyHandover message;
  message.set_format(kHandoverFormat);
  auto file = WriteHandover(message);
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(ReadHandover(file->get()), IsOk());
  message.set_format(kHandoverFormat + 1);
  file = WriteHandover(message);
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT(
      ReadHandover(file->get()).status(),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("--program")));
}

TEST_F(HandoverTest, WhatIsNoHandoverIsRefused) {
  const auto empty = WriteHandover(ProxyHandover());
  ASSERT_THAT(empty, IsOk());
  for (const int fd : {empty->get(), listener_->fd(), 10000}) {
    EXPECT_FALSE(ReadHandover(fd).ok()) << fd;
  }
}

}  // namespace
}  // namespace devstate::proxy
