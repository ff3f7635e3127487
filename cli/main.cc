// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The devstate command. Its verbs are in cli/verbs.

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/verb.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"

namespace {

// An answer that did not arrive is none, whatever it was.
int CheckOutput(int exit_code) {
  // Where the write failed before now, errno is still what it said.
  std::cout.flush();
  const bool lost =
      std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout.good();
  if (!lost) return exit_code;
  absl::FPrintF(stderr, "devstate: (stdout): cannot write%s\n",
                errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno)));
  return devstate::kExitUsageOrIo;
}

}  // namespace

int main(int argc, char** argv) {
  // Errors are the verbs' own, in one line.
  devstate::SilenceProtobuf();
  // A reader that has gone is an error like a full disk, with its exit code.
  signal(SIGPIPE, SIG_IGN);
  // Whoever started this one may ignore it, and the end of a back-end would not
  // be seen.
  signal(SIGCHLD, SIG_DFL);
  return CheckOutput(
      devstate::RunCommand(devstate::DevstateCommand(), argc, argv));
}
