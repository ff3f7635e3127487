// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a data plane hears, and when.

#include "devstate/transport/vhost_user/data_plane.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_device.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::FakeDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::ServedEndpoint;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TwoU32;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kProtocolFeatures =
    kDefaultProtocolFeatures | kProtocolFConfig | kProtocolFInflightShmfd |
    kProtocolFGetVringBaseInflight | kProtocolFGetVringBaseSkipDrain;

// Returns one end of a pipe, which is a file of its own.
std::vector<FileDescriptor> SomePipe() {
  std::vector<FileDescriptor> fds;
  fds.push_back(std::move(MakeChannel().write_end));
  return fds;
}

// Writes down what it is told.
class FakePlane : public DataPlane {
 public:
  absl::Status SetFeatures(uint64_t features, uint64_t) override {
    return Note(absl::StrCat("features ", features));
  }
  absl::Status SetMemory(std::vector<MemoryRegion> regions) override {
    return Note(absl::StrCat("memory ", regions.size()));
  }
  absl::Status AddMemory(MemoryRegion region) override {
    return Note(absl::StrCat("add ", region.size));
  }
  absl::Status RemoveMemory(const MemoryRegion& region) override {
    return Note(absl::StrCat("remove ", region.size));
  }
  absl::StatusOr<InflightMemory> MakeInflight(uint16_t queues,
                                              uint16_t queue_size) override {
    InflightMemory memory;
    memory.description = {4096, 0, queues, queue_size};
    memory.fd = std::move(SomeFds(1)[0]);
    return memory;
  }
  absl::Status SetInflight(InflightMemory memory) override {
    return Note(absl::StrCat("inflight ", memory.description.num_queues, " x ",
                             memory.description.queue_size,
                             memory.fd.valid() ? "" : " without a file"));
  }
  absl::Status StartRing(uint32_t ring, RingSetup setup) override {
    call_ = std::move(setup.call);
    return Note(absl::StrCat("start ", ring, ": size ", setup.size, ", base ",
                             setup.base, setup.enabled ? ", enabled" : "",
                             call_.valid() ? ", call" : ""));
  }
  absl::Status EnableRing(uint32_t ring, bool enabled) override {
    return Note(absl::StrCat(enabled ? "enable " : "disable ", ring));
  }
  absl::Status SetCall(uint32_t ring, FileDescriptor call) override {
    call_ = std::move(call);
    return Note(absl::StrCat("call ", ring));
  }
  absl::StatusOr<uint32_t> StopRing(uint32_t ring, RingStop stop) override {
    Note(absl::StrCat(stop == RingStop::kDrain ? "drain " : "stop ", ring))
        .IgnoreError();
    return 99;
  }
  std::string Config() override { return "configuration"; }
  absl::Status SetConfig(uint32_t offset, absl::string_view bytes) override {
    return Note(absl::StrCat("config ", offset, " ", bytes));
  }
  void ResetRings() override { Note("reset").IgnoreError(); }
  void Disconnect() override { Note("disconnect").IgnoreError(); }

  std::vector<std::string> TakeNotes() { return std::exchange(notes_, {}); }
  absl::Status result;  // of each call
  // Returns the file to which the last ring has its call, 0 for none.
  ino_t call() const {
    struct stat info = {};
    return ::fstat(call_.get(), &info) == 0 ? info.st_ino : 0;
  }

 private:
  absl::Status Note(std::string note) {
    notes_.push_back(std::move(note));
    return result;
  }

  std::vector<std::string> notes_;
  FileDescriptor call_;
};

class DataPlaneTest : public ::testing::Test {
 protected:
  DataPlaneTest() : device_(Options(&plane_)) {}

