// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// How long it takes to compare two schemas of 500 fields, from their text to
// the verdicts of both directions.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devstate/compat/diff.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {
namespace {

constexpr int kMessages = 10;
constexpr int kFieldsOfMessage = 50;

// Every seventh field is another in version 2.
std::string Schema(int version) {
  std::string text = absl::StrCat(
      "syntax = \"proto3\"; package t; import \"devstate/options.proto\";"
      "message S { option (devstate.message) = { schema: \"t\" version: ",
      version, " };");
  for (int m = 1; m <= kMessages; ++m) {
    absl::StrAppend(&text, "repeated M", m, " m", m, " = ", m, ";\nmessage M",
                    m, " {");
    for (int f = 1; f <= kFieldsOfMessage; ++f) {
      const bool changed = version == 2 && (m * kFieldsOfMessage + f) % 7 == 0;
      absl::StrAppend(&text, changed ? "uint32" : "uint64", " f", f, " = ", f,
                      " [(devstate.field) = { unit: \"bytes\" min: 0 }];\n");
    }
    absl::StrAppend(&text, "}");
  }
  return absl::StrCat(text, "}");
}

int Run() {
  const std::string old_text = Schema(1);
  const std::string new_text = Schema(2);
  constexpr int kRounds = 20;
  absl::Duration load;
  absl::Duration compare;
  size_t findings = 0;
  for (int i = 0; i < kRounds; ++i) {
    const absl::Time start = absl::Now();
    const auto older = ParseSchema("old.proto", old_text, {});
    const auto newer = ParseSchema("new.proto", new_text, {});
    if (!older.ok() || !newer.ok()) {
      absl::FPrintF(stderr, "%s\n", older.status().message());
      return 1;
    }
    const absl::Time loaded = absl::Now();
    findings = 0;
    for (const Direction direction :
         {Direction::kUpgrade, Direction::kDowngrade}) {
      findings += CompareSchemas(older->model(), newer->model(), direction)
                      .findings.size();
    }
    load += loaded - start;
    compare += absl::Now() - loaded;
  }
  absl::PrintF(
      "two schemas of %d fields, both directions, %d findings: parse %.2f ms, "
      "compare %.2f ms\n",
      kMessages * kFieldsOfMessage, findings,
      absl::ToDoubleMilliseconds(load) / kRounds,
      absl::ToDoubleMilliseconds(compare) / kRounds);
  return 0;
}

}  // namespace
}  // namespace devstate

int main() { return devstate::Run(); }
