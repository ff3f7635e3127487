// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Migrates the table of fs_backend, whose guest changes it meanwhile, from one
// back-end to another in rounds, next to a migration at once.
//
//   bazel run //tests/bench:rounds -- --files 150000 --guest-rate 1000
//
// Makes the files in a folder of its own and removes them again. Both back-ends
// are in this process. Prints, as the median of several runs done in turn, how
// long the source is stopped, and the processor's time in it: from the last
// update of its guest to the destination's answer that the state is in force,
// with its files found again.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/migrate_in_rounds.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/fs_device.h"
#include "examples/fs_backend/running_guest.h"
#include "tests/bench/many_files.h"
#include "tests/bench/median.h"
#include "tests/bench/processor_time.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsStateCodec;
using ::devstate::examples::FsDevice;
using ::devstate::examples::RunningGuest;
using ::devstate::examples::Walk;
using ::devstate::examples::WalkDirectory;
using ::devstate::vhost_user::FrontendEndpoint;

constexpr int kRepetitions = 3;
constexpr uint8_t kRing = 0;

struct Flags {
  uint64_t files = 150000;
  uint64_t guest_rate = 1000;
  std::string folder = "/var/tmp";
};

[[noreturn]] void Fail(absl::string_view what) {
  absl::FPrintF(stderr, "rounds: %s\n", what);
  std::exit(1);
}

template <typename T>
T Require(absl::StatusOr<T> result) {
  if (!result.ok()) Fail(result.status().message());
  return *std::move(result);
}
void Require(const absl::Status& status) {
  if (!status.ok()) Fail(status.message());
}

// A back-end and the connection of a front-end to it.
class Backend {
 public:
  Backend(const std::string& root, Walk walk, uint64_t guest_rate)
      : device_(root, std::move(walk)),
        guest_(&device_, guest_rate),
        handler_(&device_),
        served_(&handler_, Options()) {
    vhost_user::FrontendEndpointOptions options;
    options.protocol_features = vhost_user::kProtocolFRounds;
    front_ = Require(
        FrontendEndpoint::FromSocket(served_.TakeSocket(), std::move(options)));
    Require(front_->Negotiate());
  }

  FrontendEndpoint& front() { return *front_; }
  size_t inodes() const { return device_.table().inodes.size(); }

 private:
  vhost_user::BackendEndpointOptions Options() {
    vhost_user::BackendEndpointOptions options;
    options.device.protocol_features |= vhost_user::kProtocolFRounds;
    options.device.on_running = [this](bool running) {
      guest_.SetRunning(running);
    };
    return options;
  }

  FsDevice device_;
  RunningGuest guest_;
  StateHandler<FsStateCodec> handler_;
  devstate::testing::ServedEndpoint served_;
  std::unique_ptr<FrontendEndpoint> front_;
};

// What a stop takes, in milliseconds.
struct Stop {
  std::vector<double> wall;
  std::vector<double> processor;
};

// Begins a stop, and ends it.
class StopClock {
 public:
  void End(Stop* stop) const {
    stop->wall.push_back(absl::ToDoubleMilliseconds(absl::Now() - start_));
    stop->processor.push_back(ProcessorMilliseconds() - processor_);
  }

 private:
  const absl::Time start_ = absl::Now();
  const double processor_ = ProcessorMilliseconds();
};

void AtOnce(Backend& source, Backend& destination, Stop* stop) {
  Require(source.front().StartRing(kRing));
  const StopClock clock;
  Require(source.front().StopRing(kRing));
  const auto save = Require(source.front().OpenSave(ChannelKind::kPipe));
  const auto loaded =
      Require(destination.front().LoadState(ChannelKind::kPipe, *save));
  if (!loaded.ok()) Fail("the state was refused");
  clock.End(stop);
}

size_t InRounds(Backend& source, Backend& destination, Stop* stop) {
  std::optional<StopClock> clock;
  vhost_user::MigrateInRoundsOptions options;
  options.rule.downtime = absl::Milliseconds(20);
  options.stop = [&] {
    clock.emplace();
    return source.front().StopRing(kRing).status();
  };
  Require(source.front().StartRing(kRing));
  const auto result =
      Require(MigrateInRounds(source.front(), destination.front(), options));
  if (!result.source.ok() || !result.destination.ok()) {
    Fail("the state was refused");
  }
  clock->End(stop);
  return result.rounds.size();
}

int Run(const Flags& flags) {
  const ManyFiles files(flags.folder, flags.files);
  if (!files.ok()) Fail("cannot make the files");
  Backend source(files.root(), Require(WalkDirectory(files.root(), {})),
                 flags.guest_rate);
  Backend destination(files.root(), Walk(), 0);
  absl::PrintF("%d inodes, %d changes a second\n", source.inodes(),
               flags.guest_rate);
  Stop at_once;
  Stop in_rounds;
  size_t rounds = 0;
  for (int i = 0; i < kRepetitions; ++i) {
    AtOnce(source, destination, &at_once);
    rounds = InRounds(source, destination, &in_rounds);
  }
  absl::PrintF("at once    %8.1f ms, %8.1f ms of the processor\n",
               Median(at_once.wall), Median(at_once.processor));
  absl::PrintF(
      "in rounds  %8.1f ms, %8.1f ms of the processor: %.1f and %.1f times "
      "less, after %d rounds\n",
      Median(in_rounds.wall), Median(in_rounds.processor),
      Median(at_once.wall) / Median(in_rounds.wall),
      Median(at_once.processor) / Median(in_rounds.processor), rounds);
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("rounds", "Migrates a table in rounds and at once");
  program.AddOption("--files", &flags.files, "Files in the tree").ShowDefault();
  program
      .AddOption("--guest-rate", &flags.guest_rate,
                 "Changes of the table in a second")
      .ShowDefault();
  program.AddOption("--folder", &flags.folder, "Where the files are made")
      .ShowDefault();
  program.run = [&flags] { return Run(flags); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) { return devstate::bench::Main(argc, argv); }
