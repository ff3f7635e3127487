// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace devstate {
namespace {

CommandOption Describe(const CLI::Option& option) {
  CommandOption described;
  for (const std::string& name : option.get_snames()) {
    described.names.push_back(absl::StrCat("-", name));
  }
  for (const std::string& name : option.get_lnames()) {
    described.names.push_back(absl::StrCat("--", name));
  }
  if (described.names.empty()) described.positional = option.get_name(true);
  described.description = option.get_description();
  described.default_value = option.get_default_str();
  described.required = option.get_required();
  if (option.get_items_expected_max() == 0) return described;
  // CLI11 writes the words of IsMember() behind the type: "TEXT:{text,json}".
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open != std::string::npos && close != std::string::npos && open < close) {
    described.choices =
        absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
    described.value = "WORD";
  } else {
    // The range of a number may follow it.
    described.value = type.substr(0, type.find_first_of(": "));
    if (described.value.empty()) described.value = "TEXT";
  }
  return described;
}

Command DescribeNamed(const CLI::App& app, const std::string& name) {
  Command command;
  command.name = name;
  command.description = app.get_description();
  command.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) {
      command.options.push_back(Describe(*option));
    }
  }
  const auto any = [](const CLI::App*) { return true; };
  for (const CLI::App* verb : app.get_subcommands(any)) {
    if (verb->get_group().empty()) continue;
    command.verbs.push_back(
        DescribeNamed(*verb, absl::StrCat(name, " ", verb->get_name())));
  }
  return command;
}

}  // namespace

std::string Command::word() const { return name.substr(name.rfind(' ') + 1); }

bool Command::takes_files() const {
  return std::any_of(options.begin(), options.end(),
                     [](const CommandOption& option) {
                       return option.names.empty() && option.choices.empty();
                     });
}

Command DescribeCommand(const CLI::App& app) {
  return DescribeNamed(app, app.get_name());
}

}  // namespace devstate
