// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States in rounds from one device that runs to another (docs/rounds.md).

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/serializer/stream_push_reader.h"
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
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::MountPathsBatch;
using ::devices::fs::v1::OpenHandleRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::ElementsAre;
using ::testing::Pair;

// What a device has: the flags of open handles by their ids, which change in
// rounds, and records that do not.
struct Content {
  std::map<uint64_t, int64_t> handles;
  std::map<uint64_t, std::string> mounts;
  uint64_t next_handle = 0;

  friend bool operator==(const Content& a, const Content& b) {
    return a.handles == b.handles && a.mounts == b.mounts &&
           a.next_handle == b.next_handle;
  }
};

class Device : public StateDevice<FsStateCodec> {
 public:
  Device() : records_(FsState::kHandlesFieldNumber, MakeOptions()) {}

  void Set(uint64_t id, int64_t flags) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      content_.handles[id] = flags;
      ++content_.next_handle;
    }
    records_.Changed(id);
  }
  void Remove(uint64_t id) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      content_.handles.erase(id);
    }
    records_.Changed(id);
  }
  Content& content() { return content_; }

  std::optional<std::vector<std::string>> UsedFeatures() const override {
    return std::vector<std::string>();
  }
  absl::Status SaveState(FsStateWriter& writer) override {
    DS_RETURN_IF_ERROR(writer.Begin(Root()));
    DS_RETURN_IF_ERROR(records_.Save(writer));
    return SaveMounts(writer);
  }
  std::vector<PreparedField*> Prepared() override { return {&records_}; }
  absl::Status SaveRound(FsStateWriter& writer, bool last) override {
    FsState root;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      root = Root();
    }
    DS_RETURN_IF_ERROR(writer.BeginRound(root));
    DS_RETURN_IF_ERROR(records_.SaveRound(writer));
    if (during_round) during_round();
    return last ? SaveMounts(writer) : absl::OkStatus();
  }
  std::unique_ptr<StagedState<FsStateCodec>> StageLoad() override {
    return std::make_unique<Staged>(*this);
  }

  // Called at the end of each round. Default: none.
  std::function<void()> during_round;
  bool looks_ahead = false;
  // What it has seen ahead, and the rounds that were complete.
  std::vector<std::pair<uint64_t, int64_t>> ahead;
  int complete_rounds = 0;

 private:
  class Staged : public StagedState<FsStateCodec> {
   public:
    explicit Staged(Device& device) : device_(device) {}
    absl::Status OnRoot(const FsState& root) override {
      whole_ = true;
      content_.next_handle = root.next_handle();
      return absl::OkStatus();
    }
    absl::Status OnInodes(InodesBatch&) override { return absl::OkStatus(); }
    absl::Status OnHandles(HandlesBatch& batch) override {
      OpenHandleRow row;
      while (batch.Next(&row)) {
        if (device_.looks_ahead && !whole_) {
          device_.ahead.emplace_back(row.id, row.flags);
        } else if (!content_.handles.emplace(row.id, row.flags).second) {
          return absl::AlreadyExistsError("a handle twice");
        }
      }
      return absl::OkStatus();
    }
    absl::Status OnMountPaths(MountPathsBatch& batch) override {
      if (device_.looks_ahead && !whole_) return absl::OkStatus();
      MountPathRow row;
      while (batch.Next(&row)) {
        content_.mounts.emplace(row.mount_id, std::string(row.path));
      }
      return absl::OkStatus();
    }
    bool LooksAhead() const override { return device_.looks_ahead; }
    void OnRoundComplete() override { ++device_.complete_rounds; }
    absl::Status Prepare() override { return absl::OkStatus(); }
    absl::Status Commit() override {
      device_.content_ = std::move(content_);
      return absl::OkStatus();
    }

   private:
    Device& device_;
    Content content_;
    bool whole_ = false;
  };

  FsState Root() const {
    FsState root;
    root.set_next_handle(content_.next_handle);
    return root;
  }
  absl::Status SaveMounts(FsStateWriter& writer) const {
    for (const auto& [id, path] : content_.mounts) {
      DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{id, path}));
    }
    return absl::OkStatus();
  }
  static absl::Status Add(uint64_t id, int64_t flags, FsStateWriter& writer) {
    OpenHandleRow row;
    row.id = id;
    row.inode = 1;
    row.flags = flags;
    return writer.AddHandles(row);
  }
  PreparedRecords<FsStateCodec>::Options MakeOptions() {
    PreparedRecords<FsStateCodec>::Options options;
    options.count_slots = [this]() -> uint64_t {
      const std::lock_guard<std::mutex> lock(mutex_);
      return content_.handles.empty() ? 0
                                      : content_.handles.rbegin()->first + 1;
    };
    options.add = [this](absl::Span<const uint64_t> slots,
                         FsStateWriter& writer,
                         std::vector<uint64_t>& empty) -> absl::Status {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const uint64_t slot : slots) {
        const auto found = content_.handles.find(slot);
        if (found == content_.handles.end()) {
          empty.push_back(slot);
          continue;
        }
        DS_RETURN_IF_ERROR(Add(slot, found->second, writer));
      }
      return absl::OkStatus();
    };
    options.add_all = [this](FsStateWriter& writer) -> absl::Status {
      for (const auto& [id, flags] : content_.handles) {
        DS_RETURN_IF_ERROR(Add(id, flags, writer));
      }
      return absl::OkStatus();
    };
    options.remove = [](absl::Span<const uint64_t> slots,
                        FsStateWriter& writer) -> absl::Status {
      for (const uint64_t slot : slots) {
        OpenHandleRow row;
        row.id = slot;
        DS_RETURN_IF_ERROR(writer.DeleteHandles(row));
      }
      return absl::OkStatus();
    };
    return options;
  }

  std::mutex mutex_;
  Content content_;
  PreparedRecords<FsStateCodec> records_;
};

