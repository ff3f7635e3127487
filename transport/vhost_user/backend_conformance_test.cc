// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the vhost-user text asks of a back-end, rule by rule, against an
// endpoint that is spoken to in raw messages. The numbers B0 to B16 count the
// rules in the order of the text; B12 and later come from its implementations.

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::Fds;
using ::devstate::testing::Gate;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::Pattern;
using ::devstate::testing::RawPeer;
using ::devstate::testing::ReadAll;
using ::devstate::testing::ServedEndpoint;
using ::devstate::testing::SomeFds;
using ::devstate::testing::TwoU32;
using ::devstate::testing::WriteAll;

constexpr uint32_t kSave = 0;
constexpr uint32_t kLoad = 1;
constexpr size_t kBig = 3 << 20;

class BackendConformanceTest : public ::testing::Test {
 protected:
  BackendConformanceTest() { device_.state = Pattern(kBig); }

  // Serves and negotiates.
  RawPeer& Start(std::optional<ChannelKind> own = std::nullopt) {
    StartUnnegotiated(own).Negotiate();
    return *peer_;
  }
  RawPeer& StartUnnegotiated(std::optional<ChannelKind> own = std::nullopt) {
    BackendEndpointOptions options;
    options.transfer.own_channel = own;
    options.device.config = "configuration";
    options.device.protocol_features |= kProtocolFConfig;
    served_ = std::make_unique<ServedEndpoint>(&device_, std::move(options));
    peer_ = std::make_unique<RawPeer>(served_->TakeSocket());
    return *peer_;
  }

  void StartRing(uint8_t ring) {
    EXPECT_TRUE(peer_->Send(kSetVringKick, U64Payload(ring | kVringNoFd)));
  }
  Message StopRing(uint32_t ring) {
    peer_->Send(kGetVringBase, TwoU32(ring, 0));
    return peer_->Receive();
  }

  // A whole save over a pipe of the front-end's; what CHECK said is in *check.
  std::string Save(uint64_t* check) {
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(peer_->SetDeviceState(kSave, 0, std::move(ends.write_end)),
              kSetStateNoFd);
    std::string bytes = ReadAll(ends.read_end.get());
    *check = peer_->Call(kCheckDeviceState);
    return bytes;
  }
  uint64_t Load(const std::string& bytes) {
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(peer_->SetDeviceState(kLoad, 0, std::move(ends.read_end)),
              kSetStateNoFd);
    EXPECT_TRUE(WriteAll(ends.write_end.get(), bytes));
    ends.write_end.Reset();
    return peer_->Call(kCheckDeviceState);
  }
  // That the session is not wedged.
  void ExpectSaveWorks() {
    uint64_t check = 1;
    const std::string bytes = Save(&check);
    EXPECT_EQ(check, 0u);
    EXPECT_TRUE(bytes == device_.state);
  }

  FakeDevice device_;
  std::unique_ptr<ServedEndpoint> served_;
  std::unique_ptr<RawPeer> peer_;
};

TEST_F(BackendConformanceTest, B0GetVringBaseStopsARingAndAllStoppedSuspends) {
  RawPeer& peer = Start();
  EXPECT_TRUE(peer.Send(kSetVringBase, TwoU32(1, 77)));
  StartRing(0);
  StartRing(1);
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().write_end),
            kSetStateRefused);
  StopRing(0);
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().write_end),
            kSetStateRefused);
  const Message base = StopRing(1);
  EXPECT_EQ(base.payload, TwoU32(1, 77));
  ExpectSaveWorks();
}

TEST_F(BackendConformanceTest, B1RefusedUnlessBit19WasNegotiated) {
  RawPeer& peer = StartUnnegotiated();
  EXPECT_NE(peer.Call(kGetProtocolFeatures) & kProtocolFDeviceState, 0u);
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().write_end),
            kSetStateRefused);
  EXPECT_NE(peer.Call(kCheckDeviceState), 0u);
  EXPECT_TRUE(peer.Send(kSetProtocolFeatures, U64Payload(kProtocolFReplyAck)));
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().write_end),
            kSetStateRefused);
  EXPECT_TRUE(
      peer.Send(kSetProtocolFeatures, U64Payload(kProtocolFDeviceState)));
  ExpectSaveWorks();
}

