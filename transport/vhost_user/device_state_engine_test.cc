// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/device_state_engine.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::FdRoom;
using ::devstate::testing::Gate;
using ::devstate::testing::IsOk;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::Pattern;
using ::devstate::testing::ReadAll;
using ::devstate::testing::StatusIs;
using ::devstate::testing::WriteAll;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint32_t kSave = 0;
constexpr uint32_t kLoad = 1;
constexpr uint64_t kDeadlineReply =
    static_cast<uint64_t>(absl::StatusCode::kDeadlineExceeded);

class DeviceStateEngineTest : public ::testing::Test {
 protected:
  DeviceStateEngineTest() : fds_before_(CountOpenFds()) {
    device_.state = "state";
  }
  ~DeviceStateEngineTest() override {
    engine_.reset();
    EXPECT_EQ(CountOpenFds(), fds_before_);
    EXPECT_EQ(device_.breaches, 0);
  }

  DeviceStateEngine& Start(DeviceStateEngineOptions options = {}) {
    options.report = [this](const TransferReport& report) {
      stages_.emplace_back(TransferStageName(report.stage));
      reasons_.emplace_back(report.status.message());
    };
    auto engine = DeviceStateEngine::Create(&device_, std::move(options));
    EXPECT_THAT(engine, IsOk());
    engine_ = *std::move(engine);
    engine_->SetNegotiated(true);
    return *engine_;
  }

  // Does what an embedder's loop does until there is a reply.
  DeviceStateReply WaitReply() {
    while (true) {
      if (auto reply = engine_->TakeReply()) return *std::move(reply);
      pollfd entry = {engine_->poll_fd(), POLLIN, 0};
      if (::poll(&entry, 1, 30000) != 1) {
        ADD_FAILURE() << "no reply comes";
        return {};
      }
      engine_->Dispatch();
    }
  }
  // Until the engine itself has noticed the end of a transfer.
  void WaitState(SessionState state) {
    while (engine_->state() != state) {
      pollfd entry = {engine_->poll_fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&entry, 1, 30000), 1) << "nothing happens";
      engine_->Dispatch();
    }
  }
  uint64_t Set(uint32_t direction, FileDescriptor fd) {
    engine_->SetDeviceStateFd(direction, 0, std::move(fd));
    return WaitReply().value;
  }
  uint64_t Check() {
    engine_->CheckDeviceState();
    return WaitReply().value;
  }
  void ExpectSaveWorks() {
    ChannelEnds ends = MakeChannel();
    EXPECT_EQ(Set(kSave, std::move(ends.write_end)), kSetStateNoFd);
    EXPECT_TRUE(ReadAll(ends.read_end.get()) == device_.state);
    EXPECT_EQ(Check(), 0u);
  }
  // Everything of a load but its CHECK.
  void LoadAll(const std::string& state) {
    ChannelEnds ends = MakeChannel();
    EXPECT_TRUE(WriteAll(ends.write_end.get(), state));
    ends.write_end.Reset();
    EXPECT_EQ(Set(kLoad, std::move(ends.read_end)), kSetStateNoFd);
  }
  void ExpectLoadWorks(const std::string& state) {
    LoadAll(state);
    EXPECT_EQ(Check(), 0u);
    EXPECT_EQ(device_.state, state);
  }

  const int fds_before_;
  FakeDevice device_;
  std::unique_ptr<DeviceStateEngine> engine_;
  std::vector<std::string> stages_;
  std::vector<std::string> reasons_;
};

DeviceStateEngineOptions ShortDeadlines() {
  DeviceStateEngineOptions options;
  options.limits.total = absl::Milliseconds(20);
  options.check_timeout = absl::Milliseconds(20);
  return options;
}

TEST_F(DeviceStateEngineTest, ReportsEachStepOfATransfer) {
  Start();
  ExpectSaveWorks();
  EXPECT_THAT(stages_, ElementsAre("accepted", "transferred", "checked"));
}

