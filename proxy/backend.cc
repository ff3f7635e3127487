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
#include "devstate/transport/io/unix_socket.h"

namespace devstate::proxy {
namespace {

// From the end of the connection to SIGTERM. A daemon that lives for one
// connection ends within some ten milliseconds.
constexpr absl::Duration kEnding = absl::Milliseconds(200);
// From SIGTERM to SIGKILL.
constexpr absl::Duration kGrace = absl::Seconds(5);
// Between two attempts to connect: a socket tells nobody that it listens.
constexpr int kRetryMilliseconds = 2;

// Returns the value of --shared-dir in a command, without quotes; empty if
// there is none.
std::string SharedDirectory(absl::string_view command) {
  constexpr absl::string_view kOption = "--shared-dir";
  const size_t at = command.find(kOption);
  if (at == absl::string_view::npos) return "";
  absl::string_view rest = command.substr(at + kOption.size());
  rest.remove_prefix(std::min(rest.find_first_not_of("= '\""), rest.size()));
  return std::string(rest.substr(0, rest.find_first_of(" '\"")));
}

}  // namespace

absl::Status CheckSameDirectory(const BackendSpec& one,
                                const BackendSpec& other) {
  const std::string a = SharedDirectory(one.command);
  const std::string b = SharedDirectory(other.command);
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
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Backend>> Backend::Open(
    const BackendSpec& spec, const std::string& socket_path, int cancel_fd) {
  DS_RETURN_IF_ERROR(CheckSpec(spec));
  const Deadline deadline = Deadline::After(spec.start_timeout);
  if (!spec.socket.empty()) {
    DS_ASSIGN_OR_RETURN(FileDescriptor socket,
                        ConnectUnix(spec.socket, deadline));
    return std::make_unique<Backend>(std::move(socket));
  }
  std::optional<UnixListener> listener;
  ProcessFds fds;
  if (absl::StrContains(spec.command, "{fd}")) {
    DS_ASSIGN_OR_RETURN(UnixListener bound, UnixListener::Listen(socket_path));
    listener.emplace(std::move(bound));
    fds.inherited = listener->fd();
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
  std::unique_ptr<Backend> backend(new Backend(std::move(process)));
  const absl::Status connected =
      backend->Await(socket_path, deadline, cancel_fd);
  ::unlink(socket_path.c_str());
  DS_RETURN_IF_ERROR(connected);
  return backend;
}

absl::Status Backend::Await(const std::string& path, Deadline deadline,
                            int cancel_fd) {
  while (true) {
    absl::StatusOr<FileDescriptor> socket = ConnectUnix(path, deadline);
    if (socket.ok()) {
      connection_.emplace(*std::move(socket));
      return absl::OkStatus();
    }
    // The name exists between bind() and listen(), so a refusal is no verdict.
    if (!absl::IsNotFound(socket.status()) &&
        !absl::IsUnavailable(socket.status())) {
      return socket.status();
    }
    const std::optional<std::string> exit =
        process_->WaitForExit(absl::ZeroDuration());
    if (exit.has_value()) {
      return absl::UnavailableError(
          absl::StrCat("the back-end ", *exit, " before it listened"));
    }
    if (deadline.Expired()) {
      return absl::DeadlineExceededError(
          absl::StrCat("the back-end does not listen at ", path,
                       " in time; what it printed may say why"));
    }
    pollfd stop = {cancel_fd, POLLIN, 0};
    if (::poll(&stop, 1, kRetryMilliseconds) > 0) {
      return absl::AbortedError("stopped while a back-end was starting");
    }
  }
}

Backend::~Backend() { Close(); }

std::string Backend::Close() {
  connection_.reset();
  if (!process_.has_value()) return "";
  if (!process_->WaitForExit(kEnding).has_value()) process_->Signal(SIGTERM);
  if (!process_->WaitForExit(kGrace).has_value()) process_->Signal(SIGKILL);
  return process_->WaitForExit(absl::InfiniteDuration()).value_or("");
}

std::string Backend::Kill() {
  if (process_.has_value()) process_->Signal(SIGKILL);
  return Close();
}

}  // namespace devstate::proxy
