// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend_alt/alt_device.h"

#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/fs_device.h"
#include "examples/fs_backend/test_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples::alt {
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

std::string Save(StateDevice<FsStateCodec>& device) {
  StateHandler<FsStateCodec> handler(&device);
  StringSink sink;
  EXPECT_THAT(handler.Save(sink), IsOk());
  return sink.written;
}

absl::Status Load(const std::string& stream,
                  StateDevice<FsStateCodec>& device) {
  StateHandler<FsStateCodec> handler(&device);
  StringSource source(stream);
  DS_RETURN_IF_ERROR(handler.Load(source).status);
  return handler.Commit().status;
}

std::string Text(const AltDevice& device) {
  std::ostringstream out;
  device.state().tree.Print(out);
  return out.str();
}

class AltDeviceTest : public ::testing::Test {
 protected:
  AltDeviceTest() {
    files_.AddDirectory("dir");
    files_.AddFile("dir/a", "a");
    files_.AddFile("b", "b");
  }

  AltDevice Source() {
    AltState state;
    absl::StatusOr<FileTree> tree = FileTree::Scan(files_.root(), 1);
    EXPECT_THAT(tree, IsOk());
    state.tree = *std::move(tree);
    state.wanted_paths = {"dir/a"};
    return AltDevice(files_.root(), std::move(state));
  }

  TestTree files_;
};

TEST_F(AltDeviceTest, LoadedTreeEqualsTheSourcesWithItsFilesOpen) {
  AltDevice source = Source();
  AltDevice destination(files_.root(), AltState());
  ASSERT_THAT(Load(Save(source), destination), IsOk());
  EXPECT_EQ(Text(destination), Text(source));
  for (const auto& [id, file] : destination.state().tree.open_files) {
    EXPECT_TRUE(file.fd.valid());
  }
  EXPECT_THAT(destination.state().wanted_paths, ElementsAre("dir/a"));
  EXPECT_EQ(destination.state().loads, 1u);
}

TEST_F(AltDeviceTest, OtherImplementationHandsTheTreeBackAndNotItsSection) {
  AltDevice source = Source();
  FsDevice between(files_.root(), Walk());
  ASSERT_THAT(Load(Save(source), between), IsOk());
  EXPECT_EQ(between.open_files(), 2u);
  AltDevice destination(files_.root(), AltState());
  ASSERT_THAT(Load(Save(between), destination), IsOk());
  EXPECT_EQ(Text(destination), Text(source));
  EXPECT_TRUE(destination.state().wanted_paths.empty());
}

TEST_F(AltDeviceTest, OtherImplementationsTableComesBackAsItWas) {
  WalkOptions options;
  options.open_every = 1;
  options.change_times = true;
  options.locks = true;
  absl::StatusOr<Walk> walk = WalkDirectory(files_.root(), options);
  ASSERT_THAT(walk, IsOk());
  FsDevice source(files_.root(), *std::move(walk));
  AltDevice between(files_.root(), AltState());
  ASSERT_THAT(Load(Save(source), between), IsOk());
  FsDevice destination(files_.root(), Walk());
  ASSERT_THAT(Load(Save(between), destination), IsOk());
  EXPECT_EQ(FirstDifference(source.table(), destination.table()), std::nullopt);
}

TEST_F(AltDeviceTest, SessionIsHandedOn) {
  StringSink sink;
  FsStateWriter writer(&sink);
  FsState root;
  root.mutable_session()->set_posix_acl(true);
  ASSERT_THAT(writer.Begin(root), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  AltDevice device(files_.root(), AltState());
  ASSERT_THAT(Load(sink.written, device), IsOk());
  EXPECT_TRUE(device.state().session.posix_acl());
  EXPECT_TRUE(device.state().mounted);
}

TEST_F(AltDeviceTest, RefusedStateLeavesTheDeviceAsItWas) {
  AltDevice source = Source();
  const std::string stream = Save(source);
  AltDevice destination = Source();
  const std::string before = Text(destination);
  files_.Remove("dir/a");
  EXPECT_THAT(
      Load(stream, destination),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("node 4 at dir/a")));
  EXPECT_EQ(Text(destination), before);
}

TEST_F(AltDeviceTest, NodeWithoutPathIsRefusedByItsId) {
  StringSink sink;
  FsStateWriter writer(&sink);
  ASSERT_THAT(writer.Begin({}), IsOk());
  InodeRow row;
  row.id = 8;
  row.lost.emplace();
  ASSERT_THAT(writer.AddInodes(row), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  AltDevice device(files_.root(), AltState());
  EXPECT_THAT(Load(sink.written, device),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("node 8 has no parent")));
}

}  // namespace
}  // namespace devstate::examples::alt
