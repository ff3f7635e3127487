// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <string>

#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/qemu/test_qemu_file.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

// The file with the state of its device number `index` replaced.
std::string Injected(const std::string& bytes, size_t index,
                     std::string replacement) {
  const auto file = OpenBytes(bytes);
  if (!file.ok()) return file.status().ToString();
  // Bytes come as they like to.
  StringSource source(std::move(replacement), 1000);
  StringSink sink;
  const absl::Status status =
      (*file)->Inject((*file)->states()[index], source, sink);
  return status.ok() ? sink.written : status.ToString();
}

TEST(Inject, SameStateMakesTheSameFile) {
  const std::string two = ReadTestData("two-devices-q35.mig");
  EXPECT_EQ(Injected(two, 0, ReadTestData("two-devices-q35.state0")), two);
  EXPECT_EQ(Injected(two, 1, ReadTestData("two-devices-q35.state1")), two);

  TestFile test;
  test.devices = {NetDevice("net", "tables", {"1", "234", "56"}),
                  FsDevice("fs", {"a", "bc"}), FsDevice("empty", {})};
  EXPECT_EQ(Injected(test.Build(), 0, "123456"), test.Build());
  EXPECT_EQ(Injected(test.Build(), 1, "abc"), test.Build());
  EXPECT_EQ(Injected(test.Build(), 2, ""), test.Build());
}

TEST(Inject, AnyStateComesOutAsItWentIn) {
  const std::string two = ReadTestData("two-devices-q35.mig");
  for (const size_t size : {0, 1, 69999, 70001, 65536, 3000000}) {
    std::string state(size, '\0');
    for (size_t i = 0; i < size; ++i) state[i] = static_cast<char>(i * 7);
    for (const size_t index : {0, 1}) {
      const auto file = OpenBytes(Injected(two, index, state));
      ASSERT_THAT(file, IsOk());
      ASSERT_EQ((*file)->states().size(), 2);
      EXPECT_EQ(Drain(**file, (*file)->states()[index]), state);
      EXPECT_EQ(Drain(**file, (*file)->states()[1 - index]),
                ReadTestData(index == 0 ? "two-devices-q35.state1"
                                        : "two-devices-q35.state0"));
    }
  }
}

TEST(Inject, EverythingButTheStateStays) {
  TestFile test;
  test.devices = {PlainDevice("before", 10), FsDevice("fs", {"old"}),
                  PlainDevice("behind", 20)};
  TestFile expected = test;
  // The description's number gets another digit.
  expected.devices[1] =
      FsDevice("fs", {std::string(3, 'n'), std::string(65536, 'n'), "nn"});
  EXPECT_EQ(Injected(test.Build(), 0, std::string(65541, 'n')),
            expected.Build());
}

TEST(Inject, FieldAroundTheStateOfANetworkDeviceGrows) {
  TestFile test;
  test.devices = {NetDevice("net", std::string(100, 't'), {"old"})};
  TestFile expected;
  expected.devices = {
      NetDevice("net", std::string(100, 't'), {"lon", "ger state"})};
  EXPECT_EQ(Injected(test.Build(), 0, "longer state"), expected.Build());
}

TEST(Inject, HugeChunksAreCut) {
  TestFile test;
  test.devices = {FsDevice("fs", {std::string(3 << 20, 's')})};
  const auto file =
      OpenBytes(Injected(test.Build(), 0, std::string(3 << 20, 's')));
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ((*file)->states()[0].bytes, 3 << 20);
  EXPECT_GT((*file)->states()[0].chunks, 2);
}

TEST(Inject, FailuresOfBothSidesAreReturned) {
  TestFile test;
  test.devices = {FsDevice("fs", {"state"})};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  StringSource source("state");
  source.error = absl::UnavailableError("gone");
  StringSink sink;
  EXPECT_EQ((*file)->Inject((*file)->states()[0], source, sink), source.error);
  StringSource good("state");
  sink.error = absl::ResourceExhaustedError("full");
  EXPECT_EQ((*file)->Inject((*file)->states()[0], good, sink), sink.error);
}

}  // namespace
}  // namespace devstate::testing
