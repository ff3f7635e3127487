// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/foreign_state.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/verb.h"
#include "compat/foreign_formats.h"
#include "compat/report.h"
#include "serializer/stream_format.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<Recognised> Recognise(const OpenSource& input) {
  constexpr size_t kFirstBytes = 64;
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, input());
  std::string first(kFirstBytes, '\0');
  size_t size = 0;
  while (size < first.size()) {
    DS_ASSIGN_OR_RETURN(const size_t read,
                        source->Read(&first[size], first.size() - size));
    if (read == 0) break;
    size += read;
  }
  first.resize(size);
  Recognised recognised;
  recognised.is_stream = absl::StartsWith(first, kStreamMagic);
  if (recognised.is_stream) return recognised;
  for (const ForeignFormat* format : ForeignFormats()) {
    if (format->recognise(first)) {
      recognised.format = format;
      break;
    }
  }
  return recognised;
}

int PrintForeignFindings(absl::string_view file, const ForeignReport& report) {
  for (const Finding& finding : report.verdict.findings()) {
    absl::FPrintF(
        stderr, "devstate: %s: %s [%s] %s%s\n", file == "-" ? "(stdin)" : file,
        LevelName(finding.level()), finding.rule(),
        finding.path().empty() ? "" : absl::StrCat(finding.path(), ": "),
        finding.text());
  }
  return report.refused() ? kExitRefused : kExitOk;
}

}  // namespace devstate
