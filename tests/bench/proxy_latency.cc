// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a proxy adds to a control message: the round trip of GET_FEATURES to a
// back-end of devstate, without a proxy and with one.
//
//   bazel run //tests/bench:proxy_latency -- --messages 20000
//
// Every repetition runs both, by the clock; what counts is the ratio.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devstate/proxy/proxy.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "tests/bench/median.h"

namespace devstate::bench {
namespace {

using ::devstate::testing::FakeDevice;
using ::devstate::testing::RawPeer;
using ::devstate::testing::TempFolder;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

template <typename T>
T Checked(absl::StatusOr<T> result) {
  Check(result.status());
  return *std::move(result);
}

// Returns the time of one round trip in microseconds.
double RoundTrip(const std::string& path, uint64_t messages) {
  RawPeer frontend(
      Checked(ConnectUnix(path, Deadline::After(absl::Seconds(10)))));
  if (!frontend.Alive()) Check(absl::UnavailableError("no answer"));
  const absl::Time start = absl::Now();
  for (uint64_t i = 0; i < messages; ++i) {
    if (!frontend.Alive()) Check(absl::UnavailableError("no answer"));
  }
  return absl::ToDoubleMicroseconds(absl::Now() - start) /
         static_cast<double>(messages);
}

int Run(uint64_t messages, uint32_t repetitions) {
  const TempFolder folder;
  const std::string back = folder.path() + "/back";
  const std::string front = folder.path() + "/front";
  FakeDevice device;
  vhost_user::BackendEndpointOptions served;
  served.socket_path = back;
  const auto endpoint =
      Checked(vhost_user::BackendEndpoint::Create(&device, std::move(served)));
  std::thread backend([&] { Check(endpoint->Serve()); });
  proxy::ProxyOptions options;
  options.backend.socket = back;
  const auto proxy = Checked(proxy::Proxy::Create(
      Checked(UnixListener::Listen(front)), std::move(options)));
  std::thread between([&] { Check(proxy->Serve()); });
  std::vector<double> without;
  std::vector<double> with;
  for (uint32_t i = 0; i < repetitions; ++i) {
    without.push_back(RoundTrip(back, messages));
    with.push_back(RoundTrip(front, messages));
  }
  proxy->Stop();
  between.join();
  endpoint->Stop();
  backend.join();
  const double direct = Median(without);
  const double proxied = Median(with);
  std::printf(
      "without a proxy %.1f us, with one %.1f us a message: %.2f times\n",
      direct, proxied, proxied / direct);
  return 0;
}

int Main(int argc, char** argv) {
  uint64_t messages = 20000;
  uint32_t repetitions = 9;
  Command program("proxy_latency", "What a proxy adds to a control message");
  program.AddOption("--messages", &messages, "Round trips in a repetition")
      .ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Runs of both")
      .Positive()
      .ShowDefault();
  program.run = [&] { return Run(messages, repetitions); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
