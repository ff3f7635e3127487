// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Two back-ends and a proxy in front of the first. A raw front-end's rings lie
// in a memfd: what a guest would see are its kicks, calls and used index.

#ifndef DEVSTATE_PROXY_EXCHANGE_FIXTURE_H_
#define DEVSTATE_PROXY_EXCHANGE_FIXTURE_H_

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "devstate/live.pb.h"
#include "devstate/proxy/control_socket.h"
#include "devstate/proxy/served_proxy.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {

inline constexpr uint64_t kMemory = 1 << 16;
inline constexpr uint64_t kUserAddress = uint64_t{1} << 40;
inline constexpr uint64_t kUsedRing = 0x1000;
inline constexpr uint32_t kBase = 5;

// A device and its endpoint, which record the requests that come.
class ServedBackend {
 public:
  explicit ServedBackend(std::string state,
                         vhost_user::VhostUserDeviceOptions options = {}) {
    device.state = std::move(state);
    vhost_user::BackendEndpointOptions served;
    served.socket_path = path();
    served.device = std::move(options);
    served.on_request = [this](uint32_t request) {
      std::unique_lock<std::mutex> lock(mutex_);
      requests_.push_back(vhost_user::RequestName(request));
      goes_on_.wait(lock, [this] { return !held_; });
    };
    auto endpoint =
        vhost_user::BackendEndpoint::Create(&device, std::move(served));
    EXPECT_THAT(endpoint, ::devstate::testing::IsOk());
    endpoint_ = *std::move(endpoint);
    thread_ = std::thread([this] {
      EXPECT_THAT(endpoint_->Serve(), ::devstate::testing::IsOk());
    });
  }
  ~ServedBackend() {
    Hold(false);
    endpoint_->Stop();
    thread_.join();
  }

  std::string path() const { return folder_.path() + "/back.sock"; }
  // Takes the requests since the last call.
  std::vector<std::string> TakeRequests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(requests_, {});
  }
  // Lets requests come and none be worked on, or ends that.
  void Hold(bool hold) {
    const std::lock_guard<std::mutex> lock(mutex_);
    held_ = hold;
    goes_on_.notify_all();
  }
  // Waits until a request has come, and leaves it.
  void AwaitRequest(const std::string& name) {
    for (;; std::this_thread::yield()) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (std::count(requests_.begin(), requests_.end(), name) > 0) return;
    }
  }

  ::devstate::testing::FakeDevice device;

 private:
  const ::devstate::testing::TempFolder folder_;
  std::mutex mutex_;
  std::condition_variable goes_on_;
  bool held_ = false;
  std::vector<std::string> requests_;
  std::unique_ptr<vhost_user::BackendEndpoint> endpoint_;
  std::thread thread_;
};