TEST_F(DeviceStateEngineTest, ProgressCountsBytes) {
  Start();
  ExpectSaveWorks();
  EXPECT_EQ(engine_->progress(), 5u);
}

TEST_F(DeviceStateEngineTest, StuckSaveClosesItsChannelAtTheDeadline) {
  Gate gate;
  device_.before_finish = &gate;
  Start(ShortDeadlines());
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(ends.write_end)), kSetStateNoFd);
  // A front-end like QEMU reads to the end and would never come to CHECK.
  WaitState(SessionState::kFailed);
  EXPECT_EQ(ReadAll(ends.read_end.get()), "state");
  EXPECT_EQ(Check(), kDeadlineReply);
  EXPECT_THAT(stages_, ElementsAre("accepted", "checked"));
  gate.Open();
  engine_.reset();  // joins
  device_.before_finish = nullptr;
  Start();
  ExpectSaveWorks();
}

TEST_F(DeviceStateEngineTest, TransferWaitsForAWorkerThatIsStillStuck) {
  Gate gate;
  device_.before_finish = &gate;
  DeviceStateEngineOptions options;
  options.check_timeout = absl::Milliseconds(20);
  Start(std::move(options));
  ChannelEnds first = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(first.write_end)), kSetStateNoFd);
  EXPECT_EQ(Check(), kDeadlineReply);
  // Accepted at once all the same; it starts when the handler returns.
  ChannelEnds second = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(second.write_end)), kSetStateNoFd);
  gate.Open();
  EXPECT_EQ(ReadAll(second.read_end.get()), "state");
  WaitState(SessionState::kSaved);
  EXPECT_EQ(Check(), 0u);
  EXPECT_EQ(device_.saves, 2);
  engine_.reset();  // before the gate goes
}

TEST_F(DeviceStateEngineTest, StuckLoadClosesItsChannelAtTheDeadline) {
  Gate gate;
  device_.before_finish = &gate;
  device_.read_before_failing = 0;  // reads nothing at all
  Start(ShortDeadlines());
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(Set(kLoad, std::move(ends.read_end)), kSetStateNoFd);
  // The writer blocks on the full pipe until it breaks.
  std::thread writer([&ends] {
    EXPECT_FALSE(WriteAll(ends.write_end.get(), Pattern(4 << 20)));
  });
  WaitState(SessionState::kFailed);
  writer.join();
  EXPECT_EQ(Check(), kDeadlineReply);
  gate.Open();
  engine_.reset();  // before the gate goes
}

TEST_F(DeviceStateEngineTest, StuckStoredSaveIsRefusedAtTheDeadline) {
  Gate gate;
  device_.before_finish = &gate;
  DeviceStateEngineOptions options = ShortDeadlines();
  options.own_channel = ChannelKind::kMemfd;
  Start(std::move(options));
  EXPECT_EQ(Set(kSave, MakeChannel().write_end), kSetStateRefused);
  gate.Open();
  engine_.reset();  // before the gate goes
}

TEST_F(DeviceStateEngineTest, OverdueCommitIsAnErrorAndNotInterrupted) {
  Gate gate;
  device_.before_commit = &gate;
  DeviceStateEngineOptions options;
  options.check_timeout = absl::Milliseconds(20);
  Start(std::move(options));
  ChannelEnds ends = MakeChannel();
  ends.write_end.Reset();
  EXPECT_EQ(Set(kLoad, std::move(ends.read_end)), kSetStateNoFd);
  WaitState(SessionState::kLoaded);
  EXPECT_EQ(Check(), kDeadlineReply);
  gate.Open();
  // The commit comes through after all, so there is nothing to discard.
  engine_.reset();
  device_.before_commit = nullptr;
  EXPECT_EQ(device_.commits, 1);
  EXPECT_EQ(device_.discards, 0);
  Start();
  ExpectLoadWorks("next");
}

