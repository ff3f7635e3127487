// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the vhost-user text asks of a front-end, rule by rule, against a
// back-end that does what a script says. The numbers F1 to F10 count the rules
// in the order of the text; F10 is devstate's own.

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::Fds;
using ::devstate::testing::Gate;
using ::devstate::testing::IsOk;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::Pattern;
using ::devstate::testing::RawPeer;
using ::devstate::testing::ReadAll;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::devstate::testing::WriteAll;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t kOffered = kProtocolFMq | kProtocolFDeviceState;

// Answers the negotiation, then runs the script on its own thread.
class FrontendConformanceTest : public ::testing::Test {
 protected:
  FrontendConformanceTest() : fds_before_(CountOpenFds()) {}
  ~FrontendConformanceTest() override {
    frontend_.reset();
    if (script_.joinable()) script_.join();
    EXPECT_EQ(CountOpenFds(), fds_before_) << "leaked descriptors";
  }

  FrontendEndpoint& Start(std::function<void(RawPeer&)> script,
                          FrontendEndpointOptions options = {},
                          uint64_t offered = kOffered) {
    auto pair = SocketPair();
    EXPECT_THAT(pair, IsOk());
    options.observer = [this](const MessageEvent& event) {
      if (event.sent) sent_.push_back(event.request);
    };
    script_ = std::thread([socket = std::move(pair->second),
                           script = std::move(script), offered]() mutable {
      RawPeer peer(std::move(socket));
      Answer(peer, kGetFeatures, kVhostUserFProtocolFeatures);
      Answer(peer, kGetProtocolFeatures, offered);
      EXPECT_EQ(peer.Receive().request, kSetProtocolFeatures);
      Answer(peer, kGetQueueNum, 1);
      EXPECT_EQ(peer.Receive().request, kSetOwner);
      script(peer);
    });
    auto frontend =
        FrontendEndpoint::FromSocket(std::move(pair->first), options);
    EXPECT_THAT(frontend, IsOk());
    frontend_ = *std::move(frontend);
    negotiated_ = frontend_->Negotiate();
    sent_.clear();
    return *frontend_;
  }

  static void Reply(RawPeer& peer, uint32_t request, uint64_t value,
                    std::vector<FileDescriptor> fds = {}) {
    peer.Send(request, U64Payload(value), std::move(fds), kReplyFlags);
  }
  static Message Answer(RawPeer& peer, uint32_t request, uint64_t value,
                        std::vector<FileDescriptor> fds = {}) {
    Message message = peer.Receive();
    EXPECT_EQ(message.request, request);
    Reply(peer, request, value, std::move(fds));
    return message;
  }

  // A script that answers 42 once with this.
  static std::function<void(RawPeer&)> AnswerSet(Message reply) {
    return
        [shared = std::make_shared<Message>(std::move(reply))](RawPeer& peer) {
          EXPECT_EQ(peer.Receive().request, kSetDeviceStateFd);
          peer.connection()
              .Send(*shared, Deadline::After(absl::Seconds(30)))
              .IgnoreError();
          peer.Receive();  // until the front-end is gone
        };
  }
  const int fds_before_;
  std::thread script_;
  std::unique_ptr<FrontendEndpoint> frontend_;
  absl::Status negotiated_;
  std::vector<uint32_t> sent_;
};

TEST_F(FrontendConformanceTest, F1NothingIsSentWithoutBit19) {
  FrontendEndpoint& frontend = Start([](RawPeer&) {}, {}, kProtocolFMq);
  EXPECT_THAT(negotiated_, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("bit 19")));
  StringSink out;
  StringSource in("state");
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(frontend.LoadState(ChannelKind::kPipe, in),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(sent_.empty());
}

TEST_F(FrontendConformanceTest, F1NothingIsSentWhileRingsRun) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    EXPECT_EQ(peer.Receive().request, kSetVringKick);
    peer.Receive();
  });
  ASSERT_THAT(frontend.StartRing(0), IsOk());
  StringSink out;
  EXPECT_THAT(
      frontend.SaveState(ChannelKind::kPipe, out),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("running")));
  EXPECT_THAT(sent_, ElementsAre(kSetVringKick));
}

