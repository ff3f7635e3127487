// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The scripts are complete when they are made and call no devstate, so that
// completion costs no start of a program. Each shell has a form of its own; the
// words all come from the command's data.

#include "cli/completion_script.h"

#include <functional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace devstate {
namespace {

// In single quotes for bash and zsh.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string FishQuoted(absl::string_view text) {
  return absl::StrCat(
      "'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

// The first sentence, without its end.
std::string Short(const std::string& description) {
  const std::string text = description.substr(0, description.find(". "));
  return std::string(absl::StripSuffix(text, "."));
}

// "save", "qemu extract"; empty for the command itself.
std::string PathOf(const Command& command) {
  const size_t space = command.name.find(' ');
  return space == std::string::npos ? "" : command.name.substr(space + 1);
}

void ForEach(const Command& command,
             const std::function<void(const Command&)>& visit) {
  visit(command);
  for (const Command* verb : command.shown_verbs()) ForEach(*verb, visit);
}

// The words that lead from one verb to the next, as patterns of `case`.
std::string VerbPatterns(const Command& command) {
  std::vector<std::string> patterns;
  ForEach(command, [&patterns](const Command& one) {
    for (const Command* verb : one.shown_verbs()) {
      patterns.push_back(Quoted(absl::StrCat(PathOf(one), ":", verb->word())));
    }
  });
  return absl::StrJoin(patterns, " | ");
}

// The same option of one verb under all its names.
std::string OptionPatterns(const Command& command,
                           const CommandOption& option) {
  return absl::StrJoin(
      option.names, " | ", [&command](std::string* out, const std::string& n) {
        absl::StrAppend(out, Quoted(absl::StrCat(PathOf(command), ":", n)));
      });
}

}  // namespace

std::string BashCompletion(const Command& command) {
  std::string values;
  std::string words;
  ForEach(command, [&](const Command& one) {
    std::vector<std::string> list;
    for (const Command* verb : one.shown_verbs()) list.push_back(verb->word());
    for (const CommandOption& option : one.options) {
      list.insert(list.end(), option.names.begin(), option.names.end());
      const std::vector<std::string> offered = option.completions();
      if (option.names.empty()) {
        list.insert(list.end(), offered.begin(), offered.end());
      } else if (!option.value.empty()) {
        absl::StrAppend(
            &values, "    ", OptionPatterns(one, option), ") ",
            offered.empty()
                ? "return"
                : absl::StrCat("words=", Quoted(absl::StrJoin(offered, " "))),
            " ;;\n");
      }
    }
    absl::StrAppend(&words, "      ", Quoted(PathOf(one)),
                    ") words=", Quoted(absl::StrJoin(list, " ")), " ;;\n");
  });
  // What matches nothing falls back to files.
  return absl::StrCat(
      "# bash completion for devstate\n"
      "_devstate() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} verb= word words=\n"
      "  COMPREPLY=()\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $verb:$word in\n      ",
      VerbPatterns(command),
      ") verb=\"${verb:+$verb }$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $verb:${COMP_WORDS[COMP_CWORD-1]} in\n",
      values,
      "  esac\n"
      "  if [[ -z $words ]]; then\n"
      "    case $verb in\n",
      words,
      "    esac\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o default -F _devstate devstate\n");
}

std::string ZshCompletion(const Command& command) {
  const auto item = [](absl::string_view word, const std::string& description) {
    // _describe splits at the first colon that is not escaped.
    return Quoted(absl::StrCat(
        absl::StrReplaceAll(word, {{":", "\\:"}}),
        description.empty() ? "" : absl::StrCat(":", Short(description))));
  };
  std::string values;
  std::string words;
  ForEach(command, [&](const Command& one) {
    std::vector<std::string> list;
    for (const Command* verb : one.shown_verbs()) {
      list.push_back(item(verb->word(), verb->description));
    }
    for (const CommandOption& option : one.options) {
      const std::vector<std::string> offered = option.completions();
      for (const std::string& name : option.names) {
        list.push_back(item(name, option.description));
      }
      if (option.names.empty()) {
        for (const std::string& word : offered) {
          list.push_back(item(word, ""));
        }
      } else if (!option.value.empty()) {
        absl::StrAppend(
            &values, "    ", OptionPatterns(one, option), ")\n      ",
            offered.empty()
                ? "_files"
                : absl::StrCat("compadd -- ",
                               absl::StrJoin(offered, " ",
                                             [](std::string* out,
                                                const std::string& word) {
                                               out->append(Quoted(word));
                                             })),
            "\n      return ;;\n");
      }
    }
    absl::StrAppend(&words, "    ", Quoted(PathOf(one)), ")\n      items=(\n");
    for (const std::string& entry : list) {
      absl::StrAppend(&words, "        ", entry, "\n");
    }
    absl::StrAppend(&words, "      )\n",
                    one.takes_files() ? "      _files\n" : "", "      ;;\n");
  });
  return absl::StrCat(
      "#compdef devstate\n"
      "_devstate() {\n"
      "  local verb= word\n"
      "  local -a items\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case $verb:$word in\n      ",
      VerbPatterns(command),
      ") verb=\"${verb:+$verb }$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $verb:${words[CURRENT-1]} in\n",
      values,
      "  esac\n"
      "  case $verb in\n",
      words,
      "  esac\n"
      "  _describe devstate items\n"
      "}\n"
      "_devstate \"$@\"\n");
}

std::string FishCompletion(const Command& command) {
  std::string text = "# fish completion for devstate\n";
  ForEach(command, [&text](const Command& one) {
    std::vector<std::string> seen;
    for (const absl::string_view word :
         absl::StrSplit(PathOf(one), ' ', absl::SkipEmpty())) {
      seen.push_back(absl::StrCat("__fish_seen_subcommand_from ", word));
    }
    const std::string here =
        seen.empty() ? "__fish_use_subcommand" : absl::StrJoin(seen, "; and ");
    std::vector<std::string> below;
    for (const Command* verb : one.shown_verbs()) below.push_back(verb->word());
    const std::string undecided =
        seen.empty() || below.empty()
            ? here
            : absl::StrCat(here, "; and not __fish_seen_subcommand_from ",
                           absl::StrJoin(below, " "));
    for (const Command* verb : one.shown_verbs()) {
      absl::StrAppend(&text, "complete -c devstate -f -n ",
                      FishQuoted(undecided), " -a ", verb->word(), " -d ",
                      FishQuoted(Short(verb->description)), "\n");
    }
    for (const CommandOption& option : one.options) {
      std::string line =
          absl::StrCat("complete -c devstate -n ", FishQuoted(here));
      for (const std::string& name : option.names) {
        absl::StrAppend(&line, absl::StartsWith(name, "--") ? " -l " : " -s ",
                        absl::StripPrefix(absl::StripPrefix(name, "-"), "-"));
      }
      const std::vector<std::string> offered = option.completions();
      if (!offered.empty()) {
        absl::StrAppend(&line, option.names.empty() ? " -f -a " : " -x -a ",
                        FishQuoted(absl::StrJoin(offered, " ")));
      } else if (option.names.empty()) {
        continue;
      } else if (!option.value.empty()) {
        absl::StrAppend(&line, " -r");
      }
      absl::StrAppend(&text, line, " -d ",
                      FishQuoted(Short(option.description)), "\n");
    }
  });
  return text;
}

}  // namespace devstate
