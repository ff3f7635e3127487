// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Optional;

// The longest wait of a test that passes.
constexpr absl::Duration kPatience = absl::Seconds(60);

Process Shell(const std::string& command, const ProcessFds& fds = {}) {
  auto process = Process::Start({"/bin/sh", "-c", command}, fds);
  EXPECT_THAT(process, IsOk());
  return *std::move(process);
}

TEST(ProcessTest, TheExitCodeIsTold) {
  Process process = Shell("exit 3");
  EXPECT_THAT(process.WaitForExit(kPatience),
              Optional(std::string("exited with code 3")));
  EXPECT_FALSE(process.ended_by_signal());
  // And again, although the child was waited for.
  EXPECT_THAT(process.WaitForExit(absl::ZeroDuration()),
              Optional(std::string("exited with code 3")));
}

TEST(ProcessTest, ASignalIsTold) {
  Process process = Shell("exec sleep 1000");
  EXPECT_EQ(process.WaitForExit(absl::ZeroDuration()), std::nullopt);
  process.Signal(SIGKILL);
  EXPECT_THAT(process.WaitForExit(kPatience),
              Optional(HasSubstr("was ended by signal 9 (")));
  EXPECT_TRUE(process.ended_by_signal());
}

TEST(ProcessTest, AWordOfACommandIsOneWhateverIsInIt) {
  for (const char* word : {"plain", "two words", "it's; exit 3", "$HOME"}) {
    SCOPED_TRACE(word);
    auto started = Process::Start(
        ShellCommand("sh -c '[ $# = 1 ]' sh {word}", {{"{word}", word}}), {});
    ASSERT_THAT(started, IsOk());
    EXPECT_THAT(started->WaitForExit(kPatience),
                Optional(std::string("exited with code 0")));
  }
}

TEST(ProcessTest, WhatCannotBeStartedIsNotFound) {
  EXPECT_THAT(Process::Start({"/nowhere/program"}, {}),
              StatusIs(absl::StatusCode::kNotFound,
                       HasSubstr("cannot start /nowhere/program: ")));
}

TEST(ProcessTest, AChildIsAdoptedAlsoIfItHasEnded) {
  const Process process = Shell("exit 3", {});
  for (int i = 0; i < 2; ++i) {
    auto adopted = Process::Adopt(process.pid());
    if (i == 0) {
      ASSERT_THAT(adopted, IsOk());
      EXPECT_THAT(adopted->WaitForExit(kPatience),
                  Optional(std::string("exited with code 3")));
    } else {
      EXPECT_THAT(adopted, StatusIs(absl::StatusCode::kNotFound));
    }
  }
}

TEST(ProcessTest, OutputAndTheInheritedDescriptorAreTheChilds) {
  int output[2];
  int inherited[2];
  ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(inherited, O_CLOEXEC), 0);
  const FileDescriptor output_read(output[0]);
  FileDescriptor output_write(output[1]);
  const FileDescriptor inherited_read(inherited[0]);
  FileDescriptor inherited_write(inherited[1]);
  ASSERT_EQ(::write(inherited_write.get(), "given\n", 6), 6);
  ProcessFds fds;
  fds.output = output_write.get();
  fds.inherited = inherited_read.get();
  Process process =
      Shell("read word <&3; echo $word; echo error >&2; cat", fds);
  EXPECT_THAT(process.WaitForExit(kPatience),
              Optional(std::string("exited with code 0")));
  char text[100];
  const ssize_t got = ::read(output_read.get(), text, sizeof(text));
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(text, static_cast<size_t>(got)), "given\nerror\n");
}

}  // namespace
}  // namespace devstate