TEST_F(FrontendConformanceTest, F2OneFdOfTheRightEndInPhase0) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    for (const uint32_t direction : {0u, 1u}) {
      Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
      EXPECT_EQ(set.flags, kVersion);
      EXPECT_EQ(set.payload, testing::TwoU32(direction, 0));
      ASSERT_EQ(set.fds.size(), 1u);
      EXPECT_EQ(::fcntl(set.fds[0].get(), F_GETFL) & O_ACCMODE,
                direction == 0 ? O_WRONLY : O_RDONLY);
      if (direction == 1) ReadAll(set.fds[0].get());
      set.fds.clear();
      Answer(peer, kCheckDeviceState, 0);
    }
  });
  StringSink out;
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out), IsOk());
  StringSource in("state");
  EXPECT_THAT(frontend.LoadState(ChannelKind::kPipe, in), IsOk());
}

TEST_F(FrontendConformanceTest, F3OwnCopyOfThePassedEndIsDropped) {
  // If it were not, the reads below would never end.
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    {
      const Message save = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
      EXPECT_TRUE(WriteAll(save.fds[0].get(), "saved"));
    }
    Answer(peer, kCheckDeviceState, 0);
  });
  StringSink out;
  auto save = frontend.SaveState(ChannelKind::kPipe, out);
  ASSERT_THAT(save, IsOk());
  EXPECT_EQ(out.bytes, "saved");
}

TEST_F(FrontendConformanceTest, F4ReturnedChannelIsUsedInsteadOfTheGiven) {
  for (const ChannelKind kind : kAllChannelKinds) {
    if (script_.joinable()) {
      frontend_.reset();
      script_.join();
    }
    FrontendEndpoint& frontend = Start([kind](RawPeer& peer) {
      ChannelEnds own = MakeChannel(kind);
      EXPECT_TRUE(WriteAll(own.write_end.get(), "from the back-end"));
      own.write_end.Reset();
      Answer(peer, kSetDeviceStateFd, 0, Fds(std::move(own.read_end)));
      Answer(peer, kCheckDeviceState, 0);
      own = MakeChannel(kind);
      Answer(peer, kSetDeviceStateFd, 0, Fds(std::move(own.write_end)));
      if (IsStored(kind)) {
        EXPECT_EQ(peer.Receive().request, kCheckDeviceState);
        ::lseek(own.read_end.get(), 0, SEEK_SET);
        EXPECT_EQ(ReadAll(own.read_end.get()), "to the back-end");
        Reply(peer, kCheckDeviceState, 0);
      } else {
        EXPECT_EQ(ReadAll(own.read_end.get()), "to the back-end");
        Answer(peer, kCheckDeviceState, 0);
      }
    });
    StringSink out;
    auto save = frontend.SaveState(ChannelKind::kPipe, out);
    ASSERT_THAT(save, IsOk());
    EXPECT_TRUE(save->ok() && save->own_channel);
    EXPECT_EQ(save->channel, kind);
    EXPECT_EQ(out.bytes, "from the back-end");
    StringSource in("to the back-end");
    auto load = frontend.LoadState(ChannelKind::kPipe, in);
    ASSERT_THAT(load, IsOk());
    EXPECT_TRUE(load->ok() && load->own_channel);
  }
}

TEST_F(FrontendConformanceTest, F4ReturnedFdThatIsUnfitIsRefused) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    Answer(peer, kSetDeviceStateFd, 0,
           Fds(FileDescriptor(::open("/tmp", O_RDONLY | O_CLOEXEC))));
    peer.Receive();
  });
  StringSink out;
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("a directory")));
}

TEST_F(FrontendConformanceTest, F4RefusalEndsTheTransferAndNotTheConnection) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    Answer(peer, kSetDeviceStateFd, kSetStateRefused);
    Answer(peer, kSetDeviceStateFd, 0x1);
    { const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd); }
    Answer(peer, kCheckDeviceState, 0);
  });
  StringSink out;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("refused by the back-end")));
  }
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out), IsOk());
}

TEST_F(FrontendConformanceTest, F5StateIsPassedOnUnchangedToItsEnd) {
  const std::string state = Pattern(3 << 20);
  FrontendEndpoint& frontend = Start([&state](RawPeer& peer) {
    {
      const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
      EXPECT_TRUE(WriteAll(set.fds[0].get(), state));
    }
    Answer(peer, kCheckDeviceState, 0);
  });
  StringSink out;
  auto save = frontend.SaveState(ChannelKind::kPipe, out);
  ASSERT_THAT(save, IsOk());
  EXPECT_TRUE(out.bytes == state);
}