TEST_F(BackendConformanceTest, B2RequestsAreAnsweredWhileATransferRuns) {
  RawPeer& peer = Start();
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, std::move(ends.write_end)),
            kSetStateNoFd);
  // Nobody reads the pipe: the worker is in the middle of it.
  EXPECT_NE(peer.Call(kGetFeatures) & kVhostFLogAll, 0u);
  EXPECT_EQ(peer.Call(kGetQueueNum), 16u);
  EXPECT_TRUE(ReadAll(ends.read_end.get()) == device_.state);
  EXPECT_EQ(peer.Call(kCheckDeviceState), 0u);
}

TEST_F(BackendConformanceTest, B2NothingIsSentUnasked) {
  RawPeer& peer = Start();
  const FileDescriptor call(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::vector<FileDescriptor> copy =
      Fds(FileDescriptor(::fcntl(call.get(), F_DUPFD_CLOEXEC, 0)));
  EXPECT_TRUE(peer.Send(kSetVringCall, U64Payload(0), std::move(copy)));
  ExpectSaveWorks();
  EXPECT_EQ(Load("x"), 0u);
  auto unasked = peer.connection().TryReceive();
  ASSERT_TRUE(unasked.ok());
  EXPECT_FALSE(unasked->has_value());
  uint64_t notifications;
  EXPECT_LT(::read(call.get(), &notifications, 8), 0) << "the guest was told";
}

TEST_F(BackendConformanceTest, B3ReplyHasLowBitsZeroAndBit8IffNoFd) {
  RawPeer& peer = Start();
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().write_end),
            kSetStateNoFd);
  for (const ChannelKind kind : kAllChannelKinds) {
    RawPeer& own = Start(kind);
    for (const uint32_t direction : {kSave, kLoad}) {
      ChannelEnds ends = MakeChannel();
      own.Send(kSetDeviceStateFd, TwoU32(direction, 0),
               Fds(direction == kSave ? std::move(ends.write_end)
                                      : std::move(ends.read_end)));
      const Message reply = own.Receive();
      EXPECT_EQ(reply.payload, U64Payload(0));
      EXPECT_EQ(reply.fds.size(), 1u);
    }
  }
}

TEST_F(BackendConformanceTest, B4ErrorNeverComesWithAnFd) {
  RawPeer& peer = Start(ChannelKind::kPipe);
  peer.Send(kSetDeviceStateFd, TwoU32(kSave, 9), SomeFds(1));
  Message reply = peer.Receive();
  EXPECT_EQ(reply.payload, U64Payload(kSetStateRefused));
  EXPECT_TRUE(reply.fds.empty());
  // Even when the channel was made already and only then the save failed.
  device_.save_result = absl::InternalError("cannot");
  RawPeer& stored = Start(ChannelKind::kMemfd);
  stored.Send(kSetDeviceStateFd, TwoU32(kSave, 0),
              Fds(MakeChannel().write_end));
  reply = stored.Receive();
  EXPECT_EQ(reply.payload, U64Payload(kSetStateRefused));
  EXPECT_TRUE(reply.fds.empty());
}

TEST_F(BackendConformanceTest, B5ExactlyOneReplyWithOrWithoutNeedReply) {
  RawPeer& peer = Start();
  for (const uint32_t flags : {kVersion, kVersion | kFlagNeedReply}) {
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(peer.Call(kSetDeviceStateFd, TwoU32(kSave, 0),
                        Fds(std::move(ends.write_end)), flags),
              kSetStateNoFd);
    ReadAll(ends.read_end.get());
    EXPECT_EQ(peer.Call(kCheckDeviceState, "", {}, flags), 0u);
    // The next answer is the next question's.
    EXPECT_EQ(peer.Call(kGetQueueNum), 16u);
  }
}

