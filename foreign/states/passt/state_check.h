// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks that a state of passt makes sense. passt itself makes none of these
// when it loads one. docs/compat_rules.md has the rules, foreign-….

#ifndef DEVSTATE_FOREIGN_STATES_PASST_STATE_CHECK_H_
#define DEVSTATE_FOREIGN_STATES_PASST_STATE_CHECK_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/states/passt/state_parser.h"

namespace devstate::passt {

// Judges the parts of one state. Remembers about 200 bytes for each flow.
class StateCheck : public StateVisitor {
 public:
  // Requires: `findings` outlives the check.
  explicit StateCheck(FindingList* findings) : findings_(*findings) {}

  absl::Status OnHeader(const Header& header) override;
  absl::Status OnFlow(uint32_t index, uint64_t offset, const Flow& flow,
                      const absl::optional<Socket>& socket) override;
  absl::Status OnQueue(uint32_t, bool, uint64_t,
                       absl::string_view bytes) override;

  const Header& header() const { return header_; }
  uint64_t lost_flows() const { return lost_; }
  uint64_t queued_bytes() const { return queued_; }

 private:
  FindingList& findings_;
  Header header_;
  uint64_t lost_ = 0;
  uint64_t queued_ = 0;
  // The flow that has each pair of sides.
  std::map<std::string, uint32_t> sides_;
};

}  // namespace devstate::passt

#endif  // DEVSTATE_FOREIGN_STATES_PASST_STATE_CHECK_H_