class RoundsTest : public ::testing::Test {
 protected:
  RoundsTest() : source_(&source_device_), destination_(&device_) {
    source_device_.content().mounts = {{1, "."}, {2, "a/b"}};
  }

  uint64_t Round() {
    const absl::StatusOr<uint64_t> dirty = source_.SaveRound(sink_, false);
    EXPECT_THAT(dirty, IsOk());
    return dirty.ok() ? *dirty : 0;
  }
  void LastRound() { EXPECT_THAT(source_.SaveRound(sink_, true), IsOk()); }
  absl::Status Load(const std::string& stream) {
    StringSource source(stream);
    absl::Status status =
        destination_
            .LoadRounds(source,
                        [this](uint32_t round) { rounds_.push_back(round); })
            .status;
    if (status.ok()) status = destination_.Commit().status;
    if (!status.ok()) destination_.Discard();
    return status;
  }

  Device source_device_;
  Device device_;
  StringSink sink_;
  std::vector<uint32_t> rounds_;
  StateHandler<FsStateCodec> source_;
  StateHandler<FsStateCodec> destination_;
};

TEST_F(RoundsTest, RoundsOfADeviceThatChangesAreItsStateAtTheLast) {
  source_device_.Set(1, 10);
  source_device_.Set(2, 20);
  Round();
  source_device_.Set(2, 21);
  source_device_.Set(7, 70);
  source_device_.Remove(1);
  Round();
  Round();
  source_device_.Remove(7);
  source_device_.content().mounts = {{3, "c"}};
  LastRound();
  ASSERT_THAT(Load(sink_.written), IsOk());
  EXPECT_TRUE(device_.content() == source_device_.content());
  EXPECT_THAT(rounds_, ElementsAre(1, 2, 3));
}

TEST_F(RoundsTest, TheLastRoundMayBeTheFirst) {
  source_device_.Set(1, 10);
  LastRound();
  ASSERT_THAT(Load(sink_.written), IsOk());
  EXPECT_TRUE(device_.content() == source_device_.content());
}

TEST_F(RoundsTest, WhatWasNeverSentIsNotDeleted) {
  Round();
  source_device_.Set(3, 1);
  source_device_.Remove(3);
  Round();
  source_device_.Set(3, 2);
  Round();
  source_device_.Remove(3);
  Round();
  source_device_.Remove(3);
  LastRound();
  ASSERT_THAT(Load(sink_.written), IsOk());
  EXPECT_TRUE(device_.content() == source_device_.content());
}

