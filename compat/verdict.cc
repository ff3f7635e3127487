// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/verdict.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/load_line.h"
#include "devstate/compat/rules.h"
#include "devstate/schema/name_text.h"
#include "devstate/serializer/stream_error.h"

namespace devstate {
namespace {

// What the low half of the reply is.
constexpr uint32_t kReplyField = 1;
constexpr uint32_t kReplyChunk = 2;

void AddFinding(VerdictLevel level, const Rule& rule, std::string written,
                std::string read, absl::string_view text, Verdict* verdict) {
  *verdict->add_findings() = MakeFinding(rule, level, "", std::move(written),
                                         std::move(read), std::string(text));
  verdict->set_level(std::max(verdict->level(), level));
}

// Rule and level of a load that failed with `status`.
struct Failure {
  const Rule& rule;
  VerdictLevel level;
};

Failure FailureOf(const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value())
    return {rules::kDeviceRefused, VERDICT_LEVEL_REFUSED};
  switch (detail->reason) {
    case ERROR_REASON_NOT_A_STREAM:
      return {rules::kNotAStream, VERDICT_LEVEL_DAMAGED};
    case ERROR_REASON_NO_TRAILER:
      return {rules::kNoTrailer, VERDICT_LEVEL_DAMAGED};
    case ERROR_REASON_CHECKSUM:
      return {rules::kChecksum, VERDICT_LEVEL_DAMAGED};
    case ERROR_REASON_TRAILING_BYTES:
      return {rules::kTrailingBytes, VERDICT_LEVEL_DAMAGED};
    case ERROR_REASON_LIMIT:
      return {rules::kLimit, VERDICT_LEVEL_DAMAGED};
    case ERROR_REASON_UNKNOWN_CONTENT:
      return {rules::kUnknownCritical, VERDICT_LEVEL_REFUSED};
    case ERROR_REASON_CONSTRAINT:
      return {detail->required_missing   ? rules::kRequiredMissing
              : detail->pieces_not_whole ? rules::kPiecesNotWhole
                                         : rules::kValueOutOfBounds,
              VERDICT_LEVEL_REFUSED};
    default:
      return {rules::kMalformed, VERDICT_LEVEL_DAMAGED};
  }
}

}  // namespace

Verdict JudgeHeader(const StreamHeader& header, const SchemaInfo& schema) {
  Verdict verdict;
  verdict.set_level(header.fingerprint == schema.fingerprint
                        ? VERDICT_LEVEL_IDENTICAL
                        : VERDICT_LEVEL_COMPATIBLE);
  if (header.device != schema.device) {
    AddFinding(VERDICT_LEVEL_REFUSED, rules::kWrongDevice, header.device,
               std::string(schema.device),
               absl::StrCat("the state is that of a ", NameText(header.device),
                            " device, this one is a ", schema.device,
                            ": connect the front-end to the right back-end"),
               &verdict);
  }
  if (header.schema != schema.schema ||
      header.root_message != schema.root_message) {
    AddFinding(VERDICT_LEVEL_REFUSED, rules::kWrongSchema, header.schema,
               std::string(schema.schema),
               absl::StrCat("the state is of schema ", NameText(header.schema),
                            " (", NameText(header.root_message),
                            "), this reader has ", schema.schema, " (",
                            schema.root_message, "): convert the state first"),
               &verdict);
  }
  if (header.min_reader > schema.version) {
    AddFinding(VERDICT_LEVEL_REFUSED, rules::kTooNew,
               absl::StrCat(header.schema_version),
               absl::StrCat(schema.version),
               absl::StrCat("the writer asks for a reader of schema version ",
                            header.min_reader, " or newer, this one has ",
                            schema.version,
                            ": update this back-end, or save for its version"),
               &verdict);
  }
  return verdict;
}

Verdict JudgeLoad(const Verdict& header_verdict, const absl::Status& status) {
  Verdict verdict = header_verdict;
  if (status.ok()) return verdict;
  const Failure failure = FailureOf(status);
  // What refused the state comes back as the status.
  if (verdict.level() >= failure.level) return verdict;
  AddFinding(failure.level, failure.rule, "", "", status.message(), &verdict);
  return verdict;
}

absl::Status VerdictStatus(const Verdict& verdict) {
  if (verdict.level() < VERDICT_LEVEL_REFUSED) return absl::OkStatus();
  return absl::FailedPreconditionError(VerdictText(verdict));
}

std::string VerdictText(const Verdict& verdict) {
  const std::string level = LevelName(verdict.level());
  std::vector<std::string> reasons;
  for (const Finding& finding : verdict.findings()) {
    if (finding.level() < verdict.level()) continue;
    reasons.push_back(absl::StrCat("[", finding.rule(), "] ", finding.path(),
                                   finding.path().empty() ? "" : ": ",
                                   finding.text()));
  }
  if (reasons.empty()) return level;
  return absl::StrCat(level, " ", absl::StrJoin(reasons, "; "));
}

const Finding* DecidingFinding(const Verdict& verdict) {
  for (const Finding& finding : verdict.findings()) {
    if (finding.level() == verdict.level()) return &finding;
  }
  return nullptr;
}

uint64_t CheckReplyValue(const Verdict& verdict, const absl::Status& status) {
  if (verdict.level() < VERDICT_LEVEL_REFUSED && status.ok()) return 0;
  int code = 0;
  if (const Finding* finding = DecidingFinding(verdict)) {
    const Rule* rule = FindRule(finding->rule());
    if (rule != nullptr) code = rule->code;
    if (finding->field_number() != 0) {
      return MakeCheckReply(verdict.level(), code, kReplyField,
                            finding->field_number());
    }
  }
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (detail.has_value() && detail->chunk.has_value()) {
    return MakeCheckReply(verdict.level(), code, kReplyChunk, *detail->chunk);
  }
  return MakeCheckReply(verdict.level(), code, 0, 0);
}

std::string CheckReplyText(uint64_t reply) {
  std::string text = absl::StrCat("0x", absl::Hex(reply));
  const int level = static_cast<int>(reply >> 48 & 0xff);
  if (reply >> 56 != kCheckReplyTag || !VerdictLevel_IsValid(level))
    return text;
  // A state that could be loaded has not arrived.
  absl::StrAppend(&text, ", ",
                  level < VERDICT_LEVEL_REFUSED
                      ? "the transfer failed"
                      : LevelName(static_cast<VerdictLevel>(level)));
  const uint64_t what = reply >> 32 & 0xff;
  const uint64_t number = reply & 0xffffffff;
  const std::string where =
      what == kReplyField   ? absl::StrCat(" field ", number)
      : what == kReplyChunk ? absl::StrCat(" chunk ", number)
                            : "";
  const int code = static_cast<int>(reply >> 40 & 0xff);
  for (const Rule* rule : AllRules()) {
    if (code == 0 || rule->code != code) continue;
    return absl::StrCat(text, " [", rule->id, "]", where, ": devstate explain ",
                        rule->id);
  }
  return text + where;
}

}  // namespace devstate
