// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/schema_flags.h"

#include <cstdio>
#include <utility>

namespace devstate {

void SchemaFlags::AddTo(Command& verb,
                        const std::vector<std::string>& more_formats) {
  std::vector<std::string> formats = {"text", "json", "junit"};
  formats.insert(formats.end(), more_formats.begin(), more_formats.end());
  verb.AddOption("-I,--import", &load.import_paths,
                 "Folder to look for imports in; may be repeated")
      .Value("DIR");
  verb.AddOption("--root", &load.root,
                 "Root message, if not the one with a schema name")
      .Value("MESSAGE");
  verb.AddOption("--format", &format, "How to print what was found")
      .OneOf(std::move(formats))
      .ShowDefault();
}

void SchemaFlags::AddWaiversTo(Command& verb) {
  verb.AddOption("--waivers", &waivers,
                 "Findings that are accepted (docs/compat_rules.md)")
      .Value("FILE");
  verb.AddOption("--today", &today,
                 "The day that waivers are judged on; default: today")
      .Value("YYYY-MM-DD");
}

absl::StatusOr<WaiverSet> SchemaFlags::ReadWaivers() const {
  return LoadWaivers(waivers, today);
}

void PrintError(const absl::Status& status) {
  std::fprintf(stderr, "devstate: %s\n", std::string(status.message()).c_str());
}

}  // namespace devstate
