// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_FINDING_LIST_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_FINDING_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/compat/finding.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/verdict.pb.h"

namespace devstate::virtiofsd {

// The findings about one table, as many as a report holds. Thread-safety: none.
class FindingList {
 public:
  // Adds a finding. `path` is the record ("inode 7"), empty for the table.
  // `text` is one line with what is wrong and the remedy.
  void Add(VerdictLevel level, const Rule& rule, absl::string_view path,
           Offset offset, absl::string_view text);

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

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_FINDING_LIST_H_
