// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A million control messages from a front-end that means no good: wrong sizes,
// flags, FD counts and orders. The endpoint answers or closes, keeps no
// descriptor and no memory, and works on.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::kSanitized;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::RawPeer;
using ::devstate::testing::ReadAll;
using ::devstate::testing::ResidentKib;
using ::devstate::testing::SendWithoutWait;
using ::devstate::testing::TempFolder;

constexpr int kMessages = kSanitized ? 50000 : 1000000;

// Sends without regard for answers, which it drops with their FDs.
class HostilePeer {
 public:
  explicit HostilePeer(FileDescriptor socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }

  // False when the endpoint has closed.
  bool Send(const std::string& bytes, const std::vector<int>& fds) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t wrote =
          SendWithoutWait(socket_.get(), absl::string_view(bytes).substr(sent),
                          sent == 0 ? fds : std::vector<int>());
      if (wrote > 0) {
        sent += wrote;
        continue;
      }
      if (errno != EAGAIN) return false;
      // It reads nothing while it owes an answer, which may itself wait for
      // room on our side.
      pollfd entry = {socket_.get(), POLLIN | POLLOUT, 0};
      ::poll(&entry, 1, 30000);
      if (!Drain()) return false;
    }
    return true;
  }

  bool Drain() {
    while (true) {
      char buffer[4096];
      alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))];
      iovec part = {buffer, sizeof(buffer)};
      msghdr header = {};
      header.msg_iov = &part;
      header.msg_iovlen = 1;
      header.msg_control = control;
      header.msg_controllen = sizeof(control);
      const ssize_t got =
          ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN;
      for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr;
           c = CMSG_NXTHDR(&header, c)) {
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
          int fd;
          std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
          ::close(fd);
        }
      }
    }
  }

 private:
  FileDescriptor socket_;
};

class HostileMessagesTest : public ::testing::Test {
 protected:
  // One message: mostly nearly right, because what is plainly wrong only
  // closes the connection.
  std::string MakeMessage(int control_fd, std::vector<int>* fds) {
    static constexpr uint32_t kRightSizes[] = {
        0, 0,  8,  0, 0, 40, 16, 8,  8,  40,  8,  8,  8, 8, 8,
        0, 8,  0,  8, 8, 8,  8,  8,  8,  268, 13, 8,  8, 8, 8,
        8, 20, 20, 8, 0, 8,  0,  40, 40, 8,   0,  16, 8, 0};
    uint32_t request = Pick(46);
    if (Pick(3) == 0) request = Pick(2) == 0 ? 42 : 43;
    // A started ring bars every transfer until a reset.
    if (request == kSetVringKick && Pick(8) != 0) request = kResetDevice;
    uint32_t size = request < 44 ? kRightSizes[request] : Pick(64);
    if (Pick(40) == 0) size = Pick(300);
    uint32_t flags = Pick(4) == 0 ? 0x9 : 0x1;
    if (Pick(60) == 0) flags = random_();
    uint32_t announced = size;
    if (Pick(200) == 0) announced = random_() >> Pick(32);
    std::string payload(size, '\0');
    for (char& byte : payload) {
      if (Pick(4) == 0) byte = static_cast<char>(Pick(Pick(20) == 0 ? 256 : 2));
    }
    if (request == kSetProtocolFeatures && size == 8 && Pick(8) != 0) {
      payload = U64Payload(kDefaultProtocolFeatures);
    }
    size_t count = request == 42 || request == 37 ? 1 : 0;
    if (Pick(30) == 0) count = Pick(4);
    if (Pick(500) == 0) count = 9 + Pick(40);
    for (size_t i = 0; i < count; ++i) {
      const uint32_t which = Pick(pool_.size() + 1);
      fds->push_back(which == pool_.size() ? control_fd : pool_[which].get());
    }
    return EncodeHeader({request, flags, announced}) + payload;
  }

  uint32_t Pick(uint32_t below) { return random_() % below; }

