// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/backend.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::proxy {
namespace {

// From the end of the connection to SIGTERM. A daemon that lives for one
// connection ends within some ten milliseconds.
constexpr absl::Duration kEnding = absl::Milliseconds(200);
// From SIGTERM to SIGKILL.
constexpr absl::Duration kGrace = absl::Seconds(5);
// Between two attempts to connect: a socket tells nobody that it listens.
constexpr int kRetryMilliseconds = 2;

// Returns the value of an option in a command, without quotes; empty if there
// is none.
std::string OptionValue(absl::string_view command, absl::string_view option) {
  const size_t at = command.find(option);
  if (at == absl::string_view::npos) return "";
  absl::string_view rest = command.substr(at + option.size());
  rest.remove_prefix(std::min(rest.find_first_not_of("= '\""), rest.size()));
  return std::string(rest.substr(0, rest.find_first_of(" '\"")));
}

}  // namespace

absl::Status CheckSameDirectory(const BackendSpec& one,
                                const BackendSpec& other) {
  const std::string a = OptionValue(one.command, "--shared-dir");
  const std::string b = OptionValue(other.command, "--shared-dir");
  struct stat of_a = {};
  struct stat of_b = {};
  // What cannot be looked at is for the back-end to judge.
  if (a.empty() || b.empty() || ::stat(a.c_str(), &of_a) != 0 ||
      ::stat(b.c_str(), &of_b) != 0 ||
      (of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("--shared-dir ", b, " is another directory than ", a,
                   ", which the old back-end serves"));
}

absl::Status CheckOneAtATime(const BackendSpec& spec) {
  const std::string size = OptionValue(spec.command, "--thread-pool-size");
  if (size.empty() || size == "0") return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "with --thread-pool-size ", size,
      " requests are not done in their order, so nobody can tell which are "
      "when it has died; leave it out, or --checkpoint"));
}

absl::Status CheckSpec(const BackendSpec& spec) {
  if (spec.socket.empty() == spec.command.empty()) {
    return absl::InvalidArgumentError(
        "name the back-end, either with --backend, its socket, or with "
        "--command, which starts it");
  }
  if (!spec.command.empty() && !absl::StrContains(spec.command, "{socket}") &&
      !absl::StrContains(spec.command, "{fd}")) {
    return absl::InvalidArgumentError(
        "the command says nowhere {socket}, the path to listen at, nor {fd}, "
        "the descriptor that listens");
  }
  // The bound of devices.opaque.v1.
  constexpr size_t kMaxName = 255;
  if (std::max(spec.implementation.size(), spec.implementation_version.size()) >
      kMaxName) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the name or the version of the implementation has more than ",
        kMaxName, " bytes"));
  }
  return absl::OkStatus();
}

Backend::Backend(const BackendSpec& spec, const std::string& path)
    : path_(path),
      start_deadline_(Deadline::After(spec.start_timeout)),
      start_timeout_(spec.start_timeout) {}

absl::StatusOr<std::unique_ptr<Backend>> Backend::Start(
    const BackendSpec& spec, const std::string& socket_path) {
  DS_RETURN_IF_ERROR(CheckSpec(spec));
  if (!spec.socket.empty()) {
    return std::unique_ptr<Backend>(new Backend(spec, spec.socket));
  }
  std::unique_ptr<Backend> backend(new Backend(spec, socket_path));
  ProcessFds fds;
  if (absl::StrContains(spec.command, "{fd}")) {
    DS_ASSIGN_OR_RETURN(UnixListener bound, UnixListener::Listen(socket_path));
    backend->listener_.emplace(std::move(bound));
    fds.inherited = backend->listener_->fd();
  } else {
    // One that was left behind would look like that of the new process.
    ::unlink(socket_path.c_str());
  }
  // What it prints is the log of this process, so none of it is lost and no
  // pipe can fill.
  fds.output = STDERR_FILENO;
  DS_ASSIGN_OR_RETURN(
      Process process,
      Process::Start(
          ShellCommand(spec.command,
                       {{"{socket}", socket_path},
                        {"{fd}", absl::StrCat(Process::kInheritedFd)}}),
          fds));
  backend->process_.emplace(std::move(process));
  return backend;
}

