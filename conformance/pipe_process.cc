// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/pipe_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/conformance/stream_protocol.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"

namespace devstate::conformance {
namespace {

constexpr int kGraceMilliseconds = 10'000;

absl::StatusOr<pid_t> Spawn(const std::string& command, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  // This process may ignore it, and a child would inherit that.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::string shell = "/bin/sh";
  std::string flag = "-c";
  std::string text = command;
  char* argv[] = {&shell[0], &flag[0], &text[0], nullptr};
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, shell.c_str(), &actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  return absl::NotFoundError(
      absl::StrCat("cannot start ", shell, ": ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PipeProcess>> PipeProcess::Start(
    const std::string& command, absl::Duration timeout) {
  DS_ASSIGN_OR_RETURN(ChannelEnds in, CreateChannel(ChannelKind::kPipe));
  DS_ASSIGN_OR_RETURN(ChannelEnds out, CreateChannel(ChannelKind::kPipe));
  TransferLimits limits;
  limits.total = absl::Hours(24);
  limits.idle = timeout;
  DS_ASSIGN_OR_RETURN(Channel writing, AdmitChannel(std::move(in.write_end),
                                                    ChannelUse::kWrite));
  DS_ASSIGN_OR_RETURN(Channel reading,
                      AdmitChannel(std::move(out.read_end), ChannelUse::kRead));
  DS_ASSIGN_OR_RETURN(std::shared_ptr<FdSink> input,
                      FdSink::Create(std::move(writing), limits));
  DS_ASSIGN_OR_RETURN(std::shared_ptr<FdSource> output,
                      FdSource::Create(std::move(reading), limits));
  DS_ASSIGN_OR_RETURN(const pid_t pid,
                      Spawn(command, in.read_end.get(), out.write_end.get()));
  return std::unique_ptr<PipeProcess>(
      new PipeProcess(pid, std::move(input), std::move(output)));
}

PipeProcess::PipeProcess(pid_t pid, std::shared_ptr<FdSink> input,
                         std::shared_ptr<FdSource> output)
    : pid_(pid), input_(std::move(input)), output_(std::move(output)) {}

PipeProcess::~PipeProcess() {
  input_->Finish().IgnoreError();
  // Not reaped yet, so the number is still this child's.
  const FileDescriptor pid_fd(
      static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd entry = {pid_fd.get(), POLLIN, 0};
  int ready;
  do {
    ready = poll(&entry, 1, kGraceMilliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::StatusOr<std::string> PipeProcess::Exchange(absl::string_view text) {
  const absl::Status written = WriteText(text, *input_);
  // A command that has gone may have printed why.
  if (!written.ok() && !absl::IsUnavailable(written)) return written;
  DS_ASSIGN_OR_RETURN(std::optional<std::string> answer, ReadText(*output_));
  if (!answer.has_value()) {
    return absl::UnavailableError("the command ended without an answer");
  }
  if (!written.ok()) return written;
  return *std::move(answer);
}

}  // namespace devstate::conformance
