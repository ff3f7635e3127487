// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/judge_manifests.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/finding.h"
#include "devstate/schema/lineage.h"

namespace devstate {
namespace {

template <typename Range>
bool HaveCommon(const Range& written, const Range& read) {
  return std::find_first_of(written.begin(), written.end(), read.begin(),
                            read.end()) != written.end();
}

// What `writer` saves read with `reader`.
DirectionVerdict Compare(const SchemaModel& writer, const SchemaModel& reader,
                         Direction direction, const Lineage& lineage) {
  if (writer.version() != reader.version()) {
    direction = writer.version() < reader.version() ? Direction::kUpgrade
                                                    : Direction::kDowngrade;
  }
  return direction == Direction::kUpgrade
             ? CompareSchemas(writer, reader, direction, &lineage)
             : CompareSchemas(reader, writer, direction, &lineage);
}

// What it means that a writer of `newest` saves as `saved`.
Finding SavedAsOlder(const SchemaModel& newest, const SchemaModel& saved,
                     const Lineage& lineage) {
  const DirectionVerdict own =
      Compare(newest, saved, Direction::kDowngrade, lineage);
  const VerdictLevel level = std::max(
      VERDICT_LEVEL_CONVERTED, std::min(own.level, VERDICT_LEVEL_CONDITIONAL));
  Finding finding =
      MakeFinding(rules::kSavedAsOlder, level, "",
                  absl::StrCat("version ", newest.version()),
                  absl::StrCat("version ", saved.version()),
                  absl::StrCat("the source must be told to save as version ",
                               saved.version()));
  if (level == VERDICT_LEVEL_CONDITIONAL) {
    std::vector<std::string> conditions;
    for (const Finding& part : own.findings) {
      if (part.level() == VERDICT_LEVEL_CONDITIONAL)
        conditions.push_back(part.condition());
    }
    // The rules alone may refuse what the writer's own steps express.
    finding.set_condition(absl::StrCat(
        "the source can express the state in version ", saved.version(),
        own.level == VERDICT_LEVEL_CONDITIONAL ? ": " : "",
        own.level == VERDICT_LEVEL_CONDITIONAL ? absl::StrJoin(conditions, "; ")
                                               : ""));
  }
  return finding;
}

// What no schema shows.
void CompareForms(const Manifest& from, const Manifest& to,
                  DirectionVerdict* verdict) {
  const auto refuse = [verdict](std::string written, std::string read,
                                std::string text) {
    verdict->findings.push_back(
        MakeFinding(rules::kNoCommonForm, VERDICT_LEVEL_REFUSED, "",
                    std::move(written), std::move(read), std::move(text)));
    verdict->level = VERDICT_LEVEL_REFUSED;
  };
  if (!HaveCommon(from.stream_formats(), to.stream_formats())) {
    refuse(absl::StrCat("formats ", absl::StrJoin(from.stream_formats(), ", ")),
           absl::StrCat("formats ", absl::StrJoin(to.stream_formats(), ", ")),
           "the destination reads no stream format that the source writes: "
           "update the older one of the two");
  }
  if (!HaveCommon(from.compressions(), to.compressions())) {
    refuse(absl::StrJoin(from.compressions(), ", "),
           absl::StrJoin(to.compressions(), ", "),
           "the destination reads no compression that the source writes: "
           "update the older one of the two");
  }
}

}  // namespace

Direction MigrationDirection(const LoadedManifest& from,
                             const LoadedManifest& to) {
  const LoadedSchema* saved = from.NewestSaved();
  const LoadedSchema* loaded = to.NewestLoaded();
  return saved != nullptr && loaded != nullptr &&
                 saved->model().version() > loaded->model().version()
             ? Direction::kDowngrade
             : Direction::kUpgrade;
}

DirectionVerdict JudgeManifests(const LoadedManifest& from,
                                const LoadedManifest& to, Direction direction) {
  std::vector<const SchemaModel*> models;
  for (const LoadedManifest* manifest : {&from, &to}) {
    for (const auto& schema : manifest->schemas) {
      models.push_back(&schema->model());
    }
  }
  const Lineage lineage(models, to.manifest.schema());
  absl::optional<DirectionVerdict> best;
  for (size_t w = from.schemas.size(); w-- > 0;) {
    if (!from.manifest.versions(static_cast<int>(w)).saves()) continue;
    const SchemaModel& writer = from.schemas[w]->model();
    const SchemaModel& newest = from.NewestSaved()->model();
    std::vector<Finding> older;
    if (&writer != &newest) {
      older.push_back(SavedAsOlder(newest, writer, lineage));
    }
    for (size_t r = to.schemas.size(); r-- > 0;) {
      if (!to.manifest.versions(static_cast<int>(r)).loads()) continue;
      // Nothing is better, and the newest come first.
      if (best.has_value() && best->level == VERDICT_LEVEL_IDENTICAL) continue;
      const SchemaModel& reader = to.schemas[r]->model();
      DirectionVerdict verdict = Compare(writer, reader, direction, lineage);
      verdict.findings.insert(verdict.findings.begin(), older.begin(),
                              older.end());
      if (!older.empty()) verdict.level = WorstLevel(verdict.findings);
      if (best.has_value() && best->level <= verdict.level) continue;
      verdict.saved_as = writer.version();
      verdict.loaded_as = reader.version();
      best = std::move(verdict);
    }
  }
  if (!best.has_value()) {
    best = DirectionVerdict{direction, VERDICT_LEVEL_REFUSED, {}};
    const bool saves = from.NewestSaved() != nullptr;
    const bool loads = to.NewestLoaded() != nullptr;
    best->findings.push_back(MakeFinding(
        rules::kNoCommonForm, VERDICT_LEVEL_REFUSED, "",
        saves ? "" : "saves no version", loads ? "" : "loads no version",
        "one of the two takes no part in migrations: take a back-end that "
        "does"));
  }
  best->direction = direction;
  CompareForms(from.manifest, to.manifest, &*best);
  return *std::move(best);
}

}  // namespace devstate
