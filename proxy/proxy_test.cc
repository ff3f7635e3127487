// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The proxy between a front-end and a back-end of the test's own. Both speak
// raw messages, so that what passes can be compared bit by bit.

#include "devstate/proxy/proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "devstate/proxy/served_proxy.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::kSanitized;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::Pattern;
using ::devstate::testing::RawPeer;
using ::devstate::testing::ResidentKib;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::devstate::testing::TempFolder;
using ::devstate::testing::TwoU32;
using ::testing::HasSubstr;
using vhost_user::Message;
using vhost_user::U64Payload;

// A raw front-end and a raw back-end with a proxy between them.
class ProxyTest : public ::testing::Test {
 protected:
  ProxyTest() { Start({}); }

  void Start(ProxyOptions options) {
    options.translation.form = StateForm::kRaw;
    front_.reset();
    back_.reset();
    proxy_.reset();
    listener_.reset();
    const std::string path = folder_.path() + "/back.sock";
    auto listener = UnixListener::Listen(path);
    ASSERT_THAT(listener, IsOk());
    listener_.emplace(*std::move(listener));
    options.backend.socket = path;
    proxy_ = std::make_unique<ServedProxy>(std::move(options));
    ASSERT_TRUE(proxy_->runs());
    Connect();
  }

  // Takes the place of the front-end before.
  void Connect() {
    front_ = std::make_unique<RawPeer>(proxy_->Connect());
    back_ = AcceptBackend();
    ASSERT_NE(back_, nullptr);
  }

  std::unique_ptr<RawPeer> AcceptBackend() {
    const Deadline deadline = Deadline::After(kPatience);
    pollfd entry = {listener_->fd(), POLLIN, 0};
    if (poll(&entry, 1, deadline.PollTimeout()) != 1) return nullptr;
    auto socket = listener_->Accept();
    if (!socket.ok() || !socket->valid()) return nullptr;
    return std::make_unique<RawPeer>(*std::move(socket));
  }

  // Lets the proxy see that acknowledgements are negotiated.
  void Negotiate(uint64_t protocol_features) {
    ASSERT_TRUE(front_->Send(vhost_user::kSetProtocolFeatures,
                             U64Payload(protocol_features)));
    EXPECT_EQ(back_->Receive().request, vhost_user::kSetProtocolFeatures);
  }

  TempFolder folder_;
  std::optional<UnixListener> listener_;
  std::unique_ptr<ServedProxy> proxy_;
  std::unique_ptr<RawPeer> front_;
  std::unique_ptr<RawPeer> back_;
};

// The requests that have a name.
std::vector<uint32_t> KnownRequests() {
  std::vector<uint32_t> known;
  for (uint32_t request = 1; request < 64; ++request) {
    if (vhost_user::RequestName(request) != absl::StrCat("request ", request)) {
      known.push_back(request);
    }
  }
  EXPECT_THAT(known, ::testing::Contains(vhost_user::kCheckDeviceState));
  return known;
}

std::vector<ino_t> Inodes(const std::vector<FileDescriptor>& fds) {
  std::vector<ino_t> inodes;
  for (const FileDescriptor& fd : fds) {
    struct stat info = {};
    EXPECT_EQ(fstat(fd.get(), &info), 0);
    inodes.push_back(info.st_ino);
  }
  return inodes;
}

std::vector<FileDescriptor> DistinctFds(int count) {
  std::vector<FileDescriptor> fds;
  for (int i = 0; i < count; ++i) fds.push_back(MakeChannel().read_end);
  return fds;
}

