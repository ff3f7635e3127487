// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/fs/raise_ids.h"

#include <memory>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::fs {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateWriter;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

// A mounted state with one open file.
std::string Stream(uint64_t next_inode, uint64_t next_handle) {
  FsState root;
  root.mutable_session();
  root.set_next_inode(next_inode);
  root.set_next_handle(next_handle);
  StringSink sink;
  FsStateWriter writer(&sink);
  EXPECT_THAT(writer.Begin(root), IsOk());
  ::devices::fs::v1::InodeRow inode;
  inode.id = 1;
  inode.root.emplace();
  EXPECT_THAT(writer.AddInodes(inode), IsOk());
  ::devices::fs::v1::OpenHandleRow handle;
  handle.id = 5;
  handle.inode = 1;
  EXPECT_THAT(writer.AddHandles(handle), IsOk());
  EXPECT_THAT(writer.Finish(), IsOk());
  return sink.bytes;
}

TEST(RaiseIdsTest, OnlyTheCountersChange) {
  StringSource source(Stream(7, 9));
  StringSink raised;
  const auto ids = RaiseIds(&source, 100, {}, &raised);
  ASSERT_THAT(ids, IsOk());
  EXPECT_EQ(raised.bytes, Stream(107, 109));
  EXPECT_EQ(ids->next_inode, 107u);
  EXPECT_EQ(ids->next_handle, 109u);
  EXPECT_EQ(ids->inodes, 1u);
  EXPECT_EQ(ids->handles, 1u);
  EXPECT_TRUE(ids->mounted);
}

TEST(RaiseIdsTest, ByNothingTheStreamIsTheSame) {
  const std::string stream = Stream(7, 9);
  StringSource source(stream);
  StringSink raised;
  ASSERT_THAT(RaiseIds(&source, 0, {}, &raised), IsOk());
  EXPECT_EQ(raised.bytes, stream);
}

TEST(RaiseIdsTest, ACounterWithoutRoomIsRefused) {
  for (const auto& [inode, handle, name] :
       {std::make_tuple(UINT64_MAX - kIdRaise + 1, uint64_t{1}, "next_inode"),
        std::make_tuple(uint64_t{1}, UINT64_MAX, "next_handle")}) {
    StringSource source(Stream(inode, handle));
    StringSink raised;
    EXPECT_THAT(
        RaiseIds(&source, kIdRaise, {}, &raised),
        StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(name)));
  }
}

TEST(RaiseIdsTest, ADamagedStreamIsRefused) {
  std::string stream = Stream(7, 9);
  stream[stream.size() / 2] ^= 1;
  StringSource source(stream);
  StringSink raised;
  EXPECT_FALSE(RaiseIds(&source, 1, {}, &raised).ok());
}

}  // namespace
}  // namespace devstate::fs
