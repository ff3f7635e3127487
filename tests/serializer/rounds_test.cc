// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States in rounds, by generated code.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/stream_push_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/serializer/small_state.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::OpenHandleRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StateText;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FsState Root(uint64_t next_inode) {
  FsState root;
  root.set_next_inode(next_inode);
  return root;
}

InodeRow Inode(uint64_t id, uint64_t refcount, absl::string_view name) {
  InodeRow inode;
  inode.id = id;
  inode.refcount = refcount;
  inode.path.emplace();
  inode.path->parent = 1;
  inode.path->name = name;
  return inode;
}

// Three rounds of inodes, handles and mounts.
absl::Status WriteRounds(FsStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.BeginRound(Root(4)));
  for (uint64_t id = 1; id <= 5; ++id) {
    DS_RETURN_IF_ERROR(writer.AddInodes(Inode(id, 1, "first")));
  }
  DS_RETURN_IF_ERROR(writer.AddHandles(OpenHandleRow{1, 3, 0}));
  DS_RETURN_IF_ERROR(writer.EndRound());
  DS_RETURN_IF_ERROR(writer.BeginRound(Root(5)));
  DS_RETURN_IF_ERROR(writer.AddInodes(Inode(2, 7, "second")));
  DS_RETURN_IF_ERROR(writer.DeleteInodes(Inode(3, 9, "not looked at")));
  DS_RETURN_IF_ERROR(writer.AddInodes(Inode(6, 1, "second")));
  DS_RETURN_IF_ERROR(writer.DeleteHandles(OpenHandleRow{1, 0, 0}));
  DS_RETURN_IF_ERROR(writer.EndRound());
  DS_RETURN_IF_ERROR(writer.BeginRound(Root(9)));
  DS_RETURN_IF_ERROR(writer.AddInodes(Inode(2, 8, "third")));
  DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{36, "."}));
  return writer.Finish();
}

// The same state, written whole.
absl::Status WriteWhole(FsStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.Begin(Root(9)));
  for (const uint64_t id : {1, 4, 5}) {
    DS_RETURN_IF_ERROR(writer.AddInodes(Inode(id, 1, "first")));
  }
  DS_RETURN_IF_ERROR(writer.AddInodes(Inode(6, 1, "second")));
  DS_RETURN_IF_ERROR(writer.AddInodes(Inode(2, 8, "third")));
  DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{36, "."}));
  return writer.Finish();
}

absl::StatusOr<std::string> Read(const std::string& stream, StateText& text) {
  StringSource source(stream);
  FsStateReader reader(&source);
  DS_RETURN_IF_ERROR(reader.Read(text));
  return text.text();
}

std::string Stream(absl::Status (*write)(FsStateWriter&),
                   const WriterOptions& options = {}) {
  StringSink sink;
  FsStateWriter writer(&sink, options);
  EXPECT_THAT(write(writer), IsOk());
  return sink.written;
}

TEST(RoundsTest, AVisitorSeesTheStateWrittenWhole) {
  for (const uint32_t batch : {1, 2, 2048}) {
    WriterOptions options;
    options.max_batch_records = batch;
    StateText merged, whole;
    const auto read = Read(Stream(WriteRounds, options), merged);
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(*read, *Read(Stream(WriteWhole), whole));
  }
}

TEST(RoundsTest, PushedByteByByteAVisitorSeesTheSame) {
  for (const auto write : {WriteRounds, WriteWhole}) {
    const std::string stream = Stream(write);
    StateText pushed, whole;
    PushSource source;
    FsStateReader reader(&source);
    StreamPushReader push(&source, [&] { return reader.Read(pushed); });
    for (const char& byte : stream) {
      ASSERT_THAT(push.Push({&byte, 1}), IsOk());
    }
    ASSERT_THAT(push.Finish(), IsOk());
    ASSERT_THAT(Read(stream, whole), IsOk());
    EXPECT_EQ(pushed.text(), whole.text());
    // The state was read.
    EXPECT_THAT(reader.Read(pushed),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

TEST(RoundsTest, AVisitorSeesNothingBeforeTheEnd) {
  const std::string stream = Stream(WriteRounds);
  for (size_t size = kStreamMagic.size(); size < stream.size(); ++size) {
    StateText text;
    EXPECT_EQ(ReasonOf(Read(stream.substr(0, size), text).status()),
              ERROR_REASON_NO_TRAILER);
    EXPECT_THAT(text.text(), IsEmpty()) << size;
  }
}

absl::Status ReadWithin(const std::string& stream, const Limits& limits) {
  StringSource source(stream);
  FsStateReader reader(&source, limits);
  StateText text;
  return reader.Read(text);
}

// Two mounts, whose path has one byte.
absl::Status AddTwoMounts(FsStateWriter& writer, uint64_t first_id) {
  DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{first_id, "a"}));
  return writer.AddMountPaths(MountPathRow{first_id + 1, "b"});
}

constexpr uint64_t kTwoMounts = 2 * (MountPathRow::kRecordSize + 1);

TEST(RoundsTest, AFirstRoundBeyondTheLimitOfAMergeIsNotWritten) {
  WriterOptions options;
  // Batches count together.
  options.max_batch_records = 1;
  options.limits.max_merge_bytes = kTwoMounts;
  StringSink sink;
  FsStateWriter fits(&sink, options);
  ASSERT_THAT(fits.BeginRound(Root(1)), IsOk());
  ASSERT_THAT(AddTwoMounts(fits, 1), IsOk());
  ASSERT_THAT(fits.Finish(), IsOk());
  EXPECT_THAT(ReadWithin(sink.written, options.limits), IsOk());

  --options.limits.max_merge_bytes;
  EXPECT_EQ(ReasonOf(ReadWithin(sink.written, options.limits)),
            ERROR_REASON_LIMIT);
  FsStateWriter too_much(&sink, options);
  ASSERT_THAT(too_much.BeginRound(Root(1)), IsOk());
  ASSERT_THAT(AddTwoMounts(too_much, 1), IsOk());
  EXPECT_THAT(too_much.EndRound(),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("max_merge_bytes")));
  // It bounds no state that is not merged.
  FsStateWriter whole(&sink, options);
  ASSERT_THAT(whole.Begin(Root(1)), IsOk());
  ASSERT_THAT(AddTwoMounts(whole, 1), IsOk());
  EXPECT_THAT(whole.Finish(), IsOk());
}

