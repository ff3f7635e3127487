// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A driver in the same process, a disk in a file, and both kinds of ring.

#include "examples/blk_backend/blk_data_plane.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/test_driver.h"
#include "examples/blk_backend/blk_protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::blk::examples {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;
using vhost_user::RingStop;
using virtqueue::kDescWrite;
using virtqueue::TestDriver;

constexpr uint64_t kHeader = TestDriver::kBuffers;
constexpr uint64_t kStatus = kHeader + 64;
constexpr uint64_t kData = kHeader + 4096;
constexpr uint64_t kSectors = 64;
constexpr int kRequests = 4;  // of two descriptors, in a ring of 8

class BlkDataPlaneTest : public ::testing::TestWithParam<bool> {
 protected:
  BlkDataPlaneTest()
      : driver_(GetParam(), 8), path_(::testing::TempDir() + "/disk") {
    std::ofstream(path_) << std::string(kSectors * kSectorSize, 'd');
    auto disk = Disk::Open(path_);
    EXPECT_THAT(disk, IsOk());
    disk_ = *std::move(disk);
    call_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC));
    kick_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC));
    logged_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC));
    Restart();
  }
  ~BlkDataPlaneTest() override { ::unlink(path_.c_str()); }

  // Replaces the device as a new process would.
  void Restart(uint32_t latency_us = 0) {
    plane_.reset();
    BlkOptions options;
    options.device_id = "serial";
    options.workers = 1;
    options.latency_us = latency_us;
    options.log = [this](absl::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      log_ += std::string(line) + "\n";
      Signal(logged_);
    };
    plane_ = std::make_unique<BlkDataPlane>(disk_.get(), std::move(options));
    const uint64_t features = vhost_user::kVirtioFVersion1 |
                              (GetParam() ? vhost_user::kVirtioFRingPacked : 0);
    EXPECT_THAT(plane_->SetFeatures(features, 0), IsOk());
    EXPECT_THAT(plane_->AddMemory(driver_.region()), IsOk());
  }
  absl::Status Start(uint32_t base) {
    vhost_user::RingSetup setup = driver_.setup(base);
    setup.kick = FileDescriptor(::dup(kick_.get()));
    setup.call = FileDescriptor(::dup(call_.get()));
    return plane_->StartRing(0, std::move(setup));
  }
  absl::Status Start() { return Start(driver_.first_base()); }

  // Adds a request whose data is at kData.
  uint16_t Add(uint32_t type, uint64_t sector, uint32_t size, bool write) {
    const BlkRequestHeader header = {type, 0, sector};
    std::memcpy(driver_.At(kHeader), &header, sizeof(header));
    *driver_.At(kStatus) = 0x55;
    std::vector<virtqueue::Descriptor> parts = {{kHeader, sizeof(header), 0}};
    if (size != 0) {
      parts.push_back({kData, size, write ? kDescWrite : uint16_t{0}});
    }
    parts.push_back({kStatus, 1, kDescWrite});
    return driver_.Add(parts);
  }
  static void Signal(const FileDescriptor& event) {
    const uint64_t one = 1;
    EXPECT_EQ(::write(event.get(), &one, sizeof(one)), 8);
  }
  static bool Await(const FileDescriptor& event) {
    pollfd entry = {event.get(), POLLIN, 0};
    uint64_t count;
    return ::poll(&entry, 1, 60'000) == 1 &&
           ::read(event.get(), &count, sizeof(count)) == 8;
  }
  void Kick() { Signal(kick_); }
  // Waits for an answer.
  virtqueue::Used Wait() {
    while (true) {
      if (const auto answer = driver_.Next()) return *answer;
      if (!Await(call_)) {
        ADD_FAILURE() << "no answer";
        return {};
      }
    }
  }
  // Runs a request and returns its status.
  uint8_t Run(uint32_t type, uint64_t sector, uint32_t size, bool write) {
    const uint16_t id = Add(type, sector, size, write);
    Kick();
    EXPECT_EQ(Wait().id, id);
    return static_cast<uint8_t>(*driver_.At(kStatus));
  }
  std::string log() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }
  std::string DiskContent(uint64_t sector) {
    std::ifstream file(path_);
    file.seekg(static_cast<std::streamoff>(sector * kSectorSize));
    std::string content(kSectorSize, '\0');
    file.read(content.data(), kSectorSize);
    return content;
  }

  std::mutex mutex_;
  std::string log_;
  TestDriver driver_;
  const std::string path_;
  std::unique_ptr<Disk> disk_;
  FileDescriptor call_;
  FileDescriptor kick_;
  FileDescriptor logged_;
  std::unique_ptr<BlkDataPlane> plane_;
};