TEST_F(RoundsTest, ARoundSaysAboutHowManyBytesHaveChangedSince) {
  for (uint64_t id = 0; id < 1000; ++id) source_device_.Set(id, 1);
  EXPECT_EQ(Round(), 0u);
  const size_t first_round = sink_.written.size();
  source_device_.during_round = [this] {
    for (uint64_t id = 0; id < 500; ++id) source_device_.Set(id, 2);
  };
  EXPECT_NEAR(static_cast<double>(Round()),
              static_cast<double>(first_round) / 2, 1);
  source_device_.during_round = nullptr;
  EXPECT_EQ(Round(), 0u);
}

TEST_F(RoundsTest, ADeviceThatLooksAheadSeesEachRoundAndThenTheWhole) {
  device_.looks_ahead = true;
  source_device_.Set(1, 10);
  source_device_.Set(2, 20);
  Round();
  source_device_.Set(2, 21);
  source_device_.Remove(1);
  Round();
  source_device_.Set(3, 30);
  LastRound();
  ASSERT_THAT(Load(sink_.written), IsOk());
  EXPECT_THAT(device_.ahead,
              ElementsAre(Pair(1, 10), Pair(2, 20), Pair(2, 21), Pair(3, 30)));
  EXPECT_EQ(device_.complete_rounds, 2);
  EXPECT_TRUE(device_.content() == source_device_.content());
}

TEST_F(RoundsTest, RoundsThatArePushedByteByByteAreALoad) {
  device_.looks_ahead = true;
  source_device_.Set(1, 10);
  Round();
  source_device_.Set(1, 11);
  LastRound();
  PushSource source;
  std::vector<uint32_t> rounds;
  StreamPushReader push(&source, [&] {
    return destination_
        .LoadRounds(source,
                    [&rounds](uint32_t round) { rounds.push_back(round); })
        .status;
  });
  for (const char& byte : sink_.written) {
    ASSERT_THAT(push.Push({&byte, 1}), IsOk());
  }
  ASSERT_THAT(push.Finish(), IsOk());
  ASSERT_THAT(destination_.Commit().status, IsOk());
  EXPECT_THAT(rounds, ElementsAre(1));
  EXPECT_TRUE(device_.content() == source_device_.content());
}

TEST_F(RoundsTest, AStreamThatIsCutAnywhereLeavesTheDeviceAsItWas) {
  device_.looks_ahead = true;
  device_.content().handles = {{99, 99}};
  source_device_.Set(1, 10);
  Round();
  source_device_.Set(2, 20);
  Round();
  source_device_.Remove(1);
  LastRound();
  const Content before = device_.content();
  for (size_t size = 0; size < sink_.written.size(); ++size) {
    ASSERT_FALSE(Load(sink_.written.substr(0, size)).ok()) << size;
    ASSERT_TRUE(device_.content() == before) << size;
  }
  ASSERT_THAT(Load(sink_.written), IsOk());
}

TEST_F(RoundsTest, ABitThatIsFlippedAnywhereLeavesTheDeviceAsItWas) {
  device_.looks_ahead = true;
  source_device_.Set(1, 10);
  Round();
  source_device_.Set(1, 11);
  source_device_.Set(2, 20);
  LastRound();
  const Content before = device_.content();
  for (size_t i = 0; i < sink_.written.size(); ++i) {
    std::string damaged = sink_.written;
    damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
    ASSERT_FALSE(Load(damaged).ok()) << i;
    ASSERT_TRUE(device_.content() == before) << i;
  }
}

TEST_F(RoundsTest, AfterRoundsThatWereGivenUpASaveIsOneAsEver) {
  source_device_.Set(1, 10);
  source_.SetMigrating(true);
  Round();
  source_device_.Set(1, 11);
  source_.EndRounds();
  source_device_.Set(1, 12);
  StringSink sink;
  ASSERT_THAT(source_.Save(sink), IsOk());
  ASSERT_THAT(Load(sink.written), IsOk());
  EXPECT_TRUE(device_.content() == source_device_.content());
  EXPECT_TRUE(rounds_.empty());
}

