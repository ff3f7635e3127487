// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate help: the --help of a verb, for those who look for it here.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/verb.h"

namespace devstate {
namespace {

// Prints the help of the verb that `words` lead to.
int Help(std::vector<std::string> words) {
  const Command* command = &DevstateCommand();
  for (const std::string& word : words) {
    const auto verb = std::find_if(
        command->verbs.begin(), command->verbs.end(),
        [&word](const Command& below) { return below.word() == word; });
    if (verb == command->verbs.end()) {
      absl::FPrintF(stderr,
                    "devstate help: no verb is named %s; see %s --help\n", word,
                    command->name);
      return kExitUsageOrIo;
    }
    command = &*verb;
  }
  words.emplace_back("--help");
  return RunCommand(DevstateCommand(), words);
}

void Define(Command& verb) {
  auto words = std::make_shared<std::vector<std::string>>();
  verb.AddOption("VERB", words.get(), "Whose help; that of devstate without it")
      .Suggest([] {
        std::vector<std::string> names;
        for (const Command* shown : DevstateCommand().shown_verbs()) {
          names.push_back(shown->word());
        }
        return names;
      });
  verb.footer =
      ExitCodesText(
          {{kExitOk}, {kExitUsageOrIo, "usage, I/O or no such verb"}}) +
      "Example: devstate help check";
  verb.run = [words] { return Help(*words); };
}

const VerbRegistration kRegistration("help", "Print the help of a verb",
                                     Define);

}  // namespace
}  // namespace devstate
