// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/kept_state.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/fake_service_manager.h"
#include "devstate/transport/io/service_manager.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

namespace fs = std::filesystem;

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::MountPathsBatch;
using ::devstate::testing::FakeServiceManager;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A mount with which a state is refused.
constexpr uint64_t kUnfindable = 1000;

// What a device knows: a number, and a path for each mount.
struct Mounts {
  uint64_t clock = 0;
  std::map<uint64_t, std::string> paths;
  bool operator==(const Mounts& other) const {
    return clock == other.clock && paths == other.paths;
  }
};

FsState RootOf(const Mounts& mounts) {
  FsState root;
  root.set_next_inode(mounts.clock);
  return root;
}

class StagedMounts : public StagedState<FsStateCodec> {
 public:
  explicit StagedMounts(Mounts* device) : device_(*device) {}

  absl::Status OnRoot(const FsState& root) override {
    staged_.clock = root.next_inode();
    return absl::OkStatus();
  }
  absl::Status OnInodes(InodesBatch&) override { return absl::OkStatus(); }
  absl::Status OnHandles(HandlesBatch&) override { return absl::OkStatus(); }
  absl::Status OnMountPaths(MountPathsBatch& batch) override {
    MountPathRow row;
    while (batch.Next(&row)) {
      staged_.paths[row.mount_id] = std::string(row.path);
    }
    return absl::OkStatus();
  }
  absl::Status Prepare() override {
    if (staged_.paths.count(kUnfindable) == 0) return absl::OkStatus();
    return absl::FailedPreconditionError("a mount cannot be found");
  }
  absl::Status Commit() override {
    device_ = std::move(staged_);
    return absl::OkStatus();
  }

 private:
  Mounts& device_;
  Mounts staged_;
};

class Device : public StateDevice<FsStateCodec> {
 public:
  absl::Status SaveState(FsStateWriter& writer) override {
    ++saves;
    DS_RETURN_IF_ERROR(writer.Begin(RootOf(mounts)));
    for (const auto& [id, path] : mounts.paths) {
      DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{id, path}));
    }
    return absl::OkStatus();
  }
  std::unique_ptr<StagedState<FsStateCodec>> StageLoad() override {
    return std::make_unique<StagedMounts>(&mounts);
  }

  Mounts mounts;
  int saves = 0;
};

std::string NameOfWay(const ::testing::TestParamInfo<JournalWay>& info) {
  return info.param == JournalWay::kMap ? "Mapped" : "Appended";
}

// A device whose process ends with Crash().
class KeptStateTest : public ::testing::TestWithParam<JournalWay> {
 protected:
  KeptStateTest() {
    std::string pattern = ::testing::TempDir() + "/kept-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.store.directory = folder_;
    options_.store.way = GetParam();
  }
  ~KeptStateTest() override { fs::remove_all(folder_); }

  // Ends the process without a word, and starts the next one.
  absl::StatusOr<Recovery> Restart() {
    kept_ = nullptr;
    device_ = std::make_unique<Device>();
    DS_ASSIGN_OR_RETURN(
        kept_, KeptState<FsStateCodec>::Open(
                   options_, [this](FsStateWriter& writer) {
                     return device_->SaveState(writer);
                   }));
    StateHandler<FsStateCodec> handler(device_.get());
    return kept_->Load(handler);
  }
  // What a process that is killed now leaves to the next.
  Mounts AfterCrash() {
    const fs::path copy = options_.store.directory + ".copy";
    fs::copy(options_.store.directory, copy);
    KeptStateOptions options = options_;
    options.store.directory = copy;
    Device device;
    const auto kept = KeptState<FsStateCodec>::Open(
        options, [](FsStateWriter&) { return absl::OkStatus(); });
    EXPECT_THAT(kept, IsOk());
    StateHandler<FsStateCodec> handler(&device);
    EXPECT_THAT((*kept)->Load(handler), IsOk());
    fs::remove_all(copy);
    return device.mounts;
  }

  absl::Status Mount(uint64_t id, const std::string& path) {
    ++device_->mounts.clock;
    device_->mounts.paths[id] = path;
    return kept_->Update(RootOf(device_->mounts), [&](FsStateWriter& writer) {
      return writer.AddMountPaths(MountPathRow{id, path});
    });
  }
  absl::Status Unmount(uint64_t id) {
    ++device_->mounts.clock;
    device_->mounts.paths.erase(id);
    return kept_->Update(RootOf(device_->mounts), [&](FsStateWriter& writer) {
      return writer.DeleteMountPaths(MountPathRow{id, ""});
    });
  }

  std::string folder_;
  KeptStateOptions options_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<KeptState<FsStateCodec>> kept_;
};

INSTANTIATE_TEST_SUITE_P(Ways, KeptStateTest,
                         ::testing::Values(JournalWay::kAppend,
                                           JournalWay::kMap),
                         NameOfWay);

