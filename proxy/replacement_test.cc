// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// New programs that fail, at each step up to execve(2). The old one must go on
// as if nothing had been. tests/cli/proxy_test.py has those that do not.

#include "devstate/proxy/replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "devstate/proxy/exchange_fixture.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::TempFolder;
using ::devstate::testing::TwoU32;
using ::testing::HasSubstr;

ExchangeLimits ShortStart() {
  ExchangeLimits limits;
  limits.start_timeout = absl::Seconds(1);
  return limits;
}

// A script's way to say that it would take over: the last argument is the number
// of the hand-over.
#define WOULD_TAKE_OVER "for fd; do :; done; : >/proc/self/fd/$fd; "
// Its way to wait for ReplacementTest::During().
#define WAIT "read line <\"$0.gate\"; "

class ReplacementTest : public ExchangeTest {
 protected:
  ReplacementTest() : ExchangeTest(ShortStart()) { StartGuest(); }
  ~ReplacementTest() override {
    ::unlink(program().c_str());
    ::unlink(gate().c_str());
  }

  // Asks for a shell script in the place of the proxy.
  FileDescriptor AskForScript(const std::string& script) {
    std::ofstream(program()) << "#!/bin/sh\n" << script << "\n";
    EXPECT_EQ(::chmod(program().c_str(), 0700), 0);
    EXPECT_EQ(::mkfifo(gate().c_str(), 0600), 0);
    ExchangeRequest request;
    request.set_itself(true);
    request.set_program(program());
    return Ask(request);
  }

  // Does something while the script waits.
  void During(const std::function<void()>& act) {
    const FileDescriptor gate(::open(this->gate().c_str(), O_WRONLY));
    ASSERT_TRUE(gate.valid());
    // The next one waits at another.
    ASSERT_EQ(::unlink(this->gate().c_str()), 0);
    ASSERT_EQ(::mkfifo(this->gate().c_str(), 0600), 0);
    act();
    // All that was sent is remembered.
    EXPECT_TRUE(Answers());
  }

  std::string program() const { return folder_.path() + "/program"; }
  std::string gate() const { return program() + ".gate"; }

  const TempFolder folder_;
};

class ReplacementFaultTest
    : public ReplacementTest,
      public ::testing::WithParamInterface<
          std::tuple<const char*, const char*>> {};

TEST_P(ReplacementFaultTest, TheOldProgramGoesOn) {
  const auto& [script, refusal] = GetParam();
  const int open = devstate::testing::CountOpenFds();
  const ExchangeReport report = Report(AskForScript(script));
  EXPECT_THAT(report.refusal(), HasSubstr(refusal));
  ExpectOldServes(report);
  EXPECT_EQ(devstate::testing::CountOpenFds(), open);
  // Nothing of it remains.
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ReplacementFaultTest,
    ::testing::Values(
        std::make_tuple("exit 2",
                        "would not take over, and exited with code 2"),
        std::make_tuple("exit 0", "does not know --take-over"),
        std::make_tuple("kill -9 $$", "was ended by signal 9"),
        std::make_tuple("exec sleep 1000", "does not say in time"),
        // It is gone when its turn comes, or is no program any more.
        std::make_tuple(WOULD_TAKE_OVER "rm \"$0\"", "No such file"),
        std::make_tuple(WOULD_TAKE_OVER ": >\"$0\"", "Exec format error")));

TEST_F(ReplacementTest, AProgramThatIsNotThereIsRefused) {
  ExchangeRequest request;
  request.set_itself(true);
  request.set_program(folder_.path() + "/none");
  const ExchangeReport report = Upgrade(request);
  EXPECT_THAT(report.refusal(), HasSubstr("none: No such file"));
  ExpectOldServes(report);
}

TEST_F(ReplacementTest, NothingHalfReadIsHandedOver) {
  const std::string half =
      vhost_user::EncodeHeader({vhost_user::kGetQueueNum, 1, 0}).substr(0, 5);
  ASSERT_EQ(::write(front_->fd(), half.data(), half.size()),
            static_cast<ssize_t>(half.size()));
  const ExchangeReport report = Report(AskForScript(WOULD_TAKE_OVER));
  EXPECT_THAT(report.refusal(), HasSubstr("is not answered"));
  EXPECT_TRUE(report.old_serves());
}

TEST_F(ReplacementTest, WhatCameAfterTheRehearsalIsRehearsed) {
  const FileDescriptor asked = AskForScript(
      "test -p \"$0.gate\" || exit 3; " WAIT WOULD_TAKE_OVER);
  During([this] {
    // The script does not know it.
    ASSERT_EQ(::unlink(gate().c_str()), 0);
    Send(vhost_user::kSetVringNum, TwoU32(1, 128));
  });
  const ExchangeReport report = Report(asked);
  EXPECT_THAT(report.refusal(), HasSubstr("exited with code 3"));
  ExpectOldServes(report);
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
}

TEST_F(ReplacementTest, AnotherInterruptIsNothingToRehearse) {
  // One that is no program any more when its turn comes.
  const FileDescriptor asked = AskForScript(WAIT WOULD_TAKE_OVER ": >\"$0\"");
  During([this] {
    Send(vhost_user::kSetVringCall, vhost_user::U64Payload(0), call_.get());
  });
  EXPECT_THAT(Report(asked).refusal(), HasSubstr("Exec format error"));
  EXPECT_THAT(proxy_->log(), HasSubstr("another program takes over"));
}

TEST_F(ReplacementTest, ASetUpThatChangesDuringEachRehearsalIsNotHandedOver) {
  const FileDescriptor asked = AskForScript(WAIT WOULD_TAKE_OVER);
  for (uint32_t size = 1; size <= 5; ++size) {
    During([&] { Send(vhost_user::kSetVringNum, TwoU32(1, size)); });
  }
  const ExchangeReport report = Report(asked);
  EXPECT_THAT(report.refusal(), HasSubstr("during each of 5 rehearsals"));
  ExpectOldServes(report);
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
}

TEST(ProgramArgumentsTest, AreThoseOfThisProgram) {
  const auto arguments = ProgramArguments();
  ASSERT_THAT(arguments, IsOk());
  EXPECT_EQ(::access((*arguments)[0].c_str(), X_OK), 0);
}

}  // namespace
}  // namespace devstate::proxy
