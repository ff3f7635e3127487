// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line as data, for what is generated from it: the manual page
// and the completion scripts. A verb that is added to the CLI11 application is
// in both without being named anywhere else.

#ifndef DEVSTATE_CLI_COMMAND_TREE_H_
#define DEVSTATE_CLI_COMMAND_TREE_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace devstate {

struct CommandOption {
  // "-o", "--output"; empty for an argument without a dash.
  std::vector<std::string> names;
  // "FILE": of an argument without a dash.
  std::string positional;
  // What its value is called; empty for a flag.
  std::string value;
  // The only values that there are; empty if any is taken.
  std::vector<std::string> choices;
  std::string description;
  std::string default_value;
  bool required = false;
};

struct Command {
  // "devstate", "devstate save".
  std::string name;
  std::string description;
  // Exit codes and examples.
  std::string footer;
  std::vector<CommandOption> options;
  std::vector<Command> verbs;

  // The last word of `name`.
  std::string word() const;
  bool takes_files() const;
};

// Leaves out what is hidden (an empty CLI11 group).
Command DescribeCommand(const CLI::App& app);

}  // namespace devstate

#endif  // DEVSTATE_CLI_COMMAND_TREE_H_