// Keeps the state with the service manager of the process it is called in.
class ParkedStateTest : public KeptStateTest {
 protected:
  absl::StatusOr<Recovery> RestartParked() {
    manager_ = std::make_unique<ServiceManager>();
    options_.store.directory.clear();
    options_.store.manager = manager_.get();
    return Restart();
  }

  std::unique_ptr<ServiceManager> manager_;
};

INSTANTIATE_TEST_SUITE_P(Ways, ParkedStateTest,
                         ::testing::Values(JournalWay::kAppend,
                                           JournalWay::kMap),
                         NameOfWay);

TEST_P(ParkedStateTest, TheManagerKeepsTheStatesOfProcessesThatAreKilled) {
  FakeServiceManager fake(4);
  for (uint64_t starts = 0; starts < 5; ++starts) {
    SCOPED_TRACE(starts);
    const int status = fake.Start([&] {
      const absl::StatusOr<Recovery> recovery = RestartParked();
      EXPECT_THAT(recovery, IsOk());
      EXPECT_EQ(recovery->generation, starts);
      EXPECT_EQ(device_->mounts.clock, starts * 3);
      EXPECT_EQ(device_->mounts.paths.size(), starts * 3);
      EXPECT_THAT(kept_->Start(), IsOk());
      for (uint64_t id = 1; id <= 3; ++id) {
        EXPECT_THAT(Mount(starts * 10 + id, "path"), IsOk());
      }
      if (!HasFailure()) ::raise(SIGKILL);
      return false;
    });
    ASSERT_TRUE(WIFSIGNALED(status));
  }
  EXPECT_THAT(fake.names(), ElementsAre("state.5", "state.4"));
}

TEST_P(ParkedStateTest, AStateThatIsRefusedFallsBackToTheOneBefore) {
  FakeServiceManager fake(4);
  EXPECT_EQ(fake.Start([&] {
    EXPECT_THAT(RestartParked(), IsOk());
    EXPECT_THAT(kept_->Start(), IsOk());
    EXPECT_THAT(Mount(1, "good"), IsOk());
    EXPECT_THAT(kept_->Start(), IsOk());
    return Mount(kUnfindable, "bad").ok();
  }),
            0);
  EXPECT_EQ(fake.Start([&] {
    const absl::StatusOr<Recovery> recovery = RestartParked();
    EXPECT_THAT(recovery, IsOk());
    EXPECT_EQ(recovery->generation, 1u);
    EXPECT_THAT(recovery->log,
                ElementsAre(HasSubstr("state.2: "), HasSubstr("state.1: ")));
    EXPECT_THAT(device_->mounts.paths,
                ElementsAre(std::pair<const uint64_t, std::string>(1, "good")));
    // The one that was loaded stays, although a newer one is there.
    EXPECT_THAT(kept_->Start(), IsOk());
    return true;
  }),
            0);
  EXPECT_THAT(fake.names(), ElementsAre("state.3", "state.2", "state.1"));
}

TEST_P(ParkedStateTest, WhatIsOfAnotherNameIsLeftAlone) {
  FakeServiceManager fake(4);
  EXPECT_EQ(fake.Start([&] {
    EXPECT_THAT(RestartParked(), IsOk());
    return kept_->Start().ok();
  }),
            0);
  EXPECT_EQ(fake.Start([&] {
    options_.store.name = "stat";
    const absl::StatusOr<Recovery> recovery = RestartParked();
    EXPECT_THAT(recovery, IsOk());
    EXPECT_EQ(recovery->generation, 0u);
    EXPECT_EQ(manager_->Take("").size(), 1u);
    return true;
  }),
            0);
}

TEST_P(ParkedStateTest, AManagerThatKeepsTooFewIsRefusedWithTheSetting) {
  FakeServiceManager fake(3);
  EXPECT_EQ(fake.Start([&] {
    ::setenv("FDSTORE", "3", 1);
    EXPECT_THAT(RestartParked(),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("FileDescriptorStoreMax=4")));
    return true;
  }),
            0);
}

TEST_P(ParkedStateTest, WithoutAManagerTheStateIsNotKeptSilently) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_THAT(RestartParked(), IsOk());
  EXPECT_THAT(kept_->Start(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                       HasSubstr("FileDescriptorStoreMax=")));
}

TEST_P(KeptStateTest, EachUpdateThatHasReturnedIsThereAfterACrash) {
  auto recovery = Restart();
  ASSERT_THAT(recovery, IsOk());
  EXPECT_EQ(recovery->generation, 0u);
  ASSERT_THAT(kept_->Start(), IsOk());
  EXPECT_EQ(AfterCrash(), device_->mounts);
  ASSERT_THAT(Mount(1, "a"), IsOk());
  EXPECT_EQ(AfterCrash(), device_->mounts);
  ASSERT_THAT(Mount(2, "b"), IsOk());
  ASSERT_THAT(Unmount(1), IsOk());
  EXPECT_EQ(AfterCrash(), device_->mounts);
  EXPECT_EQ(device_->saves, 1);
  const Mounts before = device_->mounts;
  recovery = Restart();
  ASSERT_THAT(recovery, IsOk());
  EXPECT_NE(recovery->generation, 0u);
  EXPECT_EQ(device_->mounts, before);
  // The next process goes on from there.
  ASSERT_THAT(kept_->Start(), IsOk());
  ASSERT_THAT(Mount(3, "c"), IsOk());
  EXPECT_EQ(AfterCrash(), device_->mounts);
}

