// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Files that are damaged, or made to be misread.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/qemu/test_qemu_file.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kDamaged[] = "damaged";

TestFile SmallFile() {
  TestFile test;
  test.memory = std::string(50, 'm');
  test.devices = {PlainDevice("plain", 10), FsDevice("fs", {"first", "state"}),
                  NetDevice("net", "tables", {"second", "state"}),
                  BlkDevice("blk", 2, std::string(64, 'r')),
                  PlainDevice("last", 10)};
  return test;
}

std::string WithNumber(std::string bytes, size_t at, uint32_t number) {
  return bytes.replace(at, 4, BigEndian32(number));
}

size_t StateOffset(const std::string& bytes, size_t index) {
  const auto file = OpenBytes(bytes);
  return file.ok() ? (*file)->states()[index].offset : 0;
}

MATCHER_P(IsDamage, text, "") {
  *result_listener << arg.status();
  return GetErrorDetail(arg.status()).has_value() &&
         std::string(arg.status().message()).find(text) != std::string::npos;
}

TEST(HostileQemuFile, CutAnywhereIsRefused) {
  const std::string whole = SmallFile().Build();
  ASSERT_THAT(OpenBytes(whole), IsOk());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(OpenBytes(whole.substr(0, size)).ok()) << size;
  }
  // What is before the first section with a state is nobody's concern.
  const size_t sections = whole.find("fs") - 6;
  for (size_t at = sections; at < whole.size(); ++at) {
    EXPECT_FALSE(OpenBytes(whole.substr(0, at) + whole.substr(at + 1)).ok())
        << at;
  }
  const std::string real = ReadTestData("two-devices-q35.mig");
  for (size_t size = 0; size < real.size(); size += 1009) {
    EXPECT_FALSE(OpenBytes(real.substr(0, size)).ok()) << size;
  }
  for (size_t size = real.size() - 3000; size < real.size(); size += 23) {
    EXPECT_FALSE(OpenBytes(real.substr(0, size)).ok()) << size;
  }
}

TEST(HostileQemuFile, CutFileSaysWhatIsMissing) {
  const std::string real = ReadTestData("two-devices-q35.mig");
  EXPECT_THAT(OpenBytes(real.substr(0, 400000)),
              IsDamage("offset 0x61a80: no description of the devices"));
  EXPECT_THAT(OpenBytes(real + '\n'), IsDamage("something follows it"));
  EXPECT_THAT(OpenBytes("QEVM"), IsDamage("ends inside its header"));
}

TEST(HostileQemuFile, AnotherFormatIsToldFromADamagedFile) {
  for (const std::string& bytes :
       {std::string(), std::string("QEV"), std::string("\x89PNG\r\n\x1a\n"),
        std::string(100000, '\0'), BigEndian32(0) + "QEVM"}) {
    const auto file = OpenBytes(bytes);
    EXPECT_THAT(file, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("not a QEMU migration file")));
    EXPECT_FALSE(GetErrorDetail(file.status()).has_value());
  }
  EXPECT_THAT(
      OpenBytes(WithNumber(SmallFile().Build(), 4, 2)),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version 2")));
}

TEST(HostileQemuFile, LengthOfAChunkThatCannotBeIsRefused) {
  const std::string whole = SmallFile().Build();
  const size_t fs = StateOffset(whole, 0);
  for (const uint32_t length : {0u, 4u, 6u, 18u, 0x7fffffffu, 0xffffffffu}) {
    EXPECT_THAT(OpenBytes(WithNumber(whole, fs, length)), IsDamage(kDamaged))
        << length;
    EXPECT_THAT(OpenBytes(WithNumber(whole, fs + 9, length)),
                IsDamage(kDamaged))
        << length;
  }
  EXPECT_THAT(OpenBytes(WithNumber(whole, fs + 18, 1)), IsDamage(kDamaged));
  // The state of a network device has only its neighbours to tell.
  const size_t net = StateOffset(whole, 1);
  for (const uint32_t length : {4u, 7u, 0x7fffffffu, 0xffffffffu}) {
    const auto file = OpenBytes(WithNumber(whole, net, length));
    ASSERT_THAT(file, IsOk());
    EXPECT_EQ((*file)->states().size(), 1);
  }
}