TEST_F(FrontendConformanceTest, F5GivenFileIsReadFromItsStart) {
  // virtiofsd writes with write(), at once: the offset that the file shares
  // with us moves, even before 42 is answered.
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    for (int i = 0; i < 2; ++i) {
      {
        const Message set = peer.Receive();
        EXPECT_EQ(set.request, kSetDeviceStateFd);
        EXPECT_EQ(::write(set.fds[0].get(), "the state", 9), 9);
        Reply(peer, kSetDeviceStateFd, kSetStateNoFd);
      }
      Answer(peer, kCheckDeviceState, 0);
    }
  });
  for (const ChannelKind kind : {ChannelKind::kMemfd, ChannelKind::kFile}) {
    StringSink out;
    auto save = frontend.SaveState(kind, out);
    ASSERT_THAT(save, IsOk());
    EXPECT_EQ(out.bytes, "the state");
  }
}

TEST_F(FrontendConformanceTest, F6EverythingIsWrittenAndClosedBeforeCheck) {
  const std::string state = Pattern(3 << 20);
  FrontendEndpoint& frontend = Start([&state](RawPeer& peer) {
    const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
    // The end comes although CHECK was not answered, nor even read.
    EXPECT_TRUE(ReadAll(set.fds[0].get()) == state);
    Answer(peer, kCheckDeviceState, 0);
  });
  StringSource in(state);
  auto load = frontend.LoadState(ChannelKind::kPipe, in);
  ASSERT_THAT(load, IsOk());
  EXPECT_TRUE(load->ok());
  EXPECT_EQ(load->bytes, state.size());
}

TEST_F(FrontendConformanceTest, F6BackEndThatClosesEarlyIsStillAsked) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    { const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd); }
    Answer(peer, kCheckDeviceState, 42);
  });
  StringSource in(Pattern(3 << 20));
  auto load = frontend.LoadState(ChannelKind::kPipe, in);
  ASSERT_THAT(load, IsOk());
  EXPECT_THAT(load->transfer, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(load->check_reply, 42u);
  EXPECT_FALSE(load->ok());
}

TEST_F(FrontendConformanceTest, F7WholeU64OfCheckDecides) {
  const std::vector<uint64_t> values = {0, 1, 0x100, uint64_t{1} << 32,
                                        uint64_t{1} << 63};
  FrontendEndpoint& frontend = Start([&values](RawPeer& peer) {
    for (const uint64_t value : values) {
      { const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd); }
      Answer(peer, kCheckDeviceState, value);
    }
  });
  for (const uint64_t value : values) {
    StringSink out;
    auto save = frontend.SaveState(ChannelKind::kPipe, out);
    ASSERT_THAT(save, IsOk());
    EXPECT_EQ(save->check_reply, value);
    EXPECT_EQ(save->ok(), value == 0);
  }
}

TEST_F(FrontendConformanceTest, F7CheckComesAfterTheEndOfASave) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
    EXPECT_TRUE(WriteAll(set.fds[0].get(), "half"));
    // Still open: no CHECK may be there.
    auto early = peer.connection().TryReceive();
    ASSERT_THAT(early, IsOk());
    EXPECT_FALSE(early->has_value());
    set.fds.clear();
    Answer(peer, kCheckDeviceState, 0);
  });
  StringSink out;
  ASSERT_THAT(frontend.SaveState(ChannelKind::kPipe, out), IsOk());
  EXPECT_THAT(sent_, ElementsAre(kSetDeviceStateFd, kCheckDeviceState));
}

TEST_F(FrontendConformanceTest, F8F9FeaturesMayComeBeforeOrAfterTheLoad) {
  FrontendEndpoint& frontend = Start([](RawPeer& peer) {
    EXPECT_EQ(peer.Receive().request, kSetFeatures);
    {
      const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
      ReadAll(set.fds[0].get());
    }
    Answer(peer, kCheckDeviceState, 0);
    EXPECT_EQ(peer.Receive().request, kSetFeatures);
  });
  EXPECT_THAT(frontend.SetFeatures(kVirtioFVersion1), IsOk());
  StringSource in("state");
  auto load = frontend.LoadState(ChannelKind::kPipe, in);
  ASSERT_THAT(load, IsOk());
  EXPECT_THAT(frontend.SetFeatures(kVirtioFVersion1), IsOk());
}

TEST_F(FrontendConformanceTest, F10BackEndThatNeverAnswersSet) {
  FrontendEndpointOptions options;
  options.reply_timeout = absl::Milliseconds(20);
  FrontendEndpoint& frontend = Start(
      [](RawPeer& peer) {
        peer.Receive();
        peer.Receive();
      },
      std::move(options));
  StringSink out;
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(FrontendConformanceTest, F10BackEndThatNeverCloses) {
  FrontendEndpointOptions options;
  options.limits.idle = absl::Milliseconds(20);
  FrontendEndpoint& frontend = Start(
      [](RawPeer& peer) {
        const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
        peer.Receive();
      },
      std::move(options));
  StringSink out;
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       HasSubstr("wrote nothing")));
}