TEST_P(KeptStateTest, TheHeaderHasWhatALaterRoundAndALoadMayNeed) {
  options_.writer.embed_descriptor_set = false;
  ASSERT_THAT(Restart(), IsOk());
  ASSERT_THAT(kept_->Start(), IsOk());
  std::ifstream file(options_.store.directory + "/state.1.dstate");
  StringSource source({std::istreambuf_iterator<char>(file), {}});
  StreamReader reader(&source);
  const auto header = reader.ReadHeader();
  ASSERT_THAT(header, IsOk());
  EXPECT_THAT((*header)->used_features, ElementsAre("FUSE_POSIX_LOCKS"));
  EXPECT_FALSE((*header)->descriptor_set.empty());
}

TEST_P(KeptStateTest, AnUpdateWithoutAStartWritesTheWholeState) {
  ASSERT_THAT(Restart(), IsOk());
  device_->mounts.paths[7] = "before";
  ASSERT_THAT(Mount(1, "a"), IsOk());
  EXPECT_EQ(AfterCrash(), device_->mounts);
}

TEST_P(KeptStateTest, ALongJournalIsStartedAnew) {
  options_.max_changes_bytes = 10'000;
  ASSERT_THAT(Restart(), IsOk());
  ASSERT_THAT(kept_->Start(), IsOk());
  uint64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_THAT(Mount(i % 3, absl::StrCat("path ", i)), IsOk());
    uint64_t bytes = 0;
    for (const auto& file : fs::directory_iterator(options_.store.directory)) {
      // A mapped journal has room ahead.
      if (GetParam() == JournalWay::kAppend) bytes += file.file_size();
    }
    most = std::max(most, bytes);
  }
  EXPECT_EQ(AfterCrash(), device_->mounts);
  EXPECT_GT(device_->saves, 10);
  EXPECT_LT(device_->saves, 100);
  EXPECT_LT(most, 3 * options_.max_changes_bytes);
}

TEST_P(KeptStateTest, ALargeStateIsNotWrittenForEachFewChanges) {
  options_.max_changes_bytes = 0;
  options_.writer.compression = Compression::Raw();
  ASSERT_THAT(Restart(), IsOk());
  for (uint64_t id = 2000; id < 3000; ++id) {
    device_->mounts.paths[id] = absl::StrCat("some path ", id);
  }
  ASSERT_THAT(kept_->Start(), IsOk());
  for (int i = 0; i < 40; ++i) ASSERT_THAT(Mount(i, "a"), IsOk());
  EXPECT_EQ(device_->saves, 1);
}

TEST_P(KeptStateTest, WhereTheJournalIsFullTheWholeStateIsWritten) {
  options_.store.limits.max_rounds = 5;
  ASSERT_THAT(Restart(), IsOk());
  ASSERT_THAT(kept_->Start(), IsOk());
  for (int i = 0; i < 23; ++i) {
    ASSERT_THAT(Mount(i, "a"), IsOk());
    EXPECT_EQ(AfterCrash(), device_->mounts) << i;
  }
  EXPECT_GT(device_->saves, 3);
}

TEST_P(KeptStateTest, ARefusedChangeIsSaidAndTheNextUpdateMakesUpForIt) {
  ASSERT_THAT(Restart(), IsOk());
  ASSERT_THAT(kept_->Start(), IsOk());
  ASSERT_THAT(Mount(1, "a"), IsOk());
  const Mounts before = device_->mounts;
  device_->mounts.paths[2] = "b";
  EXPECT_THAT(kept_->Update(RootOf(device_->mounts),
                            [](FsStateWriter& writer) {
                              return writer.AddMountPaths(
                                  MountPathRow{2, "\xff"});
                            }),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(AfterCrash(), before);
  ASSERT_THAT(Mount(3, "c"), IsOk());
  EXPECT_EQ(AfterCrash(), device_->mounts);
}

TEST_P(KeptStateTest, AStateThatTheDeviceRefusesIsNotLoadedAndTheOneBeforeIs) {
  ASSERT_THAT(Restart(), IsOk());
  ASSERT_THAT(Mount(1, "a"), IsOk());
  const Mounts before = device_->mounts;
  device_->mounts.paths[kUnfindable] = "gone";
  ASSERT_THAT(kept_->Start(), IsOk());
  const auto recovery = Restart();
  ASSERT_THAT(recovery, IsOk());
  EXPECT_EQ(device_->mounts, before);
  EXPECT_THAT(recovery->log,
              ElementsAre(HasSubstr("a mount cannot be found"),
                          HasSubstr("loaded")));
}

}  // namespace
}  // namespace devstate
