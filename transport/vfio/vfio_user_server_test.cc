// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vfio/vfio_user_server.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vfio/fake_migration_device.h"
#include "devstate/transport/vfio/vfio_user_requests.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vfio {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = MigrationState;

constexpr uint32_t kMaxData = 64;

// The bytes of numbers of 4 bytes.
std::string Words(const std::vector<uint32_t>& words) {
  std::string bytes;
  for (const uint32_t word : words) AppendStruct(word, &bytes);
  return bytes;
}

class VfioUserServerTest : public ::testing::Test {
 protected:
  VfioUserServerTest() : session_(&device_), server_(&session_, Options()) {}
  ~VfioUserServerTest() override { EXPECT_EQ(device_.breaches, 0); }

  VfioUserOptions Options() {
    VfioUserOptions options;
    options.max_data_transfer = kMaxData;
    options.log = [this](const std::string& line) { log_.push_back(line); };
    return options;
  }

  void Connect() { EXPECT_EQ(Ask(VersionRequest()).error, 0u); }

  // Returns the header of the reply; its payload is in payload_.
  MessageHeader Ask(const std::string& request) {
    const absl::StatusOr<std::string> reply = server_.Handle(request);
    EXPECT_THAT(reply, IsOk());
    if (!reply.ok() || reply->size() < kHeaderSize) return {};
    const MessageHeader header = ReadStruct<MessageHeader>(*reply);
    const MessageHeader asked = ReadStruct<MessageHeader>(request);
    EXPECT_EQ(header.id, asked.id);
    EXPECT_EQ(header.command, asked.command);
    EXPECT_EQ(header.size, reply->size());
    EXPECT_EQ(header.flags,
              header.error == 0 ? kTypeReply : kTypeReply | kErrorFlag);
    payload_ = reply->substr(kHeaderSize);
    EXPECT_TRUE(header.error == 0 || payload_.empty());
    return header;
  }
  void ExpectOk(const std::string& request) {
    EXPECT_EQ(Ask(request).error, 0u) << ::testing::PrintToString(log_);
  }
  void ExpectRefused(const std::string& request, const std::string& why) {
    log_.clear();
    EXPECT_EQ(Ask(request).error, static_cast<uint32_t>(EINVAL));
    EXPECT_THAT(log_, ElementsAre(HasSubstr(why)));
  }
  State StateNow() {
    ExpectOk(GetStateRequest());
    EXPECT_EQ(payload_.size(), 16u);
    return static_cast<State>(ReadStruct<uint32_t>(payload_.substr(8)));
  }
  std::string Read(uint32_t size) {
    ExpectOk(ReadRequest(size));
    const MigDataPayload head = ReadStruct<MigDataPayload>(payload_);
    EXPECT_EQ(head.argsz, payload_.size());
    EXPECT_EQ(head.size, payload_.size() - 8);
    return payload_.substr(8);
  }

  FakeMigrationDevice device_;
  MigrationSession session_;
  VfioUserServer server_;
  std::vector<std::string> log_;
  std::string payload_;
};

TEST_F(VfioUserServerTest, VersionAnswersWhatIsCommonAndTheLimit) {
  EXPECT_EQ(Ask(VersionRequest(0, 7)).error, 0u);
  EXPECT_EQ(payload_.substr(0, 4), std::string("\0\0\1\0", 4));
  EXPECT_STREQ(payload_.substr(4).c_str(),
               "{\"capabilities\":{\"max_data_xfer_size\":64}}");
  EXPECT_EQ(payload_.back(), '\0');
  ExpectRefused(VersionRequest(), "VERSION failed: it came before");
}

