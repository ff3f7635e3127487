// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The only source that includes CLI11. Its exceptions end here, and its
// messages are shortened to one line that names the verb.

#include "devstate/third_party/cli11/command_line.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace devstate {
namespace {

// What CLI11 knows of a command, and of those below it.
struct Parser {
  CLI::App* app = nullptr;
  const Command* command = nullptr;
  std::list<Parser> verbs;
};

// CLI11's own tell the bounds with all digits that a double has.

CLI::Validator IsPositive() {
  const auto check = [](const std::string& word) {
    double number = 0;
    return CLI::detail::lexical_cast(word, number) && number > 0
               ? ""
               : absl::StrCat(word, " is not more than 0");
  };
  return CLI::Validator(check, "POSITIVE");
}

CLI::Validator IsInRange(double low, double high) {
  const auto check = [low, high](const std::string& word) {
    double number = 0;
    return CLI::detail::lexical_cast(word, number) && number >= low &&
                   number <= high
               ? ""
               : absl::StrCat(word, " is not in the range ", low, " to ", high);
  };
  return CLI::Validator(check,
                        absl::StrCat("FLOAT in [", low, " - ", high, "]"));
}

CLI::Option* AddFlag(CLI::App* app, const CommandOption& option,
                     const std::string& names) {
  if (option.flag != nullptr) {
    return app->add_flag(names, *option.flag, option.description);
  }
  return app->add_flag_callback(
      names,
      [&option] {
        const int exit_code = option.action();
        if (exit_code == 0) throw CLI::Success();
        throw CLI::RuntimeError(exit_code);
      },
      option.description);
}

CLI::Option* AddOption(CLI::App* app, const CommandOption& option) {
  const std::string names = option.names.empty()
                                ? option.positional
                                : absl::StrJoin(option.names, ",");
  if (option.store == nullptr) return AddFlag(app, option, names);
  CLI::Option* parsed = app->add_option(
      names,
      [&option](const CLI::results_t& words) {
        return std::all_of(words.begin(), words.end(), option.store);
      },
      option.description);
  parsed->type_name(option.value);
  parsed->required(option.required);
  if (option.repeated) {
    parsed->expected(CLI::detail::expected_max_vector_size);
    // An option takes one value each time.
    parsed->allow_extra_args(option.names.empty());
  }
  if (option.split_at_commas) parsed->delimiter(',');
  if (!option.choices.empty()) parsed->check(CLI::IsMember(option.choices));
  if (option.positive) parsed->check(IsPositive());
  if (option.low != option.high) {
    parsed->check(IsInRange(option.low, option.high));
  }
  if (!option.default_value.empty()) parsed->default_str(option.default_value);
  return parsed;
}

bool IsHelp(const CommandOption& option) {
  return option.store == nullptr && option.flag == nullptr &&
         option.action == nullptr;
}

void Build(CLI::App* app, const Command& command, const Command** chosen,
           Parser* parser) {
  parser->app = app;
  parser->command = &command;
  app->footer(command.footer);
  if (command.hidden) app->group("");
  std::map<const CommandOption*, CLI::Option*> parsed;
  for (const CommandOption& option : command.options) {
    // CLI11 has one of its own.
    if (IsHelp(option)) continue;
    CLI::Option* added = AddOption(app, option);
    if (option.needs != nullptr) added->needs(parsed.at(option.needs));
    if (option.excludes != nullptr) added->excludes(parsed.at(option.excludes));
    parsed[&option] = added;
  }
  for (const Command& verb : command.verbs) {
    parser->verbs.emplace_back();
    Build(app->add_subcommand(verb.word(), verb.description), verb, chosen,
          &parser->verbs.back());
  }
  if (command.verbs.empty()) {
    app->callback([&command, chosen] { *chosen = &command; });
  } else {
    app->require_subcommand(1);
  }
}

// The command that the words have led to.
const Parser& Reached(const Parser& parser) {
  for (const Parser& verb : parser.verbs) {
    if (verb.app->parsed()) return Reached(verb);
  }
  return parser;
}

// What CLI11 says of a missing or unknown verb names neither.
std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error) {
  if (app.get_require_subcommand_min() == 0) return error.what();
  const std::vector<std::string> left = app.remaining();
  if (left.empty()) return "a verb is missing";
  return absl::StrCat(absl::StartsWith(left[0], "-") ? "no option" : "no verb",
                      " is named ", left[0]);
}

// Makes an option of a number, which may be decimal, hexadecimal or octal.
template <typename Number>
CommandOption& TakeNumber(const char* value, Number* target,
                          CommandOption& option) {
  option.value = value;
  option.initial = absl::StrCat(*target);
  option.store = [target](const std::string& word) {
    return CLI::detail::lexical_cast(word, *target);
  };
  return option;
}

}  // namespace

CommandOption& CommandOption::Required() {
  required = true;
  return *this;
}

CommandOption& CommandOption::Value(std::string name) {
  value = std::move(name);
  return *this;
}

CommandOption& CommandOption::OneOf(std::vector<std::string> words) {
  choices = std::move(words);
  return *this;
}

