// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_tree.h"

#include <memory>

#include "cli/error_place.h"
#include "cli/exit_codes.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/stream_file.h"
#include "devstate/compat/finding.h"
#include "devstate/foreign/states/virtiofsd/tree_check.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<int> CheckStateWithTree(const CheckFlags& flags) {
  int exit_code = kExitOk;
  ForeignReport foreign;
  const std::unique_ptr<PortableInput> input =
      PortableInput::Open(flags.stream, &exit_code, &foreign);
  Verdict verdict = foreign.verdict;
  if (!foreign.refused()) {
    if (input == nullptr) return exit_code;
    Progress progress("looking for files", Progress::Unit::kItems);
    absl::StatusOr<Verdict> found = virtiofsd::CheckTree(
        [&input] { return input->OpenStream(); }, flags.tree,
        [&progress](uint64_t inodes) { progress.Update(inodes); });
    progress.Clear();
    if (!found.ok()) {
      // That a stream is of another schema is no refusal of this state.
      PrintFileError(input->name(), absl::IsUnavailable(found.status())
                                        ? NamesItsPlace(found.status())
                                        : found.status());
      return kExitUsageOrIo;
    }
    verdict = *std::move(found);
  }
  DirectionVerdict result{Direction::kTree, verdict.level(), {}};
  result.findings.assign(verdict.findings().begin(), verdict.findings().end());
  return ReportVerdicts(flags, {std::move(result)});
}

}  // namespace devstate
