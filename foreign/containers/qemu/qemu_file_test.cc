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

TEST(QemuFile, MigrationMayStartWithinAFile) {
  TestFile test;
  test.devices = {FsDevice("fs", {"state"}), PlainDevice("last", 3)};
  const std::string image = "a header" + test.Build();
  const auto file = QemuFile::Open(std::make_unique<MemoryFile>(image), 8);
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 1);
  // Offsets are those in the file.
  EXPECT_EQ(image.substr((*file)->states()[0].offset + 4, 5), "state");
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), "state");
  EXPECT_FALSE(QemuFile::Open(std::make_unique<MemoryFile>(image), 7).ok());
  EXPECT_FALSE(
      QemuFile::Open(std::make_unique<MemoryFile>(image), image.size()).ok());
}

TEST(QemuFile, ZerosMayFollow) {
  TestFile test;
  test.devices = {FsDevice("fs", {"state"}), PlainDevice("last", 3)};
  for (const size_t zeros : {1, 7, 4096, 3 << 20}) {
    const auto file = OpenBytes(test.Build() + std::string(zeros, '\0'));
    ASSERT_THAT(file, IsOk()) << zeros;
    ASSERT_EQ((*file)->states().size(), 1);
    EXPECT_EQ(Drain(**file, (*file)->states()[0]), "state");
  }
  const auto real = OpenBytes(ReadTestData("two-devices-q35.mig") +
                              std::string(100000, '\0'));
  ASSERT_THAT(real, IsOk());
  EXPECT_EQ((*real)->states().size(), 2);
}

TEST(QemuFile, HolesBehindAMigrationAreNotRead) {
  class WithHole : public MemoryFile {
   public:
    WithHole(const std::string& bytes, uint64_t hole)
        : MemoryFile(bytes + std::string(100, '\0')),
          data_(bytes.size()),
          size_(bytes.size() + hole) {}
    uint64_t size() const override { return size_; }
    uint64_t NextData(uint64_t offset) override {
      return offset < data_ ? offset : size_;
    }
    absl::Status ReadAt(uint64_t offset, char* buffer, size_t size) override {
      for (size_t i = 0; i < size; ++i) {
        if (offset + i >= data_) {
          ++zeros_read;
          buffer[i] = 0;
        } else if (!MemoryFile::ReadAt(offset + i, buffer + i, 1).ok()) {
          std::abort();
        }
      }
      return absl::OkStatus();
    }
    uint64_t zeros_read = 0;

   private:
    const uint64_t data_;
    const uint64_t size_;
  };
  TestFile test;
  test.devices = {FsDevice("fs", {"state"})};
  auto bytes = std::make_unique<WithHole>(test.Build(), uint64_t{1} << 44);
  const WithHole* const counts = bytes.get();
  const auto file = QemuFile::Open(std::move(bytes));
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ((*file)->states().size(), 1);
  EXPECT_LT(counts->zeros_read, 64 << 20);
}

TEST(QemuFile, SectionsMayHaveNoFooters) {
  TestFile test;
  test.footers = false;
  test.devices = {PlainDevice("plain", 10), FsDevice("fs", {"one"}),
                  NetDevice("net", "tables", {"two"}), PlainDevice("last", 10)};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 2);
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), "one");
  EXPECT_EQ(Drain(**file, (*file)->states()[1]), "two");
}

TEST(QemuFile, RequestsInFlightAreFound) {
  TestFile test;
  test.devices = {BlkDevice("blk", 8, "region"), FsDevice("fs", {"state"}),
                  BlkDevice("unstarted", 0, ""), PlainDevice("last", 10)};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->inflight().size(), 2);
  const InflightState& first = (*file)->inflight()[0];
  EXPECT_EQ(first.Id(), "blk");
  EXPECT_EQ(first.bytes, 6);
  EXPECT_EQ(first.queue_size, 8);
  EXPECT_EQ(*(*file)->ReadInflight(first), "region");
  EXPECT_EQ((*file)->inflight()[1].bytes, 0);
  EXPECT_EQ((*file)->states().size(), 1);
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
