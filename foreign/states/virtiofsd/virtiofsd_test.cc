// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/virtiofsd.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/compat/rules.h"
#include "devstate/foreign/states/virtiofsd/random_states.h"
#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::virtiofsd::testing {
namespace {

using ::devices::fs::v1::FileLock_Kind_READ;
using ::devices::fs::v1::FileLockRow;
using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::Inode;
using ::devices::fs::v1::Inode_PathRow;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::OpenHandleRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// "rule level path: text" of each finding.
std::vector<std::string> Findings(const Converted& converted) {
  std::vector<std::string> lines;
  if (!converted.report.ok()) return {converted.report.status().ToString()};
  for (const Finding& finding : converted.report->verdict.findings()) {
    lines.push_back(absl::StrCat(
        finding.rule(), " ", absl::AsciiStrToUpper(LevelName(finding.level())),
        " ", finding.path(), ": ", finding.text()));
  }
  return lines;
}

std::string VersionOf(const std::string& state) {
  return state[0] == 0 ? "V1" : "V2";
}

void ExpectRoundTrip(const std::string& state) {
  const Converted portable = Import(state);
  ASSERT_TRUE(portable.written())
      << ::testing::PrintToString(Findings(portable));
  EXPECT_EQ(portable.report->version, VersionOf(state));
  EXPECT_EQ(portable.report->bytes, state.size());
  const Converted back = Export(portable.bytes, VersionOf(state));
  ASSERT_TRUE(back.written()) << ::testing::PrintToString(Findings(back));
  EXPECT_EQ(back.bytes, state);
  EXPECT_THAT(Findings(back),
              ::testing::Each(AnyOf(HasSubstr("foreign-lost"),
                                    HasSubstr("too-many-findings"))));
}

TEST(VirtiofsdTest, StatesOfTheRealOneSurviveTheRoundTrip) {
  for (const std::string& name : FixtureNames()) {
    SCOPED_TRACE(name);
    const std::string state = ReadFixture(name);
    ASSERT_FALSE(state.empty());
    EXPECT_TRUE(Format().recognise(state));
    ExpectRoundTrip(state);
  }
}

TEST(VirtiofsdTest, RandomStatesSurviveTheRoundTrip) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    const std::string state = RandomState(seed).Encode();
    EXPECT_TRUE(Format().recognise(state.substr(0, 64)));
    ExpectRoundTrip(state);
    if (HasFailure()) return;
  }
}

TEST(VirtiofsdTest, ExtremeNumbersSurviveTheRoundTrip) {
  TestState state = SmallState();
  state.inodes[0].refcount = UINT64_MAX;
  state.inodes[2].id = UINT64_MAX - 1;
  state.next_inode = UINT64_MAX;
  state.handles = {{UINT64_MAX - 1, UINT64_MAX - 1, 0x7ffffc02}};
  state.next_handle = UINT64_MAX;
  state.inodes[1].file_handle =
      FileHandleBytes(UINT64_MAX, INT32_MIN, std::string(128, '\xff'));
  state.inodes[0].file_handle = FileHandleBytes(0, INT32_MAX, "");
  state.mount_paths = {{UINT64_MAX, "b"}, {0, "a/b"}, {7, "."}};
  ExpectRoundTrip(state.Encode());
}

TEST(VirtiofsdTest, NeverMountedHasNoSession) {
  const Converted portable = Import(ReadFixture("neverinit-fp.state"));
  ASSERT_TRUE(portable.written());
  TestState mounted;
  mounted.inodes = {{1, 2, AtRoot(), ""}};
  mounted.options = {false, false, false, false};
  ExpectRoundTrip(mounted.Encode());
  EXPECT_THAT(Findings(Export(Import(mounted.Encode()).bytes, "V2")),
              ::testing::IsEmpty());
}

TEST(VirtiofsdTest, DowngradeIsTheSameTableInV1) {
  TestState state = SmallState();
  state.inodes[2].file_handle = FileHandleBytes(27, 2, "handle");
  const std::string v2 = state.Encode();
  state.version = 1;
  const Converted v1 = Export(Import(v2).bytes, "V1");
  ASSERT_TRUE(v1.written()) << ::testing::PrintToString(Findings(v1));
  EXPECT_EQ(v1.bytes, state.Encode());
  EXPECT_EQ(v1.report->version, "V1");
}

TEST(VirtiofsdTest, DowngradeDropsMountPathsThatNobodyNeeds) {
  TestState state = SmallState();
  state.mount_paths = {{27, "."}};
  const Converted v1 = Export(Import(state.Encode()).bytes, "V1");
  ASSERT_TRUE(v1.written());
  EXPECT_THAT(Findings(v1),
              ::testing::ElementsAre(HasSubstr("foreign-dropped LOSSY : the "
                                               "path of 1 mounts")));
  state.version = 1;
  EXPECT_EQ(v1.bytes, state.Encode());
}

