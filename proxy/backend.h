// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_BACKEND_H_
#define DEVSTATE_PROXY_BACKEND_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/io/process.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/connection.h"

namespace devstate::proxy {

// How to come by a back-end. Exactly one of the first two is not empty.
struct BackendSpec {
  // The socket of one that runs already.
  std::string socket;
  // A command for the shell. {socket} in it stands for the path to listen at,
  // {fd} for the number of a descriptor that listens already.
  std::string command;
  // The program that it is, and its version, for the envelopes of its states.
  // Default: LabelOf().
  std::string implementation;
  std::string implementation_version;
  // The longest time until it listens. Default: 10 s.
  absl::Duration start_timeout = absl::Seconds(10);
};

// Returns OK if `spec` can be opened. INVALID_ARGUMENT says what it lacks.
absl::Status CheckSpec(const BackendSpec& spec);

// Returns FAILED_PRECONDITION if both commands have a --shared-dir and these
// are different directories. A state of file handles would load all the same
// and be about the wrong files.
absl::Status CheckSameDirectory(const BackendSpec& one,
                                const BackendSpec& other);

// Returns FAILED_PRECONDITION if the command has a --thread-pool-size. Then
// requests are not done in their order, and nobody could tell which are when it
// has died.
absl::Status CheckOneAtATime(const BackendSpec& spec);

// A back-end's connection and, if it was started here, its process. Its output
// is that of this process. The destructor closes the connection and ends the
// process. Thread-safety: none.
class Backend {
 public:
  // Starts the command, if there is one. `socket_path` is where it shall
  // listen; the name is removed again once it is connected.
  //
  // Errors: those of CheckSpec() and Process::Start().
  static absl::StatusOr<std::unique_ptr<Backend>> Start(
      const BackendSpec& spec, const std::string& socket_path);
  // Starts it, and waits until it is connected.
  //
  // Errors: those of Start(), TryConnect(), ABORTED (`cancel_fd` became
  // readable).
  static absl::StatusOr<std::unique_ptr<Backend>> Open(
      const BackendSpec& spec, const std::string& socket_path, int cancel_fd);
  // Takes a connected socket, and the process at its other end if it is this
  // one's child.
  explicit Backend(FileDescriptor socket,
                   std::optional<Process> process = std::nullopt)
      : connection_(std::in_place, std::move(socket)),
        process_(std::move(process)) {}
  ~Backend();

  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // Connects if it listens already, and returns whether it is connected. Never
  // waits.
  //
  // Errors: those of ConnectUnix(), UNAVAILABLE (the command ended),
  // DEADLINE_EXCEEDED (`start_timeout` is over).
  absl::StatusOr<bool> TryConnect();
  // The same, and asks for GET_FEATURES. Returns whether that was answered, so
  // that whoever speaks to it next does not wait for its start.
  absl::StatusOr<bool> TryReady();

  // Requires: it is connected.
  vhost_user::Connection& connection() { return *connection_; }

  // Closes the connection, which is what ends most daemons. A process that
  // lives on gets SIGTERM, then SIGKILL. Returns how it ended, as "exited with
  // code 0". Empty without a process.
  std::string Close();
  // Does of Close() what is due, without waiting. Returns nothing while the
  // process lives; it must be called again then.
  std::optional<std::string> TryClose();
  // Waits for up to `patience` for the process to end by itself. Returns how it
  // ended, or nothing if it lives or there is none.
  std::optional<std::string> AwaitEnd(absl::Duration patience);
  // Ends the process with SIGKILL, as one that does not answer. Otherwise as
  // Close().
  std::string Kill();

  // Returns whether its end of the connection is closed. Requires: it is
  // connected.
  bool IsGone() const;

  // Returns the number of its process. 0 without one.
  pid_t pid() const { return process_.has_value() ? process_->pid() : 0; }

 private:
  Backend(const BackendSpec& spec, const std::string& path);

  std::string path_;  // until it is connected
  std::optional<UnixListener> listener_;
  Deadline start_deadline_ = Deadline::Never();
  absl::Duration start_timeout_;
  bool asked_ = false;
  bool answered_ = false;
  // From the first TryClose() on.
  bool closing_ = false;
  Deadline terminate_at_ = Deadline::Never();
  Deadline kill_at_ = Deadline::Never();

  std::optional<vhost_user::Connection> connection_;
  std::optional<Process> process_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_BACKEND_H_
