// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// This library as an implementation that the stream cases are run with:
// requests on standard input, answers on standard output.

#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "devstate/conformance/stream_implementation.h"
#include "devstate/conformance/stream_protocol.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"

namespace devstate::conformance {
namespace {

absl::Status Serve() {
  DS_ASSIGN_OR_RETURN(Channel in, AdmitChannel(FileDescriptor(STDIN_FILENO),
                                               ChannelUse::kRead));
  DS_ASSIGN_OR_RETURN(Channel out, AdmitChannel(FileDescriptor(STDOUT_FILENO),
                                                ChannelUse::kWrite));
  // The runner ends it, by closing the pipe.
  TransferLimits limits;
  limits.total = absl::Hours(24);
  limits.idle = absl::Hours(24);
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSource> source,
                      FdSource::Create(std::move(in), limits));
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSink> sink,
                      FdSink::Create(std::move(out), limits));
  while (true) {
    DS_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                        ReadText(*source));
    if (!text.has_value()) return absl::OkStatus();
    DS_ASSIGN_OR_RETURN(const StreamRequest request, ParseRequest(*text));
    DS_RETURN_IF_ERROR(WriteText(AnswerText(AnswerRequest(request)), *sink));
  }
}

}  // namespace
}  // namespace devstate::conformance

int main() {
  const absl::Status status = devstate::conformance::Serve();
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
