// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/fs_device.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/backend/manifest_archive.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/release.h"
#include "examples/fs_backend/test_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::InodeRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A tree with a few files, and a source and an empty destination that share it.
class FsDeviceTest : public ::testing::Test {
 protected:
  FsDeviceTest() {
    tree_.AddDirectory("dir");
    tree_.AddFile("dir/a", "a");
    tree_.AddFile("dir/b", "b");
    absl::StatusOr<Walk> walk = WalkDirectory(tree_.root(), WalkOptions{1, 64});
    EXPECT_THAT(walk, IsOk());
    source_.emplace(tree_.root(), *std::move(walk));
    destination_.emplace(tree_.root(), Walk());
  }

  static std::string Save(FsDevice& device) {
    StateHandler<FsStateCodec> handler(&device);
    StringSink sink;
    EXPECT_THAT(handler.Save(sink), IsOk());
    return sink.written;
  }

  // All of a load but CHECK.
  absl::Status Load(const std::string& stream) {
    StringSource source(stream);
    return handler().Load(source).status;
  }
  StateHandler<FsStateCodec>& handler() {
    if (!handler_) handler_.emplace(&*destination_);
    return *handler_;
  }

  TestTree tree_;
  std::optional<FsDevice> source_;
  std::optional<FsDevice> destination_;
  std::optional<StateHandler<FsStateCodec>> handler_;
};

TEST_F(FsDeviceTest, LoadedTableEqualsTheSourcesWithItsFilesOpen) {
  ASSERT_THAT(Load(Save(*source_)), IsOk());
  ASSERT_THAT(handler().Commit().status, IsOk());
  EXPECT_EQ(FirstDifference(source_->table(), destination_->table()),
            std::nullopt);
  EXPECT_EQ(destination_->open_files(), 2u);
}

TEST_F(FsDeviceTest, SessionIsHandedOn) {
  StringSink sink;
  FsStateWriter writer(&sink);
  FsState root;
  root.mutable_session()->set_posix_acl(true);
  ASSERT_THAT(writer.Begin(root), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  ASSERT_THAT(Load(sink.written), IsOk());
  ASSERT_THAT(handler().Commit().status, IsOk());
  EXPECT_EQ(SessionText(destination_->table().session),
            "writeback 0 submounts 0 acl 1 groups 0");
  EXPECT_EQ(Save(*destination_), sink.written);
}

TEST_F(FsDeviceTest, NothingShowsBeforeCommit) {
  ASSERT_THAT(Load(Save(*source_)), IsOk());
  EXPECT_TRUE(destination_->table().inodes.empty());
  handler().Discard();
  EXPECT_TRUE(destination_->table().inodes.empty());
}

TEST_F(FsDeviceTest, SavingTwiceGivesTheSameBytes) {
  EXPECT_EQ(Save(*source_), Save(*source_));
}

TEST_F(FsDeviceTest, DamagedStreamLeavesTheDeviceAsItWasAndAGoodOneLoadsNext) {
  const std::string good = Save(*source_);
  std::string damaged = good;
  damaged[damaged.size() / 2] ^= 0x10;
  EXPECT_THAT(Load(damaged), StatusIs(absl::StatusCode::kDataLoss));
  handler().Discard();
  EXPECT_TRUE(destination_->table().inodes.empty());
  EXPECT_THAT(Load(good), IsOk());
}

TEST_F(FsDeviceTest, FileThatIsGoneOnTheDestinationRefusesTheState) {
  const std::string stream = Save(*source_);
  tree_.Remove("dir/b");
  EXPECT_THAT(Load(stream),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("dir/b")));
}

TEST_F(FsDeviceTest, InodeWithoutPathIsRefusedByItsId) {
  StringSink sink;
  FsStateWriter writer(&sink);
  ASSERT_THAT(writer.Begin({}), IsOk());
  InodeRow row;
  row.id = 8;
  row.lost.emplace();
  ASSERT_THAT(writer.AddInodes(row), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_THAT(Load(sink.written),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("inode 8 has no path")));
}

