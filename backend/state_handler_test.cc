// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/state_handler.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/compat/rules.h"
#include "devstate/serializer/stream_push_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FileLockRow;
using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;
using ::devices::fs::v1::OpenHandleRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::devstate::vhost_user::LoadResult;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A device with open handles.
class Device : public StateDevice<FsStateCodec> {
 public:
  std::optional<std::vector<std::string>> UsedFeatures() const override {
    return features;
  }

  absl::Status SaveState(FsStateWriter& writer) override {
    ++saves;
    DS_RETURN_IF_ERROR(writer.Begin(FsState()));
    const FileLockRow lock = {1, devices::fs::v1::FileLock_Kind_READ, 0, 1, 1};
    OpenHandleRow row;
    row.id = 1;
    row.inode = 1;
    if (locked) row.locks = {&lock, 1};
    for (int i = 0; i < handles; ++i) {
      DS_RETURN_IF_ERROR(writer.AddHandles(row));
      ++row.id;
      row.flags = i % 7 * 1000;
    }
    return absl::OkStatus();
  }

  std::unique_ptr<StagedState<FsStateCodec>> StageLoad() override {
    return std::make_unique<Staged>(*this);
  }

  int handles = 1;
  bool locked = false;
  std::optional<std::vector<std::string>> features;
  absl::Status commit_result;
  int saves = 0;
  uint64_t next_inode = 0;

 private:
  class Staged : public StagedState<FsStateCodec> {
   public:
    explicit Staged(Device& device) : device_(device) {}
    absl::Status OnRoot(const FsState& root) override {
      next_inode_ = root.next_inode();
      return absl::OkStatus();
    }
    absl::Status OnInodes(InodesBatch&) override { return absl::OkStatus(); }
    absl::Status OnHandles(HandlesBatch&) override { return absl::OkStatus(); }
    absl::Status OnMountPaths(MountPathsBatch&) override {
      return absl::OkStatus();
    }
    absl::Status Prepare() override { return absl::OkStatus(); }
    absl::Status Commit() override {
      device_.next_inode = next_inode_;
      return device_.commit_result;
    }

   private:
    Device& device_;
    uint64_t next_inode_ = 0;
  };
};

class StateHandlerTest : public ::testing::Test {
 protected:
  StateHandlerTest() : handler_(&device_, Options()) {}

  StateOptions Options() {
    StateOptions options;
    options.report = [this](const StateReport& report) {
      reports_.push_back(report);
    };
    return options;
  }

  std::string Save() {
    StringSink sink;
    EXPECT_THAT(handler_.Save(sink), IsOk());
    return sink.written;
  }

  LoadResult Load(const std::string& stream) {
    StringSource source(stream);
    return handler_.Load(source);
  }

  std::vector<std::string> FeaturesInHeader(const std::string& stream) {
    StringSource source(stream);
    FsStateReader reader(&source);
    const auto& features = (*reader.ReadHeader())->used_features;
    return {features.begin(), features.end()};
  }

  Device device_;
  std::vector<StateReport> reports_;
  StateHandler<FsStateCodec> handler_;
};

// The high bytes of an answer to CHECK for `rule`.
uint64_t Reply(VerdictLevel level, absl::string_view rule) {
  return uint64_t{0xd5} << 56 | static_cast<uint64_t>(level) << 48 |
         static_cast<uint64_t>(FindRule(rule)->code) << 40;
}

