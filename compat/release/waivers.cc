// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/waivers.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devstate/compat/rules.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/text_format.h"

namespace devstate {
namespace {

constexpr uintmax_t kMaxWaiversSize = uintmax_t{1} << 20;

// Keeps the first error.
class FirstError : public TextErrorCollector {
 public:
  void TakeError(int line, int column, ProtobufText message) override {
    if (!text_.empty()) return;
    text_ = absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool IsDate(const std::string& text) {
  if (text.size() != 10) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : !absl::ascii_isdigit(text[i])) return false;
  }
  return text.substr(5, 2) >= "01" && text.substr(5, 2) <= "12" &&
         text.substr(8) >= "01" && text.substr(8) <= "31";
}

// What is wrong with a waiver, or empty.
std::string Fault(const Waiver& waiver) {
  if (FindRule(waiver.rule()) == nullptr) return "there is no such rule";
  if (waiver.reason().empty()) return "give a reason";
  if (!IsDate(waiver.expiry())) return "give an expiry as YYYY-MM-DD";
  if (!waiver.direction().empty() && waiver.direction() != "upgrade" &&
      waiver.direction() != "downgrade") {
    return "direction is upgrade or downgrade";
  }
  return "";
}

}  // namespace

absl::StatusOr<WaiverSet> WaiverSet::Parse(const std::string& name,
                                           const std::string& text,
                                           const std::string& today) {
  if (!IsDate(today)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", today, "\" is not a date: write YYYY-MM-DD"));
  }
  Waivers waivers;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &waivers)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":", error.text()));
  }
  WaiverSet set;
  set.name_ = name;
  for (const Waiver& waiver : waivers.waiver()) {
    const std::string fault = Fault(waiver);
    if (!fault.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": waiver of ", waiver.rule(), " for \"",
                       waiver.path(), "\": ", fault));
    }
    set.entries_.push_back({waiver, waiver.expiry() < today});
  }
  return set;
}

std::string WaiverSet::Match(const std::string& rule, const std::string& path,
                             absl::string_view direction) {
  std::string reason;
  for (Entry& entry : entries_) {
    const Waiver& waiver = entry.waiver;
    if (waiver.rule() != rule || waiver.path() != path ||
        (!direction.empty() && !waiver.direction().empty() &&
         waiver.direction() != direction)) {
      continue;
    }
    entry.used = true;
    if (!entry.expired) {
      reason =
          absl::StrCat("waived until ", waiver.expiry(), ": ", waiver.reason());
    }
  }
  return reason;
}

void WaiverSet::Apply(DirectionVerdict* verdict) {
  const absl::string_view direction = DirectionName(verdict->direction);
  for (Entry& entry : entries_) {
    if (FindRule(entry.waiver.rule())->family == RuleFamily::kLoad &&
        (entry.waiver.direction().empty() ||
         entry.waiver.direction() == direction)) {
      entry.applicable = true;
    }
  }
  for (Finding& finding : verdict->findings) {
    finding.set_waived(Match(finding.rule(), finding.path(), direction));
  }
  if (verdict->level != VERDICT_LEVEL_IDENTICAL) {
    verdict->level = WorstLevel(verdict->findings);
  }
}

void WaiverSet::Apply(std::vector<Finding>* findings) {
  for (Entry& entry : entries_) {
    if (FindRule(entry.waiver.rule())->family == RuleFamily::kLint) {
      entry.applicable = true;
    }
  }
  for (Finding& finding : *findings) {
    finding.set_waived(Match(finding.rule(), finding.path(), ""));
  }
}

absl::Status WaiverSet::Check() const {
  for (const Entry& entry : entries_) {
    if (!entry.applicable) continue;
    const std::string what =
        absl::StrCat(name_, ": waiver of ", entry.waiver.rule(), " for \"",
                     entry.waiver.path(), "\"");
    if (entry.expired) {
      return absl::FailedPreconditionError(absl::StrCat(
          "[waiver-expired] ", what, " ended on ", entry.waiver.expiry(),
          ": repair what it waives, or decide again"));
    }
    if (!entry.used) {
      return absl::FailedPreconditionError(absl::StrCat(
          "[waiver-unused] ", what, " matches no finding: delete it"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<WaiverSet> LoadWaivers(const std::string& path,
                                      const std::string& today) {
  if (path.empty()) return WaiverSet();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(absl::StrCat(path, ": ",
                                            std::filesystem::exists(path, error)
                                                ? "is not a file"
                                                : "no such file"));
  }
  if (std::filesystem::file_size(path, error) > kMaxWaiversSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than 1 MiB, which no waivers are"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return WaiverSet::Parse(
      path, text,
      today.empty()
          ? absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone())
          : today);
}

}  // namespace devstate
