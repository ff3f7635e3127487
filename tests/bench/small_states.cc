// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a small state costs: a network device of about 1 KB is saved and loaded
// over a socket, next to a device whose state is as many raw bytes, through the
// same endpoints and on one processor. And the first encoding of a process.
//
//   bazel run //tests/bench:small_states

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devices/net/v1/net.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "examples/net_backend/net_device.h"
#include "examples/net_backend/seeded_model.h"
#include "tests/bench/figures.h"
#include "tests/bench/median.h"

namespace devstate::bench {
namespace {

using ::devices::net::v1::NetStateCodec;
using ::devices::net::v1::NetStateWriter;
using ::devstate::net::examples::NetDevice;
using ::devstate::net::examples::SeededModel;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::ServedEndpoint;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

constexpr uint64_t kSeed = 7;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  absl::FPrintF(stderr, "small_states: %s\n", status.ToString());
  std::exit(1);
}

template <typename T>
T Checked(absl::StatusOr<T> result) {
  Check(result.status());
  return *std::move(result);
}

void CheckTransfer(const absl::StatusOr<vhost_user::TransferResult>& result) {
  Check(result.status());
  Check(result->transfer);
  if (!result->ok()) Check(absl::InternalError("the back-end refuses"));
}

// A back-end, and a front-end that is connected with it.
class Pair {
 public:
  explicit Pair(vhost_user::DeviceStateHandler* handler)
      : backend_(handler),
        frontend_(Checked(
            vhost_user::FrontendEndpoint::FromSocket(backend_.TakeSocket()))) {
    Check(frontend_->Negotiate());
  }

  // Saves and loads, and returns how many microseconds that took.
  double RoundTrip() {
    state_.bytes.clear();
    const absl::Time start = absl::Now();
    CheckTransfer(frontend_->SaveState(ChannelKind::kPipe, state_));
    StringSource source(state_.bytes);
    CheckTransfer(frontend_->LoadState(ChannelKind::kPipe, source));
    return absl::ToDoubleMicroseconds(absl::Now() - start);
  }
  size_t bytes() const { return state_.bytes.size(); }

 private:
  ServedEndpoint backend_;
  std::unique_ptr<vhost_user::FrontendEndpoint> frontend_;
  StringSink state_;
};

// Returns the time of the first encoding of this process, in microseconds.
double FirstEncoding() {
  NetDevice device(SeededModel(kSeed));
  StringSink sink;
  sink.bytes.reserve(64 * 1024);
  const absl::Time start = absl::Now();
  NetStateWriter writer(&sink);
  Check(device.SaveState(writer));
  Check(writer.Finish());
  return absl::ToDoubleMicroseconds(absl::Now() - start);
}

// Returns what a new process says of its first encoding.
double FirstEncodingOfAProcess() {
  const std::string program =
      std::filesystem::read_symlink("/proc/self/exe").string();
  FILE* const process =
      popen(absl::StrCat("'", program, "' --first-encoding").c_str(), "r");
  double microseconds = 0;
  if (process == nullptr || std::fscanf(process, "%lf", &microseconds) != 1 ||
      pclose(process) != 0) {
    Check(absl::InternalError("no answer of a new process"));
  }
  return microseconds;
}

void PinToOneProcessor() {
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof(processors), &processors) != 0) return;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &processors)) continue;
    CPU_ZERO(&processors);
    CPU_SET(i, &processors);
    sched_setaffinity(0, sizeof(processors), &processors);
    return;
  }
}

int Measure(size_t repetitions) {
  std::vector<double> first;
  for (int i = 0; i < 21; ++i) first.push_back(FirstEncodingOfAProcess());
  PinToOneProcessor();
  NetDevice device(SeededModel(kSeed));
  StateHandler<NetStateCodec> handler(&device);
  Pair ours(&handler);
  ours.RoundTrip();
  FakeDevice bytes;
  bytes.state = std::string(ours.bytes(), 'x');
  Pair raw(&bytes);
  std::mt19937 random(20261201);
  std::vector<double> our_times, raw_times, ratios;
  for (size_t i = 0; i < repetitions; ++i) {
    // In any order, because the second one finds the caches warm.
    const bool ours_first = random() % 2 == 0;
    if (ours_first) our_times.push_back(ours.RoundTrip());
    raw_times.push_back(raw.RoundTrip());
    if (!ours_first) our_times.push_back(ours.RoundTrip());
    ratios.push_back(our_times.back() / raw_times.back());
  }
  absl::PrintF(
      "%d bytes, save, CHECK, load and CHECK on one processor, medians of "
      "%d\nraw bytes %7.1f us\ndevstate  %7.1f us  %5.3f times\n"
      "first encoding of a process %.1f us\n",
      ours.bytes(), repetitions, Median(raw_times), Median(our_times),
      Median(ratios), Median(first));
  AddFigure("small state", "devstate / raw bytes", "times the time", ratios);
  AddFigure("small state", "first encoding of a process", "us", first);
  return 0;
}

int Main(int argc, char** argv) {
  Command program("small_states", "What a small state costs");
  size_t repetitions = 4000;
  bool first_encoding = false;
  program.AddOption("--repetitions", &repetitions, "Round trips of each")
      .Positive()
      .ShowDefault();
  program.AddFlag("--first-encoding", &first_encoding,
                  "Only encode once, and print the microseconds");
  program.run = [&] {
    if (!first_encoding) return Measure(repetitions);
    absl::PrintF("%f\n", FirstEncoding());
    return 0;
  };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
