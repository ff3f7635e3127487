// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line of a program, as data: options, positionals, verbs. Help,
// manual pages and completion scripts are made from the same data. CLI11, which
// parses, stays behind it: each source that includes CLI11 takes ten seconds
// more to compile.

#ifndef DEVSTATE_THIRD_PARTY_CLI11_COMMAND_LINE_H_
#define DEVSTATE_THIRD_PARTY_CLI11_COMMAND_LINE_H_

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace devstate {

// The exit code for wrong usage, of every program.
inline constexpr int kExitUsage = 2;

// An option, a flag or a positional of a command, which adds it.
struct CommandOption {
  // What follows sets the members below, and returns *this.

  CommandOption& Required();
  // Calls the value `name` in help.
  CommandOption& Value(std::string name);
  // Refuses any word that is none of `words`.
  CommandOption& OneOf(std::vector<std::string> words);
  // Offers words for completion, and takes any.
  CommandOption& Suggest(std::function<std::vector<std::string>()> words);
  // Refuses numbers outside of [low, high].
  CommandOption& InRange(double low, double high);
  // Refuses 0.
  CommandOption& Positive();
  // Splits each value of a vector at commas.
  CommandOption& SplitAtCommas();
  // Refuses this option without `other`.
  CommandOption& Needs(const CommandOption& other);
  // Refuses this option together with `other`.
  CommandOption& Excludes(const CommandOption& other);
  // Shows what the target held when the option was added as the default.
  CommandOption& ShowDefault();
  // The same for an option whose target is a function.
  CommandOption& ShowDefault(std::string word);

  // The words that a shell can offer for the value.
  std::vector<std::string> completions() const;

  // "-o", "--output"; empty for a positional.
  std::vector<std::string> names;
  // "FILE": of a positional.
  std::string positional;
  std::string description;
  // What its value is called; empty for a flag.
  std::string value;
  std::vector<std::string> choices;
  std::function<std::vector<std::string>()> suggestions;
  std::string default_value;
  bool required = false;

  // What the target held when the option was added.
  std::string initial;
  // Stores a word; false if it is no value of the target's type.
  std::function<bool(const std::string& word)> store;
  bool repeated = false;
  // Of a flag.
  bool* flag = nullptr;
  std::function<int()> action;
  bool positive = false;
  bool split_at_commas = false;
  // No range if they are equal.
  double low = 0;
  double high = 0;
  const CommandOption* needs = nullptr;
  const CommandOption* excludes = nullptr;
};

// A program, or one of its verbs. A verb is complete as soon as its function
// `run` is set; a command with verbs has none.
class Command {
 public:
  Command(std::string name, std::string description);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // Adds an option by its names, "-o,--output", or a positional by a name
  // without a dash. `target` gets the value and must outlive the command. An
  // option whose target is a vector may be repeated, and such a positional
  // takes all words that are left.
  CommandOption& AddOption(const std::string& names, std::string* target,
                           std::string description);
  CommandOption& AddOption(const std::string& names, uint32_t* target,
                           std::string description);
  CommandOption& AddOption(const std::string& names, uint64_t* target,
                           std::string description);
  CommandOption& AddOption(const std::string& names, double* target,
                           std::string description);
  CommandOption& AddOption(const std::string& names,
                           std::vector<std::string>* target,
                           std::string description);
  CommandOption& AddOption(const std::string& names,
                           std::vector<uint32_t>* target,
                           std::string description);
  // Calls `target` with the word, which OneOf() has approved.
  CommandOption& AddOption(const std::string& names,
                           std::function<void(const std::string& word)> target,
                           std::string description);
  CommandOption& AddFlag(const std::string& names, bool* target,
                         std::string description);
  // Adds a flag that calls `action` before anything is required, and ends the
  // program with the exit code that it returns.
  CommandOption& AddAction(const std::string& names,
                           std::function<int()> action,
                           std::string description);
  Command& AddVerb(const std::string& verb, std::string description);

  // "devstate", "devstate save".
  const std::string name;
  const std::string description;
  // Exit codes and examples.
  std::string footer;
  // In no help.
  bool hidden = false;
  // Returns the exit code.
  std::function<int()> run;

  // Both keep their addresses. Options start with --help.
  std::list<CommandOption> options;
  std::list<Command> verbs;

  // The last word of `name`.
  std::string word() const;
  bool takes_files() const;
  // The verbs that are in help.
  std::vector<const Command*> shown_verbs() const;

 private:
  CommandOption& Add(const std::string& names, std::string description);
};

// Parses `words`, the command line after the program's name, and runs the verb
// that they name, or else the program. Returns the exit code. Wrong usage is
// one line on standard error with the --help to read.
int RunCommand(const Command& program, const std::vector<std::string>& words);
int RunCommand(const Command& program, int argc, char** argv);

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_CLI11_COMMAND_LINE_H_
