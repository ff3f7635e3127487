// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/faults/injector.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

namespace devstate::faults {
namespace {

constexpr int kSmallestPipe = 4096;

thread_local Role role = Role::kNone;

// Set by Arm() while no other thread of the test has a role.
Fault fault;
std::atomic<bool> armed{false};
std::atomic<bool> reached{false};
std::atomic<int> matching{0};
std::array<std::array<std::atomic<int>, kCalls>, kRoles> calls;
std::array<std::array<std::atomic<int64_t>, kCalls>, kRoles> bytes;

bool Counts() { return armed && role != Role::kNone; }

bool Matches(Call call) {
  return (fault.role == Role::kNone || fault.role == role) &&
         (fault.call == call ||
          (fault.call == Call::kAny && call != Call::kNew));
}

bool IsPipeOrSocket(int fd) {
  struct stat status;
  return ::syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

// Events and timers fail in no such way.
bool IsChannel(int fd) {
  struct stat status;
  return IsPipeOrSocket(fd) ||
         (::syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 &&
          S_ISREG(status.st_mode));
}

void HangUp() {
  for (int fd = STDERR_FILENO + 1; fd < 1024; ++fd) {
    if (IsPipeOrSocket(fd)) ::syscall(SYS_close, fd);
  }
}

// Returns what happens to this call; 0 if it goes on.
int Happens(Call call) {
  if (!Counts()) return 0;
  ++calls[static_cast<int>(role)][static_cast<int>(call)];
  if (fault.number == 0 || !Matches(call) || fault.error == kLastByte) return 0;
  if (++matching != fault.number) return 0;
  reached = true;
  switch (fault.error) {
    case kStop:
      ::raise(SIGSTOP);
      return 0;
    case kDie:
      ::raise(SIGKILL);
      return 0;
    case kHangUp:
      HangUp();
      return 0;
    default:
      return fault.error;
  }
}

int Failed(int error) {
  errno = error;
  return -1;
}

// Returns how many of `size` bytes are let through; -1 with errno for none.
int64_t Allowed(Call call, int fd, size_t size, bool writes) {
  const int error = Happens(call);
  if (error > 0) {
    // As the kernel does.
    if (error == EPIPE && call == Call::kWrite && IsPipeOrSocket(fd)) {
      ::raise(SIGPIPE);
    }
    return Failed(error);
  }
  if (error == kShort) return 1;
  if (Counts() && fault.error == kLastByte && Matches(call)) {
    const int64_t through =
        bytes[static_cast<int>(role)][static_cast<int>(call)];
    const int64_t left = std::max<int64_t>(0, fault.number - through);
    if (left < static_cast<int64_t>(size)) {
      reached = true;
      const bool socket = call == Call::kSend || call == Call::kSendmsg;
      if (left == 0 && writes) return Failed(socket ? EPIPE : ENOSPC);
      return left;
    }
  }
  return static_cast<int64_t>(size);
}

ssize_t Passed(Call call, ssize_t result) {
  if (Counts() && result > 0) {
    bytes[static_cast<int>(role)][static_cast<int>(call)] += result;
  }
  return result;
}

// A thread that a role starts.
struct Start {
  void* (*run)(void*);
  void* argument;
  Role role;
};

void* RunAs(void* start) {
  const Start begin = *static_cast<Start*>(start);
  std::free(start);
  const As as(begin.role);
  return begin.run(begin.argument);
}

Role WorkerOf(Role parent) {
  switch (parent) {
    case Role::kSource:
      return Role::kSourceWorker;
    case Role::kDestination:
      return Role::kDestinationWorker;
    default:
      return parent;
  }
}

}  // namespace

As::As(Role now) : before_(role) { role = now; }
As::~As() { role = before_; }

const char* NameOf(Call call) {
  static const char* const kNames[kCalls] = {"read",
                                             "pread",
                                             "recv",
                                             "recvmsg",
                                             "write",
                                             "pwrite",
                                             "send",
                                             "sendmsg",
                                             "poll",
                                             "fcntl",
                                             "open",
                                             "new FDs",
                                             "epoll_ctl",
                                             "connect",
                                             "bind",
                                             "listen",
                                             "accept4",
                                             "shutdown",
                                             "close",
                                             "fstat",
                                             "lseek",
                                             "ftruncate",
                                             "posix_fallocate",
                                             "mmap",
                                             "fsync",
                                             "rename",
                                             "unlinkat",
                                             "flock",
                                             "fstatfs",
                                             "readdir",
                                             "pthread_create",
                                             "zstd",
                                             "operator new",
                                             "any"};
  return kNames[static_cast<int>(call)];
}

const char* NameOf(Role name) {
  static const char* const kNames[kRoles] = {
      "test",        "front-end",
      "source",      "source's worker",
      "destination", "destination's worker",
      "alone"};
  return kNames[static_cast<int>(name)];
}

std::string FaultName(int error) {
  switch (error) {
    case kShort:
      return "short";
    case kLastByte:
      return "last byte";
    case kStop:
      return "stops";
    case kDie:
      return "is killed";
    case kHangUp:
      return "hangs up";
    default:
      return strerrorname_np(error);
  }
}

void Arm(const Fault& next) {
  fault = next;
  reached = false;
  matching = 0;
  for (auto& of_role : calls) {
    for (auto& count : of_role) count = 0;
  }
  for (auto& of_role : bytes) {
    for (auto& count : of_role) count = 0;
  }
  armed = true;
}

void Disarm() { armed = false; }

bool Reached() { return reached; }

int CountOf(Role of, Call call) {
  return calls[static_cast<int>(of)][static_cast<int>(call)];
}

int64_t BytesOf(Role of, Call call) {
  return bytes[static_cast<int>(of)][static_cast<int>(call)];
}

int CountOfAll() {
  int sum = 0;
  for (const auto& of_role : calls) {
    for (const auto& count : of_role) sum += count;
    sum -= of_role[static_cast<int>(Call::kNew)];
  }
  return sum;
}

}  // namespace devstate::faults

using devstate::faults::Allowed;
using devstate::faults::Call;
using devstate::faults::Failed;
using devstate::faults::Happens;
using devstate::faults::IsChannel;
using devstate::faults::Passed;

// Those with a size of bytes. NAME(fd, buffer, size, ...).
#define WRAP_BYTES(name, pointer, call, writes, condition, parameters, more) \
  ssize_t __real_##name(int fd, pointer buffer, size_t size parameters);     \
  ssize_t __wrap_##name(int fd, pointer buffer, size_t size parameters) {    \
    if (!(condition)) return __real_##name(fd, buffer, size more);           \
    const int64_t allowed = Allowed(call, fd, size, writes);                 \
    if (allowed < 0) return -1;                                              \
    if (allowed == 0 && size != 0) return 0;                                 \
    return Passed(                                                           \
        call, __real_##name(fd, buffer, static_cast<size_t>(allowed) more)); \
  }
#define NOTHING
#define COMMA ,

// Those that only succeed or fail, with -1.
#define WRAP(name, call, parameters, arguments) \
  int __real_##name parameters;                 \
  int __wrap_##name parameters {                \
    const int error = Happens(call);            \
    if (error > 0) return Failed(error);        \
    return __real_##name arguments;             \
  }