class ExchangeTest : public ::testing::Test {
 protected:
  explicit ExchangeTest(ExchangeLimits limits = {})
      : old_(::devstate::testing::Pattern(1000)),
        new_(""),
        memory_(::memfd_create("guest", MFD_CLOEXEC)),
        kick_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        call_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    EXPECT_EQ(::ftruncate(memory_.get(), kMemory), 0);
    SetUsedIndex(kBase);
    ProxyOptions options;
    options.backend.socket = old_.path();
    options.exchange_limits = limits;
    options.arguments = {"/nowhere/devstate"};
    proxy_ = std::make_unique<ServedProxy>(std::move(options));
    EXPECT_TRUE(proxy_->runs());
    front_ = std::make_unique<::devstate::testing::RawPeer>(proxy_->Connect());
  }

  void SetUsedIndex(uint16_t index) {
    ASSERT_EQ(::pwrite(memory_.get(), &index, sizeof(index), kUsedRing + 2),
              static_cast<ssize_t>(sizeof(index)));
  }

  void Send(uint32_t request, std::string payload, int fd = -1) {
    std::vector<FileDescriptor> fds;
    if (fd >= 0) fds.emplace_back(::dup(fd));
    ASSERT_TRUE(front_->Send(request, std::move(payload), std::move(fds)));
  }

  // Sets up a ring, with all protocol features but `left_out`.
  void StartGuest(uint64_t left_out = 0) {
    front_->Negotiate(left_out);
    Send(vhost_user::kSetFeatures,
         vhost_user::U64Payload(vhost_user::kVirtioFVersion1 |
                                vhost_user::kVhostUserFProtocolFeatures));
    Send(vhost_user::kAddMemReg,
         vhost_user::U64Payload(0) + vhost_user::U64Payload(0) +
             vhost_user::U64Payload(kMemory) +
             vhost_user::U64Payload(kUserAddress) + vhost_user::U64Payload(0),
         memory_.get());
    Send(vhost_user::kSetVringNum, ::devstate::testing::TwoU32(0, 128));
    Send(vhost_user::kSetVringBase, ::devstate::testing::TwoU32(0, kBase));
    Send(vhost_user::kSetVringAddr,
         ::devstate::testing::TwoU32(0, 0) +
             vhost_user::U64Payload(kUserAddress) +
             vhost_user::U64Payload(kUserAddress + kUsedRing) +
             vhost_user::U64Payload(kUserAddress) + vhost_user::U64Payload(0));
    Send(vhost_user::kSetVringKick, vhost_user::U64Payload(0), kick_.get());
    Send(vhost_user::kSetVringCall, vhost_user::U64Payload(0), call_.get());
    Send(vhost_user::kSetVringEnable, ::devstate::testing::TwoU32(0, 1));
    EXPECT_TRUE(Answers());
    old_.TakeRequests();
    // A ring is kicked when it starts.
    EXPECT_EQ(Count(kick_), 1u);
  }

  bool Answers() {
    return front_->Call(vhost_user::kGetQueueNum) != UINT64_MAX;
  }

  ExchangeRequest ToNew() const {
    ExchangeRequest request;
    request.set_socket(new_.path());
    return request;
  }

  FileDescriptor Ask(const ExchangeRequest& request) {
    const Deadline deadline = Deadline::After(kPatience);
    auto socket = ConnectUnix(proxy_->control_path(), deadline);
    EXPECT_THAT(socket, ::devstate::testing::IsOk());
    EXPECT_THAT(SendControl(socket->get(), request, deadline),
                ::devstate::testing::IsOk());
    return *std::move(socket);
  }
  ExchangeReport Report(const FileDescriptor& asked) {
    ExchangeReport report;
    EXPECT_THAT(
        ReceiveControl(asked.get(), Deadline::After(kPatience), &report),
        ::devstate::testing::IsOk());
    return report;
  }
  ExchangeReport Upgrade(const ExchangeRequest& request) {
    return Report(Ask(request));
  }

  // Returns how often `event` was signalled since the last call.
  static uint64_t Count(const FileDescriptor& event) {
    uint64_t count = 0;
    return ::read(event.get(), &count, sizeof(count)) == sizeof(count) ? count
                                                                       : 0;
  }

  // Expects that the old back-end serves as if nothing had been.
  void ExpectOldServes(const ExchangeReport& report) {
    EXPECT_FALSE(report.exchanged());
    EXPECT_TRUE(report.old_serves());
    old_.TakeRequests();
    EXPECT_TRUE(Answers());
    EXPECT_THAT(old_.TakeRequests(), ::testing::ElementsAre("GET_QUEUE_NUM"));
    EXPECT_EQ(old_.device.state, ::devstate::testing::Pattern(1000));
  }

  ServedBackend old_;
  ServedBackend new_;
  const FileDescriptor memory_;
  const FileDescriptor kick_;
  const FileDescriptor call_;
  std::unique_ptr<ServedProxy> proxy_;
  std::unique_ptr<::devstate::testing::RawPeer> front_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_EXCHANGE_FIXTURE_H_
