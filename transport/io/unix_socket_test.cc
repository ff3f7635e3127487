// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class UnixSocketTest : public ::testing::Test {
 protected:
  ~UnixSocketTest() override { ::unlink(path_.c_str()); }

  bool Exists() const {
    struct stat info;
    return ::lstat(path_.c_str(), &info) == 0;
  }
  // Leaves what a killed process does: a bound name that nobody listens at.
  void LeaveStaleSocket() {
    const FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address),
                     sizeof(address)),
              0);
  }

  const TempFolder folder_;
  const std::string path_ = folder_.path() + "/socket";
};

TEST_F(UnixSocketTest, ConnectionsAreAcceptedInTurn) {
  auto listener = UnixListener::Listen(path_);
  ASSERT_THAT(listener, IsOk());
  auto none = listener->Accept();
  ASSERT_THAT(none, IsOk());
  EXPECT_FALSE(none->valid());
  auto client = ConnectUnix(path_, Deadline::Never());
  ASSERT_THAT(client, IsOk());
  auto accepted = listener->Accept();
  ASSERT_THAT(accepted, IsOk());
  EXPECT_TRUE(accepted->valid());
  EXPECT_NE(::fcntl(accepted->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(UnixSocketTest, NameIsRemovedAtTheEnd) {
  { ASSERT_THAT(UnixListener::Listen(path_), IsOk()); }
  EXPECT_FALSE(Exists());
}

TEST_F(UnixSocketTest, NameOfASuccessorIsNotRemoved) {
  auto first = UnixListener::Listen(path_);
  ASSERT_THAT(first, IsOk());
  auto moved = std::make_unique<UnixListener>(*std::move(first));
  // Somebody took the name away and listens there now.
  ::unlink(path_.c_str());
  auto second = UnixListener::Listen(path_);
  ASSERT_THAT(second, IsOk());
  moved.reset();
  EXPECT_TRUE(Exists());
}

TEST_F(UnixSocketTest, StaleSocketIsReplaced) {
  LeaveStaleSocket();
  auto listener = UnixListener::Listen(path_);
  ASSERT_THAT(listener, IsOk());
  EXPECT_THAT(ConnectUnix(path_, Deadline::Never()), IsOk());
}

TEST_F(UnixSocketTest, SocketInUseIsOneLineWithTheRemedy) {
  auto first = UnixListener::Listen(path_);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(
      UnixListener::Listen(path_),
      StatusIs(absl::StatusCode::kAlreadyExists,
               AllOf(HasSubstr(path_), HasSubstr("choose another socket path"),
                     Not(HasSubstr("\n")))));
  EXPECT_THAT(ConnectUnix(path_, Deadline::Never()), IsOk()) << "undisturbed";
}

TEST_F(UnixSocketTest, OtherFilesAreNotReplaced) {
  const FileDescriptor file(
      ::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_THAT(UnixListener::Listen(path_),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       AllOf(HasSubstr(path_), HasSubstr("not a socket"))));
  EXPECT_TRUE(Exists());
}

TEST_F(UnixSocketTest, PathsThatCannotBeAreExplained) {
  EXPECT_THAT(UnixListener::Listen(""),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(UnixListener::Listen("/tmp/" + std::string(103, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("108 bytes are too long")));
  EXPECT_THAT(UnixListener::Listen("/does/not/exist/socket"),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("/does/not/exist/socket")));
}

TEST_F(UnixSocketTest, ConnectingToNobodyIsExplained) {
  EXPECT_THAT(ConnectUnix(path_, Deadline::Never()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
  LeaveStaleSocket();
  EXPECT_THAT(ConnectUnix(path_, Deadline::Never()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(path_)));
}

TEST_F(UnixSocketTest, FullQueueIsWaitedForUntilTheDeadline) {
  auto listener = UnixListener::Listen(path_);
  ASSERT_THAT(listener, IsOk());
  std::vector<FileDescriptor> waiting;
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    auto socket = ConnectUnix(path_, Deadline::After(absl::Milliseconds(20)));
    status = socket.status();
    if (socket.ok()) waiting.push_back(*std::move(socket));
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(UnixSocketTest, AListeningSocketIsAdoptedAndItsNameStays) {
  const TempFolder folder;
  const std::string path = folder.path() + "/adopted.sock";
  auto bound = UnixListener::Listen(path);
  ASSERT_THAT(bound, IsOk());
  {
    auto adopted = UnixListener::Adopt(FileDescriptor(::dup(bound->fd())));
    ASSERT_THAT(adopted, IsOk());
    EXPECT_NE(::fcntl(adopted->fd(), F_GETFD) & FD_CLOEXEC, 0);
    auto client = ConnectUnix(path, Deadline::Never());
    ASSERT_THAT(client, IsOk());
    auto served = adopted->Accept();
    ASSERT_THAT(served, IsOk());
    EXPECT_TRUE(served->valid());
  }
  EXPECT_THAT(ConnectUnix(path, Deadline::Never()), IsOk());
}

TEST_F(UnixSocketTest, AnAdoptedNameIsRemovedIfItIsGiven) {
  auto bound = UnixListener::Listen(path_);
  ASSERT_THAT(bound, IsOk());
  EXPECT_THAT(
      UnixListener::Adopt(FileDescriptor(::dup(bound->fd())), bound->name()),
      IsOk());
  EXPECT_FALSE(Exists());
}

TEST_F(UnixSocketTest, AnAdoptedNameThatAnotherSocketHasByNowStays) {
  auto bound = UnixListener::Listen(path_);
  ASSERT_THAT(bound, IsOk());
  const std::string aside = folder_.path() + "/aside";
  ASSERT_EQ(::rename(path_.c_str(), aside.c_str()), 0);
  const auto other = UnixListener::Listen(path_);
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT(
      UnixListener::Adopt(FileDescriptor(::dup(bound->fd())), bound->name()),
      IsOk());
  EXPECT_TRUE(Exists());
  ::unlink(aside.c_str());
}

TEST_F(UnixSocketTest, AListenerThatTakesAnotherOnesPlaceRemovesItsOwnName) {
  auto listener = UnixListener::Listen(path_);
  ASSERT_THAT(listener, IsOk());
  auto other = UnixListener::Listen(folder_.path() + "/other");
  ASSERT_THAT(other, IsOk());
  *listener = *std::move(other);
  EXPECT_FALSE(Exists());
  EXPECT_THAT(ConnectUnix(folder_.path() + "/other", Deadline::Never()),
              IsOk());
}

TEST_F(UnixSocketTest, WhatDoesNotListenIsNotAdopted) {
  auto pair = SocketPair();
  ASSERT_THAT(pair, IsOk());
  EXPECT_THAT(UnixListener::Adopt(std::move(pair->first)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no listening Unix stream socket")));
  EXPECT_THAT(UnixListener::Adopt(FileDescriptor(::open("/dev/null", O_RDWR))),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace devstate