TEST_F(ProxyTest, AMessagePassesBitByBit) {
  // Also requests and flags that nobody knows, and the largest payload.
  const struct {
    uint32_t request;
    std::string payload;
    int fds;
    uint32_t flags;
  } cases[] = {
      {vhost_user::kSetFeatures, U64Payload(0x123456789abcdef), 0, 0x1},
      {vhost_user::kSetMemTable, Pattern(264), 8, 0x1},
      {99, Pattern(vhost_user::kMaxPayloadSize), 8, 0xfffffff1},
      {0xffffffff, "", 0, 0x1},
      {vhost_user::kSetVringNum, "odd", 3, 0x1},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.request);
    std::vector<FileDescriptor> fds = DistinctFds(test.fds);
    const std::vector<ino_t> inodes = Inodes(fds);
    ASSERT_TRUE(
        front_->Send(test.request, test.payload, std::move(fds), test.flags));
    const Message message = back_->Receive();
    EXPECT_EQ(message.request, test.request);
    EXPECT_EQ(message.flags, test.flags);
    EXPECT_EQ(message.payload, test.payload);
    EXPECT_EQ(Inodes(message.fds), inodes);
  }
}

TEST_F(ProxyTest, AReplyPassesBitByBit) {
  ASSERT_TRUE(front_->Send(vhost_user::kGetInflightFd, Pattern(24)));
  EXPECT_EQ(back_->Receive().request, vhost_user::kGetInflightFd);
  std::vector<FileDescriptor> fds = DistinctFds(1);
  const std::vector<ino_t> inodes = Inodes(fds);
  ASSERT_TRUE(back_->Send(vhost_user::kGetInflightFd, Pattern(24),
                          std::move(fds), 0x5));
  const Message reply = front_->Receive();
  EXPECT_EQ(reply.request, vhost_user::kGetInflightFd);
  EXPECT_EQ(reply.flags, 0x5u);
  EXPECT_EQ(reply.payload, Pattern(24));
  EXPECT_EQ(Inodes(reply.fds), inodes);
}

TEST_F(ProxyTest, TheAnswerToAnUnknownRequestPasses) {
  ASSERT_TRUE(front_->Send(99, "?"));
  EXPECT_EQ(back_->Receive().request, 99u);
  ASSERT_TRUE(back_->Send(99, "!", {}, 0x5));
  EXPECT_EQ(front_->Receive().payload, "!");
  EXPECT_TRUE(front_->Send(vhost_user::kSetOwner));
  EXPECT_EQ(back_->Receive().request, vhost_user::kSetOwner);
}

TEST_F(ProxyTest, RequestsWaitUntilTheOneBeforeIsAnswered) {
  Negotiate(vhost_user::kProtocolFReplyAck);
  ASSERT_TRUE(front_->Send(vhost_user::kSetVringNum, TwoU32(0, 128), {}, 0x9));
  ASSERT_TRUE(front_->Send(vhost_user::kSetVringBase, TwoU32(0, 0), {}, 0x9));
  EXPECT_EQ(back_->Receive().request, vhost_user::kSetVringNum);
  const absl::StatusOr<std::optional<Message>> early =
      back_->connection().TryReceive();
  ASSERT_THAT(early, IsOk());
  EXPECT_FALSE(early->has_value());
  ASSERT_TRUE(back_->Send(vhost_user::kSetVringNum, U64Payload(0), {}, 0x5));
  EXPECT_EQ(front_->Receive().request, vhost_user::kSetVringNum);
  EXPECT_EQ(back_->Receive().request, vhost_user::kSetVringBase);
}

// Many messages, of which each has a descriptor. PROXY_MESSAGES in the
// environment says how many, for a longer run.
class ManyMessagesTest : public ProxyTest {
 protected:
  static uint32_t Wanted() {
    const char* text = std::getenv("PROXY_MESSAGES");
    uint32_t count = 20000;
    EXPECT_TRUE(text == nullptr || absl::SimpleAtoi(text, &count)) << text;
    return count;
  }