// A source whose guest holds locks and says when files were changed.
Walk WalkWithFeatures(const std::string& root) {
  WalkOptions options = {1, 64};
  options.change_times = true;
  options.locks = true;
  absl::StatusOr<Walk> walk = WalkDirectory(root, options);
  EXPECT_THAT(walk, IsOk());
  return *std::move(walk);
}

TEST_F(FsDeviceTest, LocksAreLoadedAndNamedInTheHeader) {
  FsDevice source(tree_.root(), WalkWithFeatures(tree_.root()));
  const std::string stream = Save(source);
  ASSERT_THAT(Load(stream), IsOk());
  ASSERT_THAT(handler().Commit().status, IsOk());
  EXPECT_EQ(FirstDifference(source.table(), destination_->table()),
            std::nullopt);
  EXPECT_THAT(stream, HasSubstr("FUSE_POSIX_LOCKS"));
  EXPECT_THAT(*source.UsedFeatures(), ElementsAre("FUSE_POSIX_LOCKS"));
  EXPECT_THAT(*source_->UsedFeatures(), IsEmpty());
}

TEST_F(FsDeviceTest, LocksAreRefusedForAReleaseWithoutThem) {
  StateOptions options;
  const auto archive = ManifestArchive(ManifestOfRelease());
  ASSERT_THAT(archive, IsOk());
  options.archive = *archive;
  options.save_version.choice = SaveVersion::Choice::kPinned;
  options.save_version.version = 1;
  FsDevice source(tree_.root(), WalkWithFeatures(tree_.root()));
  StateHandler<FsStateCodec> handler(&source, options);
  StringSink sink;
  EXPECT_THAT(handler.Save(sink),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("[unknown-critical] handles.locks: ")));
  const absl::StatusOr<Verdict> first = handler.PreCheck(1);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->level(), VERDICT_LEVEL_REFUSED);
  const absl::StatusOr<Verdict> second = handler.PreCheck(2);
  ASSERT_THAT(second, IsOk());
  EXPECT_LT(second->level(), VERDICT_LEVEL_LOSSY);
}

TEST_F(FsDeviceTest, FilesThatWereChangedMeanwhileAreCounted) {
  Walk walk = WalkWithFeatures(tree_.root());
  --walk.table.inodes[2].ctime_ns;
  FsDevice source(tree_.root(), std::move(walk));
  ASSERT_THAT(Load(Save(source)), IsOk());
  ASSERT_THAT(handler().Commit().status, IsOk());
  EXPECT_EQ(destination_->changed_files(), 1u);
}

// The guest looks files up and forgets them between the rounds.
TEST_F(FsDeviceTest, TableThatChangesArrivesInRounds) {
  for (int i = 0; i < 20; ++i) tree_.AddFile(absl::StrCat("dir/more", i));
  absl::StatusOr<Walk> walk = WalkDirectory(tree_.root(), WalkOptions{10, 2});
  ASSERT_THAT(walk, IsOk());
  source_->Begin(*std::move(walk));
  StateHandler<FsStateCodec> source(&*source_);
  StringSink sink;
  uint64_t update = 0;
  for (int round = 0; round < 5; ++round) {
    ASSERT_THAT(source.SaveRound(sink, false), IsOk());
    for (int i = 0; i < 5; ++i) source_->Update(update++);
  }
  ASSERT_THAT(source.SaveRound(sink, true), IsOk());
  ASSERT_THAT(Load(sink.written), IsOk());
  EXPECT_TRUE(destination_->table().inodes.empty());
  ASSERT_THAT(handler().Commit().status, IsOk());
  EXPECT_EQ(FirstDifference(source_->table(), destination_->table()),
            std::nullopt);
  EXPECT_EQ(destination_->open_files(), 2u);
}

}  // namespace
}  // namespace devstate::examples
