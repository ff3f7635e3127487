// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States of crosvm's devices as portable ones.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/blk/v1/blk.pb.h"
#include "devices/console/v1/console.pb.h"
#include "devices/net/v1/net.pb.h"
#include "devices/snd/v1/snd.pb.h"
#include "devices/vsock/v1/vsock.pb.h"
#include "devstate/compat/gate/read_whole_state.h"
#include "devstate/foreign/states/crosvm/crosvm.h"
#include "devstate/foreign/states/crosvm/test_states.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate::crosvm::testing {
namespace {

using ::devices::blk::v1::BlkState;
using ::devices::console::v1::ConsoleState;
using ::devices::net::v1::NetState;
using ::devices::snd::v1::SndState;
using ::devices::snd::v1::Stream;
using ::devices::vsock::v1::VsockState;
using ::devstate::testing::IsOk;
using ::devstate::testing::IsWholeStream;
using ::devstate::testing::Opening;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::TextFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kFeatures = kVersion1 | kEventIdx;
constexpr uint64_t kMultiport = 1 << 1;
constexpr uint64_t kNetOffloads = 1 << 2;
constexpr uint64_t kNetMtu = 1 << 3;
constexpr uint64_t kNetCtrlVq = 1 << 17;
constexpr uint64_t kNetMq = 1 << 22;
constexpr uint64_t kBlkSize = 1 << 6;

Ordered Net() {
  return Backend(kFeatures, {{"acked_feature", kFeatures | kProtocolFeatures}});
}
Ordered Block() { return Backend(kFeatures, {{"avail_features", kFeatures}}); }
Ordered SndBackend() {
  return Backend(kVersion1, Snd({RunningStream(), IdleStream()}));
}
Ordered VsockInSnapshot() {
  return InSnapshot(kFeatures, Vsock(33, 128, 9), 3,
                    {Split(0, 0, 0), Split(0, 0, 0), Split(4, 4, 4)});
}

struct Imported {
  absl::Status status;
  std::string stream;
  // "rule: path" of each finding, and their texts.
  std::vector<std::string> findings;
  std::string texts;
};

Imported ImportBytes(const std::string& bytes, absl::string_view schema,
                     const std::string& added = "") {
  DeviceImport device;
  device.schema = schema;
  device.add = [&added](google::protobuf::Message* state) {
    return TextFormat::ParseFromString(added, state)
               ? absl::OkStatus()
               : absl::InvalidArgumentError("not text of it");
  };
  StringSink sink;
  const absl::StatusOr<ForeignReport> report =
      ImportDevice(Opening(bytes), device, WriterOptions(), &sink);
  Imported imported;
  imported.status = report.status();
  imported.stream = sink.written;
  if (!report.ok()) return imported;
  for (const Finding& finding : report->verdict.findings()) {
    imported.findings.push_back(
        absl::StrCat(finding.rule(), ": ", finding.path()));
    absl::StrAppend(&imported.texts, finding.text(), "\n");
  }
  return imported;
}

Imported Import(const Ordered& state, absl::string_view schema,
                const std::string& added = "") {
  return ImportBytes(Cbor(state), schema, added);
}

template <typename State>
State StateOf(const Imported& imported) {
  EXPECT_THAT(imported.status, IsOk());
  State state;
  StringSource source(imported.stream);
  EXPECT_THAT(ReadWholeState(&source, &state), IsOk()) << imported.texts;
  return state;
}

// The files of testdata, which are the corpus of the fuzz target as well.
const std::map<std::string, Ordered>& Files() {
  static const auto& files = *new std::map<std::string, Ordered>{
      {"net.state", Net()},
      {"snd.state", SndBackend()},
      {"vsock.state", VsockInSnapshot()},
      {"console-snapshot.state",
       InSnapshot(0,
                  WithinSnapshot(kVersion1 | kMultiport,
                                 Backend(kVersion1 | kMultiport,
                                         Console({Port("ls\n"), Port("")}))),
                  6, {Split(7, 7, 0), Split(3, 3, 0)})},
      {"packed-snapshot.state",
       InSnapshot(kFeatures | kPacked, nullptr, 1,
                  {Packed(Position(5, true), Position(5, true),
                          Position(127, false))})}};
  return files;
}

// Returns the schema of the device in one of the files.
absl::string_view SchemaOf(const std::string& name) {
  if (name == "console-snapshot.state") return "devices.console.v1";
  if (name == "net.state") return "devices.net.v1";
  if (name == "packed-snapshot.state") return "devices.blk.v1";
  if (name == "snd.state") return "devices.snd.v1";
  return "devices.vsock.v1";
}

TEST(CrosvmDevicesTest, FilesOfTestdataAreTheStatesOfThisTest) {
  for (const auto& [name, state] : Files()) {
    std::ifstream file("foreign/states/crosvm/testdata/" + name,
                       std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const char* const outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
    if (bytes != Cbor(state) && outputs != nullptr) {
      std::ofstream(absl::StrCat(outputs, "/", name), std::ios::binary)
          << Cbor(state);
    }
    EXPECT_EQ(bytes, Cbor(state))
        << name << ": copy it from the outputs of this test";
  }
}

TEST(CrosvmDevicesTest, DiskNeedsItsSizeFromTheUser) {
  const Imported without = Import(Block(), "devices.blk.v1");
  EXPECT_THAT(without.status, IsOk());
  EXPECT_THAT(without.stream, IsEmpty());
  EXPECT_THAT(without.findings, ElementsAre("foreign-device: config.capacity"));
  EXPECT_THAT(without.texts, HasSubstr("--add 'config { capacity: N }'"));
  const Imported with =
      Import(Block(), "devices.blk.v1", "config { capacity: 2048 }");
  EXPECT_THAT(with.findings, IsEmpty());
  const auto state = StateOf<BlkState>(with);
  EXPECT_EQ(state.config().capacity(), 2048);
  EXPECT_EQ(state.acked_features(), kFeatures);
  EXPECT_THAT(state.vrings(), IsEmpty());
}

TEST(CrosvmDevicesTest, ConfigurationThatIsNotSavedIsNamed) {
  const Ordered state =
      Backend(kFeatures | kBlkSize, {{"avail_features", kFeatures}});
  EXPECT_THAT(
      Import(state, "devices.blk.v1", "config { capacity: 1 }").findings,
      ElementsAre("foreign-dropped: config.blk_size"));
  EXPECT_THAT(
      Import(state, "devices.blk.v1", "config { capacity: 1 blk_size: 4096 }")
          .findings,
      IsEmpty());
}

TEST(CrosvmDevicesTest, DiskOfCrosvmsProcessHasItsRings) {
  const auto state = StateOf<BlkState>(
      Import(InSnapshot(kFeatures, nullptr, 1, {Split(700, 700, 690)}),
             "devices.blk.v1", "config { capacity: 8 }"));
  ASSERT_EQ(state.vrings_size(), 1);
  EXPECT_TRUE(state.vrings(0).enabled());
  const auto& ring = state.vrings(0).split();
  EXPECT_EQ(ring.size(), 128);
  EXPECT_EQ(ring.last_avail_idx(), 700);
  EXPECT_EQ(ring.used_idx(), 700);
  EXPECT_EQ(ring.notified_used_idx(), 690);
}

TEST(CrosvmDevicesTest, NotificationLongAgoIsLeftOut) {
  const auto state = StateOf<BlkState>(
      Import(InSnapshot(kFeatures, nullptr, 1, {Split(700, 700, 500)}),
             "devices.blk.v1", "config { capacity: 8 }"));
  EXPECT_FALSE(state.vrings(0).split().has_notified_used_idx());
}

TEST(CrosvmDevicesTest, PackedRingHasItsWrapCounters) {
  const auto state =
      StateOf<BlkState>(Import(Files().at("packed-snapshot.state"),
                               "devices.blk.v1", "config { capacity: 8 }"));
  const auto& ring = state.vrings(0).packed();
  EXPECT_EQ(ring.avail_idx(), 5);
  EXPECT_TRUE(ring.avail_wrap_counter());
  EXPECT_EQ(ring.used_idx(), 5);
  EXPECT_TRUE(ring.used_wrap_counter());
  EXPECT_EQ(ring.notified_used(), 127);
}

TEST(CrosvmDevicesTest, RequestThatIsNotAnsweredIsRefused) {
  const Imported imported =
      Import(InSnapshot(kFeatures, nullptr, 1, {Split(701, 700, 700)}),
             "devices.blk.v1", "config { capacity: 8 }");
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.texts, HasSubstr("ring-count"));
}

TEST(CrosvmDevicesTest, NetworkDeviceHasItsFeatures) {
  const Imported imported = Import(Net(), "devices.net.v1");
  EXPECT_THAT(imported.findings, IsEmpty());
  EXPECT_EQ(StateOf<NetState>(imported).acked_features(), kFeatures);
}

TEST(CrosvmDevicesTest, NetworkDeviceHasAllPairsOfQueues) {
  const uint64_t features =
      kFeatures | kNetCtrlVq | kNetMq | kNetOffloads | kNetMtu;
  const Ordered device = {{"avail_features", features},
                          {"acked_features", features}};
  const Ordered saved =
      InSnapshot(features, device, 5, std::vector<Ordered>(5, Split(1, 1, 1)));
  const Imported imported = Import(saved, "devices.net.v1");
  EXPECT_THAT(imported.findings, ElementsAre("foreign-dropped: guest_offloads",
                                             "foreign-dropped: config.mtu"));
  const auto state = StateOf<NetState>(imported);
  EXPECT_EQ(state.config().max_virtqueue_pairs(), 2);
  EXPECT_EQ(state.active_queue_pairs(), 2);
  EXPECT_EQ(state.vrings_size(), 5);
  EXPECT_THAT(
      Import(saved, "devices.net.v1", "guest_offloads: 0 config { mtu: 1500 }")
          .findings,
      IsEmpty());
}

TEST(CrosvmDevicesTest, ConsoleKeepsTheInputThatWaits) {
  const std::string input(300000, 'x');
  const Imported imported =
      Import(Backend(kVersion1 | kMultiport, Console({Port(input), Port("")})),
             "devices.console.v1");
  EXPECT_THAT(imported.findings, IsEmpty());
  const auto state = StateOf<ConsoleState>(imported);
  EXPECT_EQ(state.config().max_nr_ports(), 2);
  ASSERT_EQ(state.ports_size(), 2);
  EXPECT_TRUE(state.ports(1).guest_open());
  EXPECT_TRUE(state.ports(1).host_open());
  EXPECT_EQ(state.ports(0).to_guest_bytes(), input.size());
  ASSERT_EQ(state.to_guest_size(), 2);
  EXPECT_EQ(state.to_guest(0).data() + state.to_guest(1).data(), input);
}

TEST(CrosvmDevicesTest, InputForAPortThatNobodyHasIsDropped) {
  const Imported early =
      Import(Backend(0, Console({Port("abc")})), "devices.console.v1");
  EXPECT_THAT(early.findings,
              ElementsAre("foreign-dropped: the console.ports[0]"));
  EXPECT_FALSE(StateOf<ConsoleState>(early).ports(0).guest_open());
  const Imported single =
      Import(Backend(kVersion1, Console({Port("a"), Port("bc")})),
             "devices.console.v1");
  EXPECT_THAT(single.findings,
              ElementsAre("foreign-dropped: the console.ports[1]"));
  EXPECT_EQ(StateOf<ConsoleState>(single).ports_size(), 1);
}

TEST(CrosvmDevicesTest, VhostUserDeviceInASnapshotHasItsRings) {
  const auto state = StateOf<ConsoleState>(
      Import(Files().at("console-snapshot.state"), "devices.console.v1"));
  EXPECT_EQ(state.acked_features(), kVersion1 | kMultiport);
  ASSERT_EQ(state.to_guest_size(), 1);
  EXPECT_EQ(state.to_guest(0).data(), "ls\n");
  ASSERT_EQ(state.vrings_size(), 2);
  EXPECT_EQ(state.vrings(0).split().last_avail_idx(), 7);
  // crosvm does not know what the back-end has notified.
  EXPECT_FALSE(state.vrings(0).split().has_notified_used_idx());
}

TEST(CrosvmDevicesTest, SoundHasItsStreams) {
  const Imported imported = Import(SndBackend(), "devices.snd.v1");
  EXPECT_THAT(imported.findings, IsEmpty());
  const auto state = StateOf<SndState>(imported);
  EXPECT_EQ(state.config().streams(), 2);
  EXPECT_EQ(state.config().chmaps(), 1);
  ASSERT_EQ(state.streams_size(), 2);
  EXPECT_EQ(state.streams(0).state(), Stream::STATE_RUNNING);
  const auto& params = state.streams(0).params();
  EXPECT_EQ(params.buffer_bytes(), 16384);
  EXPECT_EQ(params.period_bytes(), 4096);
  EXPECT_EQ(params.channels(), 2);
  EXPECT_EQ(params.format(), 5);
  EXPECT_EQ(params.rate(), 7);
  EXPECT_EQ(state.streams(1).state(), Stream::STATE_IDLE);
  EXPECT_FALSE(state.streams(1).has_params());
  EXPECT_EQ(state.streams(1).hda_fn_nid(), 1);
  EXPECT_THAT(state.channel_maps(0).positions(), ElementsAre(3, 4));
}

TEST(CrosvmDevicesTest, SoundThatWasNeverUsedIsIdle) {
  const Ordered device = {{"avail_features", kVersion1},
                          {"acked_features", 0},
                          {"queue_sizes", {64, 64, 64, 64}},
                          {"streams_state", nullptr},
                          {"snd_data", SndData()}};
  const auto state =
      StateOf<SndState>(Import(InSnapshot(0, device, 4, {}), "devices.snd.v1"));
  ASSERT_EQ(state.streams_size(), 2);
  EXPECT_EQ(state.streams(0).state(), Stream::STATE_IDLE);
}

TEST(CrosvmDevicesTest, SoundThatVirtioDoesNotHaveIsDamaged) {
  for (const auto& [member, value] :
       std::vector<std::pair<std::string, Ordered>>{{"frame_rate", 47999},
                                                    {"format", "S20LE"},
                                                    {"state", 0x106},
                                                    {"direction", 1},
                                                    {"channels", 256}}) {
    Ordered stream = RunningStream();
    stream[member] = value;
    const Imported imported = Import(
        Backend(kVersion1, Snd({stream, IdleStream()})), "devices.snd.v1");
    EXPECT_TRUE(GetErrorDetail(imported.status).has_value()) << member;
    EXPECT_THAT(std::string(imported.status.message()),
                HasSubstr(absl::StrCat("stream_infos[0].", member)));
  }
}

TEST(CrosvmDevicesTest, PeriodThatIsNotOfFramesIsRefused) {
  Ordered stream = RunningStream();
  stream["period_bytes"] = 4098;
  stream["buffer_bytes"] = 8196;
  const Imported imported =
      Import(Backend(kVersion1, Snd({stream, IdleStream()})), "devices.snd.v1");
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.texts, HasSubstr("snd-period"));
}

