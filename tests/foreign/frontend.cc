// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The front-end endpoint as a command, to speak with back-ends that are not
// ours:
//
//   frontend SOCKET CHANNEL save FILE | load FILE ...
//
// Saves and loads in the order given, on one connection. Prints each message,
// and how long each transfer took with its CHECK.
// The exit code is 0 only if every CHECK was answered with 0.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"

namespace devstate {
namespace {

absl::StatusOr<vhost_user::TransferResult> Transfer(
    vhost_user::FrontendEndpoint& frontend, ChannelKind kind,
    const std::string& verb, const char* file) {
  const bool save = verb == "save";
  FileDescriptor fd(save ? ::open(file, O_CREAT | O_TRUNC | O_RDWR, 0600)
                         : ::open(file, O_RDONLY));
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(fd), save ? ChannelUse::kWrite
                                                       : ChannelUse::kRead));
  if (save) {
    DS_ASSIGN_OR_RETURN(auto sink, FdSink::Create(std::move(channel)));
    return frontend.SaveState(kind, *sink);
  }
  DS_ASSIGN_OR_RETURN(auto source, FdSource::Create(std::move(channel)));
  return frontend.LoadState(kind, *source);
}

absl::Status Run(int argc, char** argv) {
  DS_ASSIGN_OR_RETURN(const ChannelKind kind, ParseChannelKind(argv[2]));
  vhost_user::FrontendEndpointOptions options;
  options.observer = [](const vhost_user::MessageEvent& event) {
    std::printf("%s %s flags=0x%x size=%zu fds=%zu\n", event.sent ? "->" : "<-",
                vhost_user::RequestName(event.request).c_str(), event.flags,
                event.payload->size(), event.fds);
  };
  DS_ASSIGN_OR_RETURN(auto frontend, vhost_user::FrontendEndpoint::Connect(
                                         argv[1], std::move(options)));
  DS_RETURN_IF_ERROR(frontend->Negotiate());
  for (int i = 3; i + 1 < argc; i += 2) {
    const absl::Time start = absl::Now();
    DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                        Transfer(*frontend, kind, argv[i], argv[i + 1]));
    const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
    const std::string line =
        absl::StrCat(argv[i], " channel=", ChannelKindName(result.channel),
                     " own=", result.own_channel, " bytes=", result.bytes,
                     " check=", result.check_reply, " seconds=", seconds,
                     " transfer=", result.transfer.ToString());
    std::printf("%s\n", line.c_str());
    if (!result.ok()) return absl::FailedPreconditionError(line);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace devstate

int main(int argc, char** argv) {
  if (argc < 5 || argc % 2 == 0) {
    std::fprintf(stderr, "frontend SOCKET CHANNEL save FILE | load FILE ...\n");
    return 2;
  }
  const absl::Status status = devstate::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
