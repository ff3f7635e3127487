// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/prepared_records.h"

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;
using ::devices::fs::v1::OpenHandleRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// The flags of open handles by their ids, which are the slots.
using Handles = std::map<uint64_t, int64_t>;

// Open handles that are prepared, and what a save of them does.
class Device {
 public:
  explicit Device(bool any_order = false)
      : records_(FsState::kHandlesFieldNumber, MakeOptions(any_order)) {
    options.max_batch_records = 8;
  }

  void Set(uint64_t id, int64_t flags) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      handles_[id] = flags;
    }
    records_.Changed(id);
  }
  void Remove(uint64_t id) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      handles_.erase(id);
    }
    records_.Changed(id);
  }

  absl::Status Prepare() {
    const std::atomic<bool> go_on{false};
    return records_.Prepare(options, go_on);
  }
  PreparedRecords<FsStateCodec>& records() { return records_; }
  const Handles& handles() const { return handles_; }

  absl::Status SaveTo(FsStateWriter& writer) {
    added_.clear();
    DS_RETURN_IF_ERROR(writer.Begin(FsState()));
    DS_RETURN_IF_ERROR(records_.Save(writer));
    return writer.Finish();
  }
  std::string Save() {
    StringSink sink;
    FsStateWriter writer(&sink, options);
    EXPECT_THAT(SaveTo(writer), IsOk());
    stored_chunks = writer.stream().stored_chunks();
    return sink.written;
  }

  // The records that the last save, or what came after it, has encoded.
  const std::vector<uint64_t>& added() const { return added_; }
  // Called when records are to be encoded.
  std::function<void()> on_add;
  WriterOptions options;
  // The batches of the last save that were prepared.
  uint64_t stored_chunks = 0;

 private:
  PreparedRecords<FsStateCodec>::Options MakeOptions(bool any_order) {
    PreparedRecords<FsStateCodec>::Options result;
    result.count_slots = [this] {
      const std::lock_guard<std::mutex> lock(mutex_);
      return handles_.empty() ? 0 : handles_.rbegin()->first + 1;
    };
    result.add = [this](absl::Span<const uint64_t> slots, FsStateWriter& writer,
                        std::vector<uint64_t>& empty) -> absl::Status {
      if (on_add != nullptr) on_add();
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const uint64_t slot : slots) {
        const auto found = handles_.find(slot);
        if (found == handles_.end()) {
          empty.push_back(slot);
          continue;
        }
        added_.push_back(slot);
        DS_RETURN_IF_ERROR(Add(*found, writer));
      }
      return absl::OkStatus();
    };
    result.add_all = [this](FsStateWriter& writer) -> absl::Status {
      for (const Handles::value_type& handle : handles_) {
        DS_RETURN_IF_ERROR(Add(handle, writer));
      }
      return absl::OkStatus();
    };
    result.any_order = any_order;
    return result;
  }

  static absl::Status Add(const Handles::value_type& handle,
                          FsStateWriter& writer) {
    OpenHandleRow row;
    row.id = handle.first;
    row.inode = 1;
    row.flags = handle.second;
    return writer.AddHandles(row);
  }

  std::mutex mutex_;
  Handles handles_;
  std::vector<uint64_t> added_;
  PreparedRecords<FsStateCodec> records_;
};

class Loaded : public FsStateVisitor {
 public:
  absl::Status OnRoot(const FsState&) override { return absl::OkStatus(); }
  absl::Status OnInodes(InodesBatch&) override { return absl::OkStatus(); }
  absl::Status OnHandles(HandlesBatch& batch) override {
    OpenHandleRow row;
    while (batch.Next(&row)) {
      ids.push_back(row.id);
      if (!handles.emplace(row.id, row.flags).second) {
        return absl::AlreadyExistsError("a handle twice");
      }
    }
    return absl::OkStatus();
  }
  absl::Status OnMountPaths(MountPathsBatch&) override {
    return absl::OkStatus();
  }

  Handles handles;
  std::vector<uint64_t> ids;
};

Loaded Load(const std::string& stream) {
  StringSource source(stream);
  FsStateReader reader(&source);
  Loaded loaded;
  EXPECT_THAT(reader.Read(loaded), IsOk());
  return loaded;
}

TEST(PreparedRecords, WithoutPreparationAllRecordsAreEncodedBySaves) {
  Device device;
  for (uint64_t i = 0; i < 10; ++i) device.Set(i, 1);
  EXPECT_EQ(Load(device.Save()).handles, device.handles());
  EXPECT_EQ(device.stored_chunks, 0);
}