  // Sends `count` messages, and expects them in their order.
  void Pass(uint32_t count) {
    std::thread front([this, count] {
      for (uint32_t i = 0; i < count; ++i) {
        ASSERT_TRUE(
            front_->Send(vhost_user::kSetVringCall, Numbered(i), SomeFds(1)));
      }
    });
    for (uint32_t i = 0; i < count; ++i) {
      const Message message = back_->Receive();
      ASSERT_EQ(message.payload, Numbered(i));
      ASSERT_EQ(message.fds.size(), 1u);
    }
    front.join();
    // The proxy has done with all when it answers.
    ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
    ASSERT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
    ASSERT_TRUE(back_->Send(vhost_user::kGetFeatures, U64Payload(0), {}, 0x5));
    ASSERT_EQ(front_->Receive().request, vhost_user::kGetFeatures);
  }

 private:
  // Of ring 0; the bits above its index say nothing.
  static std::string Numbered(uint32_t i) {
    return U64Payload(uint64_t{i} << 16);
  }
};

TEST_F(ManyMessagesTest, KeepTheirOrderAndLeaveNothing) {
  // After the first ones the allocator has what it needs.
  ASSERT_NO_FATAL_FAILURE(Pass(1000));
  const int fds = CountOpenFds();
  const int64_t resident = ResidentKib();
  ASSERT_NO_FATAL_FAILURE(Pass(Wanted()));
  EXPECT_EQ(CountOpenFds(), fds);
  if (!kSanitized) {
    EXPECT_LT(ResidentKib(), resident + 1024);
  }
}

// The kick of a ring, as a back-end polls it.
class RingStartTest : public ProxyTest {
 protected:
  // Starts ring 0 at a back-end that takes the first kick before the ring is
  // enabled, and drops it.
  void StartRing(uint64_t negotiated = vhost_user::kProtocolFReplyAck) {
    Negotiate(negotiated);
    // Front-ends give it as readable: the guest may have kicked before.
    const uint64_t one = 1;
    ASSERT_EQ(::write(kick_.get(), &one, sizeof(one)),
              static_cast<ssize_t>(sizeof(one)));
    ASSERT_TRUE(front_->Send(vhost_user::kSetVringKick, U64Payload(0),
                             devstate::testing::Fds(FileDescriptor(
                                 ::dup(kick_.get())))));
    ASSERT_EQ(back_->Receive().request, vhost_user::kSetVringKick);
    ASSERT_EQ(TakeKicks(), 1u);
  }

  // Sends a SET_VRING_ENABLE that shall not be answered.
  void EnableUnasked(uint32_t flags) {
    ASSERT_TRUE(
        front_->Send(vhost_user::kSetVringEnable, TwoU32(0, 1), {}, flags));
    const Message enable = back_->Receive();
    ASSERT_EQ(enable.request, vhost_user::kSetVringEnable);
    EXPECT_EQ(enable.flags, flags);
  }

  // Has SET_VRING_ENABLE answered with `answer`.
  void Enable(uint32_t ring, uint32_t value, uint64_t answer = 0) {
    ASSERT_TRUE(front_->Send(vhost_user::kSetVringEnable, TwoU32(ring, value),
                             {}, 0x9));
    ASSERT_EQ(back_->Receive().request, vhost_user::kSetVringEnable);
    EXPECT_EQ(TakeKicks(), 0u);
    ASSERT_TRUE(back_->Send(vhost_user::kSetVringEnable, U64Payload(answer), {},
                            0x5));
    ASSERT_EQ(front_->Receive().payload, U64Payload(answer));
  }

  uint64_t TakeKicks() {
    uint64_t count = 0;
    return ::read(kick_.get(), &count, sizeof(count)) == sizeof(count) ? count
                                                                       : 0;
  }

