// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Makes the n-th call of a function of the C library fail. The linker puts the
// functions of injector.cc in the place of the library's (BUILD.bazel), so that
// the product has no hooks.

#ifndef TESTS_FAULTS_INJECTOR_H_
#define TESTS_FAULTS_INJECTOR_H_

#include <cstdint>
#include <string>

namespace devstate::faults {

// A function, or some that fail alike.
enum class Call {
  kRead,
  kPread,
  kRecv,
  kRecvmsg,
  kWrite,
  kPwrite,
  kSend,
  kSendmsg,
  kPoll,
  kFcntl,
  kOpen,     // openat(), too
  kMakeFds,  // pipe2(), socketpair(), socket(), memfd_create(), eventfd(),
             // timerfd_create(), epoll_create1()
  kEpollCtl,
  kConnect,
  kBind,
  kListen,
  kAccept,
  kShutdown,
  kClose,
  kFstat,
  kSeek,
  kFtruncate,
  kFallocate,
  kMmap,
  kFsync,
  kRename,  // renameat(), too
  kUnlink,  // unlinkat()
  kFlock,
  kStatfs,
  kReaddir,
  kThread,  // pthread_create()
  kZstd,    // making a context, and compressing
  kNew,     // operator new
  kAny,     // all of them but kNew
};
constexpr int kCalls = static_cast<int>(Call::kAny) + 1;
const char* NameOf(Call call);

// Who calls. A thread has the role of the thread that has started it, and a
// back-end's first thread starts its worker.
enum class Role {
  kNone,  // the test itself, which nothing fails for
  kFrontend,
  kSource,
  kSourceWorker,
  kDestination,
  kDestinationWorker,
  kAlone,  // a scene without others
};
constexpr int kRoles = static_cast<int>(Role::kAlone) + 1;
const char* NameOf(Role role);

// The calling thread's role, until the end of the scope.
class As {
 public:
  explicit As(Role role);
  ~As();

 private:
  const Role before_;
};

// What happens instead of the call. An errno, or one of these.
constexpr int kShort = -1;     // one byte of those asked for
constexpr int kLastByte = -2;  // byte `number` was the last one: the end, or
                               // ENOSPC for what writes
constexpr int kStop = -3;      // the process stops, as by SIGSTOP
constexpr int kDie = -4;       // the process is killed
constexpr int kHangUp = -5;    // all its pipes and sockets are closed, it lives
std::string FaultName(int error);

struct Fault {
  Role role = Role::kNone;  // whose call; kNone stands for all roles
  Call call = Call::kAny;
  int number = 0;  // which of the calls from Arm() on, from 1
  int error = 0;
};

// Counts from here on, and lets the fault happen. Without one it only counts.
void Arm(const Fault& fault = {});
void Disarm();
// Whether the call that was to fail has been made.
bool Reached();
// What was counted since Arm(): calls, and bytes that went through them.
int CountOf(Role role, Call call);
int64_t BytesOf(Role role, Call call);
int CountOfAll();

}  // namespace devstate::faults

#endif  // TESTS_FAULTS_INJECTOR_H_