extern "C" {

WRAP_BYTES(read, void*, Call::kRead, false, IsChannel(fd), NOTHING, NOTHING)
WRAP_BYTES(write, const void*, Call::kWrite, true, IsChannel(fd), NOTHING,
           NOTHING)
WRAP_BYTES(pread, void*, Call::kPread, false, true, COMMA off_t offset,
           COMMA offset)
WRAP_BYTES(pwrite, const void*, Call::kPwrite, true, true, COMMA off_t offset,
           COMMA offset)
WRAP_BYTES(recv, void*, Call::kRecv, false, true, COMMA int flags, COMMA flags)
WRAP_BYTES(send, const void*, Call::kSend, true, true, COMMA int flags,
           COMMA flags)

ssize_t __real_recvmsg(int fd, msghdr* message, int flags);
ssize_t __wrap_recvmsg(int fd, msghdr* message, int flags) {
  const size_t size = message->msg_iov[0].iov_len;
  const int64_t allowed = Allowed(Call::kRecvmsg, fd, size, false);
  if (allowed < 0) return -1;
  if (allowed == 0) {
    message->msg_controllen = 0;
    message->msg_flags = 0;
    return 0;
  }
  message->msg_iov[0].iov_len = static_cast<size_t>(allowed);
  const ssize_t got = __real_recvmsg(fd, message, flags);
  message->msg_iov[0].iov_len = size;
  return Passed(Call::kRecvmsg, got);
}

ssize_t __real_sendmsg(int fd, const msghdr* message, int flags);
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  const int64_t allowed =
      Allowed(Call::kSendmsg, fd, message->msg_iov[0].iov_len, true);
  if (allowed < 0) return -1;
  iovec part = {message->msg_iov[0].iov_base, static_cast<size_t>(allowed)};
  msghdr cut = *message;
  cut.msg_iov = &part;
  return Passed(Call::kSendmsg, __real_sendmsg(fd, &cut, flags));
}