TEST(CrosvmDevicesTest, VsockIsResetAndHasThePositionsOfTheKernel) {
  const Imported imported = Import(VsockInSnapshot(), "devices.vsock.v1");
  EXPECT_THAT(imported.findings, IsEmpty());
  const auto state = StateOf<VsockState>(imported);
  EXPECT_EQ(state.config().guest_cid(), 33);
  EXPECT_TRUE(state.reset_pending());
  ASSERT_EQ(state.vrings_size(), 3);
  EXPECT_EQ(state.vrings(0).split().last_avail_idx(), 128);
  EXPECT_EQ(state.vrings(0).split().used_idx(), 128);
  EXPECT_EQ(state.vrings(1).split().last_avail_idx(), 9);
  EXPECT_FALSE(state.vrings(1).split().has_notified_used_idx());
  EXPECT_EQ(state.vrings(2).split().last_avail_idx(), 4);
  EXPECT_EQ(state.vrings(2).split().notified_used_idx(), 4);
}

TEST(CrosvmDevicesTest, ReservedCidIsDamaged) {
  const Imported imported =
      Import(InSnapshot(kFeatures, Vsock(2, 0, 0), 3, {}), "devices.vsock.v1");
  EXPECT_THAT(std::string(imported.status.message()),
              HasSubstr("the vsock device.cid: expected a number from 3"));
}

