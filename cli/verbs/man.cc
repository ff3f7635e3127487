// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate man: the command line as a manual page, which the build makes.

#include <cstdio>

#include "cli/man_page.h"
#include "cli/verb.h"

namespace devstate {
namespace {

void Define(Command& verb) {
  verb.hidden = true;
  verb.footer = ExitCodesText({{kExitOk}, {kExitUsageOrIo}}) +
                "Example: devstate man | man -l -";
  verb.run = [] {
    std::fputs(ManPage(DevstateCommand(), kDevstateVersion).c_str(), stdout);
    return kExitOk;
  };
}

const VerbRegistration kRegistration("man", "Print the manual page, in roff",
                                     Define);

}  // namespace
}  // namespace devstate
