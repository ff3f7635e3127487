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

// Findings about one table, as many as a report holds. Not thread-safe.
class FindingList {
 public:
  // `path` is the record ("inode 7"), empty for
  // the table, `text` one line with what is wrong and the remedy.
  void Add(VerdictLevel level, const Rule& rule, absl::string_view path,
           Offset offset, absl::string_view text);

  bool refused() const { return verdict_.level() >= VERDICT_LEVEL_REFUSED; }
  // All of them, sealed with how many were left out. The level is CONVERTED at
  // least: that is what happens to the state.
  Verdict Take();

 private:
  Verdict verdict_;
  // Findings that refuse nothing.
  size_t lesser_ = 0;
  uint64_t left_out_ = 0;
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_FINDING_LIST_H_
