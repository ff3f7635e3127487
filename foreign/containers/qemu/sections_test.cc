// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/sections.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/containers/qemu/device_description.h"
#include "devstate/foreign/containers/qemu/test_qemu_file.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::BigEndian32;
using ::devstate::testing::MemoryFile;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string BigEndian64(uint64_t value) {
  return BigEndian32(static_cast<uint32_t>(value >> 32)) +
         BigEndian32(static_cast<uint32_t>(value));
}

std::string Named(const std::string& name) {
  return std::string(1, static_cast<char>(name.size())) + name;
}

const std::string& Header() {
  static const auto& text = *new std::string(
      absl::StrCat("QEVM", BigEndian32(3), "\x07", BigEndian32(4), "pc-x"));
  return text;
}

// The start of the section of guest memory, of two blocks.
std::string Ram(uint64_t total = 0x3000, const std::string& end = "") {
  return absl::StrCat("\x01", BigEndian32(2), Named("ram"), BigEndian32(0),
                      BigEndian32(4), BigEndian64(total | 4), Named("pc.ram"),
                      BigEndian64(0x1000), Named("m0"), BigEndian64(0x2000),
                      end, BigEndian64(0x10), "\x7e", BigEndian32(2));
}

DeviceDescription Early(const std::string& name) {
  DeviceDescription device;
  device.name = name;
  device.version = 1;
  device.body_size = 4;
  return device;
}

std::string Section(const std::string& name) {
  return absl::StrCat("\x04", BigEndian32(9), Named(name), BigEndian32(0),
                      BigEndian32(1), "body", "\x7e", BigEndian32(9));
}

// The bodies of the sections a and b in `bytes`, cut off at `limit`.
std::vector<uint64_t> Find(const std::string& bytes, size_t limit) {
  MemoryFile file(bytes);
  const auto found = FindEarlySections(&file, 0, limit, kSectionFooterSize,
                                       {Early("a"), Early("b")});
  EXPECT_THAT(found.status(), testing::IsOk());
  return found.ok() ? *found : std::vector<uint64_t>();
}
std::vector<uint64_t> Find(const std::string& bytes) {
  return Find(bytes, bytes.size());
}

TEST(EarlySectionsTest, AreAfterTheListOfMemory) {
  const std::string before = Header() + Ram();
  const uint64_t body = before.size() + Section("a").size() - 5 - 4;
  EXPECT_THAT(Find(before + Section("a") + Section("b")),
              ElementsAre(body, body + Section("a").size()));
}

TEST(EarlySectionsTest, AreBeforeTheListOfMemoryAsWell) {
  EXPECT_THAT(Find(Header() + Section("a") + Ram() + Section("b")),
              ::testing::SizeIs(2));
}

TEST(EarlySectionsTest, MemoryMayBeFlushed) {
  EXPECT_THAT(
      Find(Header() + Ram(0x3000, BigEndian64(0x200)) + Section("a")),
      ::testing::SizeIs(1));
}

TEST(EarlySectionsTest, KnownPartsOfTheConfigurationArePassed) {
  const std::string uuid =
      absl::StrCat("\x05", Named("configuration/uuid"), BigEndian32(1),
                   std::string(16, 'u'));
  EXPECT_THAT(Find(Header() + uuid + Ram() + Section("a")),
              ::testing::SizeIs(1));
}

// A guest says what is in its pages.
TEST(EarlySectionsTest, NothingIsFoundAfterPages) {
  const std::string page = absl::StrCat("\x02", BigEndian32(2), "page");
  EXPECT_THAT(Find(Header() + Ram() + page + Section("a")), IsEmpty());
}

TEST(EarlySectionsTest, NothingIsFoundWhereMemoryIsLaidOutOtherwise) {
  const std::string capabilities =
      absl::StrCat("\x05", Named("configuration/capabilities"), BigEndian32(1),
                   BigEndian32(1), Named("mapped-ram"));
  EXPECT_THAT(Find(Header() + capabilities + Ram() + Section("a")), IsEmpty());
  EXPECT_THAT(Find(Header() + Ram(0x2000) + Section("a")), IsEmpty());
  EXPECT_THAT(Find(Header() + Ram(0x4000) + Section("a")), IsEmpty());
  // An address or a page size after a block.
  EXPECT_THAT(Find(Header() + Ram(0x3000, BigEndian64(7)) + Section("a")),
              IsEmpty());
}

TEST(EarlySectionsTest, AnotherSectionIsNotTaken) {
  EXPECT_THAT(Find(Header() + Ram() + Section("b")), IsEmpty());
}

TEST(EarlySectionsTest, FileMayEndAnywhere) {
  const std::string bytes = Header() + Ram() + Section("a");
  for (size_t size = kQemuHeaderSize; size < bytes.size(); ++size) {
    EXPECT_THAT(Find(bytes.substr(0, size)), IsEmpty()) << size;
    EXPECT_THAT(Find(bytes, size), IsEmpty()) << size;
  }
}

}  // namespace
}  // namespace devstate
