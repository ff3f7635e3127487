// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each call that a scene makes fails, one after the other and in each way that
// it can: docs/fuzzing.md, "Faults". --every=K takes each K-th call, --all all
// calls and bytes. The table at the end says what became of them.

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "tests/faults/file_scenes.h"
#include "tests/faults/injector.h"
#include "tests/faults/peer_scene.h"
#include "tests/faults/scene.h"
#include "tests/faults/transfer_scene.h"

namespace devstate::faults {
namespace {

// How many calls are left out for one that fails, and bytes for one that is the
// last.
int every = 7;
int every_byte = 499;
constexpr int kMostFailures = 5;

// What a call fails with. Those that a signal interrupts, or that take less
// than they were given, go on; all but those are errors somebody hears of.
struct Errors {
  Call call;
  std::vector<int> errors;
};

const Errors kErrors[] = {
    {Call::kRead, {EINTR, kShort, EAGAIN, EIO, kLastByte}},
    {Call::kPread, {EINTR, kShort, EIO, ENOMEM, kLastByte}},
    {Call::kRecv, {EINTR, kShort, EAGAIN, ECONNRESET, kLastByte}},
    {Call::kRecvmsg, {EINTR, kShort, EAGAIN, ECONNRESET, ENOMEM, kLastByte}},
    {Call::kWrite, {EINTR, kShort, EAGAIN, EIO, ENOSPC, EPIPE, kLastByte}},
    {Call::kPwrite, {EINTR, kShort, EIO, ENOSPC, kLastByte}},
    {Call::kSend, {EINTR, kShort, EAGAIN, EPIPE, ECONNRESET, kLastByte}},
    {Call::kSendmsg,
     {EINTR, kShort, EAGAIN, EPIPE, ECONNRESET, ETOOMANYREFS, kLastByte}},
    {Call::kPoll, {EINTR, ENOMEM}},
    {Call::kFcntl, {EMFILE, EPERM, EIO}},
    {Call::kOpen, {EINTR, EMFILE, EACCES, ENOSPC}},
    {Call::kMakeFds, {EMFILE, ENFILE, ENOMEM}},
    {Call::kEpollCtl, {ENOMEM, ENOSPC}},
    {Call::kConnect, {EINTR, ECONNREFUSED}},
    {Call::kBind, {EACCES}},
    {Call::kListen, {EADDRINUSE}},
    {Call::kAccept, {EINTR, EMFILE, ECONNABORTED}},
    {Call::kShutdown, {ENOTCONN}},
    {Call::kClose, {EINTR, EIO}},
    {Call::kFstat, {EIO, ENOMEM}},
    {Call::kSeek, {EIO}},
    {Call::kFtruncate, {EINTR, EIO}},
    {Call::kFallocate, {EINTR, ENOSPC}},
    {Call::kMmap, {ENOMEM}},
    {Call::kFsync, {EINTR, EIO, ENOSPC}},
    {Call::kRename, {EIO, ENOSPC, EACCES}},
    {Call::kUnlink, {EIO, EACCES}},
    {Call::kFlock, {ENOLCK}},
    {Call::kStatfs, {EINTR, EIO}},
    {Call::kReaddir, {EIO}},
    {Call::kThread, {EAGAIN}},
    {Call::kZstd, {ENOMEM}},
};

// One line of the table.
struct Line {
  int calls = 0;
  int faults = 0;
  int went_on = 0;
  int told = 0;
};
std::map<std::pair<std::string, std::string>, Line> table;

void Add(const std::string& scene, const std::string& what,
         const Outcome& outcome) {
  if (!outcome.reached) return;
  Line& line = table[{scene, what}];
  ++line.faults;
  ++(outcome.ok ? line.went_on : line.told);
}

std::string Where(const Scene& scene, const Fault& fault) {
  return absl::StrCat(scene.name(), ": ", NameOf(fault.role), ", ",
                      NameOf(fault.call), " number ", fault.number, ": ",
                      FaultName(fault.error));
}

class FaultsTest : public ::testing::Test {
 protected:
  // Runs with one fault. Returns whether another is worth it.
  bool Try(Scene& scene, const std::string& group, const Fault& fault) {
    const Outcome outcome = scene.Run(fault);
    Add(group, NameOf(fault.call), outcome);
    std::vector<std::string> broken = outcome.broken;
    if (!outcome.reached && !outcome.ok) {
      broken.push_back("without a fault it goes well");
    }
    if (outcome.reached && scene.IsHarmless(fault) && !outcome.ok) {
      broken.push_back("it goes on");
    }
    if (outcome.reached && !outcome.ok && !Names(fault, outcome.errors)) {
      broken.push_back("the error says what has happened");
    }
    if (broken.empty()) return true;
    ADD_FAILURE() << Where(scene, fault)
                  << "\nbroken: " << absl::StrJoin(broken, "\nbroken: ")
                  << "\nerrors: " << outcome.errors;
    return ++failures_ < kMostFailures;
  }

