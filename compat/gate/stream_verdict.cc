// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/stream_verdict.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"

namespace devstate {
namespace {

uint32_t FieldNumberAt(const SchemaModel& schema, const std::string& path) {
  if (path.empty()) return 0;
  const MessageModel* message = schema.root;
  const FieldModel* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    field = message == nullptr ? nullptr : message->FindName(name);
    if (field == nullptr) return 0;
    message = field->message;
  }
  return static_cast<uint32_t>(field->number);
}

}  // namespace

void AddSchemaFindings(const ConversionChain& chain, StreamFindings* findings) {
  for (const Finding& found : chain.findings()) {
    // The chunks tell what only the state decides.
    if (found.level() == VERDICT_LEVEL_LOSSY ||
        found.level() == VERDICT_LEVEL_CONDITIONAL)
      continue;
    findings->Add(found);
  }
}

Verdict MakeStreamVerdict(VerdictLevel best, const StreamFindings& findings,
                          const SchemaModel& newer) {
  Verdict verdict;
  verdict.set_level(std::max(best, findings.level()));
  for (Finding& finding : findings.Sorted()) {
    finding.set_field_number(FieldNumberAt(newer, finding.path()));
    *verdict.add_findings() = std::move(finding);
  }
  return verdict;
}

}  // namespace devstate
