// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/verb.h"

#include <cstdio>
#include <functional>
#include <map>
#include <string>

namespace devstate {
namespace {

struct Verb {
  const char* description;
  void (*define)(Command& verb);
};

// By name. Filled before main(), in any order.
std::map<std::string, Verb>& Verbs() {
  static auto* const verbs = new std::map<std::string, Verb>;
  return *verbs;
}

Command* MakeCommand() {
  auto* const command =
      new Command("devstate", "Device state of vhost-user back-ends");
  command->AddAction(
      "--version",
      [] {
        std::printf("devstate %s\n", kDevstateVersion);
        return kExitOk;
      },
      "Print the version and exit");
  command->footer =
      "Each verb has its own --help, with its exit codes.\n"
      "Example: devstate save --socket /run/fs0.sock -o fs0.dstate";
  for (const auto& [name, verb] : Verbs()) {
    verb.define(command->AddVerb(name, verb.description));
  }
  return command;
}

}  // namespace

const char kDevstateVersion[] = DEVSTATE_VERSION;

VerbRegistration::VerbRegistration(const char* name, const char* description,
                                   void (*define)(Command& verb)) {
  Verbs()[name] = {description, define};
}

const Command& DevstateCommand() {
  static const Command* const command = MakeCommand();
  return *command;
}

}  // namespace devstate