INSTANTIATE_TEST_SUITE_P(Rings, BlkDataPlaneTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return info.param ? "Packed" : "Split";
                         });

TEST_P(BlkDataPlaneTest, ReadsAndWritesSectors) {
  ASSERT_THAT(Start(), IsOk());
  std::memset(driver_.At(kData), 'w', 2 * kSectorSize);
  EXPECT_EQ(Run(kBlkOut, 3, 2 * kSectorSize, false), kBlkOk);
  EXPECT_EQ(DiskContent(4), std::string(kSectorSize, 'w'));
  EXPECT_EQ(DiskContent(5), std::string(kSectorSize, 'd'));
  std::memset(driver_.At(kData), 0, kSectorSize);
  EXPECT_EQ(Run(kBlkIn, 4, kSectorSize, true), kBlkOk);
  EXPECT_EQ(*driver_.At(kData + kSectorSize - 1), 'w');
}

TEST_P(BlkDataPlaneTest, FlushesAndTellsItsName) {
  ASSERT_THAT(Start(), IsOk());
  EXPECT_EQ(Run(kBlkFlushRequest, 0, 0, false), kBlkOk);
  EXPECT_EQ(Run(kBlkGetId, 0, kBlkIdSize, true), kBlkOk);
  EXPECT_STREQ(driver_.At(kData), "serial");
  EXPECT_EQ(Run(99, 0, 0, false), kBlkUnsupported);
}

TEST_P(BlkDataPlaneTest, DiscardsAndZeroesRanges) {
  ASSERT_THAT(Start(), IsOk());
  for (const uint32_t type : {kBlkDiscardRequest, kBlkWriteZeroesRequest}) {
    const BlkRange range = {7, 2, 0};
    std::memcpy(driver_.At(kData), &range, sizeof(range));
    std::memset(driver_.At(kData + 64), 'x', 16);
    EXPECT_EQ(Run(type, 0, sizeof(range), false), kBlkOk);
    EXPECT_EQ(DiskContent(8), std::string(kSectorSize, '\0'));
    EXPECT_EQ(DiskContent(9), std::string(kSectorSize, 'd'));
    const BlkRange far = {UINT64_MAX / kSectorSize, 2, 0};
    std::memcpy(driver_.At(kData), &far, sizeof(far));
    EXPECT_EQ(Run(type, 0, sizeof(far), false), kBlkIoError);
  }
}

TEST_P(BlkDataPlaneTest, RequestBeyondTheDiskFails) {
  ASSERT_THAT(Start(), IsOk());
  for (const uint64_t sector :
       {kSectors, kSectors + 1, UINT64_MAX, UINT64_MAX / kSectorSize}) {
    EXPECT_EQ(Run(kBlkIn, sector, kSectorSize, true), kBlkIoError) << sector;
  }
  EXPECT_EQ(Run(kBlkIn, kSectors - 1, 2 * kSectorSize, true), kBlkIoError);
  EXPECT_EQ(Run(kBlkIn, kSectors - 1, kSectorSize, true), kBlkOk);
}

TEST_P(BlkDataPlaneTest, HostileRequestBreaksTheQueueAlone) {
  ASSERT_THAT(Start(), IsOk());
  driver_.Add({{UINT64_MAX - 4, 16, 0}});
  Kick();
  ASSERT_TRUE(Await(logged_));
  EXPECT_THAT(log(), HasSubstr("the driver must reset the device"));
  // The device lives, and the ring can be stopped and started.
  EXPECT_THAT(plane_->StopRing(0, RingStop::kDrain), IsOk());
  ASSERT_THAT(Start(), IsOk());
  EXPECT_THAT(plane_->StopRing(0, RingStop::kDrain), IsOk());
}

