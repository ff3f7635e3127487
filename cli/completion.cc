// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What is generated from the command line itself: devstate completion, and
// the hidden devstate man, which the build runs.

#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "cli/command_tree.h"
#include "cli/completion_script.h"
#include "cli/man_page.h"
#include "cli/verb.h"

namespace devstate {

void AddCompletion(CLI::App& app, int* /*exit_code*/) {
  CLI::App* verb = app.add_subcommand(
      "completion", "Print a script that completes devstate's command line");
  auto shell = std::make_shared<std::string>();
  verb->add_option("SHELL", *shell, "Whose script")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer(
      "Exit codes: 0, or 2 for usage.\n"
      "Example: devstate completion bash > "
      "~/.local/share/bash-completion/completions/devstate");
  verb->callback([shell, &app] {
    // Here, because only now all verbs are there.
    const Command command = DescribeCommand(app);
    const std::string script = *shell == "bash"  ? BashCompletion(command)
                               : *shell == "zsh" ? ZshCompletion(command)
                                                 : FishCompletion(command);
    std::fputs(script.c_str(), stdout);
  });
}

void AddMan(CLI::App& app, int* /*exit_code*/) {
  CLI::App* verb = app.add_subcommand("man", "Print the manual page, in roff");
  verb->group("");
  verb->footer("Example: devstate man | man -l -");
  verb->callback([&app] {
    std::fputs(ManPage(DescribeCommand(app), DEVSTATE_VERSION).c_str(), stdout);
  });
}

}  // namespace devstate
