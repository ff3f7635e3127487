// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_FINDING_H_
#define DEVSTATE_COMPAT_FINDING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Who reads whom: in an upgrade the newer schema reads what the older one
// wrote, in a downgrade the other way round.
enum class Direction { kUpgrade, kDowngrade };

inline absl::string_view DirectionName(Direction direction) {
  return direction == Direction::kUpgrade ? "upgrade" : "downgrade";
}

// One difference of two schemas and what it means in one direction.
struct SchemaFinding {
  std::string rule;
  VerdictLevel level;
  // From the root message, names of the newer schema where both have one.
  std::string path;
  // What the older and the newer schema have.
  std::string old_text;
  std::string new_text;
  // One line with the remedy, unless none is needed.
  std::string text;
  // Of a CONDITIONAL finding: what must hold of the state.
  std::string condition;
  // Why the finding does not count; empty if it does.
  std::string waived;
};

struct DirectionVerdict {
  Direction direction;
  // The worst of the findings that are not waived; IDENTICAL only for the same
  // schema.
  VerdictLevel level;
  // Sorted by path, then rule.
  std::vector<SchemaFinding> findings;
  // Of two back-ends: the schema versions that the one saves as and the other
  // loads.
  absl::optional<uint32_t> saved_as = absl::nullopt;
  absl::optional<uint32_t> loaded_as = absl::nullopt;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_FINDING_H_