TEST_F(DeviceStateEngineTest, NewerSetClosesTheOlderChannel) {
  device_.state = Pattern(4 << 20);
  Start();
  ChannelEnds older = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(older.write_end)), kSetStateNoFd);
  ChannelEnds newer = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(newer.write_end)), kSetStateNoFd);
  EXPECT_LT(ReadAll(older.read_end.get()).size(), device_.state.size());
  EXPECT_TRUE(ReadAll(newer.read_end.get()) == device_.state);
  EXPECT_EQ(Check(), 0u);
  EXPECT_THAT(stages_, ElementsAre("accepted", "abandoned", "accepted",
                                   "transferred", "checked"));
}

TEST_F(DeviceStateEngineTest, RefusedRequestIsNotWhyATransferIsAbandoned) {
  device_.state = Pattern(4 << 20);
  Start();
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(ends.write_end)), kSetStateNoFd);
  EXPECT_EQ(Set(kSave, MakeChannel().read_end), kSetStateRefused);
  EXPECT_THAT(stages_, ElementsAre("accepted", "abandoned", "refused"));
  EXPECT_THAT(reasons_, ElementsAre("", "abandoned by the front-end",
                                    ::testing::HasSubstr("unfit as")));
}

TEST_F(DeviceStateEngineTest, UncheckedTransferIsReportedAsAbandoned) {
  Start();
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(ends.write_end)), kSetStateNoFd);
  WaitState(SessionState::kSaved);
  engine_->SetRunning(true);
  engine_->Disconnected();
  EXPECT_THAT(stages_, ElementsAre("accepted", "transferred", "abandoned"));
}

TEST_F(DeviceStateEngineTest, TransferSupersededBeforeItsTurnNeverRuns) {
  Gate gate;
  device_.before_finish = &gate;
  Start();
  ChannelEnds first = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(first.write_end)), kSetStateNoFd);
  char byte;
  ASSERT_EQ(::read(first.read_end.get(), &byte, 1), 1);  // it has begun
  EXPECT_EQ(Set(kLoad, MakeChannel().read_end), kSetStateNoFd);
  ChannelEnds last = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(last.write_end)), kSetStateNoFd);
  gate.Open();
  EXPECT_EQ(ReadAll(last.read_end.get()), "state");
  EXPECT_EQ(Check(), 0u);
  EXPECT_EQ(device_.loads, 0);
  EXPECT_EQ(device_.discards, 0);
  engine_.reset();  // before the gate goes
}

TEST_F(DeviceStateEngineTest, StartedRingDiscardsWhatWasStaged) {
  Start();
  ChannelEnds ends = MakeChannel();
  ends.write_end.Reset();
  EXPECT_EQ(Set(kLoad, std::move(ends.read_end)), kSetStateNoFd);
  WaitState(SessionState::kLoaded);
  engine_->SetRunning(true);
  EXPECT_NE(Check(), 0u);
  engine_->SetRunning(false);
  ExpectSaveWorks();
  EXPECT_EQ(device_.discards, 1);
  EXPECT_EQ(device_.commits, 0);
}

TEST_F(DeviceStateEngineTest, LostConnectionDiscardsWhatWasStaged) {
  Start();
  ChannelEnds ends = MakeChannel();
  ends.write_end.Reset();
  EXPECT_EQ(Set(kLoad, std::move(ends.read_end)), kSetStateNoFd);
  WaitState(SessionState::kLoaded);
  engine_->Disconnected();
  EXPECT_EQ(Set(kSave, MakeChannel().write_end), kSetStateRefused)
      << "the next front-end must negotiate";
  engine_->SetNegotiated(true);
  ExpectSaveWorks();
  EXPECT_EQ(device_.discards, 1);
}

