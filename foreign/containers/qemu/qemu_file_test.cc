// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/qemu_file.h"

#include <string>

#include "devstate/foreign/containers/qemu/test_qemu_file.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(QemuFile, FindsTheStateThatTheBackendHadSent) {
  const auto file = OpenBytes(ReadTestData("fs-5136-bytes-q35.mig"));
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 1);
  const BackendState& state = (*file)->states()[0];
  EXPECT_EQ(state.device, "0000:00:01.0/vhost-user-fs");
  EXPECT_EQ(state.instance, 0);
  EXPECT_EQ(state.offset, 0x6b67f);
  EXPECT_EQ(state.bytes, 5136);
  EXPECT_EQ(state.chunks, 1);
  EXPECT_EQ(Drain(**file, state), ReadTestData("fs-5136-bytes-q35.state"));
}

TEST(QemuFile, FindsTheStatesOfTwoDevices) {
  const auto file = OpenBytes(ReadTestData("two-devices-q35.mig"));
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 2);
  EXPECT_EQ((*file)->states()[0].device, "0000:00:01.0/vhost-user-fs");
  EXPECT_EQ((*file)->states()[1].device, "0000:00:07.0/vhost-user-fs");
  EXPECT_EQ(Drain(**file, (*file)->states()[0]),
            ReadTestData("two-devices-q35.state0"));
  EXPECT_EQ(Drain(**file, (*file)->states()[1]),
            ReadTestData("two-devices-q35.state1"));
}

TEST(QemuFile, DeviceIsChosenByName) {
  const auto file = OpenBytes(ReadTestData("two-devices-q35.mig"));
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(*(*file)->Find("0000:00:07.0/vhost-user-fs"),
            &(*file)->states()[1]);
  const auto both =
      HasSubstr("0000:00:01.0/vhost-user-fs, 0000:00:07.0/vhost-user-fs");
  EXPECT_THAT((*file)->Find(""),
              StatusIs(absl::StatusCode::kFailedPrecondition, both));
  EXPECT_THAT((*file)->Find("0000:00:07.0"),
              StatusIs(absl::StatusCode::kNotFound, both));

  const auto one = OpenBytes(ReadTestData("fs-5136-bytes-q35.mig"));
  ASSERT_THAT(one, IsOk());
  EXPECT_EQ(*(*one)->Find(""), &(*one)->states()[0]);
}

TEST(QemuFile, InstancesOfOneNameAreToldApart) {
  TestFile test;
  test.devices = {FsDevice("vhost-user-fs", {"first"}),
                  FsDevice("vhost-user-fs", {"second"})};
  test.devices[1].instance = 1;
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  const auto found = (*file)->Find("vhost-user-fs#1");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(Drain(**file, **found), "second");
}

TEST(QemuFile, StateMayBeEmptyOrInManyChunks) {
  TestFile test;
  test.devices = {FsDevice("a", {}), PlainDevice("between", 10000),
                  FsDevice("b", {"one", "two"}),
                  FsDevice("c", std::vector<std::string>(10000, "12345"))};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 3);
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), "");
  EXPECT_EQ(Drain(**file, (*file)->states()[1]), "onetwo");
  EXPECT_EQ((*file)->states()[2].bytes, 50000);
}

TEST(QemuFile, NetworkDeviceHasItsStateInsideItsField) {
  TestFile test;
  // Longer than one piece of the search.
  test.devices = {NetDevice("net", std::string(70000, 't'), {"net", " state"}),
                  PlainDevice("plain", 3)};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 1);
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), "net state");
}

TEST(QemuFile, MachineWithoutAStateHasNone) {
  TestFile test;
  test.devices = {PlainDevice("plain", 3)};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  EXPECT_TRUE((*file)->states().empty());
  EXPECT_THAT((*file)->Find(""),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no device")));
}

TEST(QemuFile, SectionsThatCameBeforeGuestMemoryAreNotMissed) {
  // virtio-mem's: it is in the description, first of all, and not where the
  // others are.
  TestFile test;
  test.devices = {PlainDevice("early", 30), FsDevice("fs", {"state"})};
  const std::string late_only = [] {
    TestFile late;
    late.devices = {FsDevice("fs", {"state"})};
    return late.Build();
  }();
  const std::string both = test.Build();
  const std::string file_bytes =
      late_only.substr(0, late_only.find("{\"page_size\"") - 4) +
      BigEndian32(both.size() - both.find("{\"page_size\"")) +
      both.substr(both.find("{\"page_size\""));
  const auto file = OpenBytes(file_bytes);
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 1);
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), "state");
}

TEST(QemuFile, NeitherGuestMemoryNorTheStateIsReadToFindIt) {
  TestFile test;
  test.memory = std::string(3 << 20, 'm');
  test.devices = {
      FsDevice("fs", std::vector<std::string>(16, std::string(65536, 's')))};
  auto bytes = std::make_unique<MemoryFile>(test.Build());
  const MemoryFile* const counts = bytes.get();
  const auto file = QemuFile::Open(std::move(bytes));
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ((*file)->states()[0].bytes, 16 * 65536);
  EXPECT_LT(counts->bytes_read, 300 << 10);
}

}  // namespace
}  // namespace devstate::testing
