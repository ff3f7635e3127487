// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vfio/migration_session.h"

#include <random>
#include <string>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vfio/fake_migration_device.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vfio {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using State = MigrationState;

constexpr absl::StatusCode kNotNow = absl::StatusCode::kFailedPrecondition;

class MigrationSessionTest : public ::testing::Test {
 protected:
  MigrationSessionTest() : session_(&device_) {}
  ~MigrationSessionTest() override { EXPECT_EQ(device_.breaches, 0); }

  absl::Status Set(State target) {
    return session_.SetState(static_cast<uint32_t>(target));
  }

  // Reads up to `size` bytes.
  std::string Read(size_t size) {
    std::string bytes(size, '\0');
    const absl::StatusOr<DataRead> read = session_.ReadData(&bytes[0], size);
    EXPECT_THAT(read, IsOk());
    if (!read.ok()) return "";
    EXPECT_EQ(read->kind == DataRead::Kind::kBytes, read->size != 0);
    kind_ = read->kind;
    return bytes.substr(0, read->size);
  }

  FakeMigrationDevice device_;
  MigrationSession session_;
  DataRead::Kind kind_ = DataRead::Kind::kEnd;
};

TEST_F(MigrationSessionTest, AStoppedDeviceIsReadToItsEnd) {
  ASSERT_THAT(Set(State::kStopCopy), IsOk());
  EXPECT_FALSE(device_.running());
  EXPECT_EQ(Read(9), "the state");
  EXPECT_EQ(Read(100), " of a device");
  EXPECT_EQ(Read(100), "");
  EXPECT_EQ(kind_, DataRead::Kind::kEnd);
  ASSERT_THAT(Set(State::kStop), IsOk());
  EXPECT_FALSE(device_.saving());
}

TEST_F(MigrationSessionTest, PreCopyEndsForNowAndGoesOnAfterTheStop) {
  device_.state = "first";
  ASSERT_THAT(Set(State::kPreCopy), IsOk());
  EXPECT_TRUE(device_.running());
  EXPECT_EQ(session_.CountPreCopy()->initial, 5u);
  EXPECT_EQ(session_.CountPreCopy()->dirty, 0u);
  EXPECT_EQ(Read(100), "first");
  EXPECT_EQ(Read(100), "");
  EXPECT_EQ(kind_, DataRead::Kind::kNoMessage);
  device_.Change(" second");
  EXPECT_EQ(session_.CountPreCopy()->initial, 0u);
  EXPECT_EQ(session_.CountPreCopy()->dirty, 7u);
  EXPECT_EQ(Read(100), " second");
  device_.Change(" last");
  ASSERT_THAT(Set(State::kStopCopy), IsOk());
  EXPECT_FALSE(device_.running());
  EXPECT_EQ(Read(100), " last");
  EXPECT_EQ(Read(100), "");
  EXPECT_EQ(kind_, DataRead::Kind::kEnd);
  EXPECT_THAT(session_.CountPreCopy(), StatusIs(kNotNow));
}

TEST_F(MigrationSessionTest, ASaveIsCancelledByTheWayBack) {
  ASSERT_THAT(Set(State::kPreCopy), IsOk());
  ASSERT_THAT(Set(State::kRunning), IsOk());
  EXPECT_TRUE(device_.running());
  EXPECT_FALSE(device_.saving());
  ASSERT_THAT(Set(State::kPreCopy), IsOk());
  ASSERT_THAT(Set(State::kStopCopy), IsOk());
  ASSERT_THAT(Set(State::kRunning), IsOk());
  EXPECT_TRUE(device_.running());
  EXPECT_FALSE(device_.saving());
}

TEST_F(MigrationSessionTest, ALoadIsInForceWhenResumingIsLeft) {
  ASSERT_THAT(Set(State::kResuming), IsOk());
  ASSERT_THAT(session_.WriteData("new "), IsOk());
  ASSERT_THAT(session_.WriteData("state"), IsOk());
  EXPECT_EQ(device_.state, "the state of a device");
  ASSERT_THAT(Set(State::kRunning), IsOk());
  EXPECT_EQ(device_.state, "new state");
  EXPECT_TRUE(device_.running());
}