TEST_F(BackendConformanceTest, B5RepliesHaveFlagsExactly5AndSize8) {
  RawPeer& peer = Start();
  ChannelEnds ends = MakeChannel();
  peer.Send(kSetDeviceStateFd, TwoU32(kLoad, 0), Fds(std::move(ends.read_end)));
  const Message set = peer.Receive();
  EXPECT_EQ(set.flags, 0x5u);
  EXPECT_EQ(set.payload.size(), 8u);
  ends.write_end.Reset();
  peer.Send(kCheckDeviceState);
  const Message check = peer.Receive();
  EXPECT_EQ(check.flags, 0x5u);
  EXPECT_EQ(check.payload.size(), 8u);
}

TEST_F(BackendConformanceTest, B6ReplacedChannelCarriesTheState) {
  for (const ChannelKind kind : kAllChannelKinds) {
    RawPeer& peer = Start(kind);
    ChannelEnds given = MakeChannel();
    peer.Send(kSetDeviceStateFd, TwoU32(kSave, 0),
              Fds(std::move(given.write_end)));
    const Message reply = peer.Receive();
    ASSERT_EQ(reply.fds.size(), 1u);
    EXPECT_TRUE(ReadAll(reply.fds[0].get()) == device_.state)
        << ChannelKindName(kind);
    EXPECT_EQ(ReadAll(given.read_end.get()), "") << "the given one is closed";
    EXPECT_EQ(peer.Call(kCheckDeviceState), 0u);
  }
}

TEST_F(BackendConformanceTest, B7StateIsWrittenAndThenClosed) {
  RawPeer& peer = Start();
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, std::move(ends.write_end)),
            kSetStateNoFd);
  // Ends although CHECK was not sent: no duplicate of the write end is left.
  EXPECT_TRUE(ReadAll(ends.read_end.get()) == device_.state);
}

TEST_F(BackendConformanceTest, B8StateIsReadToItsEndAndInForceAfterCheck) {
  Start();
  EXPECT_EQ(Load(Pattern(kBig + 1)), 0u);
  EXPECT_TRUE(device_.state == Pattern(kBig + 1));
}

TEST_F(BackendConformanceTest, B8RefusedStateIsReadToItsEndToo) {
  Start();
  device_.read_before_failing = 0;
  device_.load_result = absl::UnimplementedError("too new");
  EXPECT_EQ(Load(Pattern(kBig)),
            static_cast<uint64_t>(absl::StatusCode::kUnimplemented));
  EXPECT_TRUE(device_.state == Pattern(kBig));
  EXPECT_EQ(device_.commits, 0);
}

TEST_F(BackendConformanceTest, B9CheckWaitsForTheWorker) {
  for (const uint32_t direction : {kSave, kLoad}) {
    Gate gate;
    device_.before_finish = &gate;
    device_.state = "state";
    RawPeer& peer = Start();
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(
        peer.SetDeviceState(direction, 0,
                            direction == kSave ? std::move(ends.write_end)
                                               : std::move(ends.read_end)),
        kSetStateNoFd);
    ends.write_end.Reset();
    EXPECT_TRUE(peer.Send(kCheckDeviceState));
    gate.Open();
    const Message reply = peer.Receive();
    EXPECT_EQ(reply.request, kCheckDeviceState);
    EXPECT_EQ(reply.payload, U64Payload(0));
    served_.reset();  // joins, before the gate goes
    device_.before_finish = nullptr;
  }
}

TEST_F(BackendConformanceTest, B10SourceGoesOnAfterASave) {
  RawPeer& peer = Start();
  ExpectSaveWorks();
  device_.save_result = absl::InternalError("this time not");
  uint64_t check = 0;
  Save(&check);
  EXPECT_NE(check, 0u);
  device_.save_result = absl::OkStatus();
  // The machine runs on, and migrates again later.
  StartRing(0);
  EXPECT_TRUE(peer.Alive());
  StopRing(0);
  ExpectSaveWorks();
}

TEST_F(BackendConformanceTest, B11RingsRestartFromSetVringBaseAfterALoad) {
  RawPeer& peer = Start();
  EXPECT_EQ(Load("state"), 0u);
  EXPECT_TRUE(peer.Send(kSetVringBase, TwoU32(0, 4711)));
  StartRing(0);
  EXPECT_EQ(StopRing(0).payload, TwoU32(0, 4711));
}

