// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line of a program, as data: options, positionals, verbs. Help,
// manual pages and completion scripts are made from the same data. CLI11 parses
// and is hidden, because each source that includes it takes ten seconds more to
// compile.

#ifndef DEVSTATE_THIRD_PARTY_CLI11_COMMAND_LINE_H_
#define DEVSTATE_THIRD_PARTY_CLI11_COMMAND_LINE_H_

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace devstate {

// The exit code of every program for wrong usage.
inline constexpr int kExitUsage = 2;

// An option, a flag or a positional of a command, which adds it.
struct CommandOption {
  // The functions that follow set the members below, and return *this.

  CommandOption& Required();
  // Calls the value `name` in help.
  CommandOption& Value(std::string name);
  // Refuses any word that is not one of `words`.
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
  // Shows `word` as the default of an option whose target is a function.
  CommandOption& ShowDefault(std::string word);

  // Returns the words that a shell can offer for the value.
  std::vector<std::string> completions() const;

  // The names "-o", "--output"; empty for a positional.
  std::vector<std::string> names;
  // The name of a positional, "FILE".
  std::string positional;
  std::string description;
  // The name of its value; empty for a flag.
  std::string value;
  std::vector<std::string> choices;
  std::function<std::vector<std::string>()> suggestions;
  std::string default_value;
  bool required = false;

  // The value that the target held when the option was added.
  std::string initial;
  // The function that stores a word. It returns false if the word is not a
  // value of the target's type.
  std::function<bool(const std::string& word)> store;
  bool repeated = false;
  // The target of a flag.
  bool* flag = nullptr;
  std::function<int()> action;
  bool positive = false;
  bool split_at_commas = false;
  // The range of the value. There is none if they are equal.
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

  // The command's name with its program: "devstate", "devstate save".
  const std::string name;
  const std::string description;
  // The exit codes and examples.
  std::string footer;
  // Whether the command is in no help.
  bool hidden = false;
  // The function of the command, which returns the exit code.
  std::function<int()> run;

  // The parts of the command. Both keep their addresses. Options start with
  // --help.
  std::list<CommandOption> options;
  std::list<Command> verbs;

  // Returns the last word of `name`.
  std::string word() const;
  bool takes_files() const;
  // Returns the verbs that are in help.
  std::vector<const Command*> shown_verbs() const;

 private:
  CommandOption& Add(const std::string& names, std::string description);
};

// Parses `words`, the command line after the program's name, and runs the verb
// that they name, or else the program. Returns the exit code. Wrong usage
// prints one line on standard error with the --help to read.
int RunCommand(const Command& program, const std::vector<std::string>& words);
int RunCommand(const Command& program, int argc, char** argv);

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_CLI11_COMMAND_LINE_H_