WRAP(poll, Call::kPoll, (pollfd * fds, nfds_t count, int timeout),
     (fds, count, timeout))
WRAP(epoll_create1, Call::kMakeFds, (int flags), (flags))
WRAP(eventfd, Call::kMakeFds, (unsigned int count, int flags), (count, flags))
WRAP(timerfd_create, Call::kMakeFds, (int clock, int flags), (clock, flags))
WRAP(pipe2, Call::kMakeFds, (int* fds, int flags), (fds, flags))
WRAP(memfd_create, Call::kMakeFds, (const char* name, unsigned int flags),
     (name, flags))
WRAP(socketpair, Call::kMakeFds, (int domain, int type, int protocol, int* fds),
     (domain, type, protocol, fds))
WRAP(socket, Call::kMakeFds, (int domain, int type, int protocol),
     (domain, type, protocol))
WRAP(epoll_ctl, Call::kEpollCtl,
     (int epoll, int operation, int fd, epoll_event* event),
     (epoll, operation, fd, event))
WRAP(connect, Call::kConnect, (int fd, const sockaddr* address, socklen_t size),
     (fd, address, size))
WRAP(bind, Call::kBind, (int fd, const sockaddr* address, socklen_t size),
     (fd, address, size))
WRAP(listen, Call::kListen, (int fd, int backlog), (fd, backlog))
WRAP(accept4, Call::kAccept,
     (int fd, sockaddr* address, socklen_t* size, int flags),
     (fd, address, size, flags))
WRAP(shutdown, Call::kShutdown, (int fd, int how), (fd, how))
WRAP(fstat, Call::kFstat, (int fd, struct stat* status), (fd, status))
WRAP(ftruncate, Call::kFtruncate, (int fd, off_t size), (fd, size))
WRAP(rename, Call::kRename, (const char* from, const char* to), (from, to))
WRAP(renameat, Call::kRename,
     (int from_folder, const char* from, int to_folder, const char* to),
     (from_folder, from, to_folder, to))
WRAP(unlinkat, Call::kUnlink, (int folder, const char* name, int flags),
     (folder, name, flags))
WRAP(flock, Call::kFlock, (int fd, int operation), (fd, operation))
WRAP(fstatfs, Call::kStatfs, (int fd, struct statfs* status), (fd, status))

// The host does not crash here, and a sync takes longer than all the rest.
int __wrap_fsync(int) {
  const int error = Happens(Call::kFsync);
  return error > 0 ? Failed(error) : 0;
}