TEST_P(BlkDataPlaneTest, DisabledRingTakesNothing) {
  vhost_user::RingSetup setup = driver_.setup(driver_.first_base());
  setup.enabled = false;
  setup.kick = FileDescriptor(::dup(kick_.get()));
  setup.call = FileDescriptor(::dup(call_.get()));
  ASSERT_THAT(plane_->StartRing(0, std::move(setup)), IsOk());
  Add(kBlkFlushRequest, 0, 0, false);
  Kick();
  const auto base = plane_->StopRing(0, RingStop::kDrain);
  ASSERT_THAT(base, IsOk());
  EXPECT_EQ(*base, driver_.first_base());
}

TEST_P(BlkDataPlaneTest, StoppedRingIsStateAndGoesOnElsewhere) {
  // So slow that some are not begun when the ring stops.
  Restart(50'000);
  for (int i = 0; i < kRequests; ++i) Add(kBlkFlushRequest, 0, 0, false);
  ASSERT_THAT(Start(), IsOk());
  Wait();
  const auto base = plane_->StopRing(0, RingStop::kKeep);
  ASSERT_THAT(base, IsOk());
  const BlkModel model = plane_->model();
  ASSERT_EQ(model.rings.size(), 1u);
  int answers = 1;
  while (driver_.Next().has_value()) ++answers;
  EXPECT_EQ(answers + static_cast<int>(model.requests.size()), kRequests);

  Restart();
  plane_->Load(model);
  ASSERT_THAT(Start(*base), IsOk());
  for (; answers < kRequests; ++answers) Wait();
  EXPECT_FALSE(driver_.Next().has_value());
  EXPECT_THAT(plane_->StopRing(0, RingStop::kDrain), IsOk());
  EXPECT_TRUE(plane_->model().requests.empty());
}

TEST_P(BlkDataPlaneTest, RingThatDoesNotStartStaysState) {
  ASSERT_THAT(Start(), IsOk());
  const auto base = plane_->StopRing(0, RingStop::kKeep);
  ASSERT_THAT(base, IsOk());
  vhost_user::RingSetup setup = driver_.setup(*base);
  setup.address.descriptors += 1;
  EXPECT_THAT(plane_->StartRing(0, std::move(setup)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(plane_->model().rings.size(), 1u);
  ASSERT_THAT(Start(*base), IsOk());
  EXPECT_TRUE(plane_->model().rings.empty());
}

TEST_P(BlkDataPlaneTest, NextProcessTakesOverWhatTheMemoryHas) {
  Restart(50'000);
  auto memory = plane_->MakeInflight(1, 8);
  ASSERT_THAT(memory, IsOk());
  for (int i = 0; i < kRequests; ++i) Add(kBlkFlushRequest, 0, 0, false);
  ASSERT_THAT(Start(), IsOk());
  Wait();
  plane_->Disconnect();
  int answers = 1;
  while (driver_.Next().has_value()) ++answers;

  Restart();
  ASSERT_THAT(plane_->SetInflight(*std::move(memory)), IsOk());
  // QEMU gives the used index of a split ring, and what it has of a packed one.
  ASSERT_THAT(
      Start(GetParam() ? driver_.first_base() : static_cast<uint32_t>(answers)),
      IsOk());
  for (; answers < kRequests; ++answers) Wait();
  EXPECT_FALSE(driver_.Next().has_value());
}

TEST_P(BlkDataPlaneTest, RingBeyondTheDeviceIsRefused) {
  EXPECT_THAT(plane_->StartRing(1, driver_.setup()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(BlkDataPlaneTest, DriverMayChangeTheCacheModeAlone) {
  EXPECT_EQ(plane_->Config()[offsetof(BlkConfigSpace, writeback)], 1);
  EXPECT_THAT(plane_->SetConfig(offsetof(BlkConfigSpace, writeback),
                                absl::string_view("\0", 1)),
              IsOk());
  EXPECT_EQ(plane_->Config()[offsetof(BlkConfigSpace, writeback)], 0);
  EXPECT_THAT(plane_->SetConfig(0, "12345678"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace devstate::blk::examples