  // Makes each `step`-th call fail that the scene makes.
  void TryAll(Scene& scene, const std::string& group, int step = every) {
    const Outcome plain = scene.Run(Fault());
    ASSERT_TRUE(plain.ok && plain.broken.empty())
        << scene.name() << ": " << absl::StrJoin(plain.broken, "\n")
        << plain.errors;
    // Counted in that run, before the next one.
    std::vector<Fault> faults;
    for (const Role role : scene.roles()) {
      for (const Errors& errors : kErrors) {
        const int calls = CountOf(role, errors.call);
        table[{group, NameOf(errors.call)}].calls += calls;
        for (size_t i = 0; i < errors.errors.size(); ++i) {
          const int error = errors.errors[i];
          const int64_t last =
              error == kLastByte ? BytesOf(role, errors.call) : calls;
          const int next = error == kLastByte ? every_byte : step;
          // Another number for each error, so that a sample has many calls.
          for (int64_t number = 1 + static_cast<int64_t>(i) % next;
               number <= last; number += next) {
            faults.push_back(
                {role, errors.call, static_cast<int>(number), error});
          }
        }
      }
    }
    for (const Fault& fault : faults) {
      if (!Try(scene, group, fault)) return;
    }
  }

  void TryPeer(Role peer, const Way& way) {
    PeerScene scene(peer, way);
    const std::string group = absl::StrCat("peer: ", NameOf(peer));
    for (const int error : {kStop, kDie, kHangUp}) {
      const int calls = scene.Calls(Call::kAny);
      Line& line = table[{group, FaultName(error)}];
      line.calls = std::max(line.calls, calls);
      for (int number = 1 + error + 5; number <= calls; number += every) {
        if (!TryOther(scene, group, FaultName(error),
                      {Role::kNone, Call::kAny, number, error})) {
          return;
        }
      }
    }
    const int news = scene.Calls(Call::kNew);
    Line& line = table[{group, "operator new fails"}];
    line.calls = std::max(line.calls, news);
    for (int number = 1; number <= news; number += every * 5) {
      if (!TryOther(scene, group, "operator new fails",
                    {Role::kNone, Call::kNew, number, ENOMEM})) {
        return;
      }
    }
  }

 private:
  bool TryOther(PeerScene& scene, const std::string& group,
                const std::string& what, const Fault& fault) {
    const Outcome outcome = scene.Run(fault);
    Add(group, what, outcome);
    if (outcome.broken.empty()) return true;
    ADD_FAILURE() << Where(scene, fault)
                  << "\nbroken: " << absl::StrJoin(outcome.broken, "\nbroken: ")
                  << "\nerrors: " << outcome.errors;
    return ++failures_ < kMostFailures;
  }