  const FileDescriptor kick_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

TEST_F(RingStartTest, ARingIsKickedWhenItHasBeenEnabled) {
  ASSERT_NO_FATAL_FAILURE(StartRing());
  ASSERT_NO_FATAL_FAILURE(Enable(0, 1));
  EXPECT_EQ(TakeKicks(), 1u);
  // Again, as after a machine that stood still.
  ASSERT_NO_FATAL_FAILURE(Enable(0, 0));
  EXPECT_EQ(TakeKicks(), 0u);
  ASSERT_NO_FATAL_FAILURE(Enable(0, 1));
  EXPECT_EQ(TakeKicks(), 1u);
}

TEST_F(RingStartTest, ARingIsKickedWhenItHasBeenEnabledThoughNobodyAsks) {
  // Not asked for, or not negotiated.
  const struct {
    uint64_t negotiated;
    uint32_t flags;
  } cases[] = {{vhost_user::kProtocolFReplyAck, 0x1},
               {vhost_user::kProtocolFDeviceState, 0x1},
               {vhost_user::kProtocolFDeviceState, 0x9}};
  for (const auto& test : cases) {
    SCOPED_TRACE(::testing::Message() << test.negotiated << ", " << test.flags);
    ASSERT_NO_FATAL_FAILURE(Start({}));
    ASSERT_NO_FATAL_FAILURE(StartRing(test.negotiated));
    ASSERT_NO_FATAL_FAILURE(EnableUnasked(test.flags));
    // The proxy's question. It says itself that all before was done.
    ASSERT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
    EXPECT_EQ(TakeKicks(), 0u);
    ASSERT_TRUE(back_->Send(vhost_user::kGetFeatures, U64Payload(1), {}, 0x5));
    // The front-end's own is answered by its own answer.
    ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
    ASSERT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
    EXPECT_EQ(TakeKicks(), 1u);
    ASSERT_TRUE(back_->Send(vhost_user::kGetFeatures, U64Payload(2), {}, 0x5));
    EXPECT_EQ(front_->Receive().payload, U64Payload(2));
  }
}

TEST_F(RingStartTest, ABackEndThatDoesNotSayWhetherARingIsEnabledIsGivenUp) {
  ProxyOptions options;
  options.reply_timeout = absl::Milliseconds(20);
  ASSERT_NO_FATAL_FAILURE(Start(std::move(options)));
  ASSERT_NO_FATAL_FAILURE(StartRing());
  ASSERT_NO_FATAL_FAILURE(EnableUnasked(0x1));
  EXPECT_EQ(front_->Receive().request, 0u);
  EXPECT_EQ(TakeKicks(), 0u);
  EXPECT_THAT(proxy_->log(), HasSubstr("no answer to GET_FEATURES in time"));
}

TEST_F(RingStartTest, ARingThatIsDisabledIsNotAskedAbout) {
  ASSERT_NO_FATAL_FAILURE(StartRing());
  ASSERT_TRUE(front_->Send(vhost_user::kSetVringEnable, TwoU32(0, 0)));
  ASSERT_EQ(back_->Receive().request, vhost_user::kSetVringEnable);
  ASSERT_TRUE(front_->Send(vhost_user::kGetQueueNum));
  EXPECT_EQ(back_->Receive().request, vhost_user::kGetQueueNum);
  EXPECT_EQ(TakeKicks(), 0u);
}

TEST_F(RingStartTest, ARingThatIsNotEnabledIsNotKicked) {
  ASSERT_NO_FATAL_FAILURE(StartRing());
  ASSERT_NO_FATAL_FAILURE(Enable(1, 1));
  EXPECT_EQ(TakeKicks(), 0u);
  ASSERT_NO_FATAL_FAILURE(Enable(0, 1, /*answer=*/1));
  EXPECT_EQ(TakeKicks(), 0u);
}

TEST_F(RingStartTest, ARingThatIsEnabledBeforeItStartsIsNotKicked) {
  // Its back-end drops nothing.
  Negotiate(vhost_user::kProtocolFReplyAck);
  ASSERT_NO_FATAL_FAILURE(Enable(0, 1));
  ASSERT_TRUE(front_->Send(
      vhost_user::kSetVringKick, U64Payload(0),
      devstate::testing::Fds(FileDescriptor(::dup(kick_.get())))));
  ASSERT_EQ(back_->Receive().request, vhost_user::kSetVringKick);
  ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
  ASSERT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
  EXPECT_EQ(TakeKicks(), 0u);
}

TEST_F(ProxyTest, DescriptorsDoNotAccumulate) {
  const auto call = [this] {
    ASSERT_TRUE(
        front_->Send(vhost_user::kSetVringCall, U64Payload(0), SomeFds(1)));
    ASSERT_EQ(back_->Receive().fds.size(), 1u);
    // Unknown requests keep none, and are answered so that all is over.
    ASSERT_TRUE(front_->Send(99, "", SomeFds(8)));
    ASSERT_EQ(back_->Receive().fds.size(), 8u);
    ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
    ASSERT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
  };
  const auto answer = [this] {
    ASSERT_TRUE(back_->Send(vhost_user::kGetFeatures, U64Payload(0), {}, 0x5));
    ASSERT_EQ(front_->Receive().request, vhost_user::kGetFeatures);
  };
  call();
  const int before = CountOpenFds();
  answer();
  for (int i = 0; i < 200; ++i) {
    call();
    EXPECT_EQ(CountOpenFds(), before);
    answer();
  }
}

TEST_F(ProxyTest, AChannelIsNotHeldOpen) {
  ChannelEnds ends = MakeChannel();
  ASSERT_TRUE(front_->Send(vhost_user::kSetDeviceStateFd, TwoU32(0, 0),
                           devstate::testing::Fds(std::move(ends.write_end))));
  {
    const Message request = back_->Receive();
    ASSERT_EQ(request.fds.size(), 1u);
    ASSERT_TRUE(devstate::testing::WriteAll(request.fds[0].get(), "state"));
  }
  ASSERT_TRUE(
      back_->Send(vhost_user::kSetDeviceStateFd, U64Payload(0x100), {}, 0x5));
  EXPECT_EQ(front_->Receive().request, vhost_user::kSetDeviceStateFd);
  // Would wait for ever otherwise.
  EXPECT_EQ(devstate::testing::ReadAll(ends.read_end.get()), "state");
}

TEST_F(ProxyTest, ABackEndThatClosesEndsTheFrontEndsConnection) {
  ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
  EXPECT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
  back_.reset();
  EXPECT_EQ(front_->Receive().request, 0u);
  EXPECT_THAT(proxy_->log(), HasSubstr("back-end: control socket: the peer"));
}

TEST_F(ProxyTest, WhatABackEndSaidBeforeItClosedStillArrives) {
  ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
  EXPECT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
  ASSERT_TRUE(back_->Send(vhost_user::kGetFeatures, U64Payload(7), {}, 0x5));
  back_.reset();
  EXPECT_EQ(front_->Receive().payload, U64Payload(7));
  EXPECT_EQ(front_->Receive().request, 0u);
}

TEST_F(ProxyTest, AFrontEndThatClosesEndsTheBackEndsConnection) {
  front_.reset();
  EXPECT_EQ(back_->Receive().request, 0u);
}

TEST_F(ProxyTest, AFrontEndThatClosesUnansweredEndsTheBackEndsConnection) {
  ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
  EXPECT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
  front_.reset();
  EXPECT_EQ(back_->Receive().request, 0u);
}

TEST_F(ProxyTest, TheNextFrontEndGetsANewBackEnd) {
  Negotiate(vhost_user::kProtocolFReplyAck);
  front_.reset();
  EXPECT_EQ(back_->Receive().request, 0u);
  ASSERT_NO_FATAL_FAILURE(Connect());
  // What the first one negotiated is forgotten: no acknowledgement is due.
  ASSERT_TRUE(front_->Send(vhost_user::kSetVringNum, TwoU32(0, 1), {}, 0x9));
  ASSERT_TRUE(front_->Send(vhost_user::kSetVringNum, TwoU32(0, 2), {}, 0x9));
  EXPECT_EQ(back_->Receive().payload, TwoU32(0, 1));
  EXPECT_EQ(back_->Receive().payload, TwoU32(0, 2));
}

TEST_F(ProxyTest, ABackEndThatDoesNotAnswerIsGivenUp) {
  ProxyOptions options;
  options.reply_timeout = absl::Milliseconds(20);
  ASSERT_NO_FATAL_FAILURE(Start(std::move(options)));
  ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
  EXPECT_EQ(front_->Receive().request, 0u);
  EXPECT_THAT(proxy_->log(), HasSubstr("no answer to GET_FEATURES in time"));
}

TEST_F(ProxyTest, AMessageThatStopsHalfwayIsGivenUp) {
  for (const bool of_front : {true, false}) {
    ProxyOptions options;
    options.message_timeout = absl::Milliseconds(20);
    ASSERT_NO_FATAL_FAILURE(Start(std::move(options)));
    Message message;
    message.request = vhost_user::kSetFeatures;
    message.payload = U64Payload(0);
    const std::string bytes = EncodeMessage(message).substr(0, 15);
    RawPeer& sender = of_front ? *front_ : *back_;
    RawPeer& other = of_front ? *back_ : *front_;
    ASSERT_TRUE(devstate::testing::WriteAll(sender.fd(), bytes));
    EXPECT_EQ(sender.Receive().request, 0u);
    EXPECT_EQ(other.Receive().request, 0u);
    EXPECT_THAT(proxy_->log(), HasSubstr("a message not complete after"));
  }
}

TEST_F(ProxyTest, EveryTruncationOfARequestEndsBothConnections) {
  for (const uint32_t request : KnownRequests()) {
    Message message;
    message.request = request;
    message.payload = Pattern(16);
    const std::string bytes = EncodeMessage(message);
    for (size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(::testing::Message() << request << ", " << size << " bytes");
      ASSERT_TRUE(
          devstate::testing::WriteAll(front_->fd(), bytes.substr(0, size)));
      front_.reset();
      ASSERT_EQ(back_->Receive().request, 0u);
      ASSERT_NO_FATAL_FAILURE(Connect());
    }
  }
}

TEST_F(ProxyTest, EveryTruncationOfAReplyEndsBothConnections) {
  for (const uint32_t request : KnownRequests()) {
    if (!vhost_user::HasReply(request)) continue;
    const std::string bytes =
        EncodeMessage(vhost_user::MakeReply(request, U64Payload(0)));
    for (size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(::testing::Message() << request << ", " << size << " bytes");
      ASSERT_TRUE(front_->Send(request));
      ASSERT_EQ(back_->Receive().request, request);
      ASSERT_TRUE(
          devstate::testing::WriteAll(back_->fd(), bytes.substr(0, size)));
      back_.reset();
      ASSERT_EQ(front_->Receive().request, 0u);
      ASSERT_NO_FATAL_FAILURE(Connect());
    }
  }
}

TEST_F(ProxyTest, WhatIsNotToBeOfferedIsNeitherOfferedNorAcknowledged) {
  ProxyOptions options;
  BackendCapabilities lesser;
  lesser.add_virtio_features()->set_bit(32);
  options.offer.Restrict(lesser);
  ASSERT_NO_FATAL_FAILURE(Start(std::move(options)));
  ASSERT_TRUE(front_->Send(vhost_user::kGetFeatures));
  EXPECT_EQ(back_->Receive().request, vhost_user::kGetFeatures);
  ASSERT_TRUE(back_->Send(
      vhost_user::kGetFeatures,
      U64Payload(vhost_user::kVirtioFVersion1 | vhost_user::kVirtioFRingPacked),
      {}, 0x5));
  EXPECT_EQ(front_->Receive().payload,
            U64Payload(vhost_user::kVirtioFVersion1));
  ASSERT_TRUE(front_->Send(vhost_user::kSetFeatures,
                           U64Payload(vhost_user::kVirtioFVersion1)));
  EXPECT_EQ(back_->Receive().payload, U64Payload(vhost_user::kVirtioFVersion1));
  ASSERT_TRUE(front_->Send(vhost_user::kSetFeatures,
                           U64Payload(vhost_user::kVirtioFRingPacked)));
  EXPECT_EQ(back_->Receive().request, 0u);
  EXPECT_EQ(front_->Receive().request, 0u);
  EXPECT_THAT(proxy_->log(),
              HasSubstr("front-end: SET_FEATURES acknowledges what was not "
                        "offered: VIRTIO_F_RING_PACKED (bit 34)"));
}

TEST_F(ProxyTest, ABrokenHeaderEndsBothConnections) {
  for (const vhost_user::MessageHeader header :
       {vhost_user::MessageHeader{1, 0x2, 0},
        vhost_user::MessageHeader{1, 0x1, vhost_user::kMaxPayloadSize + 1}}) {
    ASSERT_NO_FATAL_FAILURE(Start({}));
    ASSERT_TRUE(
        devstate::testing::WriteAll(front_->fd(), EncodeHeader(header)));
    EXPECT_EQ(front_->Receive().request, 0u);
    EXPECT_EQ(back_->Receive().request, 0u);
  }
}

TEST_F(ProxyTest, AStateIsSavedAndLoadedThroughIt) {
  FakeDevice device;
  device.state = Pattern(3 << 20);
  vhost_user::BackendEndpointOptions served;
  served.socket_path = folder_.path() + "/device.sock";
  auto backend =
      vhost_user::BackendEndpoint::Create(&device, std::move(served));
  ASSERT_THAT(backend, IsOk());
  std::thread serving([&] { EXPECT_THAT((*backend)->Serve(), IsOk()); });
  {
    ProxyOptions options;
    options.translation.form = StateForm::kRaw;
    options.backend.socket = folder_.path() + "/device.sock";
    const ServedProxy proxy(std::move(options));
    ASSERT_TRUE(proxy.runs());
    for (const ChannelKind kind : kAllChannelKinds) {
      auto frontend = vhost_user::FrontendEndpoint::FromSocket(proxy.Connect());
      ASSERT_THAT(frontend, IsOk());
      ASSERT_THAT((*frontend)->Negotiate(), IsOk());
      StringSink saved;
      const auto save = (*frontend)->SaveState(kind, saved);
      ASSERT_THAT(save, IsOk());
      EXPECT_TRUE(save->ok());
      EXPECT_EQ(saved.bytes, device.state);
      StringSource source(Pattern(12345));
      const auto load = (*frontend)->LoadState(kind, source);
      ASSERT_THAT(load, IsOk());
      EXPECT_TRUE(load->ok());
      EXPECT_EQ(device.state, Pattern(12345));
    }
  }
  (*backend)->Stop();
  serving.join();
}

TEST(ProxyStartTest, ACommandThatEndsAtOnceIsFoundAtTheStart) {
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/front.sock");
  ASSERT_THAT(listener, IsOk());
  ProxyOptions options;
  options.backend.command = "false {socket}";
  options.backend_socket = folder.path() + "/new.sock";
  const auto proxy = Proxy::Create(*std::move(listener), std::move(options));
  ASSERT_THAT(proxy, IsOk());
  EXPECT_THAT((*proxy)->Start(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("exited with code 1 before it listened")));
}

TEST(ProxyStartTest, AStartThatIsStoppedEndsTheCommand) {
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/front.sock");
  ASSERT_THAT(listener, IsOk());
  ProxyOptions options;
  // It listens nowhere.
  options.backend.command = "sleep 1000 # {socket}";
  options.backend.start_timeout = kPatience;
  options.backend_socket = folder.path() + "/new.sock";
  auto proxy = Proxy::Create(*std::move(listener), std::move(options));
  ASSERT_THAT(proxy, IsOk());
  (*proxy)->Stop();
  EXPECT_THAT((*proxy)->Start(), StatusIs(absl::StatusCode::kAborted));
  // No child is left to be waited for.
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProxyStartTest, ACommandThatListensNowhereIsRefused) {
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/front.sock");
  ASSERT_THAT(listener, IsOk());
  ProxyOptions options;
  options.backend.command = "true";
  EXPECT_THAT(
      Proxy::Create(*std::move(listener), std::move(options)),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("{socket}")));
}

}  // namespace
}  // namespace devstate::proxy