TEST_F(BackendConformanceTest, B12SetIsAnsweredBeforeTheTransfer) {
  RawPeer& peer = Start();
  // Full pipes in both directions: an endpoint that transferred first would
  // never answer.
  for (const uint32_t direction : {kSave, kLoad}) {
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(
        peer.SetDeviceState(direction, 0,
                            direction == kSave ? std::move(ends.write_end)
                                               : std::move(ends.read_end)),
        kSetStateNoFd);
  }
}

TEST_F(BackendConformanceTest, B13ReaderThatIsGoneFailsTheCheckAndKillsNobody) {
  ASSERT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_DFL);
  RawPeer& peer = Start();
  for (const ChannelKind kind :
       {ChannelKind::kPipe, ChannelKind::kSocketPair}) {
    ChannelEnds ends = MakeChannel(kind);
    EXPECT_EQ(peer.SetDeviceState(kSave, 0, std::move(ends.write_end)),
              kSetStateNoFd);
    ends.read_end.Reset();
    EXPECT_EQ(peer.Call(kCheckDeviceState),
              static_cast<uint64_t>(absl::StatusCode::kUnavailable));
  }
  ExpectSaveWorks();
}

TEST_F(BackendConformanceTest, B13StateLargerThanThePipeInOddPieces) {
  Start();
  device_.piece = 777;
  ExpectSaveWorks();
  EXPECT_EQ(Load(Pattern(kBig)), 0u);
}

TEST_F(BackendConformanceTest, B14GivenChannelOfAnyKind) {
  RawPeer& peer = Start();
  for (const ChannelKind kind : kAllChannelKinds) {
    ChannelEnds ends = MakeChannel(kind);
    EXPECT_EQ(peer.SetDeviceState(kSave, 0, std::move(ends.write_end)),
              kSetStateNoFd);
    // A file has no end to wait for: CHECK first.
    std::string bytes;
    if (IsStored(kind)) {
      EXPECT_EQ(peer.Call(kCheckDeviceState), 0u);
      bytes = ReadAll(ends.read_end.get());
    } else {
      bytes = ReadAll(ends.read_end.get());
      EXPECT_EQ(peer.Call(kCheckDeviceState), 0u);
    }
    EXPECT_TRUE(bytes == device_.state) << ChannelKindName(kind);

    ends = MakeChannel(kind);
    EXPECT_EQ(peer.SetDeviceState(kLoad, 0, std::move(ends.read_end)),
              kSetStateNoFd);
    EXPECT_TRUE(WriteAll(ends.write_end.get(), bytes));
    ends.write_end.Reset();
    EXPECT_EQ(peer.Call(kCheckDeviceState), 0u) << ChannelKindName(kind);
  }
}

TEST_F(BackendConformanceTest, B15MalformedSetIsRefused) {
  RawPeer& peer = Start();
  const int fds = CountOpenFds();
  EXPECT_EQ(peer.SetDeviceState(2, 0, MakeChannel().write_end),
            kSetStateRefused);
  EXPECT_EQ(peer.SetDeviceState(kSave, 1, MakeChannel().write_end),
            kSetStateRefused);
  EXPECT_EQ(peer.Call(kSetDeviceStateFd, TwoU32(kSave, 0)), kSetStateRefused);
  EXPECT_EQ(peer.Call(kSetDeviceStateFd, TwoU32(kSave, 0), SomeFds(2)),
            kSetStateRefused);
  EXPECT_EQ(peer.Call(kSetDeviceStateFd, "", SomeFds(1)), kSetStateRefused);
  EXPECT_EQ(peer.Call(kSetDeviceStateFd, std::string(16, '\0'), SomeFds(1)),
            kSetStateRefused);
  EXPECT_EQ(peer.Call(kCheckDeviceState, "x"),
            static_cast<uint64_t>(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(CountOpenFds(), fds);
  ExpectSaveWorks();
}

TEST_F(BackendConformanceTest, EachRefusalIsOneLineInTheLog) {
  RawPeer& peer = Start();
  EXPECT_NE(peer.Call(kCheckDeviceState), 0u);
  EXPECT_EQ(peer.SetDeviceState(kSave, 1, MakeChannel().write_end),
            kSetStateRefused);
  EXPECT_EQ(peer.Call(kSetDeviceStateFd, TwoU32(kSave, 0)), kSetStateRefused);
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().read_end),
            kSetStateRefused);
  StartRing(0);
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().write_end),
            kSetStateRefused);
  StopRing(0);
  EXPECT_NE(peer.Call(kCheckDeviceState, "x"), 0u);
  ExpectSaveWorks();
  // The handler logs what it took part in.
  device_.save_result = absl::InternalError("cannot save");
  uint64_t check = 0;
  Save(&check);
  EXPECT_NE(check, 0u);
  peer_.reset();
  served_->Join();
  EXPECT_THAT(
      std::vector<std::string>(absl::StrSplit(served_->log(), '\n')),
      ::testing::ElementsAre(
          "CHECK_DEVICE_STATE without a transfer",
          "SET_DEVICE_STATE_FD: unknown phase 1",
          "SET_DEVICE_STATE_FD: 0 file descriptors, expected 1",
          ::testing::StartsWith("SET_DEVICE_STATE_FD: unfit as a device-state "
                                "channel: "),
          "SET_DEVICE_STATE_FD while rings are running",
          ::testing::HasSubstr("CHECK_DEVICE_STATE"),
          ::testing::StartsWith("connection over: "), ""));
}