TEST_F(MigrationSessionTest, ARefusedLoadIsAnErrorThatAResetAloneLeaves) {
  ASSERT_THAT(Set(State::kResuming), IsOk());
  ASSERT_THAT(session_.WriteData("!no state"), IsOk());
  EXPECT_THAT(Set(State::kRunning), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(session_.state(), State::kError);
  EXPECT_FALSE(device_.running());
  for (const State target : kMigrationStates) {
    if (target == State::kError) continue;
    EXPECT_THAT(Set(target), StatusIs(kNotNow));
  }
  session_.Reset();
  EXPECT_EQ(session_.state(), State::kRunning);
  EXPECT_EQ(device_.state, "the state of a device");
  ASSERT_THAT(Set(State::kResuming), IsOk());
  ASSERT_THAT(session_.WriteData("good"), IsOk());
  ASSERT_THAT(Set(State::kStop), IsOk());
  EXPECT_EQ(device_.state, "good");
}

TEST_F(MigrationSessionTest, DataMovesInItsStatesAlone) {
  char byte;
  for (const State state : {State::kRunning, State::kStop, State::kResuming}) {
    ASSERT_THAT(Set(state), IsOk());
    EXPECT_THAT(session_.ReadData(&byte, 1), StatusIs(kNotNow));
    EXPECT_THAT(session_.CountPreCopy(), StatusIs(kNotNow));
  }
  ASSERT_THAT(session_.WriteData("x"), IsOk());
  for (const State state : {State::kRunning, State::kStop, State::kStopCopy}) {
    ASSERT_THAT(Set(state), IsOk());
    EXPECT_THAT(session_.WriteData("x"), StatusIs(kNotNow));
  }
}

TEST_F(MigrationSessionTest, AnArcThatFailsLeavesTheStateWhereItIs) {
  device_.fault = absl::InternalError("broken");
  EXPECT_THAT(Set(State::kStopCopy), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(session_.state(), State::kRunning);
  EXPECT_THAT(Set(State::kPreCopy), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(session_.state(), State::kRunning);
  device_.fault = absl::OkStatus();
  ASSERT_THAT(Set(State::kPreCopy), IsOk());
  device_.fault = absl::InternalError("broken");
  EXPECT_THAT(Set(State::kStopCopy), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(session_.state(), State::kPreCopy);
  // The way back has an arc that cannot fail, then one that does.
  EXPECT_THAT(Set(State::kStop), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(session_.state(), State::kRunning);
}

TEST_F(MigrationSessionTest, WhatIsNoStateIsRefused) {
  for (const uint32_t number : {5u, 7u, 8u, 0xffffffffu}) {
    EXPECT_THAT(session_.SetState(number),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(Set(State::kError), StatusIs(kNotNow));
  device_.pre_copy = false;
  EXPECT_THAT(Set(State::kPreCopy), StatusIs(kNotNow));
  EXPECT_EQ(session_.state(), State::kRunning);
}

TEST_F(MigrationSessionTest, StopCopyDoesNotGoBackToPreCopy) {
  ASSERT_THAT(Set(State::kStopCopy), IsOk());
  EXPECT_THAT(Set(State::kPreCopy), StatusIs(kNotNow));
  EXPECT_TRUE(device_.saving());
}

TEST_F(MigrationSessionTest, AResetEndsWhatIsUnderWay) {
  for (const State state :
       {State::kPreCopy, State::kStopCopy, State::kResuming, State::kStop}) {
    ASSERT_THAT(Set(state), IsOk());
    session_.Reset();
    EXPECT_EQ(session_.state(), State::kRunning);
    EXPECT_TRUE(device_.running());
    EXPECT_FALSE(device_.saving() || device_.loading());
  }
}

TEST_F(MigrationSessionTest, RandomWalksKeepTheOrderOfCalls) {
  std::mt19937 random(16);
  int loads = 0;
  for (int step = 0; step < 100000; ++step) {
    const bool faulty = random() % 8 == 0;
    device_.fault = faulty ? absl::InternalError("broken") : absl::OkStatus();
    char buffer[4];
    switch (random() % 8) {
      case 0:
        session_.ReadData(buffer, sizeof(buffer)).IgnoreError();
        break;
      case 1:
        session_.WriteData(random() % 2 == 0 ? "x" : "!").IgnoreError();
        break;
      case 2:
        if (random() % 8 == 0) session_.Reset();
        break;
      default:
        loads += session_.state() == State::kResuming;
        session_.SetState(random() % 9).IgnoreError();
    }
    ASSERT_EQ(device_.breaches, 0) << step;
    ASSERT_EQ(device_.saving(), IsSaving(session_.state()));
    ASSERT_EQ(device_.loading(), IsLoading(session_.state()));
    if (session_.state() == State::kRunning ||
        session_.state() == State::kPreCopy) {
      ASSERT_TRUE(device_.running());
    } else {
      ASSERT_FALSE(device_.running());
    }
  }
  EXPECT_GT(loads, 1000);
}

}  // namespace
}  // namespace devstate::vfio