TEST(CrosvmDevicesTest, DeviceThatHasGivenUpIsRefused) {
  Ordered state = VsockInSnapshot();
  state["common_config"]["driver_status"] = 15 | 64;
  const Imported imported = Import(state, "devices.vsock.v1");
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.texts, HasSubstr("has given up"));
}

TEST(CrosvmDevicesTest, AnotherDeviceIsRefusedByItsName) {
  const absl::Status net = Import(Net(), "devices.vsock.v1").status;
  EXPECT_TRUE(absl::IsFailedPrecondition(net));
  EXPECT_EQ(net.message(),
            "a state of crosvm's net, which converts to devices.net.v1 and not "
            "to devices.vsock.v1");
  const Ordered gpu = Backend(kVersion1, nullptr);
  for (const absl::string_view schema : DeviceSchemas()) {
    EXPECT_TRUE(absl::IsFailedPrecondition(Import(gpu, schema).status));
  }
}

TEST(CrosvmDevicesTest, MemberOfANewerCrosvmIsNotGuessedAt) {
  Ordered state = VsockInSnapshot();
  state["queues"][1]["more"] = 1;
  EXPECT_THAT(
      std::string(Import(state, "devices.vsock.v1").status.message()),
      HasSubstr("queues[1]: expected a map of activated, max_size, size"));
}

TEST(CrosvmDevicesTest, EveryTruncationIsRefused) {
  for (const auto& [name, state] : Files()) {
    const std::string bytes = Cbor(state);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Imported imported =
          ImportBytes(bytes.substr(0, size), SchemaOf(name));
      ASSERT_TRUE(GetErrorDetail(imported.status).has_value())
          << name << " " << size;
      ASSERT_THAT(imported.stream, IsEmpty()) << name << " " << size;
    }
  }
}

TEST(CrosvmDevicesTest, EveryBitThatFlipsMakesAWholeStreamOrNone) {
  for (const auto& [name, state] : Files()) {
    const std::string bytes = Cbor(state);
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const Imported imported = ImportBytes(flipped, SchemaOf(name));
      if (imported.stream.empty()) continue;
      ASSERT_THAT(imported.status, IsOk()) << name << " " << bit;
      ASSERT_TRUE(IsWholeStream(imported.stream)) << name << " " << bit;
    }
  }
}

}  // namespace
}  // namespace devstate::crosvm::testing