TEST(VirtiofsdTest, DowngradeOfALocationByFileHandleIsRefusedWithItsInode) {
  TestState state = SmallState();
  state.inodes[2].location = AtFileHandle(FileHandleBytes(27, 1, "x"));
  state.mount_paths = {{27, "."}};
  const Converted v1 = Export(Import(state.Encode()).bytes, "V1");
  ASSERT_THAT(v1.report, IsOk());
  EXPECT_TRUE(v1.report->refused());
  EXPECT_EQ(v1.bytes, "");
  EXPECT_THAT(Findings(v1), ::testing::ElementsAre(AllOf(
                                HasSubstr("foreign-version REFUSED inode 3"),
                                HasSubstr("find-paths"))));
}

TEST(VirtiofsdTest, EveryTruncationIsRefused) {
  for (const std::string& name : FixtureNames()) {
    const std::string state = ReadFixture(name);
    for (size_t size = 0; size < state.size(); ++size) {
      const Converted cut = Import(state.substr(0, size));
      ASSERT_EQ(ReasonOf(cut.report.status()), ERROR_REASON_NO_TRAILER)
          << name << size;
      EXPECT_EQ(cut.bytes, "");
    }
  }
}

TEST(VirtiofsdTest, TrailingBytesAreRefused) {
  const std::string state = ReadFixture("open-fp.state");
  const Converted longer = Import(state + std::string(1, '\0'));
  EXPECT_THAT(longer.report, StatusIs(absl::StatusCode::kDataLoss,
                                      HasSubstr("offset 0x5c: bytes follow")));
  EXPECT_EQ(longer.bytes, "");
}

TEST(VirtiofsdTest, NewerVersionIsUnknownContent) {
  std::string state = ReadFixture("open-fp.state");
  state[0] = 2;
  EXPECT_EQ(ReasonOf(Import(state).report.status()),
            ERROR_REASON_UNKNOWN_CONTENT);
  EXPECT_FALSE(Format().recognise(state));
}

TEST(VirtiofsdTest, LocationOfV2IsRefusedInV1) {
  TestState state = SmallState();
  state.version = 1;
  state.inodes[2].location = AtFileHandle(FileHandleBytes(27, 1, "x"));
  EXPECT_THAT(Import(state.Encode()).report,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("inode 3 of 3: the location is variant 4, "
                                 "expected 0 to 3")));
}

TEST(VirtiofsdTest, CountsAreJudgedBeforeAnythingIsAllocated) {
  EXPECT_EQ(ReasonOf(Import("\x01" + Varint(1ull << 40)).report.status()),
            ERROR_REASON_LIMIT);
  TestState state = SmallState();
  state.inodes[2].location = Varint(1) + Varint(2) + Varint(1ull << 60);
  EXPECT_THAT(
      Import(state.Encode()).report,
      StatusIs(absl::StatusCode::kResourceExhausted,
               HasSubstr("inode 3 of 3: the name has 1152921504606846976 "
                         "bytes, the limit is 255")));
  state = SmallState();
  state.inodes[2].file_handle = FileHandleBytes(1, 1, std::string(129, 'x'));
  EXPECT_EQ(ReasonOf(Import(state.Encode()).report.status()),
            ERROR_REASON_LIMIT);
}

TEST(VirtiofsdTest, NameThatIsNotUtf8IsRefused) {
  TestState state = SmallState();
  state.inodes[2].location = AtPath(2, "\xff");
  EXPECT_THAT(Import(state.Encode()).report,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("inode 3 of 3: the name is not UTF-8")));
}

TEST(VirtiofsdTest, ForeignStreamIsRefusedBeforeItsChunks) {
  StringSink sink;
  StreamWriter writer(&sink, WriterOptions());
  StreamHeader header;
  header.device = "virtio-net";
  header.schema = "devices.net.v1";
  ASSERT_THAT(writer.WriteHeader(header), IsOk());
  writer.BeginChunk();
  ASSERT_THAT(writer.EndChunk(ChunkType::kRoot, 0, 0), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_THAT(Export(sink.written, "V2").report,
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("wrong-device")));
}

TEST(VirtiofsdTest, WhatVirtiofsdHasNoPlaceForIsNamed) {
  InodeRow file;
  file.id = 2;
  file.refcount = 1;
  file.path = Inode_PathRow{1, "file"};
  file.attributes = {0100644, 12, 34};
  const Converted state = Export(Portable({RootRow(), file}), "V2");
  ASSERT_TRUE(state.written());
  EXPECT_THAT(
      Findings(state),
      ::testing::ElementsAre(
          HasSubstr("foreign-dropped LOSSY : the mode of 1 inodes"),
          HasSubstr("foreign-dropped LOSSY : the inode number of 1 inodes"),
          HasSubstr("foreign-dropped LOSSY : the change time of 1 inodes"),
          HasSubstr("foreign-session DEFAULTED")));
  ExpectRoundTrip(state.bytes);
}

