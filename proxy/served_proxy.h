// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A proxy within a test's process.

#ifndef DEVSTATE_PROXY_SERVED_PROXY_H_
#define DEVSTATE_PROXY_SERVED_PROXY_H_

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/proxy/proxy.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gtest/gtest.h"

namespace devstate::proxy {

// The longest wait of a test that passes.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// A proxy whose Serve() runs on a thread of its own.
class ServedProxy {
 public:
  explicit ServedProxy(ProxyOptions options) {
    options.log = [this](absl::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      absl::StrAppend(&log_, line, "\n");
    };
    options.backend_socket = folder_.path() + "/new.sock";
    auto listener = UnixListener::Listen(path());
    if (!listener.ok()) return;
    auto control = UnixListener::Listen(control_path());
    if (!control.ok()) return;
    auto proxy = Proxy::Create(*std::move(listener), std::move(options),
                               *std::move(control));
    if (!proxy.ok() || !(*proxy)->Start().ok()) return;
    proxy_ = *std::move(proxy);
    thread_ = std::thread(
        [this] { EXPECT_THAT(proxy_->Serve(), ::devstate::testing::IsOk()); });
  }
  ~ServedProxy() {
    if (proxy_ == nullptr) return;
    proxy_->Stop();
    thread_.join();
  }

  bool runs() const { return proxy_ != nullptr; }
  Proxy& proxy() { return *proxy_; }
  std::string path() const { return folder_.path() + "/front.sock"; }
  std::string control_path() const { return folder_.path() + "/control.sock"; }
  FileDescriptor Connect() const {
    auto socket = ConnectUnix(path(), Deadline::After(kPatience));
    return socket.ok() ? *std::move(socket) : FileDescriptor();
  }
  std::string log() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }

 private:
  const ::devstate::testing::TempFolder folder_;
  mutable std::mutex mutex_;
  std::string log_;
  std::unique_ptr<Proxy> proxy_;
  std::thread thread_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_SERVED_PROXY_H_