absl::StatusOr<std::unique_ptr<Backend>> Backend::Open(
    const BackendSpec& spec, const std::string& socket_path, int cancel_fd) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Backend> backend,
                      Start(spec, socket_path));
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool connected, backend->TryConnect());
    if (connected) return backend;
    pollfd stop = {cancel_fd, POLLIN, 0};
    if (::poll(&stop, 1, kRetryMilliseconds) > 0) {
      return absl::AbortedError("stopped while a back-end was starting");
    }
  }
}

absl::StatusOr<bool> Backend::TryConnect() {
  if (connection_.has_value()) return true;
  absl::StatusOr<FileDescriptor> socket =
      ConnectUnix(path_, Deadline::After(absl::ZeroDuration()));
  if (socket.ok()) {
    connection_.emplace(*std::move(socket));
    if (process_.has_value()) ::unlink(path_.c_str());
    listener_.reset();
    path_.clear();
    return true;
  }
  // The queue of a listener may be full. A process has no name at first, and
  // refuses between bind() and listen().
  const bool may_come =
      absl::IsDeadlineExceeded(socket.status()) ||
      (process_.has_value() && (absl::IsNotFound(socket.status()) ||
                                absl::IsUnavailable(socket.status())));
  if (!may_come) return socket.status();
  if (!process_.has_value()) {
    if (start_deadline_.Expired()) return socket.status();
    return false;
  }
  const std::optional<std::string> exit =
      process_->WaitForExit(absl::ZeroDuration());
  if (exit.has_value()) {
    return absl::UnavailableError(
        absl::StrCat("the back-end ", *exit, " before it listened"));
  }
  if (start_deadline_.Expired()) {
    return absl::DeadlineExceededError(
        absl::StrCat("the back-end does not listen at ", path_,
                     " in time; what it printed may say why"));
  }
  return false;
}

absl::StatusOr<bool> Backend::TryReady() {
  if (answered_) return true;
  DS_ASSIGN_OR_RETURN(const bool connected, TryConnect());
  if (!connected) return false;
  vhost_user::Message request;
  request.request = vhost_user::kGetFeatures;
  absl::Status status;
  if (!asked_) {
    asked_ = true;
    // The socket is new, so there is room.
    status = connection_->Send(request, start_deadline_, /*cancel_fd=*/-1);
  }
  if (status.ok()) {
    const absl::StatusOr<std::optional<vhost_user::Message>> reply =
        connection_->TryReceive();
    status = reply.status();
    answered_ = status.ok() && reply->has_value();
    if (answered_ && (*reply)->request != request.request) {
      status = absl::InvalidArgumentError(absl::StrCat(
          "answered with ", vhost_user::RequestName((*reply)->request)));
    }
    if (status.ok() && !answered_ && start_deadline_.Expired()) {
      status = absl::DeadlineExceededError("");
    }
  }
  if (!status.ok()) {
    return vhost_user::RequestError(request.request, status, start_timeout_);
  }
  return answered_;
}

Backend::~Backend() {
  // The name of one that was never connected.
  if (process_.has_value() && !path_.empty()) ::unlink(path_.c_str());
  Close();
}

std::optional<std::string> Backend::TryClose() {
  connection_.reset();
  if (!process_.has_value()) return "";
  if (!closing_) {
    closing_ = true;
    terminate_at_ = Deadline::After(kEnding);
  }
  if (terminate_at_.Expired()) {
    process_->Signal(SIGTERM);
    terminate_at_ = Deadline::Never();
    kill_at_ = Deadline::After(kGrace);
  } else if (kill_at_.Expired()) {
    process_->Signal(SIGKILL);
    kill_at_ = Deadline::Never();
  }
  return process_->WaitForExit(absl::ZeroDuration());
}

std::string Backend::Close() {
  while (true) {
    if (std::optional<std::string> end = TryClose()) return *std::move(end);
    process_->WaitForExit(
        Deadline::Earlier(terminate_at_, kill_at_).Remaining());
  }
}

bool Backend::IsGone() const {
  pollfd entry = {connection_->fd(), POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0;
}

std::optional<std::string> Backend::AwaitEnd(absl::Duration patience) {
  if (!process_.has_value()) return std::nullopt;
  return process_->WaitForExit(patience);
}

std::string Backend::Kill() {
  if (process_.has_value()) process_->Signal(SIGKILL);
  return Close();
}

}  // namespace devstate::proxy
