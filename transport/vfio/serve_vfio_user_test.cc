// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vfio/serve_vfio_user.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <string>
#include <utility>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/attach_fds.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vfio/fake_migration_device.h"
#include "devstate/transport/vfio/vfio_user_requests.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vfio {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;

class ServeVfioUserTest : public ::testing::Test {
 protected:
  ServeVfioUserTest() : session_(&device_), server_(&session_, {}) {
    auto sockets = SocketPair();
    EXPECT_THAT(sockets, IsOk());
    client_ = std::move(sockets->first);
    served_ = std::move(sockets->second);
  }

  // What a client sends that is read only when all of it has been sent.
  void Send(const std::string& bytes) {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  absl::Status Serve() { return ServeVfioUser(served_, server_, options_); }
  // Returns all that was answered so far.
  std::string Answers() {
    std::string bytes(1 << 16, '\0');
    const ssize_t got =
        ::recv(client_.get(), &bytes[0], bytes.size(), MSG_DONTWAIT);
    return got < 0 ? "" : bytes.substr(0, static_cast<size_t>(got));
  }

  FakeMigrationDevice device_;
  MigrationSession session_;
  VfioUserServer server_;
  ServeOptions options_;
  FileDescriptor client_;
  FileDescriptor served_;
};

TEST_F(ServeVfioUserTest, AnswersMessagesUntilTheClientCloses) {
  Send(VersionRequest() + SetStateRequest(MigrationState::kStopCopy) +
       ReadRequest(100));
  ::shutdown(client_.get(), SHUT_WR);
  ASSERT_THAT(Serve(), IsOk());
  const std::string answers = Answers();
  EXPECT_EQ(answers.substr(answers.size() - device_.state.size()),
            device_.state);
  EXPECT_EQ(session_.state(), MigrationState::kStopCopy);
}

TEST_F(ServeVfioUserTest, ADescriptorThatIsSentIsNotKept) {
  const std::string request = VersionRequest();
  const int fd = client_.get();
  iovec part = {const_cast<char*>(request.data()), request.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  AttachFds(&fd, 1, control, &header);
  ASSERT_EQ(::sendmsg(client_.get(), &header, 0),
            static_cast<ssize_t>(request.size()));
  ::shutdown(client_.get(), SHUT_WR);
  const FileDescriptor before(::dup(client_.get()));
  ASSERT_THAT(Serve(), IsOk());
  const FileDescriptor after(::dup(client_.get()));
  EXPECT_EQ(after.get(), before.get() + 1);
}

TEST_F(ServeVfioUserTest, AClientThatClosesWithinAMessageIsGone) {
  Send(VersionRequest().substr(0, 20));
  ::shutdown(client_.get(), SHUT_WR);
  EXPECT_THAT(Serve(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ServeVfioUserTest, AMessageThatDoesNotComeToItsEndIsNotWaitedFor) {
  options_.message_timeout = absl::Milliseconds(1);
  Send(VersionRequest().substr(0, 20));
  EXPECT_THAT(Serve(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(ServeVfioUserTest, AMessageThatCanBeNoneEndsTheService) {
  Send(std::string(kHeaderSize, '\xff'));
  EXPECT_THAT(Serve(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ServeVfioUserTest, ServiceIsCancelled) {
  auto wake = WakeEvent::Create();
  ASSERT_THAT(wake, IsOk());
  wake->Signal();
  options_.cancel_fd = wake->fd();
  EXPECT_THAT(Serve(), StatusIs(absl::StatusCode::kAborted));
}

}  // namespace
}  // namespace devstate::vfio
