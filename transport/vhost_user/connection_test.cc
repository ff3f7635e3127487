// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/connection.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/attach_fds.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FdRoom;
using ::devstate::testing::IsOk;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() : fds_before_(CountOpenFds()) {
    auto pair = SocketPair();
    EXPECT_THAT(pair, IsOk());
    peer_ = std::move(pair->first);
    connection_.emplace(std::move(pair->second));
  }
  ~ConnectionTest() override {
    peer_.Reset();
    connection_.reset();
    EXPECT_EQ(CountOpenFds(), fds_before_) << "leaked descriptors";
  }

  // One sendmsg() of exactly these bytes and FDs.
  void SendRaw(absl::string_view bytes, std::vector<FileDescriptor> fds = {}) {
    iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
    msghdr header = {};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    std::vector<int> numbers;
    for (const FileDescriptor& fd : fds) numbers.push_back(fd.get());
    std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
    AttachFds(numbers.data(), numbers.size(), control.data(), &header);
    ASSERT_EQ(::sendmsg(peer_.get(), &header, MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  static std::string SetDeviceState() {
    return EncodeHeader({kSetDeviceStateFd, kVersion, 8}) + U64Payload(1);
  }

  absl::StatusOr<Message> Receive() {
    return connection_->Receive(Deadline::After(absl::Seconds(30)));
  }

  const int fds_before_;
  FileDescriptor peer_;
  std::optional<Connection> connection_;
};

TEST_F(ConnectionTest, MessageSplitAtEachByteArrivesWhole) {
  const std::string bytes = SetDeviceState();
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    SendRaw(bytes.substr(0, cut));
    auto part = connection_->TryReceive();
    ASSERT_THAT(part, IsOk());
    EXPECT_FALSE(part->has_value());
    EXPECT_TRUE(connection_->mid_message());
    SendRaw(bytes.substr(cut));
    auto message = Receive();
    ASSERT_THAT(message, IsOk());
    EXPECT_EQ(message->request, kSetDeviceStateFd);
    EXPECT_EQ(message->payload, U64Payload(1));
    EXPECT_FALSE(connection_->mid_message());
  }
}

TEST_F(ConnectionTest, FdAttachedToEachByteArrivesWithItsMessage) {
  const std::string bytes = SetDeviceState();
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at > 0) SendRaw(bytes.substr(0, at));
    SendRaw(bytes.substr(at), SomeFds(1));
    auto message = Receive();
    ASSERT_THAT(message, IsOk());
    ASSERT_EQ(message->fds.size(), 1u) << "attached to byte " << at;
    EXPECT_NE(::fcntl(message->fds[0].get(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST_F(ConnectionTest, FdsOnSeveralBytesAreGathered) {
  const std::string bytes = SetDeviceState();
  SendRaw(bytes.substr(0, 5), SomeFds(1));
  SendRaw(bytes.substr(5, 9), SomeFds(2));
  SendRaw(bytes.substr(14), SomeFds(1));
  auto message = Receive();
  ASSERT_THAT(message, IsOk());
  EXPECT_EQ(message->fds.size(), 4u);
}

TEST_F(ConnectionTest, TwoMessagesInOnePieceAreTwo) {
  SendRaw(SetDeviceState() + EncodeHeader({kCheckDeviceState, kVersion, 0}),
          SomeFds(1));
  auto first = Receive();
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->fds.size(), 1u);
  auto second = Receive();
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->request, kCheckDeviceState);
  EXPECT_TRUE(second->fds.empty());
}

TEST_F(ConnectionTest, FdsOfTheNextMessageStayWithIt) {
  SendRaw(EncodeHeader({kGetFeatures, kVersion, 0}));
  SendRaw(SetDeviceState(), SomeFds(1));
  auto first = Receive();
  ASSERT_THAT(first, IsOk());
  EXPECT_TRUE(first->fds.empty());
  auto second = Receive();
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->fds.size(), 1u);
}

TEST_F(ConnectionTest, MoreFdsThanAnyMessageHasAreClosed) {
  for (const int count : {9, 64, 253}) {
    auto pair = SocketPair();
    ASSERT_THAT(pair, IsOk());
    peer_ = std::move(pair->first);
    connection_.emplace(std::move(pair->second));
    SendRaw(SetDeviceState(), SomeFds(count));
    EXPECT_THAT(Receive(), StatusIs(absl::StatusCode::kInvalidArgument,
                                    HasSubstr("file descriptors")));
    EXPECT_EQ(CountOpenFds(), fds_before_ + 2);
  }
}

TEST_F(ConnectionTest, FdsTrickledIntoOneMessageAreBounded) {
  const std::string bytes = SetDeviceState();
  for (size_t at = 0; at < 9; ++at) SendRaw(bytes.substr(at, 1), SomeFds(1));
  EXPECT_THAT(Receive(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ConnectionTest, FdsLostAtTheLimitOfOpenFilesAreAnError) {
  for (const int room : {0, 1}) {
    auto pair = SocketPair();
    ASSERT_THAT(pair, IsOk());
    peer_ = std::move(pair->first);
    connection_.emplace(std::move(pair->second));
    SendRaw(SetDeviceState(), SomeFds(2));
    const FdRoom limit(room);
    EXPECT_THAT(Receive(), StatusIs(absl::StatusCode::kResourceExhausted,
                                    HasSubstr("MSG_CTRUNC")));
  }
}

TEST_F(ConnectionTest, WrongVersionEndsTheConnection) {
  SendRaw(EncodeHeader({kGetFeatures, 0x2, 0}));
  EXPECT_THAT(Receive(), StatusIs(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("version 1")));
  EXPECT_THAT(connection_->TryReceive(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ConnectionTest, ImpossibleSizeIsRefusedBeforeMemoryIsTaken) {
  for (const uint32_t size : {4097u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    auto pair = SocketPair();
    ASSERT_THAT(pair, IsOk());
    peer_ = std::move(pair->first);
    connection_.emplace(std::move(pair->second));
    SendRaw(EncodeHeader({kGetFeatures, kVersion, size}), SomeFds(2));
    EXPECT_THAT(Receive(), StatusIs(absl::StatusCode::kInvalidArgument,
                                    HasSubstr("payload")));
  }
}

TEST_F(ConnectionTest, PeerThatClosesMidMessageIsNamed) {
  SendRaw(SetDeviceState().substr(0, 7), SomeFds(1));
  peer_.Reset();
  EXPECT_THAT(Receive(), StatusIs(absl::StatusCode::kUnavailable,
                                  HasSubstr("7 bytes into a message")));
}

TEST_F(ConnectionTest, TrickledMessageEndsWithTheDeadline) {
  // Always one more byte ready: only the deadline can end this.
  std::thread trickle([peer = peer_.get()] {
    const std::string bytes =
        EncodeHeader({kSetConfig, kVersion, kMaxPayloadSize}) + "x";
    for (const char byte : bytes) {
      if (::send(peer, &byte, 1, MSG_NOSIGNAL) != 1) return;
    }
  });
  EXPECT_THAT(connection_->Receive(Deadline::After(absl::Milliseconds(30))),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  trickle.join();
}

TEST_F(ConnectionTest, ExpiredDeadlineStillTakesWhatIsThere) {
  SendRaw(EncodeHeader({kGetFeatures, kVersion, 0}));
  EXPECT_THAT(connection_->Receive(Deadline::After(absl::ZeroDuration())),
              IsOk());
}

TEST_F(ConnectionTest, ReceiveIsCancelled) {
  auto cancel = WakeEvent::Create();
  ASSERT_THAT(cancel, IsOk());
  cancel->Signal();
  EXPECT_THAT(connection_->Receive(Deadline::Never(), cancel->fd()),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(ConnectionTest, SendToAClosedPeerIsAnErrorAndNoSignal) {
  peer_.Reset();
  Message message;
  message.request = kGetFeatures;
  EXPECT_THAT(connection_->Send(message, Deadline::Never()),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ConnectionTest, PeerThatNeverReadsEndsWithTheDeadline) {
  Message message;
  message.request = kGetFeatures;
  message.payload.assign(kMaxPayloadSize, 'x');
  absl::Status status;
  for (int i = 0; i < 10000 && status.ok(); ++i) {
    status =
        connection_->Send(message, Deadline::After(absl::Milliseconds(20)));
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(ConnectionTest, NonBlockingFlagIsNobodysBusiness) {
  for (const bool non_blocking : {true, false}) {
    const int flags = ::fcntl(connection_->fd(), F_GETFL);
    ::fcntl(connection_->fd(), F_SETFL,
            non_blocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
    auto nothing = connection_->TryReceive();
    ASSERT_THAT(nothing, IsOk());
    EXPECT_FALSE(nothing->has_value());
    EXPECT_THAT(connection_->Receive(Deadline::After(absl::ZeroDuration())),
                StatusIs(absl::StatusCode::kDeadlineExceeded));
    auto pair = SocketPair();
    ASSERT_THAT(pair, IsOk());
    peer_ = std::move(pair->first);
    connection_.emplace(std::move(pair->second));
  }
}

void IgnoreSignal(int) {}

TEST_F(ConnectionTest, InterruptedWaitsGoOn) {
  struct sigaction action = {};
  struct sigaction old = {};
  action.sa_handler = IgnoreSignal;  // without SA_RESTART
  ::sigaction(SIGUSR1, &action, &old);
  const pthread_t receiver = ::pthread_self();
  std::thread sender([&] {
    const std::string bytes = SetDeviceState();
    for (const char byte : bytes) {
      for (int i = 0; i < 20; ++i) {
        ::pthread_kill(receiver, SIGUSR1);
        std::this_thread::yield();
      }
      SendRaw(std::string(1, byte));
    }
  });
  EXPECT_THAT(Receive(), IsOk());
  sender.join();
  ::sigaction(SIGUSR1, &old, nullptr);
}

}  // namespace
}  // namespace devstate::vhost_user
