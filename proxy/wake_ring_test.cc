// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/wake_ring.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

RingEvent Event(FileDescriptor fd) {
  RingEvent event;
  event.is_set = true;
  event.fd = std::move(fd);
  return event;
}

TEST(WakeRingTest, AnEventfdIsSignalledOnce) {
  const RingEvent event =
      Event(FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
  Wake(event);
  uint64_t count = 0;
  ASSERT_EQ(::read(event.fd.get(), &count, sizeof(count)),
            static_cast<ssize_t>(sizeof(count)));
  EXPECT_EQ(count, 1u);
}

TEST(WakeRingTest, AFullEventfdIsNotWaitedFor) {
  const RingEvent event = Event(FileDescriptor(::eventfd(0, EFD_CLOEXEC)));
  const uint64_t most = UINT64_MAX - 1;
  ASSERT_EQ(::write(event.fd.get(), &most, sizeof(most)),
            static_cast<ssize_t>(sizeof(most)));
  Wake(event);
  uint64_t count = 0;
  ASSERT_EQ(::read(event.fd.get(), &count, sizeof(count)),
            static_cast<ssize_t>(sizeof(count)));
  EXPECT_EQ(count, most);
}

TEST(WakeRingTest, NothingIsWrittenIntoAnotherKindOfDescriptor) {
  const RingEvent file =
      Event(FileDescriptor(::memfd_create("file", MFD_CLOEXEC)));
  Wake(file);
  struct stat info = {};
  ASSERT_EQ(::fstat(file.fd.get(), &info), 0);
  EXPECT_EQ(info.st_size, 0);

  // Without a reader, a write would raise SIGPIPE.
  ChannelEnds ends = devstate::testing::MakeChannel();
  ends.read_end.Reset();
  Wake(Event(std::move(ends.write_end)));
}

TEST(WakeRingTest, ARingWithoutADescriptorIsLeftAlone) { Wake(RingEvent()); }

}  // namespace
}  // namespace devstate::proxy
