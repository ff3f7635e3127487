// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_FINDING_LIST_H_
#define DEVSTATE_FOREIGN_FINDING_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/compat/finding.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// The offset of a record in a foreign state; nothing for one of a devstate
// stream, whose records lie in columns.
using Offset = absl::optional<uint64_t>;

// The findings about one state, as many as a report holds. Thread-safety: none.
class FindingList {
 public:
  // Adds a finding. `path` is the record ("inode 7"), empty for the whole.
  // `text` is one line with what is wrong and the remedy.
  void Add(VerdictLevel level, const Rule& rule, absl::string_view path,
           Offset offset, absl::string_view text);

  void Add(Finding finding);

  bool refused() const { return verdict_.level() >= VERDICT_LEVEL_REFUSED; }
  // Returns all of them, sealed with how many were left out. The level is
  // CONVERTED at least, because the state is converted.
  Verdict Take();

 private:
  Verdict verdict_;
  // The number of findings that refuse nothing.
  size_t lesser_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_FINDING_LIST_H_
