// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Macros that return early on an error status. They are for .cc files and
// generated code only, because macros do not belong into a public header.

#ifndef THIRD_PARTY_ABSL_COMPAT_STATUS_MACROS_H_
#define THIRD_PARTY_ABSL_COMPAT_STATUS_MACROS_H_

#include <utility>

#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define DS_RETURN_IF_ERROR(expr)                                 \
  do {                                                           \
    ::absl::Status ds_status_ = (expr);                          \
    if (ABSL_PREDICT_FALSE(!ds_status_.ok())) return ds_status_; \
  } while (false)

#define DS_ASSIGN_OR_RETURN(lhs, expr) \
  DS_ASSIGN_OR_RETURN_IMPL_(DS_CONCAT_(ds_or_, __LINE__), lhs, expr)

#define DS_CONCAT_INNER_(a, b) a##b
#define DS_CONCAT_(a, b) DS_CONCAT_INNER_(a, b)
#define DS_ASSIGN_OR_RETURN_IMPL_(statusor, lhs, expr)              \
  auto statusor = (expr);                                           \
  if (ABSL_PREDICT_FALSE(!statusor.ok())) return statusor.status(); \
  lhs = *std::move(statusor)

#endif  // THIRD_PARTY_ABSL_COMPAT_STATUS_MACROS_H_