TEST_F(VfioUserServerTest, WithoutAVersionInCommonTheConnectionEnds) {
  EXPECT_THAT(server_.Handle(GetStateRequest()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(server_.Handle(VersionRequest(1, 0)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(server_.Handle(Request(kVersion, "\0\0")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  std::string no_end = VersionRequest();
  no_end.pop_back();
  EXPECT_THAT(server_.Handle(no_end),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(VfioUserServerTest, FeaturesAreGot) {
  Connect();
  ExpectOk(FeatureRequest(kFeatureGet | kFeatureMigration));
  EXPECT_EQ(payload_, Words({16, kFeatureGet | 1, 5, 0}));
  device_.pre_copy = false;
  ExpectOk(FeatureRequest(kFeatureGet | kFeatureMigration));
  EXPECT_EQ(payload_, Words({16, kFeatureGet | 1, 1, 0}));
  ExpectOk(GetStateRequest());
  EXPECT_EQ(payload_, Words({16, kFeatureGet | 2, 2, 0xffffffff}));
}

TEST_F(VfioUserServerTest, AClientWithoutRoomHearsHowMuchItNeeds) {
  Connect();
  ExpectOk(FeatureRequest(kFeatureGet | kFeatureMigration, "", 8));
  EXPECT_EQ(payload_, Words({16, kFeatureGet | 1}));
}

TEST_F(VfioUserServerTest, ProbesSayWhichMethodsThereAre) {
  Connect();
  const uint32_t all = kFeatureGet | kFeatureSet | kFeatureProbe;
  ExpectOk(FeatureRequest(all | kFeatureMigDeviceState));
  EXPECT_EQ(payload_, Words({16, all | 2}));
  ExpectOk(FeatureRequest(kFeatureProbe | kFeatureMigration));
  ExpectRefused(FeatureRequest(all | kFeatureMigration), "feature 1");
  ExpectRefused(FeatureRequest(kFeatureProbe | 6), "feature 6");
  ExpectRefused(FeatureRequest(kFeatureGet | 9), "feature 9");
  ExpectRefused(FeatureRequest(kFeatureMigDeviceState), "exactly one");
  ExpectRefused(
      FeatureRequest(kFeatureGet | kFeatureSet | kFeatureMigDeviceState),
      "exactly one");
}

TEST_F(VfioUserServerTest, SetAnswersWhatWasAsked) {
  Connect();
  ExpectOk(SetStateRequest(State::kStopCopy));
  EXPECT_EQ(payload_, Words({16, kFeatureSet | 2, 3, 0xffffffff}));
  EXPECT_EQ(StateNow(), State::kStopCopy);
  ExpectRefused(SetStateRequest(State::kPreCopy), "STOP_COPY to PRE_COPY");
}

TEST_F(VfioUserServerTest, AReadIsShortAtTheEndAlone) {
  Connect();
  device_.state = std::string(100, 'x');
  ExpectOk(SetStateRequest(State::kStopCopy));
  EXPECT_EQ(Read(64).size(), 64u);
  EXPECT_EQ(Read(30).size(), 30u);
  EXPECT_EQ(Read(64).size(), 6u);
  EXPECT_EQ(Read(64).size(), 0u);
}

TEST_F(VfioUserServerTest, PreCopyIsReadUntilNothingIsLeftNow) {
  Connect();
  device_.state = "first";
  ExpectOk(SetStateRequest(State::kPreCopy));
  EXPECT_EQ(Read(64), "first");
  EXPECT_EQ(Read(64), "");
  device_.Change(" second");
  EXPECT_EQ(Read(64), " second");
  device_.Change(" last");
  ExpectOk(SetStateRequest(State::kStopCopy));
  EXPECT_EQ(Read(64), " last");
  EXPECT_EQ(Read(64), "");
}

TEST_F(VfioUserServerTest, AWrittenStateIsInForceAtTheWayToStop) {
  Connect();
  ExpectOk(SetStateRequest(State::kResuming));
  ExpectOk(WriteRequest("new "));
  EXPECT_EQ(payload_, "");
  ExpectOk(WriteRequest(""));
  ExpectOk(WriteRequest("state"));
  ExpectOk(SetStateRequest(State::kRunning));
  EXPECT_EQ(device_.state, "new state");
}

TEST_F(VfioUserServerTest,
       ARefusedStateFailsTheWayToStopWithTheReasonInTheLog) {
  Connect();
  ExpectOk(SetStateRequest(State::kResuming));
  ExpectOk(WriteRequest("!no state"));
  ExpectOk(WriteRequest("more"));
  ExpectRefused(SetStateRequest(State::kStop), "a state that is no state");
  EXPECT_EQ(StateNow(), State::kError);
  ExpectOk(Request(kDeviceReset, ""));
  EXPECT_EQ(StateNow(), State::kRunning);
}

TEST_F(VfioUserServerTest, DataBeyondTheLimitOrNotAsItsSizeSaysIsRefused) {
  Connect();
  ExpectOk(SetStateRequest(State::kStopCopy));
  ExpectRefused(ReadRequest(kMaxData + 1), "max_data_xfer_size = 64");
  ExpectRefused(ReadRequest(0), "a read of nothing");
  ExpectRefused(Request(kMigDataRead, Words({15, 8})), "argsz 15");
  ExpectRefused(Request(kMigDataRead, Words({15})), "a payload of 4 bytes");
  ExpectRefused(WriteRequest("x"), "in the state STOP_COPY");
  ExpectOk(SetStateRequest(State::kResuming));
  ExpectRefused(ReadRequest(1), "in the state RESUMING");
  ExpectRefused(Request(kMigDataWrite, Words({16, 8, 0})), "4 came");
  ExpectRefused(Request(kMigDataWrite, Words({16, 8, 0, 0, 0})), "12 came");
}

TEST_F(VfioUserServerTest, AMessageThatCanBeNoneEndsTheConnection) {
  MessageHeader header;
  for (const uint32_t size : {0u, 15u, 16 + 16 + kMaxData + 1, 0xffffffffu}) {
    std::string bytes;
    header.size = size;
    AppendStruct(header, &bytes);
    EXPECT_THAT(server_.MessageSize(bytes),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(*server_.MessageSize(GetStateRequest()), 24u);
  Connect();
  for (const uint32_t type : {1u, 2u, 15u}) {
    EXPECT_THAT(server_.Handle(Request(kDeviceFeature, "", type)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST_F(VfioUserServerTest, ARequestThatWantsNoReplyGetsNone) {
  Connect();
  std::string request = SetStateRequest(State::kStop);
  request[8] = static_cast<char>(kNoReply);
  const auto reply = server_.Handle(request);
  ASSERT_THAT(reply, IsOk());
  EXPECT_EQ(*reply, "");
  EXPECT_EQ(StateNow(), State::kStop);
}

TEST_F(VfioUserServerTest, OtherCommandsAreTheDevices) {
  Connect();
  ExpectRefused(Request(9, "region"), "command 9 failed");
  VfioUserOptions options;
  options.other_commands = [](uint16_t command, absl::string_view payload) {
    return absl::StatusOr<std::string>(absl::StrCat(command, " ", payload));
  };
  VfioUserServer other(&session_, options);
  ASSERT_THAT(other.Handle(VersionRequest()), IsOk());
  EXPECT_EQ(other.Handle(Request(9, "region"))->substr(kHeaderSize),
            "9 region");
}

// --- Hostile messages ---

// One of each, sent in the state in which it is right.
struct Sent {
  State state;
  std::string message;
};
std::vector<Sent> Messages() {
  return {{State::kRunning, FeatureRequest(kFeatureGet | kFeatureMigration)},
          {State::kRunning, GetStateRequest()},
          {State::kRunning, FeatureRequest(kFeatureProbe | kFeatureMigration)},
          {State::kRunning, SetStateRequest(State::kResuming)},
          {State::kPreCopy, SetStateRequest(State::kStopCopy)},
          {State::kStopCopy, ReadRequest(16)},
          {State::kResuming, WriteRequest("a state")},
          {State::kResuming, Request(kDeviceReset, "")}};
}

class HostileMessageTest : public VfioUserServerTest {
 protected:
  // Whatever is sent, the server has an answer in the right form, or ends the
  // connection, and a device that is reset migrates.
  void Send(State state, std::string message) {
    MigrationSession session(&device_);
    session.Reset();
    ASSERT_THAT(session.SetState(static_cast<uint32_t>(state)), IsOk());
    VfioUserServer server(&session, Options());
    ASSERT_THAT(server.Handle(VersionRequest()), IsOk());
    const absl::StatusOr<size_t> size = server.MessageSize(message);
    if (size.ok()) {
      message.resize(*size);
      const absl::StatusOr<std::string> reply = server.Handle(message);
      if (reply.ok() && !reply->empty()) {
        const MessageHeader header = ReadStruct<MessageHeader>(*reply);
        EXPECT_EQ(header.size, reply->size());
        EXPECT_EQ(header.flags & kTypeMask, kTypeReply);
        EXPECT_LE(reply->size(), kHeaderSize + 16 + kMaxData);
      }
    }
    EXPECT_EQ(device_.breaches, 0);
    EXPECT_EQ(device_.saving(), IsSaving(session.state()));
    EXPECT_EQ(device_.loading(), IsLoading(session.state()));
    session.Reset();
    ASSERT_THAT(session.SetState(static_cast<uint32_t>(State::kStopCopy)),
                IsOk());
    session.Reset();
  }
};

TEST_F(HostileMessageTest, EveryTruncationIsAnswered) {
  for (const Sent& sent : Messages()) {
    for (size_t size = kHeaderSize; size < sent.message.size(); ++size) {
      std::string cut = sent.message.substr(0, size);
      const uint32_t number = static_cast<uint32_t>(size);
      std::memcpy(&cut[4], &number, sizeof(number));
      Send(sent.state, cut);
    }
  }
}

TEST_F(HostileMessageTest, EveryTurnedBitIsAnswered) {
  for (const Sent& sent : Messages()) {
    for (size_t bit = 0; bit < sent.message.size() * 8; ++bit) {
      std::string turned = sent.message;
      turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ 1 << bit % 8);
      Send(sent.state, turned);
    }
  }
}

TEST_F(HostileMessageTest, EveryTruncationOfVersionEndsTheConnection) {
  const std::string request = VersionRequest();
  for (size_t size = kHeaderSize; size < request.size(); ++size) {
    VfioUserServer server(&session_, Options());
    const auto reply = server.Handle(request.substr(0, size));
    EXPECT_EQ(reply.ok(), size == kHeaderSize + sizeof(VersionPayload));
  }
}

}  // namespace
}  // namespace devstate::vfio