// Linux closes whatever it returns.
int __real_close(int fd);
int __wrap_close(int fd) {
  const int error = Happens(Call::kClose);
  const int result = __real_close(fd);
  return error > 0 ? Failed(error) : result;
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  long argument = va_arg(arguments, long);
  va_end(arguments);
  const int error = Happens(Call::kFcntl);
  if (error > 0) return Failed(error);
  // A small pipe, which fills and runs empty many times.
  if (command == F_SETPIPE_SZ && devstate::faults::Counts()) {
    argument = devstate::faults::kSmallestPipe;
  }
  return __real_fcntl(fd, command, argument);
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  const int error = Happens(Call::kOpen);
  return error > 0 ? Failed(error) : __real_open(path, flags, mode);
}
int __wrap___open_2(const char* path, int flags) {
  return __wrap_open(path, flags, 0);
}

int __real_openat(int folder, const char* path, int flags, ...);
int __wrap_openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  const int error = Happens(Call::kOpen);
  return error > 0 ? Failed(error) : __real_openat(folder, path, flags, mode);
}

off_t __real_lseek(int fd, off_t offset, int whence);
off_t __wrap_lseek(int fd, off_t offset, int whence) {
  const int error = Happens(Call::kSeek);
  return error > 0 ? Failed(error) : __real_lseek(fd, offset, whence);
}

// Returns the error.
int __real_posix_fallocate(int fd, off_t offset, off_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t size) {
  const int error = Happens(Call::kFallocate);
  return error > 0 ? error : __real_posix_fallocate(fd, offset, size);
}

void* __real_mmap(void* at, size_t size, int protection, int flags, int fd,
                  off_t offset);
void* __wrap_mmap(void* at, size_t size, int protection, int flags, int fd,
                  off_t offset) {
  const int error = Happens(Call::kMmap);
  if (error > 0) {
    errno = error;
    return MAP_FAILED;
  }
  return __real_mmap(at, size, protection, flags, fd, offset);
}

dirent* __real_readdir(DIR* folder);
dirent* __wrap_readdir(DIR* folder) {
  const int error = Happens(Call::kReaddir);
  if (error > 0) {
    errno = error;
    return nullptr;
  }
  return __real_readdir(folder);
}

// Returns the error.
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*run)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*run)(void*), void* argument) {
  using devstate::faults::Start;
  const int error = Happens(Call::kThread);
  if (error > 0) return error;
  auto* const start = static_cast<Start*>(std::malloc(sizeof(Start)));
  *start = {run, argument, devstate::faults::WorkerOf(devstate::faults::role)};
  const int result = __real_pthread_create(thread, attributes,
                                           &devstate::faults::RunAs, start);
  if (result != 0) std::free(start);
  return result;
}

ZSTD_CCtx* __real_ZSTD_createCCtx();
ZSTD_CCtx* __wrap_ZSTD_createCCtx() {
  return Happens(Call::kZstd) > 0 ? nullptr : __real_ZSTD_createCCtx();
}
ZSTD_DCtx* __real_ZSTD_createDCtx();
ZSTD_DCtx* __wrap_ZSTD_createDCtx() {
  return Happens(Call::kZstd) > 0 ? nullptr : __real_ZSTD_createDCtx();
}
size_t __real_ZSTD_compress2(ZSTD_CCtx* context, void* to, size_t capacity,
                             const void* from, size_t size);
size_t __wrap_ZSTD_compress2(ZSTD_CCtx* context, void* to, size_t capacity,
                             const void* from, size_t size) {
  if (Happens(Call::kZstd) > 0) {
    return static_cast<size_t>(-static_cast<int>(ZSTD_error_memory_allocation));
  }
  return __real_ZSTD_compress2(context, to, capacity, from, size);
}
}

// Not the linker's business: the C++ library calls them, too.
void* operator new(size_t size) {
  if (Happens(Call::kNew) > 0) throw std::bad_alloc();
  void* const memory = std::malloc(std::max<size_t>(1, size));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