TEST(HostileQemuFile, AnyOtherByteIsRefusedOrHarmless) {
  const std::string whole = SmallFile().Build();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int bits : {0x01, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ bits);
      const auto file = OpenBytes(bytes);
      if (!file.ok()) continue;
      for (const BackendState& state : (*file)->states()) {
        EXPECT_EQ(Drain(**file, state).size(), state.bytes) << at;
      }
    }
  }
}

TEST(HostileQemuFile, DescriptionOfOtherSizesIsRefused) {
  const std::string whole = SmallFile().Build();
  const size_t json = whole.find("{\"page_size\"");
  const std::string text = whole.substr(json);
  for (const char* size :
       {"0", "17", "1000000", "4611686018427387903", "9999999999999999999"}) {
    TestFile test = SmallFile();
    test.description = text;
    const std::string old = "\"virtio\", \"size\": 40";
    test.description.replace(test.description.find(old), old.size(),
                             absl::StrCat("\"virtio\", \"size\": ", size));
    EXPECT_THAT(OpenBytes(test.Build()), IsDamage(kDamaged)) << size;
  }
  for (const uint32_t length : {0u, 1u, 0x7fffffffu, 0xffffffffu}) {
    EXPECT_THAT(OpenBytes(WithNumber(whole, json - 4, length)),
                IsDamage("no description"));
  }
}

TEST(HostileQemuFile, DescriptionBeyondTheLimitIsNotRead) {
  TestFile test = SmallFile();
  test.description = std::string(kMaxDeviceDescription, ' ');
  EXPECT_THAT(OpenBytes(test.Build()), IsDamage("no description"));
}

TEST(HostileQemuFile, LongNamesAndDeviceNamesThatDifferAreRefused) {
  TestFile test = SmallFile();
  test.devices[1].name = std::string(300, 'n');
  EXPECT_THAT(OpenBytes(test.Build()), IsDamage(kDamaged));
  std::string bytes = SmallFile().Build();
  bytes.replace(bytes.rfind("\"fs\""), 4, "\"gs\"");
  EXPECT_THAT(OpenBytes(bytes), IsDamage("the section of gs"));
}

TEST(HostileQemuFile, GuestMemoryCannotPassForAState) {
  TestFile fake;
  fake.devices = {FsDevice("fs", {"made up by the guest"}),
                  PlainDevice("last", 10)};
  // A whole migration file, its description again, and the mark alone, as the
  // last bytes of guest memory.
  const std::string file = fake.Build();
  const std::string mark = Subsection("vhost-user-fs-backend");
  for (const std::string& memory :
       {file, file + file.substr(file.find('{')), mark + Chunks({"fake"}),
        file + std::string("\x7e\0\0\0\x05", 5)}) {
    TestFile test;
    test.memory = std::string(4096, '\0') + memory;
    test.devices = {PlainDevice("first", 5), FsDevice("fs", {"true state"}),
                    PlainDevice("last", 10)};
    const auto opened = OpenBytes(test.Build());
    ASSERT_THAT(opened, IsOk());
    ASSERT_EQ((*opened)->states().size(), 1);
    EXPECT_EQ(Drain(**opened, (*opened)->states()[0]), "true state");
  }
}

TEST(HostileQemuFile, WhatAVolumeHeldBeforeIsNotTakenForTheMigration) {
  TestFile older;
  older.memory = std::string(5000, 'o');
  older.devices = {FsDevice("fs", {"old state"}), PlainDevice("last", 10)};
  TestFile newer;
  newer.devices = {FsDevice("fs", {"new state"}), PlainDevice("last", 10)};
  const std::string now = newer.Build();
  const std::string before = older.Build();
  ASSERT_LT(now.size(), 5000);
  // The rest of the older one has its devices and its end.
  const std::string volume =
      now + before.substr(now.size()) + std::string(1000, '\0');
  EXPECT_THAT(OpenBytes(volume),
              IsDamage(absl::StrCat("or head -c ", now.size())));
  EXPECT_THAT(OpenBytes(volume),
              IsDamage(absl::StrCat("head -c ", before.size())));
  // The way on, and what else a volume may have held.
  EXPECT_THAT(OpenBytes(volume.substr(0, now.size())), IsOk());
  EXPECT_THAT(OpenBytes(now + std::string(100, '\0') + "x"),
              IsDamage(absl::StrCat("cut it off: head -c ", now.size())));
}

