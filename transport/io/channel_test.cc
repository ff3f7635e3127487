// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/channel.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TempFolder;
using ::testing::HasSubstr;

MATCHER_P(IsUnfit, why, "") {
  return ::testing::ExplainMatchResult(
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(why)), arg,
      result_listener);
}

constexpr ChannelUse kRead = ChannelUse::kRead;
constexpr ChannelUse kWrite = ChannelUse::kWrite;

FileDescriptor Open(const char* path, int flags) {
  return FileDescriptor(::open(path, flags | O_CLOEXEC));
}

TEST(ChannelTest, EveryKindIsMadeAndAdmittedOnBothEnds) {
  for (const ChannelKind kind : kAllChannelKinds) {
    ChannelEnds ends = MakeChannel(kind);
    auto read = InspectChannel(ends.read_end.get(), kRead);
    ASSERT_THAT(read, IsOk()) << ChannelKindName(kind);
    EXPECT_EQ(read->kind, kind);
    auto write = InspectChannel(ends.write_end.get(), kWrite);
    ASSERT_THAT(write, IsOk());
    EXPECT_EQ(write->kind, kind);
    for (const int fd : {ends.read_end.get(), ends.write_end.get()}) {
      EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
      EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    }
  }
}

TEST(ChannelTest, NamesAreParsedBack) {
  for (const ChannelKind kind : kAllChannelKinds) {
    auto parsed = ParseChannelKind(ChannelKindName(kind));
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(*parsed, kind);
  }
  EXPECT_THAT(
      ParseChannelKind("pigeon"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("socketpair")));
}

TEST(ChannelTest, OwnPipeIsGrown) {
  const ChannelEnds ends = MakeChannel(ChannelKind::kPipe);
  EXPECT_GE(::fcntl(ends.read_end.get(), F_GETPIPE_SZ), 64 << 10);
}

TEST(ChannelTest, GivenPipeBecomesPrivatelyNonBlocking) {
  ChannelEnds ends = MakeChannel(ChannelKind::kPipe);
  FileDescriptor peers_copy(::fcntl(ends.read_end.get(), F_DUPFD_CLOEXEC, 0));
  auto channel = AdmitChannel(std::move(ends.read_end), kRead);
  ASSERT_THAT(channel, IsOk());
  EXPECT_NE(::fcntl(channel->fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(peers_copy.get(), F_GETFL) & O_NONBLOCK, 0)
      << "the peer's open file description is not ours to change";
}

// libvhost-user and DPDK receive without MSG_CMSG_CLOEXEC.
TEST(ChannelTest, AGivenChannelOfEachKindDoesNotSurviveExec) {
  for (const ChannelKind kind : kAllChannelKinds) {
    ChannelEnds ends = MakeChannel(kind);
    ASSERT_EQ(::fcntl(ends.read_end.get(), F_SETFD, 0), 0);
    auto channel = AdmitChannel(std::move(ends.read_end), kRead);
    ASSERT_THAT(channel, IsOk()) << ChannelKindName(kind);
    EXPECT_NE(::fcntl(channel->fd.get(), F_GETFD) & FD_CLOEXEC, 0)
        << ChannelKindName(kind);
  }
}

TEST(ChannelTest, MissingFileFolderIsNamed) {
  EXPECT_THAT(
      CreateChannel(ChannelKind::kFile, "/does/not/exist"),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/does/not/exist")));
}

TEST(InspectChannelTest, ClosedDescriptor) {
  EXPECT_THAT(InspectChannel(-1, kRead), IsUnfit("not open"));
  EXPECT_THAT(InspectChannel(100000, kRead), IsUnfit("not open"));
}

TEST(InspectChannelTest, Directory) {
  EXPECT_THAT(InspectChannel(Open("/tmp", O_RDONLY).get(), kRead),
              IsUnfit("a directory"));
}

TEST(InspectChannelTest, OPath) {
  EXPECT_THAT(InspectChannel(Open("/dev/null", O_PATH).get(), kRead),
              IsUnfit("O_PATH"));
}

TEST(InspectChannelTest, WrongAccessMode) {
  const ChannelEnds pipe = MakeChannel(ChannelKind::kPipe);
  EXPECT_THAT(InspectChannel(pipe.read_end.get(), kWrite),
              IsUnfit("read-only"));
  EXPECT_THAT(InspectChannel(pipe.write_end.get(), kRead),
              IsUnfit("write-only"));
}

TEST(InspectChannelTest, PacketModePipe) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
  const FileDescriptor read_end(fds[0]);
  const FileDescriptor write_end(fds[1]);
  EXPECT_THAT(InspectChannel(fds[1], kWrite), IsUnfit("packet mode"));
}

TEST(InspectChannelTest, Terminal) {
  int controller;
  int terminal;
  ASSERT_EQ(::openpty(&controller, &terminal, nullptr, nullptr, nullptr), 0);
  const FileDescriptor first(controller);
  const FileDescriptor second(terminal);
  EXPECT_THAT(InspectChannel(terminal, kRead), IsUnfit("a terminal"));
  EXPECT_THAT(InspectChannel(controller, kWrite), IsUnfit("a terminal"));
}

TEST(InspectChannelTest, DescriptorsWithoutAFile) {
  sigset_t none;
  ::sigemptyset(&none);
  const FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  const FileDescriptor event(::eventfd(0, EFD_CLOEXEC));
  const FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const FileDescriptor signals(::signalfd(-1, &none, SFD_CLOEXEC));
  EXPECT_THAT(InspectChannel(epoll.get(), kRead), IsUnfit("eventpoll"));
  EXPECT_THAT(InspectChannel(event.get(), kRead), IsUnfit("eventfd"));
  EXPECT_THAT(InspectChannel(timer.get(), kRead), IsUnfit("timerfd"));
  EXPECT_THAT(InspectChannel(signals.get(), kRead), IsUnfit("signalfd"));
}

TEST(InspectChannelTest, SocketsWithMessageBoundaries) {
  for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), 0);
    const FileDescriptor first(fds[0]);
    const FileDescriptor second(fds[1]);
    EXPECT_THAT(InspectChannel(fds[0], kRead), IsUnfit("message boundaries"));
  }
}

