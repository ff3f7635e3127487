// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/transport_test_util.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "third_party/absl_compat/status_macros.h"
#include "transport/unix_socket.h"

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

absl::Status FakeDevice::Load(ByteSource& source) {
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
  return load_result;
}

absl::Status FakeDevice::Commit() {
  ++commits;
  if (!staged_) ++breaches;
  if (!commit_result.ok()) return commit_result;
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

ServedEndpoint::ServedEndpoint(DeviceStateHandler* handler,
                               BackendEndpointOptions options) {
  auto pair = SocketPair();
  if (!pair.ok()) std::abort();
  socket_ = std::move(pair->first);
  options.connection = std::move(pair->second);
  options.log = [this](absl::string_view line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::StrAppend(&log_, line, "\n");
  };
  auto endpoint = BackendEndpoint::Create(handler, std::move(options));
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

TempFolder::TempFolder() : path_("/tmp/devstate-XXXXXX") {
  if (::mkdtemp(&path_[0]) == nullptr) std::abort();
}

TempFolder::~TempFolder() { ::rmdir(path_.c_str()); }

int CountOpenFds() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the folder itself
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