TEST_F(StateHandlerTest, RootOfTheStreamReachesTheDevice) {
  StringSink sink;
  FsStateWriter writer(&sink);
  FsState root;
  root.set_next_inode(12);
  ASSERT_THAT(writer.Begin(root), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  ASSERT_THAT(Load(sink.written).status, IsOk());
  EXPECT_EQ(device_.next_inode, 0);
  const LoadResult committed = handler_.Commit();
  EXPECT_THAT(committed.status, IsOk());
  EXPECT_EQ(committed.reply, 0);
  EXPECT_EQ(device_.next_inode, 12);
  ASSERT_EQ(reports_.size(), 2);
  EXPECT_EQ(reports_[1].verdict.level(), VERDICT_LEVEL_IDENTICAL);
}

TEST_F(StateHandlerTest, DamagedStreamIsAnsweredWithItsRule) {
  std::string stream = Save();
  stream.pop_back();
  const LoadResult loaded = Load(stream);
  EXPECT_THAT(loaded.status, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(loaded.reply >> 40,
            Reply(VERDICT_LEVEL_DAMAGED, "no-trailer") >> 40);
  handler_.Discard();
  EXPECT_THAT(Load(Save()).status, IsOk());
}

TEST_F(StateHandlerTest, ALoadThatIsPushedByteByByteIsALoad) {
  const std::string stream = Save();
  ASSERT_TRUE(Load(stream).status.ok());
  handler_.Discard();
  PushSource source;
  StreamPushReader push(&source, [&] { return handler_.Load(source).status; });
  for (const char& byte : stream) {
    ASSERT_THAT(push.Push({&byte, 1}), IsOk());
  }
  ASSERT_THAT(push.Finish(), IsOk());
  ASSERT_THAT(handler_.Commit().status, IsOk());
  // Of the save, of the load from a source, of the pushed one and its commit.
  ASSERT_EQ(reports_.size(), 4u);
  EXPECT_EQ(reports_[2].verdict_line, reports_[1].verdict_line);
  EXPECT_EQ(reports_[2].stream_bytes, stream.size());
}

TEST_F(StateHandlerTest, ADamagedLoadThatIsPushedHasTheSameVerdict) {
  std::string stream = Save();
  stream.back() = static_cast<char>(stream.back() ^ 1);
  const LoadResult whole = Load(stream);
  handler_.Discard();
  PushSource source;
  StreamPushReader push(&source, [&] { return handler_.Load(source).status; });
  for (const char& byte : stream) push.Push({&byte, 1}).IgnoreError();
  EXPECT_EQ(push.Finish(), whole.status);
  handler_.Discard();
  ASSERT_EQ(reports_.size(), 3u);
  EXPECT_EQ(reports_[2].verdict_line, reports_[1].verdict_line);
}

TEST_F(StateHandlerTest, APushedLoadThatWasDiscardedIsForgotten) {
  const std::string stream = Save();
  PushSource source;
  StreamPushReader push(&source, [&] { return handler_.Load(source).status; });
  ASSERT_THAT(push.Push(stream.substr(0, stream.size() / 2)), IsOk());
  handler_.Discard();
  ASSERT_TRUE(Load(stream).status.ok());
  ASSERT_THAT(handler_.Commit().status, IsOk());
}

TEST_F(StateHandlerTest, FailedCommitIsOneFindingMore) {
  device_.commit_result = absl::InternalError("no memory for it");
  ASSERT_THAT(Load(Save()).status, IsOk());
  const LoadResult committed = handler_.Commit();
  EXPECT_THAT(committed.status, StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(committed.reply, Reply(VERDICT_LEVEL_REFUSED, "device-refused"));
  const Verdict& verdict = reports_.back().verdict;
  ASSERT_EQ(verdict.findings_size(), 1);
  EXPECT_EQ(verdict.findings(0).text(), "no memory for it");
}

TEST_F(StateHandlerTest, FeaturesOfRecordsAreFoundByASaveToNowhere) {
  EXPECT_THAT(FeaturesInHeader(Save()), IsEmpty());
  device_.locked = true;
  device_.saves = 0;
  EXPECT_THAT(FeaturesInHeader(Save()), ElementsAre("FUSE_POSIX_LOCKS"));
  EXPECT_EQ(device_.saves, 2);
}

TEST_F(StateHandlerTest, DeviceThatKnowsItsFeaturesIsSavedOnce) {
  device_.locked = true;
  device_.features = {{"OF_THE_DEVICE"}};
  EXPECT_THAT(FeaturesInHeader(Save()), ElementsAre("OF_THE_DEVICE"));
  EXPECT_EQ(device_.saves, 1);
}

// The device with any number of open handles, saved in each way.
TEST_F(StateHandlerTest, SizeAheadIsThatOfTheSave) {
  for (const Compression& compression :
       {Compression::Raw(), Compression::Automatic(), Compression::Zstd(3)}) {
    for (const int handles : {0, 1, 100, 10000}) {
      SCOPED_TRACE(handles);
      device_.handles = handles;
      StateOptions options;
      options.writer.compression = compression;
      StateHandler<FsStateCodec> handler(&device_, options);
      const absl::StatusOr<uint64_t> exact = handler.ExactSize();
      const absl::StatusOr<uint64_t> bound = handler.UpperBound();
      ASSERT_THAT(exact, IsOk());
      ASSERT_THAT(bound, IsOk());
      StringSink sink;
      ASSERT_THAT(handler.Save(sink), IsOk());
      EXPECT_EQ(*exact, sink.written.size());
      EXPECT_GE(*bound, *exact);
      if (compression.mode == Compression::Mode::kRaw) {
        EXPECT_LE(*bound, *exact + 256);
      }
    }
  }
}

}  // namespace
}  // namespace devstate