TEST(RoundsTest, AWriterCountsNoLaterRound) {
  WriterOptions options;
  options.limits.max_merge_bytes = kTwoMounts;
  for (const uint64_t second_id : {1, 3}) {
    StringSink sink;
    FsStateWriter writer(&sink, options);
    ASSERT_THAT(writer.BeginRound(Root(1)), IsOk());
    ASSERT_THAT(AddTwoMounts(writer, 1), IsOk());
    ASSERT_THAT(writer.EndRound(), IsOk());
    ASSERT_THAT(writer.BeginRound(Root(1)), IsOk());
    ASSERT_THAT(AddTwoMounts(writer, second_id), IsOk());
    ASSERT_THAT(writer.Finish(), IsOk());
    // It could be the same records once more, or others.
    EXPECT_EQ(ReadWithin(sink.written, options.limits).ok(), second_id == 1);
  }
}

TEST(RoundsTest, WhatWritesAStateWholeStartsOneThatGoesOn) {
  StringSink by_begin, by_round;
  FsStateWriter writer(&by_begin);
  writer.StartInRounds();
  ASSERT_THAT(writer.Begin(Root(4)), IsOk());
  ASSERT_THAT(AddTwoMounts(writer, 1), IsOk());
  ASSERT_THAT(writer.EndRound(), IsOk());
  FsStateWriter other(&by_round);
  ASSERT_THAT(other.BeginRound(Root(4)), IsOk());
  ASSERT_THAT(AddTwoMounts(other, 1), IsOk());
  ASSERT_THAT(other.EndRound(), IsOk());
  EXPECT_EQ(by_begin.written, by_round.written);
  // The root of each round is its own, whether it has changed or not.
  for (const uint64_t next_inode : {4, 5, 5, 4}) {
    ASSERT_THAT(writer.BeginRound(Root(next_inode)), IsOk());
    ASSERT_THAT(writer.EndRound(), IsOk());
  }
  ASSERT_THAT(writer.BeginRound(Root(4)), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  StateText text, expected;
  StringSink whole;
  FsStateWriter at_once(&whole);
  ASSERT_THAT(at_once.Begin(Root(4)), IsOk());
  ASSERT_THAT(AddTwoMounts(at_once, 1), IsOk());
  ASSERT_THAT(at_once.Finish(), IsOk());
  const auto read = Read(by_begin.written, text);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, *Read(whole.written, expected));
}

TEST(RoundsTest, AnnotationsOfADeletionAreThoseOfItsKey) {
  const auto refused = [](const std::string& text) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text));
  };
  const auto second_round = [](FsStateWriter& writer) {
    ASSERT_THAT(writer.BeginRound(Root(4)), IsOk());
    ASSERT_THAT(writer.AddInodes(Inode(1, 1, "a")), IsOk());
    ASSERT_THAT(writer.EndRound(), IsOk());
    ASSERT_THAT(writer.BeginRound(Root(4)), IsOk());
  };
  StringSink sink;
  FsStateWriter key(&sink);
  second_round(key);
  // An inode's id is 1 at least.
  ASSERT_THAT(key.DeleteInodes(InodeRow()), IsOk());
  EXPECT_THAT(key.EndRound(), refused("id: "));
  FsStateWriter rest(&sink);
  second_round(rest);
  // The name of a path must not be empty.
  ASSERT_THAT(rest.DeleteInodes(Inode(1, 1, "")), IsOk());
  EXPECT_THAT(rest.EndRound(), IsOk());
}

}  // namespace
}  // namespace devstate
