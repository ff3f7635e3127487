// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/snapshot/snapshot.h"

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

using ::testing::HasSubstr;

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ReadTestData(const std::string& name) {
  return ReadWhole("foreign/containers/snapshot/testdata/" + name);
}

absl::StatusOr<std::vector<SnapshotState>> Read(
    const std::string& bytes, SnapshotForm form = SnapshotForm::kJson) {
  StringSource source(bytes, 5);
  return ReadSnapshot(source, form);
}

TEST(SnapshotTest, StateOfADeviceIsFoundInTheTextWithinATree) {
  const auto states = Read(ReadTestData("cloud-hypervisor.json"));
  ASSERT_THAT(states, IsOk());
  ASSERT_EQ(states->size(), 1);
  EXPECT_EQ((*states)[0].device, "device-manager/_fs0");
  EXPECT_EQ((*states)[0].bytes,
            ReadWhole("foreign/states/virtiofsd/testdata/open-fp.state"));
}

TEST(SnapshotTest, StateOfADeviceIsFoundInTheTreeItself) {
  const auto states =
      Read(R"({"a": {"backend_state": [1, 2]}, "b": [{"backend_state": [255]},)"
           R"({"backend_state": []}], "backend_state": null})");
  ASSERT_THAT(states, IsOk());
  ASSERT_EQ(states->size(), 3);
  EXPECT_EQ((*states)[0].device, "a");
  EXPECT_EQ((*states)[0].bytes, "\x01\x02");
  EXPECT_EQ((*states)[1].device, "b");
  EXPECT_EQ((*states)[1].bytes, "\xff");
  EXPECT_EQ((*states)[2].device, "b#1");
  EXPECT_EQ((*states)[2].bytes, "");
}

TEST(SnapshotTest, SnapshotOfCrosvmHasItsStateInCbor) {
  const auto states = Read(ReadTestData("crosvm.cbor"), SnapshotForm::kCbor);
  ASSERT_THAT(states, IsOk());
  ASSERT_EQ(states->size(), 1);
  EXPECT_EQ((*states)[0].device, "device");
  EXPECT_EQ((*states)[0].bytes,
            ReadWhole("foreign/states/crosvm/testdata/block.state"));
  const auto as_bytes = Read(std::string("\xa1\x6d"
                                         "backend_state\x43"
                                         "abc"),
                             SnapshotForm::kCbor);
  ASSERT_THAT(as_bytes, IsOk());
  EXPECT_EQ((*as_bytes)[0].bytes, "abc");
}

TEST(SnapshotTest, DeviceIsChosenByName) {
  const auto states =
      Read(R"({"a": {"backend_state": [1]}, "b": {"backend_state": [2]}})");
  ASSERT_THAT(states, IsOk());
  EXPECT_EQ(*FindSnapshotState(*states, "b"), &(*states)[1]);
  EXPECT_THAT(FindSnapshotState(*states, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("--device: a, b")));
  EXPECT_THAT(
      FindSnapshotState(*states, "c"),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is: a, b")));
}

TEST(SnapshotTest, WhatIsNotBytesIsDamage) {
  for (const char* value : {"[256]", "[-1]", "[1.5]", "[null]", "[true]",
                            "[\"a\"]", "[[1]]", "[{}]"}) {
    const auto states = Read(absl::StrCat("{\"backend_state\": ", value, "}"));
    ASSERT_FALSE(states.ok()) << value;
    EXPECT_TRUE(GetErrorDetail(states.status()).has_value()) << value;
    EXPECT_THAT(std::string(states.status().message()),
                HasSubstr("in backend_state"))
        << value;
  }
}

TEST(SnapshotTest, ByteStringAmongBytesIsDamage) {
  EXPECT_FALSE(Read(std::string("\xa1\x6d"
                                "backend_state\x82\x41x\x01"),
                    SnapshotForm::kCbor)
                   .ok());
}

TEST(SnapshotTest, JsonWithoutAStateIsNamed) {
  EXPECT_THAT(Read("{\"a\": 1}"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("without a back-end's state")));
}

TEST(SnapshotTest, DeepNestingIsRefused) {
  EXPECT_FALSE(Read(std::string(100000, '[')).ok());
  EXPECT_FALSE(Read(std::string(100000, '\x81'), SnapshotForm::kCbor).ok());
}

TEST(SnapshotTest, StringsOfUnknownLengthAreRefused) {
  for (const std::string& cbor :
       {std::string(1000000, '\x5f'), "\xa1" + std::string(1000000, '\x7f')}) {
    EXPECT_THAT(Read(cbor, SnapshotForm::kCbor),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("string of unknown length")));
  }
}

TEST(SnapshotTest, NoTwoStatesHaveOneName) {
  const auto states =
      Read(R"({"a": [{"backend_state": [1]}], "a#2": {"backend_state": [2]},)"
           R"( "b": {"a": 0}, "a": [{"backend_state": [3]}]})");
  ASSERT_THAT(states, IsOk());
  ASSERT_EQ(states->size(), 3);
  for (const SnapshotState& state : *states) {
    EXPECT_EQ(*FindSnapshotState(*states, state.device), &state)
        << state.device;
  }
}

TEST(SnapshotTest, StatesAndTheirNamesAreLimited) {
  std::string many = "[";
  for (size_t i = 0; i <= kMaxSnapshotDevices; ++i) {
    absl::StrAppend(&many, i == 0 ? "" : ", ", "{\"backend_state\": []}");
  }
  EXPECT_THAT(Read(many + "]"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr(absl::StrCat(kMaxSnapshotDevices))));
  EXPECT_THAT(Read(absl::StrCat("{\"", std::string(kMaxSnapshotName + 1, 'a'),
                                "\": {\"backend_state\": []}}")),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("name of a device")));
}

TEST(SnapshotTest, ErrorsQuoteNothingOfAState) {
  const std::string tree = ReadTestData("cloud-hypervisor.json");
  const auto cut = Read(tree.substr(0, tree.size() / 2));
  EXPECT_THAT(std::string(cut.status().message()),
              HasSubstr("ends early: it was cut off"));
  EXPECT_EQ(GetErrorDetail(cut.status())->reason, ERROR_REASON_NO_TRAILER);
  const auto damaged = Read("{\"a\": \"" + std::string(100000, 's') + "\n\"}");
  EXPECT_LT(damaged.status().message().size(), 300);
  EXPECT_THAT(std::string(damaged.status().message()),
              HasSubstr("not JSON: syntax error while parsing value"));
}

TEST(SnapshotTest, EveryTruncationIsFound) {
  const std::string tree = ReadTestData("cloud-hypervisor.json");
  for (size_t size = 0; size < tree.size(); ++size) {
    EXPECT_FALSE(Read(tree.substr(0, size)).ok()) << size;
  }
  const std::string cbor = ReadTestData("crosvm.cbor");
  for (size_t size = 0; size < cbor.size(); ++size) {
    EXPECT_FALSE(Read(cbor.substr(0, size), SnapshotForm::kCbor).ok()) << size;
  }
}

TEST(SnapshotTest, AnyBitThatFlipsIsHarmless) {
  const std::string cbor = ReadTestData("crosvm.cbor");
  for (size_t bit = 0; bit < 8 * cbor.size(); ++bit) {
    std::string flipped = cbor;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto states = Read(flipped, SnapshotForm::kCbor);
    if (!states.ok()) continue;
    EXPECT_LE((*states)[0].bytes.size(), cbor.size()) << bit;
  }
}

}  // namespace
}  // namespace devstate::testing
