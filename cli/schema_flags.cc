// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/schema_flags.h"

#include <cstdint>
#include <cstdio>

namespace devstate {
namespace {

constexpr uint64_t kMaxWaiversSize = 1 << 20;

}  // namespace

void SchemaFlags::AddTo(CLI::App* verb) {
  verb->add_option("-I,--import", load.import_paths,
                   "Folder to look for imports in; may be repeated")
      ->allow_extra_args(false)
      ->type_name("DIR");
  verb->add_option("--root", load.root,
                   "Root message, if not the one with a schema name")
      ->type_name("MESSAGE");
  verb->add_option("--format", format, "How to print what was found")
      ->check(CLI::IsMember({"text", "json", "junit"}))
      ->capture_default_str();
}

void SchemaFlags::AddWaiversTo(CLI::App* verb) {
  verb->add_option("--waivers", waivers,
                   "Findings that are accepted (docs/compat_rules.md)")
      ->type_name("FILE");
  verb->add_option("--today", today,
                   "The day that waivers are judged on; default: today")
      ->type_name("YYYY-MM-DD");
}

absl::StatusOr<WaiverSet> SchemaFlags::ReadWaivers() const {
  return LoadWaivers(waivers, today);
}

void PrintError(const absl::Status& status) {
  std::fprintf(stderr, "devstate: %s\n", std::string(status.message()).c_str());
}

}  // namespace devstate
