// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The peer and the byte helpers know no rules of the protocol. They send and
// read what they are told, so that tests can break every rule.

#include "devstate/transport/vhost_user/transport_test_util.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/attach_fds.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate::testing {

absl::StatusOr<size_t> StringSource::Read(char* buffer, size_t size) {
  if (at_ >= fail_at) return failure;
  const size_t count = std::min(size, bytes_.size() - at_);
  std::memcpy(buffer, bytes_.data() + at_, count);
  at_ += count;
  return count;
}

absl::Status StringSink::Write(absl::string_view piece) {
  bytes.append(piece.data(), piece.size());
  return absl::OkStatus();
}

void Gate::Open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_ = true;
  opened_.notify_all();
}

void Gate::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  opened_.wait(lock, [this] { return open_; });
}

absl::Status FakeDevice::Save(ByteSink& sink) {
  ++saves;
  if (staged_) ++breaches;
  do {
    for (size_t at = 0; at < state.size(); at += piece) {
      DS_RETURN_IF_ERROR(
          sink.Write(absl::string_view(state).substr(at, piece)));
    }
  } while (endless_save);
  if (before_finish != nullptr) before_finish->Wait();
  return save_result;
}

vhost_user::LoadResult FakeDevice::Load(ByteSource& source) {
  ++loads;
  if (staged_) ++breaches;
  staged_ = true;
  staged_state_.clear();
  std::string buffer(piece, '\0');
  while (staged_state_.size() < read_before_failing) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source.Read(&buffer[0], buffer.size()));
    if (got == 0) break;
    staged_state_.append(buffer, 0, got);
  }
  if (before_finish != nullptr) before_finish->Wait();
  return {load_result, check_reply};
}

vhost_user::LoadResult FakeDevice::Commit() {
  ++commits;
  if (!staged_) ++breaches;
  if (before_commit != nullptr) before_commit->Wait();
  if (!commit_result.ok()) return {commit_result, check_reply};
  staged_ = false;
  state = std::move(staged_state_);
  return absl::OkStatus();
}

void FakeDevice::Discard() {
  ++discards;
  if (!staged_) ++breaches;
  staged_ = false;
  staged_state_.clear();
}

ServedEndpoint::ServedEndpoint(vhost_user::DeviceStateHandler* handler,
                               vhost_user::BackendEndpointOptions options) {
  auto pair = SocketPair();
  if (!pair.ok()) std::abort();
  socket_ = std::move(pair->first);
  options.connection = std::move(pair->second);
  options.log = [this](absl::string_view line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::StrAppend(&log_, line, "\n");
  };
  auto endpoint =
      vhost_user::BackendEndpoint::Create(handler, std::move(options));
  if (!endpoint.ok()) std::abort();
  endpoint_ = *std::move(endpoint);
  thread_ = std::thread([this] { endpoint_->Serve().IgnoreError(); });
}

ServedEndpoint::~ServedEndpoint() {
  endpoint_->Stop();
  Join();
}

void ServedEndpoint::Join() {
  if (thread_.joinable()) thread_.join();
}

std::string ServedEndpoint::log() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return log_;
}

bool RawPeer::Send(uint32_t request, std::string payload,
                   std::vector<FileDescriptor> fds, uint32_t flags) {
  vhost_user::Message message;
  message.request = request;
  message.flags = flags;
  message.payload = std::move(payload);
  message.fds = std::move(fds);
  return connection_.Send(message, Deadline::After(absl::Seconds(30))).ok();
}

vhost_user::Message RawPeer::Receive() {
  auto message = connection_.Receive(Deadline::After(absl::Seconds(30)));
  return message.ok() ? *std::move(message) : vhost_user::Message();
}

uint64_t RawPeer::Call(uint32_t request, std::string payload,
                       std::vector<FileDescriptor> fds, uint32_t flags) {
  if (!Send(request, std::move(payload), std::move(fds), flags)) {
    return UINT64_MAX;
  }
  const vhost_user::Message reply = Receive();
  if (reply.request != request || reply.flags != vhost_user::kReplyFlags ||
      reply.payload.size() < 8) {
    return UINT64_MAX;
  }
  return vhost_user::ReadU64(reply.payload, 0);
}

void RawPeer::Negotiate(uint64_t left_out) {
  Call(vhost_user::kGetFeatures);
  Send(vhost_user::kSetProtocolFeatures,
       vhost_user::U64Payload(Call(vhost_user::kGetProtocolFeatures) &
                              ~left_out));
  Send(vhost_user::kSetOwner);
}

uint64_t RawPeer::SetDeviceState(uint32_t direction, uint32_t phase,
                                 FileDescriptor fd) {
  return Call(vhost_user::kSetDeviceStateFd, TwoU32(direction, phase),
              Fds(std::move(fd)));
}

std::vector<FileDescriptor> Fds(FileDescriptor fd) {
  std::vector<FileDescriptor> fds;
  fds.push_back(std::move(fd));
  return fds;
}

std::vector<FileDescriptor> SomeFds(int count) {
  std::vector<FileDescriptor> fds;
  for (int i = 0; i < count; ++i) {
    fds.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
  }
  return fds;
}

std::string TwoU32(uint32_t a, uint32_t b) {
  std::string payload;
  vhost_user::AppendU32(a, &payload);
  vhost_user::AppendU32(b, &payload);
  return payload;
}

ChannelEnds MakeChannel(ChannelKind kind) {
  auto ends = CreateChannel(kind);
  if (!ends.ok()) std::abort();
  return *std::move(ends);
}

std::string ReadAll(int fd) {
  std::string bytes;
  char buffer[4096];
  ssize_t got;
  while ((got = ::read(fd, buffer, sizeof(buffer))) > 0) {
    bytes.append(buffer, got);
  }
  return got < 0 ? "" : bytes;
}

bool WriteAll(int fd, absl::string_view bytes) {
  auto channel = AdmitChannel(FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0)),
                              ChannelUse::kWrite);
  if (!channel.ok()) return false;
  auto sink = FdSink::Create(*std::move(channel));
  return sink.ok() && (*sink)->Write(bytes).ok();
}

TempFolder::TempFolder() : path_("/tmp/devstate-XXXXXX") {
  if (::mkdtemp(&path_[0]) == nullptr) std::abort();
}

TempFolder::~TempFolder() { ::rmdir(path_.c_str()); }

FdRoom::FdRoom(int room) {
  ::getrlimit(RLIMIT_NOFILE, &old_);
  const rlimit low = {128, old_.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &low);
  while (true) {
    FileDescriptor filler(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!filler.valid()) break;
    fillers_.push_back(std::move(filler));
  }
  fillers_.resize(fillers_.size() - room);
}

ssize_t SendWithoutWait(int socket, absl::string_view bytes,
                        const std::vector<int>& fds) {
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  AttachFds(fds.data(), fds.size(), control, &header);
  return ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int CountOpenFds() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the folder itself
}

int64_t ResidentKib() {
  FILE* file = std::fopen("/proc/self/statm", "r");
  long size = 0;
  long resident = 0;
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t value = 1;
  for (char& byte : bytes) {
    value = value * 1664525 + 1013904223;
    byte = static_cast<char>(value >> 24);
  }
  return bytes;
}

}  // namespace devstate::testing