TEST_F(DeviceStateEngineTest, DestructionDuringATransferJoins) {
  device_.endless_save = true;
  Start();
  ChannelEnds ends = MakeChannel();
  EXPECT_EQ(Set(kSave, std::move(ends.write_end)), kSetStateNoFd);
  char byte;
  ASSERT_EQ(::read(ends.read_end.get(), &byte, 1), 1);
  engine_.reset();
  EXPECT_EQ(device_.saves, 1);

  Start();
  ends = MakeChannel();
  EXPECT_EQ(Set(kLoad, std::move(ends.read_end)), kSetStateNoFd);
  engine_.reset();  // its writer never wrote
  EXPECT_EQ(device_.commits, 0);
}

TEST_F(DeviceStateEngineTest, EndlessLoadEndsAtTheByteLimit) {
  DeviceStateEngineOptions options;
  options.limits.max_bytes = 1 << 20;
  Start(std::move(options));
  EXPECT_EQ(
      Set(kLoad, FileDescriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC))),
      kSetStateNoFd);
  EXPECT_EQ(Check(),
            static_cast<uint64_t>(absl::StatusCode::kResourceExhausted));
}

TEST_F(DeviceStateEngineTest, FailedLoadIsAnsweredWithItsOwnReply) {
  device_.load_result = absl::FailedPreconditionError("refused");
  device_.check_reply = uint64_t{7} << 40;
  Start();
  LoadAll("state");
  EXPECT_EQ(Check(), uint64_t{7} << 40);
  // The reply was that of one load.
  EXPECT_EQ(Check(),
            static_cast<uint64_t>(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DeviceStateEngineTest, FailedCommitIsAnsweredWithItsOwnReply) {
  device_.commit_result = absl::InternalError("not committed");
  device_.check_reply = uint64_t{7} << 40;
  Start();
  LoadAll("state");
  EXPECT_EQ(Check(), uint64_t{7} << 40);
}

TEST_F(DeviceStateEngineTest, FailureWithoutAReplyIsAnsweredWithItsCode) {
  device_.load_result = absl::FailedPreconditionError("refused");
  Start();
  LoadAll("state");
  EXPECT_EQ(Check(),
            static_cast<uint64_t>(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DeviceStateEngineTest, RefusalSaysWhy) {
  Start();
  engine_->SetDeviceStateFd(kSave, 3, MakeChannel().write_end);
  EXPECT_EQ(WaitReply().value, kSetStateRefused);
  EXPECT_THAT(engine_->failure(), StatusIs(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("phase 3")));
  engine_->SetRunning(true);
  engine_->SetDeviceStateFd(kSave, 0, MakeChannel().write_end);
  EXPECT_EQ(WaitReply().value, kSetStateRefused);
  EXPECT_THAT(engine_->failure(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("rings are running")));
}

TEST_F(DeviceStateEngineTest, OutOfDescriptorsIsARefusalAndNoWedge) {
  DeviceStateEngineOptions options;
  options.own_channel = ChannelKind::kPipe;
  Start(std::move(options));
  for (int room = 0; room < 3; ++room) {
    ChannelEnds given = MakeChannel();
    const FdRoom limit(room);
    engine_->SetDeviceStateFd(kSave, 0, std::move(given.write_end));
    const DeviceStateReply reply = WaitReply();
    EXPECT_TRUE(reply.value == 0 || reply.value == kSetStateRefused);
    const std::string got = reply.fd.valid() ? ReadAll(reply.fd.get()) : "";
    // Accepted or refused, CHECK calls it a success only if it was one.
    EXPECT_EQ(Check() == 0, got == "state") << "room for " << room;
  }
  engine_->SetDeviceStateFd(kSave, 0, MakeChannel().write_end);
  const DeviceStateReply reply = WaitReply();
  EXPECT_EQ(reply.value, 0u);
  EXPECT_EQ(ReadAll(reply.fd.get()), "state");
  EXPECT_EQ(Check(), 0u);
}

}  // namespace
}  // namespace devstate::vhost_user
