// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For transport's own tests: a handler with faults, byte streams in memory,
// a served endpoint, and a count of open file descriptors.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_TRANSPORT_TEST_UTIL_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_TRANSPORT_TEST_UTIL_H_

#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/device_state_handler.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::testing {

class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

  // After this many bytes, fail with `failure`.
  uint64_t fail_at = UINT64_MAX;
  absl::Status failure = absl::DataLossError("the source failed");

 private:
  std::string bytes_;
  size_t at_ = 0;
};

class StringSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override;
  std::string bytes;
};

// A gate that a handler waits at until the test opens it.
class Gate {
 public:
  void Open();
  void Wait();

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

// A device whose state is one string, with faults on demand. Set the members
// before the transfer and read them after CHECK_DEVICE_STATE was answered.
// Keeps the rule "each Load ends with one Commit or one Discard" and counts its
// breaches.
class FakeDevice : public vhost_user::DeviceStateHandler {
 public:
  absl::Status Save(ByteSink& sink) override;
  vhost_user::LoadResult Load(ByteSource& source) override;
  vhost_user::LoadResult Commit() override;
  void Discard() override;

  std::string state;         // what Save writes and Commit replaces
  absl::Status save_result;  // after everything was written
  absl::Status load_result;  // after `read_before_failing` bytes
  absl::Status commit_result;
  uint64_t read_before_failing = UINT64_MAX;
  size_t piece = 64 << 10;        // bytes of one Write or Read
  Gate* before_finish = nullptr;  // passed at the end of Save or Load
  Gate* before_commit = nullptr;  // passed in Commit
  uint64_t check_reply = 0;       // of each failed Load and Commit
  bool endless_save = false;

  std::atomic<int> saves{0};
  std::atomic<int> loads{0};
  std::atomic<int> commits{0};
  std::atomic<int> discards{0};
  std::atomic<int> breaches{0};

 private:
  bool staged_ = false;
  std::string staged_state_;
};

// An endpoint whose Serve() runs on a thread of its own, connected to the
// other end of a socket pair.
class ServedEndpoint {
 public:
  explicit ServedEndpoint(vhost_user::DeviceStateHandler* handler,
                          vhost_user::BackendEndpointOptions options = {});
  ~ServedEndpoint();  // Stop() and join

  // The front-end's end of the socket.
  FileDescriptor TakeSocket() { return std::move(socket_); }
  vhost_user::BackendEndpoint& endpoint() { return *endpoint_; }
  // Waits until Serve() has returned.
  void Join();
  // All log lines so far.
  std::string log() const;

 private:
  FileDescriptor socket_;
  std::unique_ptr<vhost_user::BackendEndpoint> endpoint_;
  mutable std::mutex mutex_;
  std::string log_;
  std::thread thread_;
};

// One end of the protocol without judgement. It sends what it is told to.
class RawPeer {
 public:
  explicit RawPeer(FileDescriptor socket) : connection_(std::move(socket)) {}

  // Sends and closes the FDs. Returns false if the peer is gone.
  bool Send(uint32_t request, std::string payload = "",
            std::vector<FileDescriptor> fds = {},
            uint32_t flags = vhost_user::kVersion);
  // Waits for a message; `request` is 0 if the peer closed or sent nonsense.
  vhost_user::Message Receive();
  // Sends and receives. Returns the reply's u64, UINT64_MAX if there was none.
  uint64_t Call(uint32_t request, std::string payload = "",
                std::vector<FileDescriptor> fds = {},
                uint32_t flags = vhost_user::kVersion);
  // Returns whether the back-end has nothing to say and has not closed. A
  // request that it must answer is answered next.
  bool Alive() { return Call(vhost_user::kGetFeatures) != UINT64_MAX; }

  // Negotiates bit 19, REPLY_ACK and what else the back-end offers, but not the
  // protocol features `left_out`.
  void Negotiate(uint64_t left_out = 0);
  // Sends SET_DEVICE_STATE_FD with both numbers as they are.
  uint64_t SetDeviceState(uint32_t direction, uint32_t phase,
                          FileDescriptor fd);

  int fd() const { return connection_.fd(); }
  vhost_user::Connection& connection() { return connection_; }

 private:
  vhost_user::Connection connection_;
};

std::vector<FileDescriptor> Fds(FileDescriptor fd);
// Returns `count` descriptors of /dev/null.
std::vector<FileDescriptor> SomeFds(int count);
// Encodes {u32, u32}, the payload of ring states and SET_DEVICE_STATE_FD.
std::string TwoU32(uint32_t a, uint32_t b);
// Returns both ends of a fresh channel, or ends the test process.
ChannelEnds MakeChannel(ChannelKind kind = ChannelKind::kPipe);
// Returns everything up to the end of `fd`, through read(); "" after an error.
std::string ReadAll(int fd);
// Writes all of `bytes` or returns false. Never raises SIGPIPE.
bool WriteAll(int fd, absl::string_view bytes);
// Sends what there is room for, with up to 64 descriptors. Returns the result
// of sendmsg(). Never raises SIGPIPE.
ssize_t SendWithoutWait(int socket, absl::string_view bytes,
                        const std::vector<int>& fds);

// A folder with a short name, because a socket's path has at most 107 bytes,
// fewer than a test's own temporary folder may take. Removed at the end if it
// is empty by then.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Lowers the limit of open files so that exactly `room` more descriptors fit,
// until the end of the scope.
class FdRoom {
 public:
  explicit FdRoom(int room);
  ~FdRoom() { ::setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_;
  std::vector<FileDescriptor> fillers_;
};

// Returns how many file descriptors this process has open.
int CountOpenFds();
// Returns how much memory this process has, in KiB. Says little if kSanitized.
int64_t ResidentKib();

// Whether a sanitizer is at work, whose own memory grows and which takes its
// time.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Returns `size` bytes that repeat nowhere soon.
std::string Pattern(size_t size);

}  // namespace devstate::testing

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_TRANSPORT_TEST_UTIL_H_
