// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vfio/migration_session.h"

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::vfio {

absl::Status MigrationSession::SetState(uint32_t number) {
  if (!IsMigrationState(number)) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no migration state ", number));
  }
  const MigrationState target = static_cast<MigrationState>(number);
  while (state_ != target) {
    const MigrationArc arc = NextArc(state_, target, device_.HasPreCopy());
    if (arc.action == MigrationAction::kRefuse) {
      return absl::FailedPreconditionError(
          absl::StrCat("the device goes from ", MigrationStateName(state_),
                       " to ", MigrationStateName(target), " on no way",
                       state_ == MigrationState::kError ? ": reset it" : ""));
    }
    const absl::Status status = Run(arc.action);
    state_ = status.ok() ? arc.to : arc.if_failed;
    DS_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::Status MigrationSession::Run(MigrationAction action) {
  switch (action) {
    case MigrationAction::kStart:
      return device_.Start();
    case MigrationAction::kStop:
      return device_.Stop();
    case MigrationAction::kBeginPreCopy:
      return device_.BeginSave(/*running=*/true);
    case MigrationAction::kStopInSave:
      return device_.StopInSave();
    case MigrationAction::kBeginSave:
      return device_.BeginSave(/*running=*/false);
    case MigrationAction::kEndSave:
      device_.EndSave();
      return absl::OkStatus();
    case MigrationAction::kBeginLoad:
      return device_.BeginLoad();
    case MigrationAction::kFinishLoad:
      return device_.FinishLoad();
    case MigrationAction::kRefuse:
      break;
  }
  return absl::InternalError("an arc without an action");
}

void MigrationSession::Reset() {
  if (IsSaving(state_)) device_.EndSave();
  if (IsLoading(state_)) device_.DiscardLoad();
  device_.Reset();
  state_ = MigrationState::kRunning;
}

absl::Status MigrationSession::NotInState(absl::string_view what) const {
  return absl::FailedPreconditionError(
      absl::StrCat(what, " in the state ", MigrationStateName(state_)));
}

absl::StatusOr<DataRead> MigrationSession::ReadData(char* buffer, size_t size) {
  if (!IsSaving(state_)) return NotInState("no state is read");
  DataRead read;
  DS_ASSIGN_OR_RETURN(read.size, device_.ReadData(buffer, size));
  if (read.size != 0) {
    read.kind = DataRead::Kind::kBytes;
  } else if (state_ == MigrationState::kPreCopy) {
    read.kind = DataRead::Kind::kNoMessage;
  }
  return read;
}

absl::Status MigrationSession::WriteData(absl::string_view bytes) {
  if (!IsLoading(state_)) return NotInState("no state is written");
  device_.WriteData(bytes);
  return absl::OkStatus();
}

absl::StatusOr<PreCopyBytes> MigrationSession::CountPreCopy() const {
  if (state_ != MigrationState::kPreCopy) {
    return NotInState("there is no pre-copy");
  }
  return device_.CountPreCopy();
}

}  // namespace devstate::vfio
