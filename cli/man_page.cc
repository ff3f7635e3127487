// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/man_page.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/exit_codes.h"

namespace devstate {
namespace {

// Text for roff: no escape, no request at the start of a line, and dashes that
// can be copied into a shell.
std::string Roff(absl::string_view text) {
  std::string escaped =
      absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  if (absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'")) {
    escaped.insert(0, "\\&");
  }
  return escaped;
}

// What the value of an option is called.
std::string ValueOf(const CommandOption& option) {
  if (option.names.empty()) return option.positional;
  return option.choices.empty() ? option.value : "WORD";
}

std::string Synopsis(const Command& command) {
  std::string text = absl::StrCat("\\fB", Roff(command.name), "\\fR");
  for (const CommandOption& option : command.options) {
    if (!option.names.empty() && !option.required) continue;
    const std::string value =
        absl::StrCat("\\fI", Roff(ValueOf(option)), "\\fR");
    const std::string item =
        option.names.empty()
            ? value
            : absl::StrCat("\\fB", Roff(option.names.back()), "\\fR ", value);
    absl::StrAppend(&text, option.required ? absl::StrCat(" ", item)
                                           : absl::StrCat(" [", item, "]"));
  }
  if (!command.verbs.empty()) absl::StrAppend(&text, " \\fIVERB\\fR");
  return absl::StrCat(text, " [\\fIOPTIONS\\fR]\n");
}

std::string OptionText(const CommandOption& option) {
  std::string text = ".TP\n";
  if (option.names.empty()) {
    absl::StrAppend(&text, "\\fI", Roff(option.positional), "\\fR\n");
  } else {
    absl::StrAppend(
        &text,
        absl::StrJoin(option.names, ", ",
                      [](std::string* out, const std::string& name) {
                        absl::StrAppend(out, "\\fB", Roff(name), "\\fR");
                      }),
        option.value.empty()
            ? ""
            : absl::StrCat(" \\fI", Roff(ValueOf(option)), "\\fR"),
        "\n");
  }
  absl::StrAppend(&text, Roff(option.description), ".");
  if (!option.choices.empty()) {
    absl::StrAppend(&text, " One of ",
                    Roff(absl::StrJoin(option.choices, ", ")), ".");
  }
  if (!option.default_value.empty()) {
    absl::StrAppend(&text, " Default: ", Roff(option.default_value), ".");
  }
  if (option.required) absl::StrAppend(&text, " Required.");
  return absl::StrCat(text, "\n");
}

// Line by line, as --help shows it.
std::string Footer(const std::string& footer) {
  std::string text;
  for (const absl::string_view line :
       absl::StrSplit(footer, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, text.empty() ? ".PP\n" : ".br\n", Roff(line), "\n");
  }
  return text;
}

std::string VerbText(const Command& verb) {
  std::string text = absl::StrCat(".SS ", Roff(verb.name), "\n", Synopsis(verb),
                                  ".PP\n", Roff(verb.description), ".\n");
  for (const CommandOption& option : verb.options) {
    absl::StrAppend(&text, OptionText(option));
  }
  absl::StrAppend(&text, Footer(verb.footer));
  for (const Command* below : verb.shown_verbs()) {
    absl::StrAppend(&text, VerbText(*below));
  }
  return text;
}

}  // namespace

std::string ManPage(const Command& command, const std::string& version) {
  std::string text =
      absl::StrCat(".TH DEVSTATE 1 \"\" \"devstate ", Roff(version),
                   "\" \"User Commands\"\n.SH NAME\n", Roff(command.name),
                   " \\- ", Roff(command.description), "\n.SH SYNOPSIS\n",
                   Synopsis(command), ".SH OPTIONS\n");
  for (const CommandOption& option : command.options) {
    absl::StrAppend(&text, OptionText(option));
  }
  absl::StrAppend(&text, ".SH VERBS\n");
  for (const Command* verb : command.shown_verbs()) {
    absl::StrAppend(&text, VerbText(*verb));
  }
  absl::StrAppend(&text, ".SH EXIT STATUS\n");
  for (const ExitCode& code : kExitCodes) {
    absl::StrAppend(&text, ".TP\n", code.code, "\n", Roff(code.meaning), "\n");
  }
  return text;
}

}  // namespace devstate
