// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/vhost_user_message.h"

#include <string>
#include <utility>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

Message Make(uint32_t request, std::string payload, int fds = 0) {
  Message message;
  message.request = request;
  message.payload = std::move(payload);
  message.fds = SomeFds(fds);
  return message;
}

TEST(VhostUserMessageTest, HeaderIsThreeNumbersInTheByteOrderOfTheMachine) {
  const std::string bytes = EncodeHeader({42, 0x1, 0x01020304});
  const uint32_t numbers[] = {42, 0x1, 0x01020304};
  EXPECT_EQ(bytes, std::string(reinterpret_cast<const char*>(numbers), 12));
  const MessageHeader header = DecodeHeader(bytes);
  EXPECT_EQ(header.request, 42u);
  EXPECT_EQ(header.flags, 0x1u);
  EXPECT_EQ(header.size, 0x01020304u);
}

TEST(VhostUserMessageTest, NumbersKeepEveryBit) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{0x8000000000000001}, ~uint64_t{0}}) {
    EXPECT_EQ(ReadU64(U64Payload(value), 0), value);
  }
}

TEST(VhostUserMessageTest, NamesAreTheTextsOwn) {
  EXPECT_EQ(RequestName(42), "SET_DEVICE_STATE_FD");
  EXPECT_EQ(RequestName(43), "CHECK_DEVICE_STATE");
  EXPECT_EQ(RequestName(4711), "request 4711");
}

TEST(VhostUserMessageTest, DeviceStateRequestsAreAdmittedOnlyAsTheyMustBe) {
  for (size_t size = 0; size <= 24; ++size) {
    for (int fds = 0; fds <= 3; ++fds) {
      EXPECT_EQ(
          AdmitRequest(Make(kSetDeviceStateFd, std::string(size, '\0'), fds))
              .ok(),
          size == 8 && fds == 1);
      EXPECT_EQ(
          AdmitRequest(Make(kCheckDeviceState, std::string(size, '\0'), fds))
              .ok(),
          size == 0 && fds == 0);
    }
  }
}

TEST(VhostUserMessageTest, RefusalNamesTheNumbers) {
  EXPECT_THAT(AdmitRequest(Make(kSetDeviceStateFd, "1234", 1)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("payload of 4 bytes, expected 8")));
  EXPECT_THAT(AdmitRequest(Make(kSetDeviceStateFd, "12345678", 2)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("2 file descriptors, expected 1")));
  EXPECT_THAT(AdmitRequest(Make(4711, "")),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("4711")));
}

TEST(VhostUserMessageTest, NoRequestIsAdmittedWithMoreFdsThanItCanUse) {
  for (uint32_t request = 0; request < 64; ++request) {
    for (const size_t size : {0, 8, 12, 16, 20, 40, 268}) {
      EXPECT_FALSE(AdmitRequest(Make(request, std::string(size, '\0'), 9)).ok())
          << RequestName(request);
    }
  }
}

TEST(VhostUserMessageTest, RingRequestsHaveAnFdUnlessTheySayNot) {
  for (const uint32_t request : {kSetVringKick, kSetVringCall, kSetVringErr}) {
    EXPECT_THAT(AdmitRequest(Make(request, U64Payload(1), 1)), IsOk());
    EXPECT_THAT(AdmitRequest(Make(request, U64Payload(1 | kVringNoFd))),
                IsOk());
    EXPECT_FALSE(AdmitRequest(Make(request, U64Payload(1))).ok());
    EXPECT_FALSE(
        AdmitRequest(Make(request, U64Payload(1 | kVringNoFd), 1)).ok());
  }
}

TEST(VhostUserMessageTest, MemoryTableHasAnFdForEachRegion) {
  auto table = [](uint32_t announced, size_t present, int fds) {
    std::string payload;
    AppendU32(announced, &payload);
    AppendU32(0, &payload);
    payload.append(present * 32, '\0');
    return AdmitRequest(Make(kSetMemTable, std::move(payload), fds));
  };
  EXPECT_THAT(table(0, 0, 0), IsOk());
  EXPECT_THAT(table(8, 8, 8), IsOk());
  EXPECT_FALSE(table(8, 8, 7).ok());
  EXPECT_FALSE(table(3, 2, 3).ok());
  // 32 times this wraps to 0.
  EXPECT_FALSE(table(0x08000000, 0, 0).ok());
  EXPECT_FALSE(table(0xffffffff, 8, 8).ok());
}

TEST(VhostUserMessageTest, AReplyIsDueByNumberOrByAcknowledgement) {
  Message request;
  request.request = kSetVringNum;
  EXPECT_FALSE(IsReplyDue(request, kProtocolFReplyAck));
  request.flags |= kFlagNeedReply;
  EXPECT_FALSE(IsReplyDue(request, 0));
  EXPECT_TRUE(IsReplyDue(request, kProtocolFReplyAck));
  request.request = 99;
  EXPECT_TRUE(IsReplyDue(request, kProtocolFReplyAck));
  request.flags = kVersion;
  EXPECT_FALSE(IsReplyDue(request, kProtocolFReplyAck));
  request.request = kGetVringBase;
  EXPECT_TRUE(IsReplyDue(request, 0));
  request.request = kSetLogBase;
  EXPECT_FALSE(IsReplyDue(request, kProtocolFReplyAck));
  EXPECT_TRUE(IsReplyDue(request, kProtocolFLogShmfd));
}

}  // namespace
}  // namespace devstate::vhost_user
