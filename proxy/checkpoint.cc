// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/checkpoint.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/proxy/translation.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {

absl::StatusOr<Checkpoint> MakeCheckpoint(const OpenSource& saved,
                                          absl::Time taken) {
  DS_ASSIGN_OR_RETURN(const BackendFormat format, FormatOf(saved));
  // Nobody could tell which ids an envelope of such a state has given out.
  if (format.foreign != nullptr && format.foreign->export_state == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("states of ", format.foreign->name,
                     " cannot be converted there and back"));
  }
  DS_ASSIGN_OR_RETURN(const auto portable, TemporaryFile::Create());
  DS_RETURN_IF_ERROR(ToFrontend(saved, StateForm::kPortable, opaque::Label(),
                                portable.get())
                         .status);
  DS_ASSIGN_OR_RETURN(const auto raised, TemporaryFile::Create());
  const std::shared_ptr<ByteSource> source = portable->Open();
  WriterOptions options;
  options.implementation.name = "devstate proxy";
  Checkpoint checkpoint;
  checkpoint.taken = taken;
  DS_ASSIGN_OR_RETURN(
      checkpoint.ids,
      fs::RaiseIds(source.get(), fs::kIdRaise, options, raised.get()));
  if (!checkpoint.ids.mounted) {
    return absl::FailedPreconditionError("the guest has not mounted");
  }
  DS_ASSIGN_OR_RETURN(checkpoint.state, TemporaryFile::Create());
  LoadRules rules;
  rules.format = format;
  DS_RETURN_IF_ERROR(ToBackend([&] { return raised->Open(); }, rules,
                               checkpoint.state.get())
                         .status);
  return checkpoint;
}

}  // namespace devstate::proxy