  static VhostUserDeviceOptions Options(DataPlane* plane) {
    VhostUserDeviceOptions options;
    options.data_plane = plane;
    options.protocol_features = kProtocolFeatures;
    return options;
  }
  absl::StatusOr<std::optional<Message>> Tell(
      uint32_t request, std::string payload,
      std::vector<FileDescriptor> fds = {}) {
    Message message;
    message.request = request;
    message.payload = std::move(payload);
    message.fds = std::move(fds);
    EXPECT_THAT(AdmitRequest(message), IsOk());
    return device_.Handle(std::move(message));
  }
  void Acknowledge(uint64_t protocol_features) {
    EXPECT_THAT(Tell(kSetProtocolFeatures, U64Payload(protocol_features)),
                IsOk());
  }
  void Start(uint32_t ring) {
    EXPECT_THAT(Tell(kSetVringNum, TwoU32(ring, 128)), IsOk());
    EXPECT_THAT(Tell(kSetVringBase, TwoU32(ring, 7)), IsOk());
    EXPECT_THAT(Tell(kSetVringAddr, TwoU32(ring, 0) + std::string(32, '\0')),
                IsOk());
    EXPECT_THAT(Tell(kSetVringKick, U64Payload(ring), SomeFds(1)), IsOk());
  }

  FakePlane plane_;
  VhostUserDevice device_;
};

TEST_F(DataPlaneTest, RingStartsWithItsKickAndAllThatWasSaidBefore) {
  EXPECT_THAT(Tell(kSetVringCall, U64Payload(1), SomeFds(1)), IsOk());
  Start(1);
  EXPECT_THAT(plane_.TakeNotes(),
              ElementsAre("start 1: size 128, base 7, call"));
  EXPECT_THAT(Tell(kSetVringEnable, TwoU32(1, 1)), IsOk());
  EXPECT_THAT(Tell(kSetVringCall, U64Payload(1), SomeFds(1)), IsOk());
  EXPECT_THAT(plane_.TakeNotes(), ElementsAre("enable 1", "call 1"));
}

TEST_F(DataPlaneTest, CallOfARunningRingIsThereWhenItStartsAgain) {
  EXPECT_THAT(Tell(kSetVringCall, U64Payload(0), SomePipe()), IsOk());
  Start(0);
  const ino_t first = plane_.call();
  EXPECT_THAT(Tell(kSetVringCall, U64Payload(0), SomePipe()), IsOk());
  const ino_t second = plane_.call();
  EXPECT_NE(second, first);
  EXPECT_THAT(Tell(kGetVringBase, TwoU32(0, 0)), IsOk());
  EXPECT_THAT(Tell(kSetVringKick, U64Payload(0), SomeFds(1)), IsOk());
  EXPECT_EQ(plane_.call(), second);
  EXPECT_THAT(Tell(kSetVringCall, U64Payload(kVringNoFd)), IsOk());
  EXPECT_THAT(Tell(kGetVringBase, TwoU32(0, 0)), IsOk());
  EXPECT_THAT(Tell(kSetVringKick, U64Payload(0), SomeFds(1)), IsOk());
  EXPECT_EQ(plane_.call(), 0u);
}

TEST_F(DataPlaneTest, NextFrontEndInheritsNoEnabledRings) {
  EXPECT_THAT(Tell(kSetFeatures, U64Payload(0)), IsOk());
  device_.Reset();
  plane_.TakeNotes();
  Start(0);
  EXPECT_THAT(plane_.TakeNotes(), ElementsAre("start 0: size 128, base 7"));
}

TEST_F(DataPlaneTest, FrontEndWithoutProtocolFeaturesEnablesNoRing) {
  EXPECT_THAT(Tell(kSetFeatures, U64Payload(0)), IsOk());
  Start(0);
  EXPECT_THAT(plane_.TakeNotes(),
              ElementsAre("features 0", "start 0: size 128, base 7, enabled"));
}

TEST_F(DataPlaneTest, StoppedRingReturnsItsBaseAndStartsThere) {
  Start(0);
  auto base = Tell(kGetVringBase, TwoU32(0, 0));
  ASSERT_THAT(base, IsOk());
  EXPECT_EQ((*base)->payload, TwoU32(0, 99));
  EXPECT_THAT(Tell(kSetVringKick, U64Payload(0), SomeFds(1)), IsOk());
  EXPECT_THAT(plane_.TakeNotes(),
              ElementsAre("start 0: size 128, base 7", "drain 0",
                          "start 0: size 128, base 99"));
}

