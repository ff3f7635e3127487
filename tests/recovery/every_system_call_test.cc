// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Ends a back-end that keeps its state by SIGKILL before each system call of a
// loop of updates. The next process has the state after some of the updates,
// and never after fewer than it had when the one before lived longer.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

namespace fs = std::filesystem;

using ::testing::Each;
using ::testing::Ge;

constexpr uint64_t kUpdates = 12;
constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

struct Backend {
  const char* name;
  // In the run-time files of the test.
  const char* program;
  std::vector<std::string> flags;
  // The flag of the file that shows the state.
  const char* out_flag;
};

void PrintTo(const Backend& backend, std::ostream* out) {
  *out << backend.name;
}

// Makes the process stop at flock() and listen() without a stop at all others,
// of which the start of a program has hundreds. False if it may not.
bool StopAtEnds() {
  const auto stop_at = [](uint32_t call) {
    return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
  };
  const sock_filter stop = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      stop_at(SYS_flock),
      stop,
      stop_at(SYS_listen),
      stop,
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<uint16_t>(std::size(filter)), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Lets the parent trace this process, and becomes the program.
[[noreturn]] void Become(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  const int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(126);
  // The parent sets the options that the filter needs.
  raise(SIGSTOP);
  if (!StopAtEnds()) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

// Returns the system call before which the traced process stands; -1 if it does
// not stand before one.
int64_t CallOf(pid_t process) {
  __ptrace_syscall_info info = {};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof(info), &info) <= 0) {
    return -1;
  }
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    return static_cast<int64_t>(info.entry.nr);
  }
  if (info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
    return static_cast<int64_t>(info.seccomp.nr);
  }
  return -1;
}

void Kill(pid_t process) {
  kill(process, SIGKILL);
  int status;
  while (waitpid(process, &status, 0) == process && !WIFSIGNALED(status)) {
  }
}

enum class End { kKilled, kListening, kFailed };

// Runs the program until it would listen, or up to its system call `last` after
// the one that locks the folder, and kills it before that.
End RunUpTo(uint64_t last, const std::vector<std::string>& words) {
  const pid_t process = fork();
  if (process == 0) Become(words);
  int status;
  if (waitpid(process, &status, 0) != process || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SETOPTIONS, process, nullptr,
             PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
                 PTRACE_O_EXITKILL) != 0) {
    return End::kFailed;
  }
  uint64_t calls = 0;
  bool counts = false;
  do {
    const int64_t call = CallOf(process);
    if (call == SYS_listen) {
      Kill(process);
      return End::kListening;
    }
    if (counts && call != -1 && calls++ == last) {
      Kill(process);
      return End::kKilled;
    }
    if (call == SYS_flock) counts = last != kNever;
    ptrace(counts ? PTRACE_SYSCALL : PTRACE_CONT, process, nullptr, nullptr);
  } while (waitpid(process, &status, 0) == process && WIFSTOPPED(status));
  return End::kFailed;
}

class EverySystemCallTest : public ::testing::TestWithParam<Backend> {
 protected:
  EverySystemCallTest() {
    // On tmpfs, where there is one: nothing waits for a disk.
    std::string pattern = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    pattern += "/devstate-kill-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::create_directories(folder_ / "tree/directory");
    for (const char* name : {"tree/a", "tree/directory/b", "tree/directory/c",
                             "tree/directory/d"}) {
      std::ofstream(folder_ / name) << name;
    }
  }
  ~EverySystemCallTest() override { fs::remove_all(folder_); }

  // Runs the back-end with so many updates on the folder of states.
  End Run(uint64_t updates, uint64_t last = kNever) {
    fs::remove(folder_ / "out");
    fs::remove(folder_ / "socket");
    std::vector<std::string> words = {
        GetParam().program,
        absl::StrCat("--socket-path=", (folder_ / "socket").string()),
        absl::StrCat("--state-dir=", States().string()),
        absl::StrCat("--guest-updates=", updates),
        absl::StrCat(GetParam().out_flag, "=", (folder_ / "out").string())};
    for (const std::string& flag : GetParam().flags) words.push_back(flag);
    if (words.back() == "--shared-dir") {
      words.push_back((folder_ / "tree").string());
    }
    return RunUpTo(last, words);
  }
  // Returns the state that the last process has shown.
  std::string Shown() const {
    std::ifstream file(folder_ / "out");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Returns what is in the folder of states, by the names of the files.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(States())) {
      std::ifstream file(entry.path());
      files[entry.path().filename()] = {std::istreambuf_iterator<char>(file),
                                        {}};
    }
    return files;
  }

  fs::path States() const { return folder_ / "states"; }
  // Makes the folder of states what it was in the beginning.
  void Restore() {
    fs::remove_all(States());
    fs::copy(folder_ / "before", States());
  }

  // Kills the next process before each of its system calls. The state that it
  // begins with is in "before".
  void KillEverywhere() {
    std::vector<std::string> states;
    for (uint64_t updates = 0; updates <= kUpdates; ++updates) {
      Restore();
      ASSERT_EQ(Run(updates), End::kListening);
      states.push_back(Shown());
      ASSERT_EQ(std::count(states.begin(), states.end(), states.back()), 1);
    }
    std::vector<uint64_t> seen(states.size());
    uint64_t least = 0;
    std::map<std::string, std::string> left = {{"", "not yet"}};
    for (uint64_t last = 0, end = 0; end == 0; ++last) {
      Restore();
      const End run = Run(kUpdates, last);
      ASSERT_NE(run, End::kFailed);
      if (run == End::kListening) end = last;
      // Most calls change nothing in the folder.
      const std::map<std::string, std::string> files = Files();
      if (files == left) continue;
      left = files;
      ASSERT_EQ(Run(0), End::kListening);
      const auto found = std::find(states.begin(), states.end(), Shown());
      ASSERT_NE(found, states.end()) << "system call " << last;
      const auto updates = static_cast<uint64_t>(found - states.begin());
      EXPECT_GE(updates, least) << "system call " << last;
      least = updates;
      ++seen[updates];
    }
    EXPECT_EQ(least, kUpdates);
    EXPECT_THAT(seen, Each(Ge(1u)));
  }

  fs::path folder_;
};

INSTANTIATE_TEST_SUITE_P(
    Backends, EverySystemCallTest,
    ::testing::Values(
        Backend{"Fs", "examples/fs_backend/fs_backend", {"--shared-dir"},
                "--table-out"},
        Backend{"Net", "examples/net_backend/net_backend", {"--seed=5"},
                "--state-out"}),
    [](const ::testing::TestParamInfo<Backend>& info) {
      return info.param.name;
    });

TEST_P(EverySystemCallTest, TheFirstProcessLeavesAPrefixOfItsUpdates) {
  fs::create_directory(folder_ / "before");
  KillEverywhere();
}

TEST_P(EverySystemCallTest, TheNextProcessLeavesAPrefixOfItsUpdates) {
  fs::create_directory(States());
  ASSERT_EQ(Run(kUpdates), End::kListening);
  fs::copy(States(), folder_ / "before");
  KillEverywhere();
}

}  // namespace
}  // namespace devstate
