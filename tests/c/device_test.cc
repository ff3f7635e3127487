// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The device level of devstate.h does what StateHandler does: the same
// verdicts, answers and bytes, for every release's states.

#include "devstate/backend/c/device.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate-c.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/backend/schema_judge.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/c/echo_device.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;
using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::devstate::vhost_user::LoadResult;
using ::testing::HasSubstr;

constexpr char kReleased[] = "proto/devices/fs/v1/released";

std::string Golden(const std::string& name) {
  std::ifstream file("tests/golden/" + name + ".dstate", std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Features(const std::string& stream) {
  StringSource source(stream);
  StreamReader reader(&source);
  const auto header = reader.ReadHeader();
  EXPECT_THAT(header.status(), IsOk());
  return {(*header)->used_features.begin(), (*header)->used_features.end()};
}

// --- The same device in C++ ---

template <typename Batch, typename Add>
absl::Status CopyAll(Batch& batch, Add add) {
  typename Batch::Row row;
  while (batch.Next(&row)) DS_RETURN_IF_ERROR(add(row));
  return absl::OkStatus();
}

template <typename Base>
class Copying : public Base {
 public:
  explicit Copying(FsStateWriter* writer) : writer_(*writer) {}

  absl::Status OnRoot(const FsState& root) override {
    return writer_.Begin(root);
  }
  absl::Status OnInodes(InodesBatch& batch) override {
    return CopyAll(batch, [&](auto& row) { return writer_.AddInodes(row); });
  }
  absl::Status OnHandles(HandlesBatch& batch) override {
    return CopyAll(batch, [&](auto& row) { return writer_.AddHandles(row); });
  }
  absl::Status OnMountPaths(MountPathsBatch& batch) override {
    return CopyAll(batch,
                   [&](auto& row) { return writer_.AddMountPaths(row); });
  }

 private:
  FsStateWriter& writer_;
};

class EchoDevice : public StateDevice<FsStateCodec> {
 public:
  absl::Status SaveState(FsStateWriter& writer) override {
    StringSource source(state);
    FsStateReader reader(&source);
    Copying<FsStateVisitor> copying(&writer);
    return reader.Read(copying);
  }
  std::unique_ptr<StagedState<FsStateCodec>> StageLoad() override {
    return std::make_unique<Staged>(&state);
  }

  std::string state;

 private:
  struct Written {
    StringSink sink;
    FsStateWriter writer{&sink};
  };
  class Staged : private Written, public Copying<StagedState<FsStateCodec>> {
   public:
    explicit Staged(std::string* state)
        : Copying<StagedState<FsStateCodec>>(&writer), state_(*state) {}
    absl::Status Prepare() override { return writer.Finish(); }
    absl::Status Commit() override {
      state_ = sink.written;
      return absl::OkStatus();
    }

   private:
    std::string& state_;
  };
};

// --- Both ---

class DeviceInC : public ::testing::Test {
 protected:
  ~DeviceInC() override { echo_device_clear(&device_); }

  // With the released versions known.
  void Start(devstate_state_options options = {}) {
    options.size = sizeof(options);
    options.released_folder = kReleased;
    auto handler = c::MakeDeviceHandler(&devices_fs_v1_fs_state_schema,
                                        &echo_device_ops, &device_, &options);
    ASSERT_THAT(handler.status(), IsOk());
    handler_ = *std::move(handler);
    StateOptions cpp;
    cpp.save_version.choice =
        static_cast<SaveVersion::Choice>(options.save_choice);
    cpp.save_version.version = options.save_version;
    auto schemas = LoadSchemas(kReleased, {});
    ASSERT_THAT(schemas.status(), IsOk());
    auto archive = std::make_shared<SchemaArchive>();
    ASSERT_THAT(archive->Add(*std::move(schemas)), IsOk());
    cpp.archive = archive;
    cpp.report = [this](const StateReport& report) { cpp_report_ = report; };
    cpp_handler_ =
        std::make_unique<StateHandler<FsStateCodec>>(&cpp_device_, cpp);
  }

  // Loads and commits, in both.
  void Load(const std::string& stream) {
    StringSource source(stream);
    StringSource cpp_source(stream);
    LoadResult result = handler_->Load(source);
    LoadResult cpp_result = cpp_handler_->Load(cpp_source);
    ExpectSame(result, cpp_result);
    if (!result.status.ok()) {
      handler_->Discard();
      cpp_handler_->Discard();
      return;
    }
    result = handler_->Commit();
    cpp_result = cpp_handler_->Commit();
    ExpectSame(result, cpp_result);
  }
  void ExpectSame(const LoadResult& result, const LoadResult& cpp_result) {
    EXPECT_EQ(result.status.message(), cpp_result.status.message());
    EXPECT_EQ(result.reply, cpp_result.reply);
    EXPECT_EQ(device_.last.check_reply, cpp_result.reply);
    EXPECT_EQ(device_.last.level, int{cpp_report_.verdict.level()});
    EXPECT_EQ(device_.line, cpp_report_.verdict_line);
    EXPECT_EQ(device_.last.records, cpp_report_.records);
    EXPECT_EQ(device_.last.stream_bytes, cpp_report_.stream_bytes);
  }
  std::string State() const {
    return std::string(device_.state.data, device_.state.size);
  }
  std::string Saved() {
    StringSink sink;
    StringSink cpp_sink;
    const absl::Status status = handler_->Save(sink);
    const absl::Status cpp_status = cpp_handler_->Save(cpp_sink);
    EXPECT_EQ(status.message(), cpp_status.message());
    EXPECT_EQ(sink.written, cpp_sink.written);
    EXPECT_EQ(device_.last.event, DEVSTATE_SAVED);
    EXPECT_EQ(device_.last.saved_version, cpp_report_.saved_version);
    return status.ok() ? sink.written : "";
  }

  echo_device device_ = {};
  std::unique_ptr<StateTransfer> handler_;
  EchoDevice cpp_device_;
  StateReport cpp_report_;
  std::unique_ptr<StateHandlerCore> cpp_handler_;
};

class GoldenInC : public DeviceInC,
                  public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(All, GoldenInC,
                         ::testing::Values("fs_v1", "fs_v2", "fs_v2_locks",
                                           "fs_v2_times", "fs_v3",
                                           "fs_v3_locks", "fs_v3_times",
                                           "fs_alt_v3"));

TEST_P(GoldenInC, LoadsAsInCpp) {
  Start();
  Load(Golden(GetParam()));
  EXPECT_EQ(device_.last.event, DEVSTATE_COMMITTED);
  EXPECT_LE(device_.last.level, DEVSTATE_LOSSY);
  EXPECT_FALSE(State().empty());
  EXPECT_EQ(State(), cpp_device_.state);
  EXPECT_EQ(device_.staged, 1);
  EXPECT_EQ(device_.unstaged, 1);
}

TEST_P(GoldenInC, SavesEachVersionAsInCpp) {
  for (const uint32_t version : {1u, 2u, 3u}) {
    devstate_state_options options = {};
    options.save_choice = DEVSTATE_SAVE_PINNED;
    options.save_version = version;
    Start(options);
    Load(Golden(GetParam()));
    Saved();
  }
  devstate_state_options options = {};
  options.save_choice = DEVSTATE_SAVE_LOWEST;
  Start(options);
  Load(Golden(GetParam()));
  EXPECT_NE(Saved(), "");
}

TEST_F(DeviceInC, ItsOwnVersionNeedsNoDescriptors) {
  Start();
  devstate_schema schema = devices_fs_v1_fs_state_schema;
  schema.descriptor_set = {"rubbish", 7};
  devstate_write_options write = {};
  write.size = sizeof(write);
  write.flags = DEVSTATE_WRITE_NO_SCHEMA;
  devstate_state_options options = {};
  options.size = sizeof(options);
  options.write = &write;
  const auto handler =
      c::MakeDeviceHandler(&schema, &echo_device_ops, &device_, &options);
  ASSERT_THAT(handler.status(), IsOk());
  for (const char* name : {"fs_v3", "fs_v3_locks", "fs_v3_times"}) {
    const std::string state = Golden(name);
    StringSource source(state);
    ASSERT_THAT((*handler)->Load(source).status, IsOk()) << name;
    ASSERT_THAT((*handler)->Commit().status, IsOk()) << name;
    EXPECT_EQ(device_.last.level, DEVSTATE_IDENTICAL);
    StringSink sink;
    ASSERT_THAT((*handler)->Save(sink), IsOk()) << name;
    EXPECT_EQ(Features(sink.written), Features(state)) << name;
  }
  // Of another version, whose descriptors it would need.
  StringSource source(Golden("fs_v1"));
  EXPECT_THAT((*handler)->Load(source).status.message(),
              HasSubstr("the descriptors of the generated schema"));
  (*handler)->Discard();
}

TEST_F(DeviceInC, TheFirstReleasesStateIsConverted) {
  Start();
  Load(Golden("fs_v1"));
  EXPECT_EQ(device_.last.level, DEVSTATE_CONVERTED);
  EXPECT_THAT(device_.line, HasSubstr("version 1"));
}

TEST_F(DeviceInC, DamageLeavesTheDeviceAsItWas) {
  Start();
  Load(Golden("fs_v3"));
  const std::string before = State();
  std::string damaged = Golden("fs_v3");
  damaged[damaged.size() / 2] ^= 1;
  Load(damaged);
  EXPECT_EQ(device_.last.event, DEVSTATE_VERIFIED);
  EXPECT_EQ(device_.last.level, DEVSTATE_DAMAGED);
  EXPECT_EQ(device_.last.code, DEVSTATE_EDAMAGED);
  EXPECT_STREQ(device_.rule, "checksum");
  EXPECT_EQ(State(), before);
  EXPECT_EQ(device_.unstaged, 2);
  char text[100];
  EXPECT_GT(
      devstate_check_reply_text(device_.last.check_reply, text, sizeof(text)),
      0);
  EXPECT_THAT(text, HasSubstr("damaged [checksum]"));
}

TEST_F(DeviceInC, ARootOutOfBoundsIsRefusedAsInCpp) {
  FsState root;
  for (int i = 0; i < 65; ++i) root.mutable_alt()->add_wanted_paths("a");
  StringSink sink;
  FsStateWriter writer(&sink);
  ASSERT_THAT(writer.Begin(root), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  Start();
  Load(sink.written);
  EXPECT_EQ(device_.last.level, DEVSTATE_REFUSED);
  EXPECT_STREQ(device_.rule, "value-out-of-bounds");
  EXPECT_THAT(device_.line, HasSubstr("alt.wanted_paths"));
  // As if the device had come to that by itself.
  cpp_device_.state = sink.written;
  device_.state.data = static_cast<char*>(std::malloc(sink.written.size()));
  device_.state.size = sink.written.copy(device_.state.data, std::string::npos);
  EXPECT_EQ(Saved(), "");
  EXPECT_EQ(device_.last.code, DEVSTATE_EINVAL);
}

TEST_F(DeviceInC, DamageBehindTheChecksumsIsJudgedAsInCpp) {
  Start();
  std::mt19937 random(20261129);
  std::set<int> levels;
  for (const char* name : {"fs_v3", "fs_v3_times", "fs_v2_locks"}) {
    const std::string golden = Golden(name);
    for (int i = 0; i < 400; ++i) {
      StringSource source(golden);
      StreamReader reader(&source);
      const auto header = reader.ReadHeader();
      ASSERT_THAT(header.status(), IsOk());
      HandmadeStream damaged(Serialize(**header));
      while (true) {
        const auto chunk = reader.NextChunk();
        ASSERT_THAT(chunk.status(), IsOk());
        if (!chunk->has_value()) break;
        std::string payload((*chunk)->payload);
        // The root, which is small, in most cases.
        if (!payload.empty() &&
            ((*chunk)->header.type == ChunkType::kRoot || random() % 8 == 0)) {
          char& byte = payload[random() % payload.size()];
          byte = static_cast<char>(byte ^ 1 << random() % 8);
        }
        damaged.Add((*chunk)->header.type, (*chunk)->header.field,
                    (*chunk)->header.records, payload);
      }
      Load(damaged.Finish());
      ASSERT_FALSE(HasFailure()) << name << " " << i;
      EXPECT_EQ(State(), cpp_device_.state);
      levels.insert(device_.last.level);
    }
  }
  EXPECT_THAT(levels, ::testing::IsSupersetOf({int{DEVSTATE_IDENTICAL},
                                               int{DEVSTATE_REFUSED},
                                               int{DEVSTATE_DAMAGED}}));
}

TEST_F(DeviceInC, AnotherDevicesStateIsRefused) {
  Start();
  Load(Golden("net_v1"));
  EXPECT_EQ(device_.last.level, DEVSTATE_REFUSED);
  EXPECT_EQ(device_.last.code, DEVSTATE_EREFUSED);
  EXPECT_STREQ(device_.rule, "wrong-device");
}

TEST_F(DeviceInC, EachFunctionCanRefuseWithItsOwnWords) {
  Start();
  for (const char* echo_device::*refuse :
       {&echo_device::refuse_stage, &echo_device::refuse_batch,
        &echo_device::refuse_prepare, &echo_device::refuse_commit}) {
    device_.*refuse = "the device's own reason";
    StringSource source(Golden("fs_v3"));
    LoadResult result = handler_->Load(source);
    const bool at_commit = refuse == &echo_device::refuse_commit;
    EXPECT_EQ(result.status.ok(), at_commit);
    if (at_commit) result = handler_->Commit();
    EXPECT_EQ(result.status.message(), "the device's own reason");
    EXPECT_NE(result.reply, 0u);
    EXPECT_EQ(device_.last.level, DEVSTATE_REFUSED);
    EXPECT_EQ(device_.last.code, DEVSTATE_EDEVICE);
    EXPECT_STREQ(device_.rule, "device-refused");
    EXPECT_THAT(device_.line, HasSubstr("the device's own reason"));
    handler_->Discard();
    EXPECT_EQ(device_.unstaged, device_.staged);
    EXPECT_EQ(State(), "");
    device_.*refuse = nullptr;
  }
  Load(Golden("fs_v3"));
  EXPECT_EQ(device_.last.event, DEVSTATE_COMMITTED);
}

// A device that counts the rows of a state.
TEST(DeviceOps, ALoadIsStagedInZerosThatTheLibraryFrees) {
  uint64_t rows = 0;
  devstate_device_ops ops = {};
  ops.size = sizeof(ops);
  ops.save = [](void*, devstate_writer*) { return devstate_fail("no save"); };
  ops.batch = [](void* staged, const devstate_batch* batch) {
    *static_cast<uint64_t*>(staged) += batch->count;
    return 0;
  };
  ops.staged_size = sizeof(rows);
  ops.commit_to = [](void* device, void* staged) {
    *static_cast<uint64_t*>(device) = *static_cast<uint64_t*>(staged);
    return 0;
  };
  auto handler = c::MakeDeviceHandler(&devices_fs_v1_fs_state_schema, &ops,
                                      &rows, nullptr);
  ASSERT_THAT(handler.status(), IsOk());
  uint64_t first = 0;
  for (int load = 0; load < 2; ++load) {
    rows = 0;
    StringSource source(Golden("fs_v3"));
    ASSERT_THAT((*handler)->Load(source).status, IsOk());
    EXPECT_EQ(rows, 0u) << "only a commit changes the device";
    ASSERT_THAT((*handler)->Commit().status, IsOk());
    EXPECT_GT(rows, 1u);
    if (load == 0) first = rows;
    EXPECT_EQ(rows, first) << "what is staged starts as zeros";
  }
}

TEST(DeviceOps, UnstageFreesWhatTheMemoryOfTheLibraryPointsTo) {
  static int unstaged;
  unstaged = 0;
  devstate_device_ops ops = {};
  ops.size = sizeof(ops);
  ops.save = [](void*, devstate_writer*) { return devstate_fail("no save"); };
  ops.staged_size = sizeof(void*);
  ops.batch = [](void* staged, const devstate_batch* /*batch*/) {
    void*& owned = *static_cast<void**>(staged);
    if (owned == nullptr) owned = std::malloc(1);
    return 0;
  };
  ops.commit_to = [](void*, void*) { return 0; };
  ops.unstage = [](void* staged) {
    std::free(*static_cast<void**>(staged));
    ++unstaged;
  };
  auto handler = c::MakeDeviceHandler(&devices_fs_v1_fs_state_schema, &ops,
                                      nullptr, nullptr);
  ASSERT_THAT(handler.status(), IsOk());
  StringSource source(Golden("fs_v3"));
  ASSERT_THAT((*handler)->Load(source).status, IsOk());
  EXPECT_EQ(unstaged, 0);
  (*handler)->Discard();
  EXPECT_EQ(unstaged, 1);
}

TEST(ReportToStderr, IsTheVerdictOfALoadAndTheErrorsOfTheRest) {
  devstate_report report = {};
  report.text = "the text";
  report.line = "the line";
  const auto printed = [&report] {
    ::testing::internal::CaptureStderr();
    devstate_report_to_stderr(nullptr, &report);
    return ::testing::internal::GetCapturedStderr();
  };
  report.event = DEVSTATE_VERIFIED;
  EXPECT_EQ(printed(), "the line\n");
  report.code = DEVSTATE_EREFUSED;
  EXPECT_EQ(printed(), "the line\n");
  report.event = DEVSTATE_COMMITTED;
  EXPECT_EQ(printed(), "the text\n");
  report.code = DEVSTATE_OK;
  EXPECT_EQ(printed(), "");
}

TEST_F(DeviceInC, PreChecksAsInCpp) {
  Start();
  Load(Golden("fs_v3_locks"));
  for (const uint32_t version : {1u, 2u, 3u}) {
    const auto verdict = handler_->PreCheck(version);
    const auto cpp_verdict = cpp_handler_->PreCheck(version);
    ASSERT_THAT(cpp_verdict.status(), IsOk());
    ASSERT_THAT(verdict.status(), IsOk());
    EXPECT_EQ(ToVerdict(*verdict).SerializeAsString(),
              cpp_verdict->SerializeAsString());
  }
  EXPECT_EQ(handler_->PreCheck(9).status().message(),
            cpp_handler_->PreCheck(9).status().message());
}

TEST(Judge, IsLinkedHere) { EXPECT_EQ(devstate_load_judge(), DEVSTATE_OK); }

TEST_F(DeviceInC, WrongOptionsAreNamed) {
  devstate_state_options options = {};
  options.size = sizeof(options);
  const auto error = [&](const devstate_device_ops& ops) {
    const devstate_engine* engine = devstate_engine_new(
        &devices_fs_v1_fs_state_schema, &ops, &device_, &options, nullptr);
    EXPECT_EQ(engine, nullptr);
    EXPECT_LT(devstate_error_code(), 0);
    return std::string(devstate_error());
  };
  devstate_device_ops no_commit = echo_device_ops;
  no_commit.commit = nullptr;
  EXPECT_THAT(error(no_commit), HasSubstr("and commit or commit_to"));
  devstate_device_ops two_commits = echo_device_ops;
  two_commits.commit_to = [](void*, void*) { return 0; };
  EXPECT_THAT(error(two_commits), HasSubstr("commit or commit_to, not both"));
  devstate_device_ops no_stage = echo_device_ops;
  no_stage.stage = nullptr;
  EXPECT_THAT(error(no_stage), HasSubstr("stage and unstage or staged_size"));
  devstate_device_ops two_stages = echo_device_ops;
  two_stages.staged_size = 1;
  EXPECT_THAT(error(two_stages), HasSubstr("stage or staged_size, not both"));
  options.accept = DEVSTATE_REFUSED;
  EXPECT_THAT(error(echo_device_ops), HasSubstr("accept is 7"));
  options.accept = DEVSTATE_LOSSY;
  options.released_folder = "/nowhere";
  EXPECT_THAT(error(echo_device_ops), HasSubstr("/nowhere"));
  options.manifest = "{}";
  EXPECT_THAT(error(echo_device_ops), HasSubstr("not both"));
  options.released_folder = nullptr;
  options.manifest = "no JSON";
  EXPECT_THAT(error(echo_device_ops), HasSubstr("manifest"));
}

TEST_F(DeviceInC, AnEngineOfRecordsChecksVersions) {
  devstate_state_options options = {};
  options.size = sizeof(options);
  options.released_folder = kReleased;
  Start();
  Load(Golden("fs_v3_locks"));
  devstate_engine* engine =
      devstate_engine_new(&devices_fs_v1_fs_state_schema, &echo_device_ops,
                          &device_, &options, nullptr);
  ASSERT_NE(engine, nullptr) << devstate_error();
  EXPECT_EQ(devstate_engine_pre_check(engine, 1), DEVSTATE_REFUSED);
  EXPECT_THAT(devstate_error(), HasSubstr("locks"));
  EXPECT_LT(devstate_engine_pre_check(engine, 3), DEVSTATE_LOSSY);
  EXPECT_EQ(devstate_engine_pre_check(engine, 9), DEVSTATE_EINVAL);
  EXPECT_THAT(devstate_error(), HasSubstr("version 9"));
  devstate_engine_free(engine);
}

}  // namespace
}  // namespace devstate
