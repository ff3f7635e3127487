// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// vfio_device --socket-path=PATH: serves one client after the other.

#include <poll.h>

#include <iostream>
#include <string>

#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/poll_ready.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vfio/serve_vfio_user.h"
#include "examples/vfio_device/counters_device.h"

namespace devstate::examples {
namespace {

void Log(const std::string& line) { std::cerr << line << std::endl; }

absl::Status Serve(const std::string& path) {
  CountersDevice device(Log);
  vfio::MigrationSession session(&device);
  vfio::VfioUserOptions options;
  options.log = Log;
  options.other_commands = [&device](uint16_t command,
                                     absl::string_view payload) {
    return device.AccessRegion(command, payload);
  };
  DS_ASSIGN_OR_RETURN(UnixListener listener, UnixListener::Listen(path));
  std::cout << "listening" << std::endl;
  while (true) {
    DS_RETURN_IF_ERROR(
        PollReady(listener.fd(), POLLIN, Deadline::Never(), -1).status());
    DS_ASSIGN_OR_RETURN(const FileDescriptor socket, listener.Accept());
    if (!socket.valid()) continue;
    vfio::VfioUserServer server(&session, options);
    const absl::Status status = vfio::ServeVfioUser(socket, server);
    if (!status.ok()) Log(status.ToString());
  }
}

}  // namespace
}  // namespace devstate::examples

int main(int argc, char** argv) {
  const std::string flag = "--socket-path=";
  if (argc != 2 || std::string(argv[1]).rfind(flag, 0) != 0) {
    std::cerr << "usage: vfio_device --socket-path=PATH\n";
    return 2;
  }
  std::cerr << devstate::examples::Serve(argv[1] + flag.size()) << "\n";
  return 1;
}
