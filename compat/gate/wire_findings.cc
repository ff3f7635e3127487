// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/wire_findings.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/rules.h"
#include "devstate/serializer/wire_walk.h"

namespace devstate {
namespace {

struct FaultRule {
  const Rule& rule;
  absl::string_view text;
};

FaultRule RuleOf(WireFault fault) {
  switch (fault) {
    case WireFault::kUnknownField:
      return {rules::kUnknownCritical,
              "the state has a field that the schema does not, and skipping it "
              "would lose state: update the reader, or save for its version"};
    case WireFault::kWireType:
      return {rules::kWireTypeChanged,
              "the value is written in another way than the field's type is, "
              "and would be read as absent: the writer has another schema than "
              "it says"};
    case WireFault::kUnnamedEnumValue:
      return {rules::kEnumValueUnknown,
              "enums are closed, and the schema does not name this value: "
              "update the reader, or do not use the value"};
    case WireFault::kOutOfRange:
      return {rules::kValueMayNotFit,
              "the value does not fit the field's type and would be cut: the "
              "writer has another schema than it says"};
    case WireFault::kNotUtf8:
      return {rules::kNotUtf8,
              "a string holds UTF-8 only: the field should be of type bytes"};
    case WireFault::kMerged:
      return {rules::kDuplicateField,
              "a reader would merge the values or keep the last one: the "
              "writer does not write this format rightly, save with another"};
    case WireFault::kTwice:
    case WireFault::kKeyTwice:
    case WireFault::kRecord:
      break;
  }
  return {rules::kDuplicateMapKey,
          "a reader would keep the last entry: the writer does not write this "
          "format rightly, save with another"};
}

}  // namespace

absl::Status AddWireFindings(const Chunk& chunk,
                             const google::protobuf::Descriptor& root,
                             StreamFindings* findings) {
  absl::Status records;
  const bool well_formed =
      WalkWire(chunk.payload, root, [&](const WireFinding& found) {
        if (found.fault == WireFault::kRecord) {
          records = chunk.Error(RefusalReason(found.fault), FaultText(found));
          return false;
        }
        if (IsTakenByReaders(found.fault)) return true;
        const FaultRule rule = RuleOf(found.fault);
        findings->Add(rule.rule, VERDICT_LEVEL_REFUSED, found.path,
                      found.written, found.read, std::string(rule.text));
        return true;
      });
  if (!well_formed) {
    return chunk.Error(ERROR_REASON_MALFORMED,
                       absl::StrCat("not a well-formed ", root.full_name()));
  }
  return records;
}

}  // namespace devstate
