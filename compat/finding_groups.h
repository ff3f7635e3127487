// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_FINDING_GROUPS_H_
#define DEVSTATE_COMPAT_FINDING_GROUPS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "devstate/verdict.pb.h"

namespace devstate {

// Findings of one rule about many numbered records, as people read them.
struct FindingGroup {
  // The first of them.
  const Finding* first = nullptr;
  size_t count = 0;
  // The path of a single finding, or "5001 inodes (2, 3, 4, …)".
  std::string path;
  // The text of the first. Of several with different numbers it says so.
  std::string text;
};

// Groups findings of the same rule and level whose path is a kind of record
// with a number ("inode 7 at offset 0x2c"), and whose text is the same but for
// numbers. Groups come in the order of their first finding. Up to three of a
// kind stay as they are. Requires: the findings outlive the groups.
std::vector<FindingGroup> GroupFindings(
    const std::vector<const Finding*>& findings);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_FINDING_GROUPS_H_