CommandOption& CommandOption::Suggest(
    std::function<std::vector<std::string>()> words) {
  suggestions = std::move(words);
  return *this;
}

CommandOption& CommandOption::InRange(double lowest, double highest) {
  low = lowest;
  high = highest;
  return *this;
}

CommandOption& CommandOption::Positive() {
  positive = true;
  return *this;
}

CommandOption& CommandOption::SplitAtCommas() {
  split_at_commas = true;
  return *this;
}

CommandOption& CommandOption::Needs(const CommandOption& other) {
  needs = &other;
  return *this;
}

CommandOption& CommandOption::Excludes(const CommandOption& other) {
  excludes = &other;
  return *this;
}

CommandOption& CommandOption::ShowDefault() { return ShowDefault(initial); }

CommandOption& CommandOption::ShowDefault(std::string word) {
  default_value = std::move(word);
  return *this;
}

std::vector<std::string> CommandOption::completions() const {
  if (!choices.empty() || suggestions == nullptr) return choices;
  return suggestions();
}

Command::Command(std::string command, std::string text)
    : name(std::move(command)), description(std::move(text)) {
  Add("-h,--help", "Print this help message and exit");
}

CommandOption& Command::Add(const std::string& names, std::string text) {
  CommandOption& option = options.emplace_back();
  if (absl::StartsWith(names, "-")) {
    option.names = absl::StrSplit(names, ',');
  } else {
    option.positional = names;
  }
  option.description = std::move(text);
  return option;
}

CommandOption& Command::AddOption(const std::string& names, std::string* target,
                                  std::string text) {
  CommandOption& option = AddOption(
      names, [target](const std::string& word) { *target = word; },
      std::move(text));
  option.initial = *target;
  return option;
}

CommandOption& Command::AddOption(const std::string& names, uint32_t* target,
                                  std::string text) {
  return TakeNumber("UINT", target, Add(names, std::move(text)));
}

CommandOption& Command::AddOption(const std::string& names, uint64_t* target,
                                  std::string text) {
  return TakeNumber("UINT", target, Add(names, std::move(text)));
}

CommandOption& Command::AddOption(const std::string& names, double* target,
                                  std::string text) {
  return TakeNumber("FLOAT", target, Add(names, std::move(text)));
}

CommandOption& Command::AddOption(const std::string& names,
                                  std::vector<std::string>* target,
                                  std::string text) {
  CommandOption& option = AddOption(
      names, [target](const std::string& word) { target->push_back(word); },
      std::move(text));
  option.repeated = true;
  return option;
}

CommandOption& Command::AddOption(const std::string& names,
                                  std::vector<uint32_t>* target,
                                  std::string text) {
  CommandOption& option = Add(names, std::move(text));
  option.value = "UINT";
  option.repeated = true;
  option.store = [target](const std::string& word) {
    return CLI::detail::lexical_cast(word, target->emplace_back());
  };
  return option;
}

CommandOption& Command::AddOption(
    const std::string& names, std::function<void(const std::string&)> target,
    std::string text) {
  CommandOption& option = Add(names, std::move(text));
  option.value = "TEXT";
  option.store = [target = std::move(target)](const std::string& word) {
    target(word);
    return true;
  };
  return option;
}

CommandOption& Command::AddFlag(const std::string& names, bool* target,
                                std::string text) {
  CommandOption& option = Add(names, std::move(text));
  option.flag = target;
  return option;
}

CommandOption& Command::AddAction(const std::string& names,
                                  std::function<int()> action,
                                  std::string text) {
  CommandOption& option = Add(names, std::move(text));
  option.action = std::move(action);
  return option;
}

Command& Command::AddVerb(const std::string& verb, std::string text) {
  return verbs.emplace_back(absl::StrCat(name, " ", verb), std::move(text));
}

std::string Command::word() const { return name.substr(name.rfind(' ') + 1); }

bool Command::takes_files() const {
  return std::any_of(
      options.begin(), options.end(), [](const CommandOption& option) {
        return option.names.empty() && option.completions().empty();
      });
}

std::vector<const Command*> Command::shown_verbs() const {
  std::vector<const Command*> shown;
  for (const Command& verb : verbs) {
    if (!verb.hidden) shown.push_back(&verb);
  }
  return shown;
}

int RunCommand(const Command& program, const std::vector<std::string>& words) {
  CLI::App app(program.description, program.name);
  const Command* chosen = nullptr;
  Parser parser;
  Build(&app, program, &chosen, &parser);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    // --help and actions are errors to CLI11, and none to the user.
    if (error.get_exit_code() == 0 || error.get_name() == "RuntimeError") {
      return app.exit(error);
    }
    const Parser& reached = Reached(parser);
    const std::string& name = reached.command->name;
    std::fprintf(
        stderr, "%s\n",
        absl::StrCat(name, ": ",
                     absl::StrReplaceAll(UsageMessage(*reached.app, error),
                                         {{"\n", " "}}),
                     "; see ", name, " --help")
            .c_str());
    return kExitUsage;
  }
  return chosen->run();
}

int RunCommand(const Command& program, int argc, char** argv) {
  return RunCommand(program, std::vector<std::string>(argv + 1, argv + argc));
}

}  // namespace devstate