  int failures_ = 0;
};

struct NamedWay {
  const char* name;
  Way way;
};

const NamedWay kWays[] = {
    {"Pipe", {ChannelKind::kPipe, std::nullopt, false}},
    {"Socketpair", {ChannelKind::kSocketPair, std::nullopt, false}},
    {"Memfd", {ChannelKind::kMemfd, std::nullopt, false}},
    {"File", {ChannelKind::kFile, std::nullopt, false}},
    {"OwnPipe", {ChannelKind::kPipe, ChannelKind::kPipe, false}},
    {"OwnFile", {ChannelKind::kPipe, ChannelKind::kFile, false}},
    {"Listening", {ChannelKind::kPipe, std::nullopt, true}},
};

class TransferFaultsTest : public FaultsTest,
                           public ::testing::WithParamInterface<NamedWay> {};

INSTANTIATE_TEST_SUITE_P(Ways, TransferFaultsTest, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

TEST_P(TransferFaultsTest, ASaveIsWholeOrAnError) {
  TransferScene scene(Act::kSave, GetParam().way);
  TryAll(scene, "save");
}

TEST_P(TransferFaultsTest, ALoadIsWholeOrAnError) {
  TransferScene scene(Act::kLoad, GetParam().way);
  TryAll(scene, "load");
}

TEST_P(TransferFaultsTest, AMigrationIsWholeOrAnError) {
  TransferScene scene(Act::kMigrate, GetParam().way);
  // What most migrations are has no sample.
  TryAll(scene, "migration",
         GetParam().name == absl::string_view("Pipe") ? 1 : every);
}

class PeerFaultsTest : public FaultsTest,
                       public ::testing::WithParamInterface<Role> {};

INSTANTIATE_TEST_SUITE_P(Peers, PeerFaultsTest,
                         ::testing::Values(Role::kFrontend, Role::kSource,
                                           Role::kDestination),
                         [](const auto& info) {
                           return absl::StrCat(
                               info.param == Role::kFrontend ? "Frontend"
                               : info.param == Role::kSource ? "Source"
                                                             : "Destination");
                         });

TEST_P(PeerFaultsTest, APeerThatEndsAnywhereHarmsNobody) {
  TryPeer(GetParam(), {ChannelKind::kPipe, std::nullopt, false});
}

TEST_F(FaultsTest, AStoreHoldsWhatItHasTaken) {
  for (const JournalWay way : {JournalWay::kAppend, JournalWay::kMap}) {
    StoreScene scene(way);
    TryAll(scene, "store");
  }
}

TEST_F(FaultsTest, AReportIsReplacedAsAWhole) {
  ReportScene scene;
  TryAll(scene, "report");
}

void PrintTable() {
  absl::PrintF("\n%-20s %-20s %7s %7s %8s %7s\n", "scene", "what fails",
               "calls", "faults", "went on", "errors");
  Line sum;
  for (const auto& [names, line] : table) {
    if (line.faults == 0) continue;
    absl::PrintF("%-20s %-20s %7d %7d %8d %7d\n", names.first, names.second,
                 line.calls, line.faults, line.went_on, line.told);
    sum.faults += line.faults;
    sum.went_on += line.went_on;
    sum.told += line.told;
  }
  absl::PrintF("%-20s %-20s %7s %7d %8d %7d\n", "all", "", "", sum.faults,
               sum.went_on, sum.told);
}

}  // namespace
}  // namespace devstate::faults

int main(int argc, char** argv) {
  using devstate::faults::every;
  using devstate::faults::every_byte;
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (argument == "--all") {
      every = every_byte = 1;
    } else if (!absl::ConsumePrefix(&argument, "--every=") ||
               !absl::SimpleAtoi(argument, &every) || every < 1) {
      std::fprintf(stderr, "usage: faults_test [--all | --every=K]\n");
      return 2;
    } else {
      every_byte = 71 * every;
    }
  }
  const int failed = RUN_ALL_TESTS();
  devstate::faults::PrintTable();
  return failed;
}
