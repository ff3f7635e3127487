// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Options of devstate.h as those of the library. INVALID_ARGUMENT names what is
// wrong.

#ifndef DEVSTATE_BACKEND_C_OPTIONS_H_
#define DEVSTATE_BACKEND_C_OPTIONS_H_

#include "absl/status/statusor.h"
#include "devstate/devstate.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/writer_options.h"

namespace devstate::c {

absl::StatusOr<Limits> ReadLimits(const devstate_limits* given);

absl::StatusOr<WriterOptions> ReadWriteOptions(
    const devstate_write_options* given);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_OPTIONS_H_