TEST(PreparedRecords, PreparedSaveHasTheBytesOfOneWithSmallerBatches) {
  Device device;
  for (uint64_t i = 0; i < 10; ++i) device.Set(i, static_cast<int64_t>(i));
  device.options.max_batch_records /= 2;
  const std::string plain = device.Save();
  device.options.max_batch_records *= 2;
  ASSERT_THAT(device.Prepare(), IsOk());
  EXPECT_EQ(device.Save(), plain);
  EXPECT_EQ(device.stored_chunks, 3);
  EXPECT_THAT(device.added(), IsEmpty());
  // And it can be done again.
  EXPECT_EQ(device.Save(), plain);
}

TEST(PreparedRecords, SaveEncodesTheBatchesThatHaveChanged) {
  Device device;
  for (uint64_t i = 0; i < 14; ++i) device.Set(i, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.Set(5, 2);
  device.Remove(12);
  const Loaded loaded = Load(device.Save());
  EXPECT_EQ(loaded.handles, device.handles());
  EXPECT_TRUE(std::is_sorted(loaded.ids.begin(), loaded.ids.end()));
  EXPECT_THAT(device.added(), ElementsAre(4, 5, 6, 7, 13));
  EXPECT_EQ(device.stored_chunks, 2);
}

TEST(PreparedRecords, NewRecordBehindTheLastSlotIsSaved) {
  Device device;
  for (uint64_t i = 0; i < 16; ++i) device.Set(i, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.Set(100, 7);
  EXPECT_EQ(Load(device.Save()).handles, device.handles());
}

TEST(PreparedRecords, ChangeWhileItsBatchIsEncodedIsOfTheNextGeneration) {
  Device device;
  for (uint64_t i = 0; i < 8; ++i) device.Set(i, 1);
  device.on_add = [&device] {
    device.on_add = nullptr;
    device.records().Changed(6);
  };
  ASSERT_THAT(device.Prepare(), IsOk());
  device.Save();
  EXPECT_THAT(device.added(), ElementsAre(4, 5, 6, 7));
}

TEST(PreparedRecords, RecordThatChangesOftenLeavesItsBatchWhereOrderIsFree) {
  Device device(/*any_order=*/true);
  for (uint64_t i = 0; i < 32; ++i) device.Set(i, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.Set(5, 2);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.Set(5, 3);
  const Loaded loaded = Load(device.Save());
  EXPECT_EQ(loaded.handles, device.handles());
  EXPECT_EQ(loaded.ids.back(), 5);
  EXPECT_THAT(device.added(), ElementsAre(5));
  EXPECT_EQ(device.stored_chunks, 8);
}

TEST(PreparedRecords, ManyRecordsThatChangeOftenGoBackToTheirBatches) {
  Device device(/*any_order=*/true);
  for (uint64_t i = 0; i < 64; ++i) device.Set(i, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.Set(5, 2);
  ASSERT_THAT(device.Prepare(), IsOk());
  for (uint64_t i = 20; i < 24; ++i) device.Set(i, 2);
  ASSERT_THAT(device.Prepare(), IsOk());
  const Loaded loaded = Load(device.Save());
  EXPECT_EQ(loaded.handles, device.handles());
  EXPECT_TRUE(std::is_sorted(loaded.ids.begin(), loaded.ids.end()));
  EXPECT_EQ(device.stored_chunks, 16);
}

TEST(PreparedRecords, PreparationThatIsStoppedLeavesTheRestToTheSave) {
  Device device;
  for (uint64_t i = 0; i < 12; ++i) device.Set(i, 1);
  std::atomic<bool> stop{false};
  int batches = 0;
  device.on_add = [&] { stop = ++batches == 2; };
  ASSERT_THAT(device.records().Prepare(device.options, stop), IsOk());
  EXPECT_EQ(batches, 2);
  EXPECT_EQ(Load(device.Save()).handles, device.handles());
  EXPECT_EQ(device.stored_chunks, 2);
}

TEST(PreparedRecords, WhatIsForgottenIsEncodedBySaves) {
  Device device;
  for (uint64_t i = 0; i < 8; ++i) device.Set(i, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.records().Forget();
  device.Set(2, 9);
  EXPECT_EQ(Load(device.Save()).handles, device.handles());
  EXPECT_EQ(device.stored_chunks, 0);
}

TEST(PreparedRecords, RoundsTakeNoPreparedBatches) {
  Device device;
  for (uint64_t i = 0; i < 8; ++i) device.Set(i, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  StringSink sink;
  FsStateWriter writer(&sink, device.options);
  writer.StartInRounds();
  ASSERT_THAT(writer.Begin(FsState()), IsOk());
  EXPECT_THAT(device.records().Save(writer), IsOk());
  EXPECT_THAT(writer.EndRound(), IsOk());
  EXPECT_EQ(writer.stream().stored_chunks(), 0);
}

TEST(PreparedRecords, RecordThatCannotBeSavedFailsTheSaveAndNotForEver) {
  Device device;
  for (uint64_t i = 0; i < 8; ++i) device.Set(i, 1);
  device.options.limits.max_batch_memory = 1;
  EXPECT_THAT(device.Prepare(), StatusIs(absl::StatusCode::kResourceExhausted));
  StringSink sink;
  FsStateWriter writer(&sink, device.options);
  EXPECT_THAT(device.SaveTo(writer),
              StatusIs(absl::StatusCode::kResourceExhausted));
  device.options.limits = Limits();
  EXPECT_THAT(device.Prepare(), IsOk());
  EXPECT_EQ(Load(device.Save()).handles, device.handles());
}

TEST(PreparedRecords, SlotThatCannotBeMarkedIsSavedAllTheSame) {
  Device device;
  device.Set(1, 1);
  ASSERT_THAT(device.Prepare(), IsOk());
  device.records().Changed(ChangedSlots::kMaxSlots);
  device.Set(1, 2);
  EXPECT_THAT(Load(device.Save()).handles, ElementsAre(Pair(1, 2)));
}

// Whatever is changed, prepared, stopped and forgotten, in any order: a save is
// the device's records.
TEST(PreparedRecords, RandomHistoriesAreSavedAsTheModelHasThem) {
  constexpr int kHistories = 10000;
  constexpr int kSteps = 24;
  uint64_t prepared = 0;
  for (int history = 0; history < kHistories; ++history) {
    SCOPED_TRACE(history);
    std::mt19937 random(static_cast<uint32_t>(history));
    const auto below = [&random](uint32_t bound) { return random() % bound; };
    Device device(/*any_order=*/history % 2 == 1);
    device.options.compression =
        history % 3 == 0 ? Compression::Raw() : Compression::Zstd(1);
    const uint64_t slots = 1 + below(60);
    for (uint64_t i = 0; i < slots; ++i) {
      if (below(8) != 0) device.Set(i, 0);
    }
    for (int step = 0; step < kSteps; ++step) {
      switch (below(12)) {
        case 0:
          ASSERT_THAT(device.Prepare(), IsOk());
          break;
        case 1: {
          std::atomic<bool> stop{false};
          uint32_t batches = below(6);
          device.on_add = [&] { stop = batches-- == 0; };
          ASSERT_THAT(device.records().Prepare(device.options, stop), IsOk());
          device.on_add = nullptr;
          break;
        }
        case 2:
          if (below(4) == 0) device.records().Forget();
          break;
        case 3: {
          ASSERT_EQ(Load(device.Save()).handles, device.handles());
          prepared += device.stored_chunks;
          break;
        }
        case 4:
        case 5:
          device.Remove(below(static_cast<uint32_t>(slots)));
          break;
        case 6:
          device.Set(slots + below(20), step);
          break;
        default:
          device.Set(below(static_cast<uint32_t>(slots)), step);
      }
    }
    ASSERT_EQ(Load(device.Save()).handles, device.handles());
    prepared += device.stored_chunks;
  }
  // Else the histories would show nothing.
  EXPECT_GT(prepared, kHistories);
}

TEST(PreparedRecords, DeviceThatChangesMeanwhileIsSavedAsItIsAtTheEnd) {
  Device device(/*any_order=*/true);
  for (uint64_t i = 0; i < 200; ++i) device.Set(i, 0);
  ASSERT_THAT(device.Prepare(), IsOk());
  std::atomic<bool> running{true};
  std::thread guest([&] {
    std::mt19937 random(1);
    for (int64_t i = 1; i <= 5000; ++i) {
      const uint64_t id = random() % 220;
      if (random() % 4 == 0) {
        device.Remove(id);
      } else {
        device.Set(id, i);
      }
    }
    running = false;
  });
  while (running) ASSERT_THAT(device.Prepare(), IsOk());
  guest.join();
  EXPECT_EQ(Load(device.Save()).handles, device.handles());
}

}  // namespace
}  // namespace devstate
