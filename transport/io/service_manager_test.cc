// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/service_manager.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/fake_service_manager.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::FakeServiceManager;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Deadline kPatience = Deadline::After(absl::Minutes(1));

FileDescriptor File(const std::string& content) {
  FileDescriptor fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(fd.get(), content.data(), content.size(), 0),
            static_cast<ssize_t>(content.size()));
  return fd;
}

std::string Content(const FileDescriptor& fd) {
  char bytes[64];
  const ssize_t size = ::pread(fd.get(), bytes, sizeof(bytes), 0);
  return size < 0 ? "cannot read" : std::string(bytes, bytes + size);
}

TEST(ServiceManagerTest, WhatIsStoredComesToTheNextProcessNewestFirst) {
  FakeServiceManager fake(4);
  EXPECT_EQ(fake.Start([] {
    ServiceManager manager;
    EXPECT_THAT(manager.Take(""), IsEmpty());
    EXPECT_THAT(manager.Store("a.1", File("one").get(), kPatience), IsOk());
    EXPECT_THAT(manager.Store("a.2", File("two").get(), kPatience), IsOk());
    EXPECT_THAT(manager.Store("b", File("three").get(), kPatience), IsOk());
    return true;
  }),
            0);
  EXPECT_EQ(fake.Start([] {
    ServiceManager manager;
    const std::vector<HandedOver> taken = manager.Take("a.");
    EXPECT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].name, "a.2");
    EXPECT_EQ(Content(taken[0].fd), "two");
    EXPECT_EQ(taken[1].name, "a.1");
    EXPECT_EQ(Content(taken[1].fd), "one");
    EXPECT_EQ(::fcntl(taken[0].fd.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_THAT(manager.Take("a."), IsEmpty());
    EXPECT_EQ(manager.Take("").size(), 1u);
    return true;
  }),
            0);
}

TEST(ServiceManagerTest, WhatIsRemovedIsGone) {
  FakeServiceManager fake(4);
  EXPECT_EQ(fake.Start([] {
    const ServiceManager manager;
    EXPECT_THAT(manager.Store("a", File("one").get(), kPatience), IsOk());
    EXPECT_THAT(manager.Store("b", File("two").get(), kPatience), IsOk());
    EXPECT_THAT(manager.Remove("a", kPatience), IsOk());
    return true;
  }),
            0);
  EXPECT_THAT(fake.names(), ElementsAre("b"));
}

TEST(ServiceManagerTest, TheEnvironmentIsForThisProcessAlone) {
  FakeServiceManager fake(4);
  EXPECT_EQ(fake.Start([] {
    const ServiceManager manager;
    return getenv("NOTIFY_SOCKET") == nullptr &&
           getenv("LISTEN_PID") == nullptr && getenv("LISTEN_FDS") == nullptr &&
           getenv("LISTEN_FDNAMES") == nullptr;
  }),
            0);
}

TEST(ServiceManagerTest, DescriptorsForAnotherProcessAreNotTaken) {
  FakeServiceManager fake(4);
  EXPECT_EQ(fake.Start([] {
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    ServiceManager manager;
    return manager.Take("").empty();
  }),
            0);
}

TEST(ServiceManagerTest, AManagerThatHangsIsAnErrorThatNamesTheDescriptor) {
  FakeServiceManager fake(4);
  fake.hangs = true;
  EXPECT_EQ(fake.Start([] {
    const ServiceManager manager;
    EXPECT_THAT(
        manager.Store("state.1", File("one").get(),
                      Deadline::After(absl::Milliseconds(1))),
        StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("state.1")));
    return true;
  }),
            0);
}

TEST(ServiceManagerTest, HowManyMayBeStoredIsKnownIfTheManagerSaysIt) {
  unsetenv("FDSTORE");
  EXPECT_EQ(ServiceManager().store_max(), std::nullopt);
  setenv("FDSTORE", "3", 1);
  EXPECT_EQ(ServiceManager().store_max(), 3);
}

TEST(ServiceManagerTest, WithoutAManagerNothingIsStoredAndReadyIsFine) {
  unsetenv("NOTIFY_SOCKET");
  const ServiceManager manager;
  EXPECT_THAT(manager.NotifyReady(), IsOk());
  EXPECT_THAT(manager.Store("a", 0, kPatience),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("FileDescriptorStoreMax=")));
}

TEST(ServiceManagerTest, ANameThatTheManagerWouldNotKeepIsRefused) {
  const ServiceManager manager;
  for (const std::string& name :
       {std::string(), std::string("a:b"), std::string("a\nREADY=1"),
        std::string(256, 'a')}) {
    EXPECT_THAT(manager.Store(name, 0, kPatience),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace devstate
