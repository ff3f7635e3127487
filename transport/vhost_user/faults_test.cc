// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A migration between two endpoints in which the n-th call of a system function
// fails, for every n. After each: the destination is as it was or has the whole
// state, nothing is left open, and the same devices migrate. The linker puts
// the functions below in the place of those of the C library.

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

enum class Function { kNone, kRead, kWrite, kPoll, kSend, kReceive, kClose };

// What fails: the call number `at` of `function`. kShort takes one byte.
constexpr int kShort = -1;
std::atomic<Function> function{Function::kNone};
std::atomic<int> at{0};
std::atomic<int> error{0};
std::atomic<int> calls{0};

// Events and timers fail with no such error.
bool IsChannel(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
          S_ISREG(status.st_mode));
}

// Returns the error with which this call fails; 0 if it does not.
int Fault(Function called) {
  if (function != called || ++calls != at) return 0;
  return error;
}

int Failed(int code) {
  errno = code;
  return -1;
}

}  // namespace

extern "C" {
ssize_t __real_read(int fd, void* buffer, size_t size);
ssize_t __real_write(int fd, const void* buffer, size_t size);
int __real_poll(pollfd* fds, nfds_t count, int timeout);
ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
ssize_t __real_recvmsg(int fd, msghdr* message, int flags);
int __real_close(int fd);

ssize_t __wrap_read(int fd, void* buffer, size_t size) {
  const int code = IsChannel(fd) ? Fault(Function::kRead) : 0;
  if (code == kShort) return __real_read(fd, buffer, 1);
  return code != 0 ? Failed(code) : __real_read(fd, buffer, size);
}
ssize_t __wrap_write(int fd, const void* buffer, size_t size) {
  const int code = IsChannel(fd) ? Fault(Function::kWrite) : 0;
  if (code == kShort) return __real_write(fd, buffer, 1);
  return code != 0 ? Failed(code) : __real_write(fd, buffer, size);
}
int __wrap_poll(pollfd* fds, nfds_t count, int timeout) {
  const int code = Fault(Function::kPoll);
  return code != 0 ? Failed(code) : __real_poll(fds, count, timeout);
}
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  const int code = Fault(Function::kSend);
  return code != 0 ? Failed(code) : __real_sendmsg(fd, message, flags);
}
ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
  const int code = Fault(Function::kReceive);
  return code != 0 ? Failed(code) : __real_recvmsg(fd, message, flags);
}
int __wrap_close(int fd) {
  const int code = Fault(Function::kClose);
  const int result = __real_close(fd);
  return code != 0 ? Failed(code) : result;
}
}

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::Pattern;
using ::devstate::testing::ServedEndpoint;

// More than a pipe holds.
constexpr size_t kStateSize = 200000;
constexpr char kBefore[] = "the state before";
// More calls than a migration makes.
constexpr int kMostCalls = 400;

struct FaultCase {
  const char* name;
  Function function;
  int error;
  // Whether the migration goes on as if nothing had been.
  bool harmless;
};

// A write finds no reader only if the other side has failed before, which no
// fault of a call alone can show.
const FaultCase kCases[] = {
    {"ReadIsInterrupted", Function::kRead, EINTR, true},
    {"ReadIsShort", Function::kRead, kShort, true},
    {"ReadFails", Function::kRead, EIO, false},
    {"WriteIsInterrupted", Function::kWrite, EINTR, true},
    {"WriteIsShort", Function::kWrite, kShort, true},
    {"WriteFails", Function::kWrite, EIO, false},
    {"WriteFindsNoSpace", Function::kWrite, ENOSPC, false},
    {"PollIsInterrupted", Function::kPoll, EINTR, true},
    {"PollFindsNoMemory", Function::kPoll, ENOMEM, false},
    {"SendIsInterrupted", Function::kSend, EINTR, true},
    {"SendFindsNoPeer", Function::kSend, EPIPE, false},
    {"ReceiveIsInterrupted", Function::kReceive, EINTR, true},
    {"ReceiveIsReset", Function::kReceive, ECONNRESET, false},
    {"CloseFails", Function::kClose, EIO, true},
};

class FaultsTest : public ::testing::TestWithParam<FaultCase> {};

INSTANTIATE_TEST_SUITE_P(All, FaultsTest, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

std::unique_ptr<FrontendEndpoint> Negotiated(ServedEndpoint& served) {
  FrontendEndpointOptions options;
  options.reply_timeout = options.check_timeout = absl::Seconds(5);
  options.limits.idle = absl::Seconds(2);
  auto frontend = FrontendEndpoint::FromSocket(served.TakeSocket(), options);
  if (!frontend.ok() || !(*frontend)->Negotiate().ok()) return nullptr;
  return *std::move(frontend);
}

// Migrates, with the fault number `number` of `fault` if there is one. Returns
// whether the destination says that it has the state.
bool Migrate(FakeDevice& from, FakeDevice& to, const FaultCase* fault,
             int number) {
  BackendEndpointOptions options;
  options.transfer.limits.idle = absl::Seconds(2);
  options.transfer.check_timeout = absl::Seconds(4);
  BackendEndpointOptions same;
  same.transfer = options.transfer;
  ServedEndpoint source(&from, std::move(options));
  ServedEndpoint destination(&to, std::move(same));
  const auto saving = Negotiated(source);
  const auto loading = Negotiated(destination);
  if (saving == nullptr || loading == nullptr) return false;
  if (fault != nullptr) {
    calls = 0;
    at = number;
    error = fault->error;
    function = fault->function;
  }
  bool loaded = false;
  auto state = saving->OpenSave(ChannelKind::kPipe);
  if (state.ok()) {
    const auto result = loading->LoadState(ChannelKind::kPipe, **state);
    loaded = result.ok() && result->ok();
  }
  function = Function::kNone;
  return loaded;
}

TEST_P(FaultsTest, LeavesTheDestinationAsItWasOrWhole) {
  const FaultCase& fault = GetParam();
  const std::string state = Pattern(kStateSize);
  const int open = CountOpenFds();
  int loads = 0;
  int number = 1;
  for (; number < kMostCalls; ++number) {
    SCOPED_TRACE(number);
    FakeDevice from;
    FakeDevice to;
    from.state = state;
    to.state = kBefore;
    const bool loaded = Migrate(from, to, &fault, number);
    const bool reached = calls >= number;
    loads += static_cast<int>(loaded);
    EXPECT_TRUE(to.state == kBefore || to.state == state);
    EXPECT_TRUE(!loaded || to.state == state);
    EXPECT_TRUE(!fault.harmless || loaded);
    EXPECT_TRUE(from.state == state);
    // The same devices, on new connections.
    EXPECT_TRUE(Migrate(from, to, /*fault=*/nullptr, 0));
    EXPECT_TRUE(to.state == state);
    EXPECT_EQ(from.breaches + to.breaches, 0);
    EXPECT_EQ(CountOpenFds(), open);
    if (HasFailure() || !reached) break;
  }
  EXPECT_GT(number, 1) << "the function is never called";
  EXPECT_LT(number, kMostCalls);
  std::printf("%s: %d calls failed, %d migrations went on\n", fault.name,
              number - 1, loads - 1);
}

}  // namespace
}  // namespace devstate::vhost_user
