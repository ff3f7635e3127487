// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate completion: the command line as a script for a shell.

#include <cstdio>
#include <memory>
#include <string>

#include "cli/completion_script.h"
#include "cli/verb.h"

namespace devstate {
namespace {

void Define(Command& verb) {
  auto shell = std::make_shared<std::string>();
  verb.AddOption("SHELL", shell.get(), "Whose script")
      .Required()
      .OneOf({"bash", "zsh", "fish"});
  verb.footer = ExitCodesText({{kExitOk}, {kExitUsageOrIo}}) +
                "Example: devstate completion bash > "
                "~/.local/share/bash-completion/completions/devstate";
  verb.run = [shell] {
    const Command& devstate = DevstateCommand();
    const std::string script = *shell == "bash"  ? BashCompletion(devstate)
                               : *shell == "zsh" ? ZshCompletion(devstate)
                                                 : FishCompletion(devstate);
    std::fputs(script.c_str(), stdout);
    return kExitOk;
  };
}

const VerbRegistration kRegistration(
    "completion", "Print a script that completes devstate's command line",
    Define);

}  // namespace
}  // namespace devstate