TEST(InspectChannelTest, SocketThatIsNoConnection) {
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/socket");
  ASSERT_THAT(listener, IsOk());
  EXPECT_THAT(InspectChannel(listener->fd(), kRead), IsUnfit("listening"));
  const FileDescriptor fresh(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_THAT(InspectChannel(fresh.get(), kRead), IsUnfit("not connected"));
}

TEST(InspectChannelTest, TheControlSocketItself) {
  auto pair = SocketPair();
  ASSERT_THAT(pair, IsOk());
  const FileDescriptor copy(::fcntl(pair->first.get(), F_DUPFD_CLOEXEC, 0));
  EXPECT_THAT(InspectChannel(copy.get(), kRead, pair->first.get()),
              IsUnfit("vhost-user socket"));
  EXPECT_THAT(InspectChannel(copy.get(), kRead, -1), IsOk());
}

TEST(InspectChannelTest, MemoryDevicesAreStreams) {
  auto info = InspectChannel(Open("/dev/zero", O_RDONLY).get(), kRead);
  ASSERT_THAT(info, IsOk());
  EXPECT_FALSE(info->stored());
  EXPECT_THAT(InspectChannel(Open("/dev/full", O_WRONLY).get(), kWrite),
              IsOk());
}

TEST(InspectChannelTest, OtherCharacterDevices) {
  for (const char* path : {"/dev/kmsg", "/dev/fuse", "/dev/kvm"}) {
    const FileDescriptor device = Open(path, O_RDONLY);
    if (!device.valid()) continue;
    EXPECT_THAT(InspectChannel(device.get(), kRead),
                IsUnfit("character device"));
    return;
  }
  GTEST_SKIP() << "no such device here";
}

TEST(InspectChannelTest, SealedMemfd) {
  const FileDescriptor memfd(
      ::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_THAT(InspectChannel(memfd.get(), kWrite), IsOk());
  ASSERT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
  EXPECT_THAT(InspectChannel(memfd.get(), kWrite), IsUnfit("sealed"));
  ASSERT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_THAT(InspectChannel(memfd.get(), kWrite), IsUnfit("sealed"));
  auto info = InspectChannel(memfd.get(), kRead);
  ASSERT_THAT(info, IsOk());
  EXPECT_EQ(info->kind, ChannelKind::kMemfd);
}

TEST(InspectChannelTest, FileWithContentIsNotWrittenOver) {
  const ChannelEnds file = MakeChannel(ChannelKind::kFile);
  ASSERT_EQ(::write(file.write_end.get(), "old", 3), 3);
  auto at_end = InspectChannel(file.write_end.get(), kWrite);
  ASSERT_THAT(at_end, IsOk());
  EXPECT_EQ(at_end->offset, 3);
  ::lseek(file.write_end.get(), 1, SEEK_SET);
  EXPECT_THAT(InspectChannel(file.write_end.get(), kWrite),
              IsUnfit("already has 3 bytes"));
  EXPECT_THAT(InspectChannel(file.read_end.get(), kRead), IsOk());
}

TEST(InspectChannelTest, Fifo) {
  const TempFolder folder;
  const std::string path = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const FileDescriptor fifo = Open(path.c_str(), O_RDWR);
  auto info = InspectChannel(fifo.get(), kRead);
  ASSERT_THAT(info, IsOk());
  EXPECT_EQ(info->kind, ChannelKind::kPipe);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace devstate