TEST_F(RoundsTest, AllFeaturesThatMayComeAreNamed) {
  Round();
  LastRound();
  StringSource source(sink_.written);
  FsStateReader reader(&source);
  const auto& features = (*reader.ReadHeader())->used_features;
  EXPECT_EQ(std::vector<std::string>(features.begin(), features.end()),
            std::vector<std::string>{"FUSE_POSIX_LOCKS"});
}

TEST_F(RoundsTest, AnotherVersionIsNotSavedInRounds) {
  StateOptions options;
  options.save_version = {SaveVersion::Choice::kPinned, 1};
  StateHandler<FsStateCodec> pinned(&source_device_, std::move(options));
  EXPECT_THAT(pinned.SaveRound(sink_, false),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(sink_.written, "");
}

TEST_F(RoundsTest, AnErrorEndsTheRounds) {
  Round();
  source_device_.Prepared()[0]->Changed(ChangedSlots::kMaxSlots);
  EXPECT_THAT(source_.SaveRound(sink_, true),
              StatusIs(absl::StatusCode::kResourceExhausted));
  StringSink sink;
  ASSERT_THAT(source_.Save(sink), IsOk());
  EXPECT_THAT(Load(sink.written), IsOk());
}

// A guest that changes the device on a thread of its own, during all rounds but
// the last.
TEST_F(RoundsTest, ChangesOfAnotherThreadAreNotLost) {
  std::thread guest([this] {
    std::mt19937 random(7);
    for (int i = 0; i < 20000; ++i) {
      const uint64_t id = random() % 5000;
      if (random() % 3 == 0) {
        source_device_.Remove(id);
      } else {
        source_device_.Set(id, static_cast<int64_t>(random() % 1000));
      }
    }
  });
  for (int i = 0; i < 20; ++i) Round();
  guest.join();
  LastRound();
  ASSERT_THAT(Load(sink_.written), IsOk());
  EXPECT_TRUE(device_.content() == source_device_.content());
}

// Changes, rounds, rounds that are given up, whole saves, loads that are cut:
// what is loaded is what the device has, and nothing is loaded otherwise.
TEST_F(RoundsTest, RandomHistoriesEndAsTheModelOrAsBefore) {
  std::mt19937 random(20261130);
  int loaded = 0;
  for (int history = 0; history < 10000; ++history) {
    device_.looks_ahead = random() % 2 == 0;
    sink_.written.clear();
    bool in_rounds = false;
    for (int step = 0, steps = random() % 12; step < steps; ++step) {
      const uint64_t id = random() % 12;
      switch (random() % 8) {
        case 0:
        case 1:
        case 2:
          source_device_.Set(id, static_cast<int64_t>(random() % 100));
          break;
        case 3:
          source_device_.Remove(id);
          break;
        case 4:
        case 5:
          Round();
          in_rounds = true;
          break;
        case 6:
          source_.EndRounds();
          sink_.written.clear();
          in_rounds = false;
          break;
        default:
          source_device_.content().mounts = {{random() % 3, "x"}};
      }
    }
    std::string stream;
    if (in_rounds || random() % 2 == 0) {
      LastRound();
      stream = sink_.written;
    } else {
      StringSink whole;
      ASSERT_THAT(source_.Save(whole), IsOk());
      stream = whole.written;
    }
    const Content before = device_.content();
    if (random() % 4 == 0) {
      ASSERT_FALSE(Load(stream.substr(0, random() % stream.size())).ok());
      ASSERT_TRUE(device_.content() == before) << history;
      continue;
    }
    ASSERT_THAT(Load(stream), IsOk()) << history;
    ASSERT_TRUE(device_.content() == source_device_.content()) << history;
    ++loaded;
  }
  EXPECT_GT(loaded, 5000);
}

// A device that has no rounds.
class PlainDevice : public Device {
 public:
  absl::Status SaveRound(FsStateWriter& writer, bool last) override {
    return StateDevice::SaveRound(writer, last);
  }
};

TEST_F(RoundsTest, ADeviceWithoutRoundsSaysSo) {
  PlainDevice plain;
  StateHandler<FsStateCodec> handler(&plain);
  EXPECT_THAT(handler.SaveRound(sink_, false),
              StatusIs(absl::StatusCode::kUnimplemented));
}

}  // namespace
}  // namespace devstate
