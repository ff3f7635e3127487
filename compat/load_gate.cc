// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/load_gate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compat/rules.h"
#include "serializer/stream_error.h"

namespace devstate {
namespace {

constexpr uint64_t kReplyTag = 0xd5;
// What the low half of the reply is.
constexpr uint64_t kReplyField = 1;
constexpr uint64_t kReplyChunk = 2;

void AddFinding(VerdictLevel level, absl::string_view rule,
                std::string old_text, std::string new_text,
                absl::string_view text, Verdict* verdict) {
  Finding& finding = *verdict->add_findings();
  finding.set_rule(std::string(rule));
  finding.set_old(std::move(old_text));
  finding.set_new_(std::move(new_text));
  finding.set_text(std::string(text));
  finding.set_level(level);
  verdict->set_level(std::max(verdict->level(), level));
}

// Rule and level of a load that failed with `status`.
struct Failure {
  absl::string_view rule;
  VerdictLevel level;
};

Failure FailureOf(const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return {"device-refused", REFUSED};
  switch (detail->reason()) {
    case NOT_A_STREAM:
      return {"not-a-stream", DAMAGED};
    case NO_TRAILER:
      return {"no-trailer", DAMAGED};
    case CHECKSUM:
      return {"checksum", DAMAGED};
    case TRAILING_BYTES:
      return {"trailing-bytes", DAMAGED};
    case LIMIT:
      return {"limit", DAMAGED};
    case UNKNOWN_CONTENT:
      return {"unknown-critical", REFUSED};
    case CONSTRAINT:
      return {"value-out-of-bounds", REFUSED};
    default:
      return {"malformed", DAMAGED};
  }
}

}  // namespace

Verdict JudgeHeader(const StreamHeader& header, const SchemaInfo& schema) {
  Verdict verdict;
  verdict.set_level(header.fingerprint() == schema.fingerprint ? IDENTICAL
                                                               : COMPATIBLE);
  if (header.device() != schema.device) {
    AddFinding(REFUSED, "wrong-device", header.device(),
               std::string(schema.device),
               absl::StrCat("the state is that of a ", header.device(),
                            " device, this one is a ", schema.device,
                            ": connect the front-end to the right back-end"),
               &verdict);
  }
  if (header.schema() != schema.schema ||
      header.root_message() != schema.root_message) {
    AddFinding(REFUSED, "wrong-schema", header.schema(),
               std::string(schema.schema),
               absl::StrCat("the state is of schema ", header.schema(), " (",
                            header.root_message(), "), this reader has ",
                            schema.schema, " (", schema.root_message,
                            "): convert the state first"),
               &verdict);
  }
  if (header.min_reader() > schema.version) {
    AddFinding(REFUSED, "too-new", absl::StrCat(header.schema_version()),
               absl::StrCat(schema.version),
               absl::StrCat("the writer asks for a reader of schema version ",
                            header.min_reader(), " or newer, this one has ",
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
  if (verdict.level() < REFUSED) return absl::OkStatus();
  return absl::FailedPreconditionError(VerdictText(verdict));
}

std::string VerdictText(const Verdict& verdict) {
  const std::string level =
      absl::AsciiStrToLower(VerdictLevel_Name(verdict.level()));
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

uint64_t CheckReplyValue(const Verdict& verdict, const absl::Status& status) {
  if (verdict.level() < REFUSED && status.ok()) return 0;
  uint64_t reply = kReplyTag << 56 | static_cast<uint64_t>(verdict.level())
                                         << 48;
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  for (const Finding& finding : verdict.findings()) {
    if (finding.level() != verdict.level()) continue;
    const Rule* rule = FindRule(finding.rule());
    if (rule != nullptr) reply |= static_cast<uint64_t>(rule->code) << 40;
    if (finding.field_number() != 0) {
      return reply | kReplyField << 32 | finding.field_number();
    }
    break;
  }
  if (detail.has_value() && detail->has_chunk()) {
    reply |= kReplyChunk << 32 | detail->chunk();
  }
  return reply;
}

std::string CheckReplyText(uint64_t reply) {
  std::string text = absl::StrCat("0x", absl::Hex(reply));
  const int level = static_cast<int>(reply >> 48 & 0xff);
  if (reply >> 56 != kReplyTag || !VerdictLevel_IsValid(level)) return text;
  // A state that could be loaded has not arrived.
  absl::StrAppend(&text, ", ",
                  level < REFUSED ? "the transfer failed"
                                  : absl::AsciiStrToLower(VerdictLevel_Name(
                                        static_cast<VerdictLevel>(level))));
  const uint64_t what = reply >> 32 & 0xff;
  const uint64_t number = reply & 0xffffffff;
  const std::string where =
      what == kReplyField   ? absl::StrCat(" field ", number)
      : what == kReplyChunk ? absl::StrCat(" chunk ", number)
                            : "";
  const int code = static_cast<int>(reply >> 40 & 0xff);
  for (const Rule& rule : AllRules()) {
    if (code == 0 || rule.code != code) continue;
    return absl::StrCat(text, " [", rule.id, "]", where, ": devstate explain ",
                        rule.id);
  }
  return text + where;
}

}  // namespace devstate