  std::mt19937 random_{42};
  std::vector<int> open_fds_;
  std::vector<int64_t> resident_;
  std::vector<FileDescriptor> pool_;
};

TEST_F(HostileMessagesTest, MillionMessagesLeaveNoTrace) {
  const TempFolder folder;
  const std::string path = folder.path() + "/socket";
  FakeDevice device;
  device.state = "a small state";
  BackendEndpointOptions options;
  options.socket_path = path;
  // A load whose writer never writes and never closes is waited for so long,
  // and CHECK with it.
  options.transfer.limits.idle = absl::Milliseconds(1);
  // /dev/full can be read without end.
  options.transfer.limits.max_bytes = 64 << 10;
  auto endpoint = BackendEndpoint::Create(&device, std::move(options));
  ASSERT_THAT(endpoint, IsOk());
  std::thread serving([&] { EXPECT_THAT((*endpoint)->Serve(), IsOk()); });

  // What it sends: pipes that nobody reads or writes, files, devices, nonsense.
  for (int i = 0; i < 2; ++i) {
    ChannelEnds ends = MakeChannel();
    pool_.push_back(std::move(ends.write_end));
    pool_.push_back(std::move(ends.read_end));
  }
  for (int i = 0; i < 15; ++i) {
    pool_.push_back(MakeChannel().read_end);
    pool_.push_back(MakeChannel().write_end);
  }
  pool_.push_back(MakeChannel(ChannelKind::kMemfd).read_end);
  for (const char* file : {"/dev/null", "/dev/full", "/tmp"}) {
    pool_.emplace_back(::open(file, O_RDONLY | O_CLOEXEC));
  }

  // A good front-end between the waves: it is served, and by then everything
  // of the hostile ones must be gone.
  auto good_save = [&] {
    auto socket = ConnectUnix(path, Deadline::After(absl::Seconds(30)));
    ASSERT_THAT(socket, IsOk());
    RawPeer peer(*std::move(socket));
    peer.Negotiate();
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(peer.SetDeviceState(0, 0, std::move(ends.write_end)),
              kSetStateNoFd);
    EXPECT_EQ(ReadAll(ends.read_end.get()), device.state);
    EXPECT_EQ(peer.Call(kCheckDeviceState), 0u);
    ends.read_end.Reset();
    // Its own end of the connection and the endpoint's.
    open_fds_.push_back(CountOpenFds() - 2);
    resident_.push_back(ResidentKib());
  };

  int connections = 0;
  int sent = 0;
  for (int wave = 0; wave < 11; ++wave) {
    good_save();
    std::unique_ptr<HostilePeer> peer;
    while (sent < kMessages * wave / 10) {
      if (peer == nullptr) {
        auto socket = ConnectUnix(path, Deadline::After(absl::Seconds(30)));
        ASSERT_THAT(socket, IsOk());
        peer = std::make_unique<HostilePeer>(*std::move(socket));
        ++connections;
        // So that transfers get through to the session.
        peer->Send(EncodeHeader({kSetProtocolFeatures, kVersion, 8}) +
                       U64Payload(kDefaultProtocolFeatures),
                   {});
      }
      std::vector<int> fds;
      const std::string message = MakeMessage(peer->fd(), &fds);
      ++sent;
      if (!peer->Send(message, fds) || !peer->Drain()) peer.reset();
    }
  }
  std::printf("%d messages over %d connections, %d saves, %d loads\n", sent,
              connections, device.saves.load(), device.loads.load());
  for (const int count : open_fds_) EXPECT_EQ(count, open_fds_[0]);
  if (!kSanitized) {
    // After the first wave the allocator has what it needs.
    EXPECT_LT(resident_.back(), resident_[1] + 1024);
  }
  // How many get their turn before the next request gives them up depends on
  // how busy the machine is.
  EXPECT_GT(device.saves, 0);
  EXPECT_GT(device.loads, 0);
  EXPECT_EQ(device.breaches, 0);
  (*endpoint)->Stop();
  serving.join();
}

}  // namespace
}  // namespace devstate::vhost_user