TEST(HostileQemuFile, CutFileWithAMigrationInItsMemoryIsRefused) {
  TestFile fake;
  fake.devices = {FsDevice("fs", {"made up by the guest"})};
  TestFile test;
  test.memory = fake.Build() + std::string(3000, 'm');
  test.devices = {FsDevice("fs", {"true"})};
  const std::string whole = test.Build();
  EXPECT_THAT(OpenBytes(whole), IsOk());
  EXPECT_THAT(OpenBytes(whole.substr(0, whole.size() - 1)),
              IsDamage("something follows it"));
  // Both are there if zeros follow the true one.
  EXPECT_THAT(OpenBytes(whole + std::string(10, '\0')),
              IsDamage("made up by a guest"));
}

TEST(HostileQemuFile, ManyEndsOfMigrationsAreTooMany) {
  std::string memory;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&memory, std::string("\0\6\0\0\0\2{\"", 8));
  }
  TestFile test;
  test.memory = memory;
  test.devices = {FsDevice("fs", {"true"})};
  EXPECT_THAT(OpenBytes(test.Build() + '\0'), IsDamage("more than 64 places"));
}

TEST(HostileQemuFile, RequestsInFlightOfAnotherSizeAreDamage) {
  const std::string whole = SmallFile().Build();
  const auto file = OpenBytes(whole);
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->inflight().size(), 1);
  const size_t sizes = (*file)->inflight()[0].offset - 10 -
                       Subsection("vhost-inflight-region/buffer").size();
  for (const uint32_t size : {0u, 63u, 65u, 0xffffffffu}) {
    EXPECT_THAT(OpenBytes(WithNumber(whole, sizes + 4, size)),
                IsDamage(kDamaged))
        << size;
  }
  EXPECT_THAT(OpenBytes(WithNumber(whole, sizes, 1)), IsDamage(kDamaged));
}

TEST(HostileQemuFile, StateThatLooksLikeAMigrationFileStaysAState) {
  TestFile inner;
  inner.devices = {FsDevice("fs", {"inner"})};
  TestFile test;
  test.devices = {FsDevice("fs", {inner.Build()}), PlainDevice("last", 1)};
  const auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), inner.Build());
}

TEST(HostileQemuFile, TablesOfANetworkDeviceCannotPassForItsState) {
  const std::string mark = Subsection("virtio-net-device/backend");
  TestFile test;
  // The mark alone does not do,
  test.devices = {NetDevice("net", mark + Chunks({"fake"}) + "rest", {"true"})};
  auto file = OpenBytes(test.Build());
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ((*file)->states().size(), 1);
  EXPECT_EQ(Drain(**file, (*file)->states()[0]), "true");
  // and what cannot be told apart is refused: a chunk that reaches over the
  // true start, or a whole made up.
  const std::string whole =
      mark + Chunks({"fake"}) + Subsection("virtio/broken");
  test.devices = {NetDevice("net", mark + BigEndian32(mark.size()), {"true"})};
  EXPECT_THAT(OpenBytes(test.Build()), IsDamage("a guest may have made one"));
  test.devices = {NetDevice("net", whole, {"true"})};
  EXPECT_THAT(OpenBytes(test.Build()), IsDamage("a guest may have made one"));
  std::string many;
  for (int i = 0; i < 20; ++i) many += mark;
  test.devices = {NetDevice("net", many, {"true"})};
  EXPECT_THAT(OpenBytes(test.Build()), IsDamage("more than 16 places"));
}

TEST(HostileQemuFile, FileThatShrinksWhileItIsReadIsAnError) {
  class Shrinking : public MemoryFile {
   public:
    using MemoryFile::MemoryFile;
    absl::Status ReadAt(uint64_t offset, char* buffer, size_t size) override {
      if (shrunk) return absl::DataLossError("the file has become shorter");
      return MemoryFile::ReadAt(offset, buffer, size);
    }
    bool shrunk = false;
  };
  auto bytes = std::make_unique<Shrinking>(SmallFile().Build());
  Shrinking* const shrinking = bytes.get();
  const auto file = QemuFile::Open(std::move(bytes));
  ASSERT_THAT(file, IsOk());
  const auto source = (*file)->OpenState((*file)->states()[0]);
  shrinking->shrunk = true;
  char byte;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(source->Read(&byte, 1), StatusIs(absl::StatusCode::kDataLoss));
  }
}

}  // namespace
}  // namespace devstate::testing