TEST_F(BackendConformanceTest, B15UnfitDescriptorIsRefused) {
  RawPeer& peer = Start();
  EXPECT_EQ(peer.SetDeviceState(
                kSave, 0, FileDescriptor(::open("/tmp", O_RDONLY | O_CLOEXEC))),
            kSetStateRefused);
  EXPECT_EQ(peer.SetDeviceState(kSave, 0, MakeChannel().read_end),
            kSetStateRefused);
  EXPECT_EQ(
      peer.SetDeviceState(kLoad, 0, FileDescriptor(::eventfd(0, EFD_CLOEXEC))),
      kSetStateRefused);
  ExpectSaveWorks();
}

TEST_F(BackendConformanceTest, B15RefusedSetIsNotASuccessAtCheck) {
  RawPeer& peer = Start();
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(peer.SetDeviceState(kLoad, 0, std::move(ends.read_end)),
            kSetStateNoFd);
  ends.write_end.Reset();
  EXPECT_EQ(peer.SetDeviceState(7, 7, MakeChannel().read_end),
            kSetStateRefused);
  EXPECT_NE(peer.Call(kCheckDeviceState), 0u);
  EXPECT_EQ(device_.commits, 0);
}

TEST_F(BackendConformanceTest, B16CheckWithoutSetIsAnError) {
  RawPeer& peer = Start();
  EXPECT_NE(peer.Call(kCheckDeviceState), 0u);
  ExpectSaveWorks();
  EXPECT_NE(peer.Call(kCheckDeviceState), 0u) << "a second CHECK";
  ExpectSaveWorks();
}