TEST_F(DataPlaneTest, WhatWasNegotiatedSaysWhatBecomesOfRequests) {
  const uint64_t kInflight = kProtocolFInflightShmfd;
  const uint64_t kKeep = kInflight | kProtocolFGetVringBaseInflight;
  const uint64_t kBoth = kKeep | kProtocolFGetVringBaseSkipDrain;
  const struct {
    uint64_t features;
    uint32_t request;
    const char* expected;
  } kCases[] = {
      {0, kGetVringBase, "drain 0"},
      {kInflight, kGetVringBase, "drain 0"},
      {kKeep, kGetVringBase, "stop 0"},
      {kBoth, kGetVringBase, "drain 0"},
      {kBoth, kGetVringBaseSkipDrain, "stop 0"},
  };
  for (const auto& test : kCases) {
    Acknowledge(test.features);
    Start(0);
    plane_.TakeNotes();
    EXPECT_THAT(Tell(test.request, TwoU32(0, 0)), IsOk());
    EXPECT_THAT(plane_.TakeNotes(), ElementsAre(test.expected));
  }
}

TEST_F(DataPlaneTest, StopWithoutDrainNeedsItsProtocolFeature) {
  Acknowledge(kProtocolFInflightShmfd | kProtocolFGetVringBaseInflight);
  EXPECT_THAT(Tell(kGetVringBaseSkipDrain, TwoU32(0, 0)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DataPlaneTest, ProtocolFeaturesComeWithThoseTheyStandOn) {
  for (const uint64_t features :
       {kProtocolFGetVringBaseInflight, kProtocolFGetVringBaseSkipDrain,
        kProtocolFGetVringBaseSkipDrain | kProtocolFInflightShmfd}) {
    EXPECT_THAT(Tell(kSetProtocolFeatures, U64Payload(features)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST_F(DataPlaneTest, RingWithoutAnAddressOrAKickIsNotServed) {
  EXPECT_THAT(Tell(kSetVringKick, U64Payload(0), SomeFds(1)), IsOk());
  EXPECT_TRUE(device_.running());
  EXPECT_THAT(plane_.TakeNotes(), IsEmpty());
  EXPECT_THAT(Tell(kSetVringNum, TwoU32(1, 128)), IsOk());
  EXPECT_THAT(Tell(kSetVringAddr, TwoU32(1, 0) + std::string(32, '\0')),
              IsOk());
  EXPECT_THAT(Tell(kSetVringKick, U64Payload(1 | kVringNoFd)),
              StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(DataPlaneTest, RunningRingKeepsItsSetup) {
  Start(0);
  for (const uint32_t request : {kSetVringNum, kSetVringBase}) {
    EXPECT_THAT(Tell(request, TwoU32(0, 1)),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(Tell(kSetVringKick, U64Payload(0), SomeFds(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DataPlaneTest, ResetStopsAllRingsAndForgetsWhereTheyStood) {
  Start(0);
  Start(2);
  plane_.TakeNotes();
  EXPECT_THAT(Tell(kResetDevice, ""), IsOk());
  EXPECT_THAT(plane_.TakeNotes(), ElementsAre("stop 0", "stop 2", "reset"));
  device_.Reset();
  EXPECT_THAT(plane_.TakeNotes(), ElementsAre("disconnect"));
}

TEST_F(DataPlaneTest, MemoryAndConfigurationAreItsOwn) {
  std::string region = U64Payload(0);
  AppendMemoryRegion({0, 4096, 0, 0, {}}, &region);
  EXPECT_THAT(Tell(kAddMemReg, region, SomeFds(1)), IsOk());
  EXPECT_THAT(Tell(kRemMemReg, region), IsOk());
  EXPECT_THAT(Tell(kSetMemTable, U64Payload(0)), IsOk());
  const std::string header = TwoU32(4, 3) + std::string(4, '\0');
  const auto config = Tell(kGetConfig, header + "???");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ((*config)->payload, header + "igu");
  EXPECT_THAT(Tell(kSetConfig, header + "abc"), IsOk());
  EXPECT_THAT(Tell(kSetConfig, header + "ab"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(plane_.TakeNotes(), ElementsAre("add 4096", "remove 4096",
                                              "memory 0", "config 4 abc"));
}

TEST_F(DataPlaneTest, ErrorOfTheDataPlaneRefusesTheRequest) {
  plane_.result = absl::ResourceExhaustedError("no");
  EXPECT_THAT(Tell(kSetMemTable, U64Payload(0)),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(DataPlaneTest, RefusedMemoryChangesNoSlot) {
  std::string region = U64Payload(0);
  AppendMemoryRegion({0, 4096, 0, 0, {}}, &region);
  const uint32_t slots = VhostUserDeviceOptions().max_mem_slots;
  EXPECT_THAT(Tell(kAddMemReg, region, SomeFds(1)), IsOk());
  plane_.result = absl::InvalidArgumentError("no");
  for (uint32_t i = 0; i < slots; ++i) {
    EXPECT_THAT(Tell(kAddMemReg, region, SomeFds(1)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(Tell(kRemMemReg, region),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Tell(kSetMemTable, U64Payload(0)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  plane_.result = absl::OkStatus();
  for (uint32_t i = 1; i < slots; ++i) {
    EXPECT_THAT(Tell(kAddMemReg, region, SomeFds(1)), IsOk()) << i;
  }
  EXPECT_THAT(Tell(kAddMemReg, region, SomeFds(1)),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(DataPlaneTest, LogOfPagesIsNotOfferedForIt) {
  const auto features = Tell(kGetFeatures, "");
  ASSERT_THAT(features, IsOk());
  EXPECT_EQ(ReadU64((*features)->payload, 0) & kVhostFLogAll, 0u);
}

TEST(InflightMemoryTest, GoesToTheFrontEndAndBack) {
  FakePlane plane;
  FakeDevice device;
  BackendEndpointOptions options;
  options.device.data_plane = &plane;
  options.device.protocol_features = kProtocolFeatures;
  ServedEndpoint served(&device, std::move(options));
  FrontendEndpointOptions front;
  front.protocol_features = kProtocolFInflightShmfd;
  auto endpoint =
      FrontendEndpoint::FromSocket(served.TakeSocket(), std::move(front));
  ASSERT_THAT(endpoint, IsOk());
  ASSERT_THAT((*endpoint)->Negotiate(), IsOk());
  auto memory = (*endpoint)->GetInflight(2, 128);
  ASSERT_THAT(memory, IsOk());
  EXPECT_EQ(memory->description.mmap_size, 4096u);
  EXPECT_TRUE(memory->fd.valid());
  EXPECT_THAT((*endpoint)->SetInflight(*std::move(memory)), IsOk());
  EXPECT_THAT((*endpoint)->StopRingWithoutDrain(0),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  endpoint->reset();
  served.endpoint().Stop();
  served.Join();
  EXPECT_THAT(plane.TakeNotes(), ::testing::Contains("inflight 2 x 128"));
}

TEST(InflightMemoryTest, BackEndThatKeepsNoTrackSaysSo) {
  FakeDevice device;
  BackendEndpointOptions options;
  options.device.protocol_features |= kProtocolFInflightShmfd;
  ServedEndpoint served(&device, std::move(options));
  FrontendEndpointOptions front;
  front.protocol_features = kProtocolFInflightShmfd;
  auto endpoint =
      FrontendEndpoint::FromSocket(served.TakeSocket(), std::move(front));
  ASSERT_THAT((*endpoint)->Negotiate(), IsOk());
  const auto memory = (*endpoint)->GetInflight(2, 128);
  ASSERT_THAT(memory, IsOk());
  EXPECT_EQ(memory->description.mmap_size, 0u);
  EXPECT_FALSE(memory->fd.valid());
}

TEST(InflightMemoryTest, NeedsItsProtocolFeature) {
  FakeDevice device;
  ServedEndpoint served(&device);
  auto endpoint = FrontendEndpoint::FromSocket(served.TakeSocket());
  ASSERT_THAT((*endpoint)->Negotiate(), IsOk());
  EXPECT_THAT((*endpoint)->GetInflight(1, 128),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace devstate::vhost_user
