// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What every release of the example back-ends has written is loaded by the
// newest ones, for ever, and is what its release said that it was.

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devices/net/v1/net.pb.h"
#include "devstate/backend/manifest_archive.h"
#include "devstate/compat/gate/read_whole_state.h"
#include "devstate/devices/net/check_net.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/fs_device.h"
#include "examples/fs_backend/release.h"
#include "examples/fs_backend/table_text.h"
#include "examples/fs_backend_alt/alt_device.h"
#include "examples/net_backend/net_device.h"
#include "examples/net_backend/state_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/history/golden_table.h"

namespace devstate::testing {
namespace {

using ::devices::fs::v1::FsStateCodec;
using ::devices::net::v1::NetStateCodec;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}
std::string Golden(const std::string& name) {
  return ReadFile(absl::StrCat("tests/golden/", name));
}

// Loads through the gate, as a back-end does, and returns the verdict's level.
template <typename Codec>
VerdictLevel Load(StateDevice<Codec>* device, const std::string& stream,
                  std::shared_ptr<const SchemaArchive> archive) {
  VerdictLevel level = VERDICT_LEVEL_UNSPECIFIED;
  StateOptions options;
  options.archive = std::move(archive);
  options.report = [&level](const StateReport& report) {
    level = report.verdict.level();
    EXPECT_THAT(report.status, IsOk()) << report.verdict_line;
  };
  StateHandler<Codec> handler(device, std::move(options));
  StringSource source(stream);
  if (handler.Load(source).status.ok()) {
    EXPECT_THAT(handler.Commit().status, IsOk());
  }
  return level;
}

struct FsCase {
  const char* name;
  VerdictLevel level;
};
constexpr FsCase kFsCases[] = {
    {"fs_v1", VERDICT_LEVEL_CONVERTED},
    {"fs_v2", VERDICT_LEVEL_CONVERTED},
    {"fs_v2_times", VERDICT_LEVEL_CONVERTED},
    {"fs_v2_locks", VERDICT_LEVEL_CONVERTED},
    {"fs_v3", VERDICT_LEVEL_IDENTICAL},
    {"fs_v3_times", VERDICT_LEVEL_IDENTICAL},
    {"fs_v3_locks", VERDICT_LEVEL_IDENTICAL},
    {"fs_alt_v3", VERDICT_LEVEL_IDENTICAL},
};

class GoldenHistoryTest : public ::testing::TestWithParam<FsCase> {
 protected:
  // The files that the streams are about.
  GoldenHistoryTest() : tree_(absl::StrCat(::testing::TempDir(), "/tree")) {
    mkdir(tree_.c_str(), 0755);
    for (const auto& [id, parent, name, mode] : kGoldenFiles) {
      const std::string path = absl::StrCat(tree_,
                                            parent == 2   ? "/etc/"
                                            : parent == 7 ? "/srv/"
                                                          : "/",
                                            name);
      if (S_ISDIR(mode)) {
        mkdir(path.c_str(), 0755);
      } else if (S_ISLNK(mode)) {
        (void)!symlink("anywhere", path.c_str());
      } else {
        std::ofstream file(path);
      }
    }
    const auto archive = ManifestArchive(examples::ManifestOfRelease());
    EXPECT_THAT(archive, IsOk());
    if (archive.ok()) archive_ = *archive;
  }

  const std::string tree_;
  std::shared_ptr<const SchemaArchive> archive_;
};

INSTANTIATE_TEST_SUITE_P(All, GoldenHistoryTest, ::testing::ValuesIn(kFsCases),
                         [](const auto& info) { return info.param.name; });

TEST_P(GoldenHistoryTest, IsLoadedByTheExample) {
  examples::FsDevice device(tree_, examples::Walk());
  EXPECT_EQ(
      Load<FsStateCodec>(
          &device, Golden(absl::StrCat(GetParam().name, ".dstate")), archive_),
      GetParam().level);
  const std::string text = absl::StrCat(::testing::TempDir(), "/table");
  ASSERT_THAT(examples::WriteTableText(device.table(), text), IsOk());
  EXPECT_EQ(ReadFile(text), Golden(absl::StrCat(GetParam().name, ".txt")));
}

// Streams tell of themselves: the archive is for those that do not.
TEST_P(GoldenHistoryTest, IsLoadedWithoutAnArchive) {
  examples::FsDevice device(tree_, examples::Walk());
  EXPECT_EQ(
      Load<FsStateCodec>(
          &device, Golden(absl::StrCat(GetParam().name, ".dstate")), nullptr),
      GetParam().level);
  EXPECT_EQ(device.table().inodes.size(), 1 + std::size(kGoldenFiles));
}

TEST_P(GoldenHistoryTest, IsLoadedByTheAlternativeExample) {
  examples::alt::AltDevice device(tree_, examples::alt::AltState());
  EXPECT_EQ(
      Load<FsStateCodec>(
          &device, Golden(absl::StrCat(GetParam().name, ".dstate")), archive_),
      GetParam().level);
  EXPECT_EQ(device.state().tree.nodes.size(), 1 + std::size(kGoldenFiles));
  // Its private section is there if it wrote the state itself.
  EXPECT_EQ(device.state().loads,
            std::string(GetParam().name) == "fs_alt_v3" ? 4u : 1u);
}

struct NetCase {
  const char* name;
  VerdictLevel level;
};

class GoldenNetTest : public ::testing::TestWithParam<NetCase> {};

// net_v1_reset has no receive mode, as if its driver had set none.
constexpr NetCase kNetCases[] = {
    {"net_v1", VERDICT_LEVEL_DEFAULTED},
    {"net_v1_reset", VERDICT_LEVEL_DEFAULTED},
    {"net_v2", VERDICT_LEVEL_IDENTICAL},
};
INSTANTIATE_TEST_SUITE_P(All, GoldenNetTest, ::testing::ValuesIn(kNetCases),
                         [](const auto& info) { return info.param.name; });

TEST_P(GoldenNetTest, IsLoadedByTheExample) {
  const std::string name = GetParam().name;
  net::examples::NetDevice device{net::NetModel()};
  EXPECT_EQ(Load<NetStateCodec>(&device, Golden(name + ".dstate"), nullptr),
            GetParam().level);
  EXPECT_EQ(net::examples::StateText(device.model()), Golden(name + ".txt"));
}

// Tools that read a state whole take what back-ends take.
TEST_P(GoldenNetTest, IsReadWhole) {
  const std::string stream = Golden(std::string(GetParam().name) + ".dstate");
  StringSource source(stream);
  devices::net::v1::NetState state;
  ASSERT_THAT(ReadWholeState(&source, &state), IsOk());
  EXPECT_TRUE(state.promisc_after_reset());
  EXPECT_EQ(CheckDeviceState(NetType(), state).ToStatus(), absl::OkStatus());
}

}  // namespace
}  // namespace devstate::testing
