// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/preparation.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::OpenHandleRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::StringSink;

constexpr uint64_t kHandles = 10;

// A device with a few open handles, two a batch.
class Device : public StateDevice<FsStateCodec> {
 public:
  Device() : handles_(FsState::kHandlesFieldNumber, MakeOptions()) {}

  std::optional<std::vector<std::string>> UsedFeatures() const override {
    return std::vector<std::string>();
  }
  absl::Status SaveState(FsStateWriter& writer) override {
    DS_RETURN_IF_ERROR(writer.Begin(FsState()));
    if (on_save != nullptr) on_save();
    return handles_.Save(writer);
  }
  std::vector<PreparedField*> Prepared() override { return {&handles_}; }
  std::unique_ptr<StagedState<FsStateCodec>> StageLoad() override {
    return nullptr;
  }

  PreparedRecords<FsStateCodec>& handles() { return handles_; }
  // Called in each save.
  std::function<void()> on_save;
  // Waits until so many batches have been encoded, or are the one under way.
  void AwaitBatches(int batches) {
    std::unique_lock<std::mutex> lock(mutex_);
    added_.wait(lock, [&] { return batches_ >= batches; });
  }

 private:
  static absl::Status Add(uint64_t id, FsStateWriter& writer) {
    OpenHandleRow row;
    row.id = id;
    row.inode = 1;
    return writer.AddHandles(row);
  }
  PreparedRecords<FsStateCodec>::Options MakeOptions() {
    PreparedRecords<FsStateCodec>::Options options;
    options.count_slots = [] { return kHandles; };
    options.add = [this](absl::Span<const uint64_t> slots,
                         FsStateWriter& writer,
                         std::vector<uint64_t>&) -> absl::Status {
      for (const uint64_t slot : slots) DS_RETURN_IF_ERROR(Add(slot, writer));
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++batches_;
      }
      added_.notify_all();
      return absl::OkStatus();
    };
    options.add_all = [](FsStateWriter& writer) -> absl::Status {
      for (uint64_t i = 0; i < kHandles; ++i) {
        DS_RETURN_IF_ERROR(Add(i, writer));
      }
      return absl::OkStatus();
    };
    return options;
  }

  std::mutex mutex_;
  std::condition_variable added_;
  int batches_ = 0;
  PreparedRecords<FsStateCodec> handles_;
};

class PreparationTest : public ::testing::Test {
 protected:
  PreparationTest() : handler_(&device_, Options()) {}

  StateOptions Options() {
    StateOptions options;
    options.writer.max_batch_records = 4;
    options.report = [this](const StateReport& report) { report_ = report; };
    return options;
  }

  // Returns how many of the batches of a save were prepared.
  uint64_t Save() {
    StringSink sink;
    EXPECT_THAT(handler_.Save(sink), IsOk());
    EXPECT_EQ(report_.records, kHandles);
    return report_.prepared_chunks;
  }

  Device device_;
  StateReport report_;
  StateHandler<FsStateCodec> handler_;
};

TEST_F(PreparationTest, SaveWithoutAMigrationIsNotPrepared) {
  EXPECT_EQ(Save(), 0);
}

TEST_F(PreparationTest, SaveOfAMigrationIsPrepared) {
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  EXPECT_EQ(Save(), 5);
  // The guest may go on, and another save come.
  EXPECT_EQ(Save(), 5);
}

TEST_F(PreparationTest, ChangesAreEncodedAgainWhileTheDeviceRuns) {
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  device_.handles().Changed(3);
  device_.AwaitBatches(6);
  EXPECT_EQ(Save(), 5);
}

TEST_F(PreparationTest, ChangesAfterTheSaveHasBegunAreOfTheNext) {
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  EXPECT_EQ(Save(), 5);
  device_.handles().Changed(3);
  EXPECT_EQ(Save(), 4);
}

TEST_F(PreparationTest, CancelledMigrationIsForgotten) {
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  handler_.SetMigrating(false);
  EXPECT_EQ(Save(), 0);
  handler_.SetMigrating(true);
  device_.AwaitBatches(10);
  EXPECT_EQ(Save(), 5);
}

TEST_F(PreparationTest, MigrationThatIsToldTwiceIsPreparedOnce) {
  handler_.SetMigrating(true);
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  EXPECT_EQ(Save(), 5);
}

TEST_F(PreparationTest, MigrationThatIsCancelledInItsSaveIsForgottenAfterIt) {
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  device_.on_save = [this] { handler_.SetMigrating(false); };
  EXPECT_EQ(Save(), 5);
  device_.on_save = nullptr;
  EXPECT_EQ(Save(), 0);
}

TEST_F(PreparationTest, NextMigrationMayBeginInTheSaveOfTheLast) {
  handler_.SetMigrating(true);
  device_.AwaitBatches(5);
  device_.on_save = [this] {
    handler_.SetMigrating(false);
    handler_.SetMigrating(true);
  };
  EXPECT_EQ(Save(), 5);
  device_.on_save = nullptr;
  device_.AwaitBatches(10);
  EXPECT_EQ(Save(), 5);
}

TEST_F(PreparationTest, HandlerMayEndWhileItPrepares) {
  handler_.SetMigrating(true);
}

}  // namespace
}  // namespace devstate
