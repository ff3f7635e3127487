// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_COMPARE_MARKS_H_
#define DEVSTATE_CLI_COMPARE_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/record_marks.h"

namespace devstate {

// A record of one state that the other has not, or has otherwise.
struct MarkedRecord {
  // RecordMark::position.
  uint64_t position = 0;
  // Whether a record before it has the same key.
  bool again = false;
};

// What differs between two states. Of each kind only the first ones are kept.
struct MarkDifferences {
  struct Change {
    MarkedRecord before;
    // RecordMark::position in the other state.
    uint64_t after = 0;
  };

  // The numbers of records that only the second state has, that only the first
  // has, and that both have, but not alike.
  uint64_t added = 0;
  uint64_t removed = 0;
  uint64_t changed = 0;
  // In ascending order of position; of changes, of that in the first state.
  std::vector<MarkedRecord> first_added;
  std::vector<MarkedRecord> first_removed;
  std::vector<Change> first_changed;
};

// Hands out the marks of a state in their order, each time that it is called.
using MarkSource =
    std::function<absl::Status(const RecordMarker::OnMark& on_mark)>;

// The marks that CompareMarks() holds at once by default, of 24 bytes each.
inline constexpr size_t kMaxMarks = size_t{4} << 20;

// Compares two states. Records with the same key are the same record, the n-th
// in one state and the n-th in the other. Calls both sources more often if they
// have more than `max_marks` together. Keeps the first `limit` of each kind.
//
// Errors: those of the sources, `a` being called first.
absl::StatusOr<MarkDifferences> CompareMarks(const MarkSource& a,
                                             const MarkSource& b, size_t limit,
                                             size_t max_marks = kMaxMarks);

}  // namespace devstate

#endif  // DEVSTATE_CLI_COMPARE_MARKS_H_
