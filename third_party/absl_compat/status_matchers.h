// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// GoogleMock matchers for absl::Status and absl::StatusOr.

#ifndef THIRD_PARTY_ABSL_COMPAT_STATUS_MATCHERS_H_
#define THIRD_PARTY_ABSL_COMPAT_STATUS_MATCHERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::testing {

inline const absl::Status& GetStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg);
  return GetStatus(arg).ok();
}

// Matches the code alone, or the code and a matcher for the message.
MATCHER_P(StatusIs, code, absl::StatusCodeToString(code)) {
  *result_listener << GetStatus(arg);
  return GetStatus(arg).code() == code;
}
MATCHER_P2(StatusIs, code, message, absl::StatusCodeToString(code)) {
  *result_listener << GetStatus(arg);
  return GetStatus(arg).code() == code &&
         ::testing::ExplainMatchResult(
             message, std::string(GetStatus(arg).message()), result_listener);
}

}  // namespace devstate::testing

#endif  // THIRD_PARTY_ABSL_COMPAT_STATUS_MATCHERS_H_
