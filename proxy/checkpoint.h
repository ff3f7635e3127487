// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_CHECKPOINT_H_
#define DEVSTATE_PROXY_CHECKPOINT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/devices/fs/raise_ids.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/foreign/temporary_file.h"

namespace devstate::proxy {

// A state for the back-end that takes the place of one which has died.
struct Checkpoint {
  // In the format of the back-end, with the ids raised.
  std::unique_ptr<TemporaryFile> state;
  fs::RaisedIds ids;
  absl::Time taken;
};

// Makes a checkpoint of what a back-end has saved at `taken`.
//
// Errors: FAILED_PRECONDITION (nobody knows which ids such a state gives out,
// or the guest has not mounted), those of a state that is damaged or refused.
absl::StatusOr<Checkpoint> MakeCheckpoint(const OpenSource& saved,
                                          absl::Time taken);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_CHECKPOINT_H_
