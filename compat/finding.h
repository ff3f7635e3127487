// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Makes and sorts findings. devstate/verdict.proto has Finding itself.

#ifndef DEVSTATE_COMPAT_FINDING_H_
#define DEVSTATE_COMPAT_FINDING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/compat/rules.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// The direction of a read. In an upgrade the newer schema reads what the older
// one wrote, in a downgrade the other way round. kTree is for the files of a
// state in a directory, where no schema reads another one's state.
enum class Direction { kUpgrade, kDowngrade, kTree };

inline absl::string_view DirectionName(Direction direction) {
  switch (direction) {
    case Direction::kUpgrade:
      return "upgrade";
    case Direction::kDowngrade:
      return "downgrade";
    case Direction::kTree:
      break;
  }
  return "tree";
}

// Returns a finding of `rule`. `condition` goes with CONDITIONAL only.
Finding MakeFinding(const Rule& rule, VerdictLevel level, std::string path,
                    std::string written, std::string read, std::string text,
                    std::string condition = "");

struct DirectionVerdict {
  Direction direction;
  // The worst level of the findings that are not waived. IDENTICAL only for the
  // same schema.
  VerdictLevel level;
  // The findings, sorted by path, then rule.
  std::vector<Finding> findings;
  // The schema versions that the first back-end saves as and the second loads,
  // if the verdict is about two back-ends.
  absl::optional<uint32_t> saved_as = absl::nullopt;
  absl::optional<uint32_t> loaded_as = absl::nullopt;
};

// Sorts by path, then rule. Equal findings keep their order.
void SortFindings(std::vector<Finding>* findings);

// Returns the worst level of the findings that count, COMPATIBLE at least.
VerdictLevel WorstLevel(const std::vector<Finding>& findings);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_FINDING_H_