TEST_F(FrontendConformanceTest, F10BackEndThatNeverReads) {
  FrontendEndpointOptions options;
  options.limits.idle = absl::Milliseconds(20);
  FrontendEndpoint& frontend = Start(
      [](RawPeer& peer) {
        const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd);
        peer.Receive();
      },
      std::move(options));
  StringSource in(Pattern(3 << 20));
  EXPECT_THAT(
      frontend.LoadState(ChannelKind::kPipe, in),
      StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("read nothing")));
}

TEST_F(FrontendConformanceTest, F10BackEndThatNeverAnswersCheck) {
  FrontendEndpointOptions options;
  options.check_timeout = absl::Milliseconds(20);
  FrontendEndpoint& frontend = Start(
      [](RawPeer& peer) {
        { const Message set = Answer(peer, kSetDeviceStateFd, kSetStateNoFd); }
        peer.Receive();
        peer.Receive();
      },
      std::move(options));
  StringSink out;
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(FrontendConformanceTest, F10StopEndsEveryWait) {
  Gate set_arrived;
  FrontendEndpoint& frontend = Start([&set_arrived](RawPeer& peer) {
    EXPECT_EQ(peer.Receive().request, kSetDeviceStateFd);
    set_arrived.Open();
    peer.Receive();  // no answer, until the front-end is gone
  });
  std::thread saving([&frontend] {
    StringSink out;
    EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
                StatusIs(absl::StatusCode::kAborted));
  });
  set_arrived.Wait();
  frontend.Stop();
  saving.join();
  frontend_.reset();
  script_.join();
}

// Replies that break the rules, and what is said about them.
struct BadReply {
  const char* name;
  std::function<Message()> make;
  const char* reason;
};

class BadReplyTest : public FrontendConformanceTest,
                     public ::testing::WithParamInterface<BadReply> {};

Message Changed(void (*change)(Message&)) {
  Message reply;
  reply.request = kSetDeviceStateFd;
  reply.flags = kReplyFlags;
  reply.payload = U64Payload(kSetStateNoFd);
  change(reply);
  return reply;
}

TEST_P(BadReplyTest, EndsTheConnectionWithAReason) {
  FrontendEndpoint& frontend = Start(AnswerSet(GetParam().make()));
  StringSink out;
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr(GetParam().reason)));
  EXPECT_THAT(frontend.SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    AllOfThem, BadReplyTest,
    ::testing::Values(
        BadReply{"RequestFlags",
                 [] { return Changed([](Message& m) { m.flags = 0x1; }); },
                 "flags 0x1"},
        BadReply{"NeedReply",
                 [] { return Changed([](Message& m) { m.flags = 0xd; }); },
                 "flags 0xd"},
        BadReply{"OtherRequest",
                 [] {
                   return Changed([](Message& m) { m.request = kGetFeatures; });
                 },
                 "GET_FEATURES"},
        BadReply{
            "Size4",
            [] { return Changed([](Message& m) { m.payload.resize(4); }); },
            "4 bytes"},
        BadReply{
            "Size16",
            [] { return Changed([](Message& m) { m.payload.resize(16); }); },
            "16 bytes"},
        BadReply{"FdMissing",
                 [] {
                   return Changed(
                       [](Message& m) { m.payload = U64Payload(0); });
                 },
                 "0x0 with 0"},
        BadReply{"FdBesideBit8",
                 [] { return Changed([](Message& m) { m.fds = SomeFds(1); }); },
                 "0x100 with 1"},
        BadReply{"TwoFds",
                 [] {
                   return Changed([](Message& m) {
                     m.payload = U64Payload(0);
                     m.fds = SomeFds(2);
                   });
                 },
                 "0x0 with 2"},
        BadReply{"FdBesideError",
                 [] {
                   return Changed([](Message& m) {
                     m.payload = U64Payload(kSetStateRefused);
                     m.fds = SomeFds(1);
                   });
                 },
                 "an error and a file descriptor"},
        BadReply{"UnknownBit",
                 [] {
                   return Changed(
                       [](Message& m) { m.payload = U64Payload(0x300); });
                 },
                 "0x300"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace devstate::vhost_user
