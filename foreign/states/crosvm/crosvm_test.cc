// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/crosvm/crosvm.h"

#include <fstream>
#include <iterator>
#include <string>

#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::crosvm {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Opening;
using ::devstate::testing::StringSink;
using ::testing::HasSubstr;

constexpr const char* kStates[] = {
    "block.state", "console.state", "console-snapshot.state",
    "gpu.state",   "net.state",     "packed-snapshot.state",
    "snd.state",   "vsock.state"};

std::string ReadState(const std::string& name) {
  std::ifstream file("foreign/states/crosvm/testdata/" + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<ForeignReport> Check(const std::string& bytes) {
  return Format().check(Opening(bytes));
}

TEST(CrosvmTest, StatesAreToldApartByTheNamesInThem) {
  for (const char* name : kStates) {
    EXPECT_TRUE(Format().recognise(ReadState(name).substr(0, 64))) << name;
  }
  const auto block = Check(ReadState("block.state"));
  ASSERT_THAT(block, IsOk());
  EXPECT_EQ(block->version, "block");
  EXPECT_EQ(block->bytes, 87);
  EXPECT_EQ(block->numbers[0].second, 0x140000000);
  EXPECT_EQ(block->numbers[1].second, 0x80200);
  EXPECT_EQ(Check(ReadState("console.state"))->version, "console");
  EXPECT_EQ(Check(ReadState("gpu.state"))->version,
            "without a state of the device");
  EXPECT_EQ(DeviceSchema(*Check(ReadState("net.state"))), "devices.net.v1");
  EXPECT_EQ(DeviceSchema(*Check(ReadState("vsock.state"))), "devices.vsock.v1");
  EXPECT_EQ(Check(ReadState("console-snapshot.state"))->version,
            "of a vhost-user device");
  EXPECT_EQ(DeviceSchema(*Check(ReadState("gpu.state"))), "");
}

TEST(CrosvmTest, StateIsShownAsJson) {
  StringSink sink;
  ASSERT_THAT(Format().show(Opening(ReadState("console.state")), &sink),
              IsOk());
  EXPECT_EQ(sink.written, R"({
  "acked_features": 5368709120,
  "acked_protocol_features": 524800,
  "backend": {
    "avail_features": 5368709120,
    "ports": [{
        "input_buffer": []
      }, {
        "input_buffer": [104, 105, 255]
      }]
  }
}
)");
}

TEST(CrosvmTest, EveryTruncationIsFound) {
  for (const char* name : kStates) {
    const std::string state = ReadState(name);
    for (size_t size = 0; size < state.size(); ++size) {
      const auto report = Check(state.substr(0, size));
      ASSERT_FALSE(report.ok()) << name << " " << size;
      EXPECT_EQ(GetErrorDetail(report.status())->reason,
                ERROR_REASON_NO_TRAILER)
          << name << " " << size;
    }
    EXPECT_FALSE(Check(state + "x").ok());
  }
}

TEST(CrosvmTest, EveryBitThatFlipsIsRefusedOrAnotherState) {
  for (const char* name : kStates) {
    const std::string state = ReadState(name);
    for (size_t bit = 0; bit < 8 * state.size(); ++bit) {
      std::string flipped = state;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const auto report = Check(flipped);
      StringSink sink;
      const absl::Status shown = Format().show(Opening(flipped), &sink);
      EXPECT_EQ(shown.ok(), report.ok()) << name << " " << bit;
      EXPECT_EQ(sink.written.empty(), !report.ok()) << name << " " << bit;
    }
  }
}

TEST(CrosvmTest, OtherFieldsAndDeepNestingAreRefused) {
  const std::string gpu = ReadState("gpu.state");
  std::string other = gpu;
  other[2] = 'A';
  EXPECT_THAT(std::string(Check(other).status().message()),
              HasSubstr("other fields"));
  // Text in the place of a number.
  EXPECT_THAT(std::string(Check("\xa3\x6e"
                                "acked_features\x61"
                                "1\x77"
                                "acked_protocol_features\x01\x67"
                                "backend\xf6")
                              .status()
                              .message()),
              HasSubstr("other fields"));
  std::string deep =
      gpu.substr(0, gpu.size() - 1) + std::string(100000, '\x81');
  EXPECT_THAT(std::string(Check(deep + '\xf6').status().message()),
              HasSubstr("nested too deeply"));
  std::string twice = gpu.substr(0, gpu.size() - 1) + std::string(
                                                          "\xa2\x61"
                                                          "a\x01\x61"
                                                          "a\x02",
                                                          7);
  EXPECT_THAT(std::string(Check(twice).status().message()),
              HasSubstr("\"a\" is there twice"));
}

TEST(CrosvmTest, StringsOfUnknownLengthAreRefused) {
  const std::string gpu = ReadState("gpu.state");
  for (const char mark : {'\x5f', '\x7f'}) {
    const auto report =
        Check(gpu.substr(0, gpu.size() - 1) + std::string(1000000, mark));
    ASSERT_FALSE(report.ok());
    EXPECT_THAT(std::string(report.status().message()),
                HasSubstr("string of unknown length"));
    EXPECT_EQ(GetErrorDetail(report.status())->offset, gpu.size() - 1);
  }
  // The same bytes within a string are its content.
  const std::string named = gpu.substr(0, gpu.size() - 1) + "\xa1\x78\x20" +
                            std::string(32, '\x5f') + "\x62\x7f\x5f";
  EXPECT_THAT(Check(named), IsOk());
}

TEST(CrosvmTest, OtherBytesAreNoState) {
  for (const std::string& other : {std::string(), std::string(64, '\0'),
                                   std::string("\xa3\x6e"
                                               "acked_features")}) {
    EXPECT_FALSE(Format().recognise(other));
    EXPECT_FALSE(Check(other).ok());
  }
}

}  // namespace
}  // namespace devstate::crosvm