// The order in which QEMU 10 sends its messages for a guest that runs.
TEST_F(BackendConformanceTest, LiveGuestIsSavedAndGoesOn) {
  RawPeer& peer = StartUnnegotiated();
  const uint64_t features = peer.Call(kGetFeatures);
  const uint64_t protocol = peer.Call(kGetProtocolFeatures);
  constexpr uint32_t kAcked = kVersion | kFlagNeedReply;
  peer.Send(kSetProtocolFeatures, U64Payload(protocol));
  EXPECT_EQ(peer.Call(kGetQueueNum), 16u);
  EXPECT_GT(peer.Call(kGetMaxMemSlots), 0u);
  EXPECT_EQ(peer.Call(kSetOwner, "", {}, kAcked), 0u);
  EXPECT_EQ(peer.Call(kGetFeatures), features);
  for (uint64_t ring = 0; ring < 2; ++ring) {
    EXPECT_EQ(peer.Call(kSetVringCall, U64Payload(ring), SomeFds(1), kAcked),
              0u);
    EXPECT_EQ(peer.Call(kSetVringErr, U64Payload(ring), SomeFds(1), kAcked),
              0u);
  }
  EXPECT_TRUE(peer.Send(kResetDevice));
  // The driver comes up.
  EXPECT_EQ(peer.Call(kSetFeatures, U64Payload(features & ~kVhostFLogAll), {},
                      kAcked),
            0u);
  EXPECT_EQ(peer.Call(kAddMemReg, std::string(40, '\0'), SomeFds(1), kAcked),
            0u);
  EXPECT_EQ(peer.Call(kSetMemTable, TwoU32(2, 0) + std::string(64, '\0'),
                      SomeFds(2), kAcked),
            0u);
  for (uint32_t ring = 0; ring < 2; ++ring) {
    EXPECT_EQ(peer.Call(kSetVringNum, TwoU32(ring, 128), {}, kAcked), 0u);
    EXPECT_EQ(peer.Call(kSetVringBase, TwoU32(ring, 0), {}, kAcked), 0u);
    EXPECT_EQ(peer.Call(kSetVringAddr, std::string(40, '\0'), {}, kAcked), 0u);
    EXPECT_EQ(peer.Call(kSetVringKick, U64Payload(ring), SomeFds(1), kAcked),
              0u);
    EXPECT_EQ(peer.Call(kSetVringEnable, TwoU32(ring, 1), {}, kAcked), 0u);
  }
  // Migration.
  EXPECT_EQ(peer.Call(kSetLogBase, std::string(16, '\0'), SomeFds(1)), 0u);
  EXPECT_EQ(peer.Call(kSetFeatures, U64Payload(features), {}, kAcked), 0u);
  for (uint32_t ring = 0; ring < 2; ++ring) {
    EXPECT_EQ(peer.Call(kSetVringEnable, TwoU32(ring, 0), {}, kAcked), 0u);
    EXPECT_EQ(StopRing(ring).payload, TwoU32(ring, 0));
  }
  ExpectSaveWorks();
  // `cont` on the source.
  EXPECT_EQ(peer.Call(kSetVringKick, U64Payload(0), SomeFds(1), kAcked), 0u);
  EXPECT_TRUE(peer.Alive());
}

TEST_F(BackendConformanceTest, ConfigurationSpaceIsReadAndBoundsAreKept) {
  RawPeer& peer = Start();
  std::string request = TwoU32(3, 4) + std::string(4, '\0');
  peer.Send(kGetConfig, request + std::string(4, '\0'));
  EXPECT_EQ(peer.Receive().payload, request + "figu");
  request = TwoU32(0xffffffff, 4) + std::string(4, '\0');
  peer.Send(kGetConfig, request + std::string(4, '\0'));
  EXPECT_EQ(peer.Receive().payload, "");
}

TEST_F(BackendConformanceTest, FeaturesNeverOfferedAreRefused) {
  RawPeer& peer = Start();
  EXPECT_EQ(peer.Call(kSetFeatures, U64Payload(uint64_t{1} << 60), {},
                      kVersion | kFlagNeedReply),
            1u);
  EXPECT_TRUE(peer.Alive());
  peer.Send(kSetFeatures, U64Payload(uint64_t{1} << 60));
  EXPECT_FALSE(peer.Alive()) << "without an answer to give it is closed";
}

TEST_F(BackendConformanceTest, MessageThatNeverEndsIsCutOff) {
  BackendEndpointOptions options;
  options.message_timeout = absl::Milliseconds(20);
  ServedEndpoint served(&device_, std::move(options));
  const FileDescriptor socket = served.TakeSocket();
  ASSERT_EQ(::send(socket.get(), "\x01", 1, MSG_NOSIGNAL), 1);
  EXPECT_EQ(ReadAll(socket.get()), "");
  served.Join();
  EXPECT_THAT(served.log(), ::testing::HasSubstr("not complete after 20ms"));
}

TEST_F(BackendConformanceTest, PeerThatTakesNoReplyIsCutOff) {
  BackendEndpointOptions options;
  options.message_timeout = absl::Milliseconds(20);
  ServedEndpoint served(&device_, std::move(options));
  RawPeer peer(served.TakeSocket());
  for (int i = 0; i < 1000000 && peer.Send(kGetFeatures); ++i) {
  }
  served.Join();
  EXPECT_THAT(served.log(), ::testing::HasSubstr("takes no message"));
}

}  // namespace
}  // namespace devstate::vhost_user
