// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/backend_label.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace devstate::proxy {
namespace {

// Whether a program's name says nothing of the back-end: it starts another.
bool SaysNothing(absl::string_view name) {
  static constexpr absl::string_view kStarters[] = {
      "bash", "chrt",  "dash",    "doas",   "ip",     "ionice",
      "nice", "nohup", "nsenter", "prlimit", "setpriv", "sh",
      "sudo", "su",    "systemd-run", "taskset", "timeout", "unshare"};
  return absl::StartsWith(name, "-") || absl::StartsWith(name, "python") ||
         absl::StartsWith(name, "perl") ||
         std::find(std::begin(kStarters), std::end(kStarters), name) !=
             std::end(kStarters);
}

// Returns the name of the program in a shell command, without its folder.
// Empty if that says nothing of what it starts.
std::string ProgramOf(absl::string_view command) {
  for (absl::string_view word :
       absl::StrSplit(command, ' ', absl::SkipEmpty())) {
    // Variables for the program, as in "env TMPDIR=/run program".
    if (word == "env" || word == "exec" || absl::StrContains(word, '=')) {
      continue;
    }
    while (!word.empty() && (word.front() == '\'' || word.front() == '"')) {
      word.remove_prefix(1);
    }
    while (!word.empty() && (word.back() == '\'' || word.back() == '"')) {
      word.remove_suffix(1);
    }
    const absl::string_view name = word.substr(word.rfind('/') + 1);
    return SaysNothing(name) ? "" : std::string(name);
  }
  return "";
}

}  // namespace

opaque::Label LabelOf(const BackendSpec& spec, const std::string& device) {
  opaque::Label label;
  label.set_device(device);
  label.set_implementation(spec.implementation.empty() ? ProgramOf(spec.command)
                                                       : spec.implementation);
  label.set_implementation_version(spec.implementation_version);
  return label;
}

}  // namespace devstate::proxy