TEST(VirtiofsdTest, LocksAndFlagsBeyond32BitsAreRefused) {
  const FileLockRow lock = {7, FileLock_Kind_READ, 0, 99, 1};
  OpenHandleRow locked;
  locked.id = 1;
  locked.inode = 1;
  locked.locks = absl::MakeConstSpan(&lock, 1);
  OpenHandleRow wide;
  wide.id = 2;
  wide.inode = 1;
  wide.flags = int64_t{1} << 32;
  StringSink sink;
  FsStateWriter writer(&sink);
  FsState root;
  root.mutable_session();
  root.set_next_inode(2);
  root.set_next_handle(3);
  ASSERT_THAT(writer.Begin(root), IsOk());
  ASSERT_THAT(writer.AddInodes(RootRow()), IsOk());
  ASSERT_THAT(writer.AddHandles(locked), IsOk());
  ASSERT_THAT(writer.AddHandles(wide), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  const Converted state = Export(sink.written, "V2");
  EXPECT_THAT(Findings(state),
              ::testing::UnorderedElementsAre(
                  HasSubstr("unknown-critical REFUSED open handle 1"),
                  HasSubstr("foreign-open-flags REFUSED open handle 2")));
  EXPECT_EQ(state.bytes, "");
}

TEST(VirtiofsdTest, InodeWithoutLocationIsRefused) {
  InodeRow nowhere;
  nowhere.id = 2;
  nowhere.refcount = 1;
  const Converted state = Export(Portable({RootRow(), nowhere}), "V2");
  EXPECT_THAT(Findings(state),
              ::testing::ElementsAre(
                  HasSubstr("foreign-location REFUSED inode 2: has no")));
  EXPECT_EQ(state.bytes, "");
}

TEST(VirtiofsdTest, LongNamesOfAPortableStateAreRefused) {
  // A generated writer refuses them itself.
  const SchemaFacts facts(*FsState::descriptor());
  StringSink sink;
  const SchemaModel schema = BuildSchemaModel(*FsState::descriptor());
  DynamicStateWriter writer(&sink, schema, facts.info(), {});
  const auto& inodes = *FsState::descriptor()->FindFieldByName("inodes");
  FsState state;
  state.set_next_inode(1000);
  ASSERT_THAT(writer.Begin(state), IsOk());
  Inode inode;
  inode.set_id(1);
  inode.set_refcount(2);
  inode.mutable_root();
  ASSERT_THAT(writer.Add(inodes, inode), IsOk());
  inode.set_id(2);
  inode.mutable_path()->set_parent(1);
  inode.mutable_path()->set_name(std::string(256, 'n'));
  ASSERT_THAT(writer.Add(inodes, inode), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_THAT(
      Findings(Export(sink.written, "V2")),
      ::testing::ElementsAre(HasSubstr("has 256 bytes, allowed is 1 to 255")));
}

TEST(VirtiofsdTest, InputThatChangesBetweenPassesIsRefused) {
  for (const int change_at : {1, 2}) {
    int opened = 0;
    const OpenSource changing =
        [&]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
      TestState state = SmallState();
      if (opened++ >= change_at) state.inodes[2].refcount = 9;
      return std::shared_ptr<ByteSource>(
          std::make_shared<StringSource>(state.Encode()));
    };
    StringSink sink;
    EXPECT_THAT(Format().import_state(changing, WriterOptions(), &sink),
                StatusIs(absl::StatusCode::kAborted, HasSubstr("changed")));
  }
}

TEST(VirtiofsdTest, ErrorsOfSourceAndSinkAreReturned) {
  const absl::Status gone = absl::UnavailableError("gone");
  const OpenSource failing =
      [&]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    auto source =
        std::make_shared<StringSource>(SmallState().Encode().substr(0, 9));
    source->error = gone;
    return std::shared_ptr<ByteSource>(std::move(source));
  };
  EXPECT_EQ(Format().check(failing).status(), gone);
  StringSink full;
  full.error = absl::ResourceExhaustedError("full");
  EXPECT_EQ(
      Format()
          .import_state(Opening(SmallState().Encode()), WriterOptions(), &full)
          .status(),
      full.error);
}

TEST(VirtiofsdTest, OtherBytesAreNotRecognised) {
  for (const std::string& bytes :
       {std::string(), std::string("\x01", 1), std::string(64, '\xff'),
        std::string("\xd5"
                    "devst\r\n"),
        std::string("QEVM\0\0\0\3", 8), std::string("\x01\x07\x02", 3),
        std::string("\x01\x07\x01\x05\x05", 5),
        std::string("\x01\x07\x02\x05\x00", 5), std::string(64, '\0'),
        std::string("\x01\x00\x01", 3), std::string("\x01\xff\xff\xff", 4)}) {
    EXPECT_FALSE(Format().recognise(bytes)) << ::testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace devstate::virtiofsd::testing
