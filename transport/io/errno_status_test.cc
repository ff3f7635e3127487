// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/errno_status.h"

#include <cerrno>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::StatusIs;

TEST(ErrnoStatusTest, PeersMediaAndLimitsAreToldApart) {
  for (const int error : {EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN}) {
    EXPECT_THAT(ErrnoStatus(error, "x"),
                StatusIs(absl::StatusCode::kUnavailable));
  }
  for (const int error : {ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM}) {
    EXPECT_THAT(ErrnoStatus(error, "x"),
                StatusIs(absl::StatusCode::kResourceExhausted));
  }
  for (const int error : {EIO, EREMOTEIO, ESTALE}) {
    EXPECT_THAT(ErrnoStatus(error, "x"), StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST(ErrnoStatusTest, MessageNamesTheThingAndTheError) {
  EXPECT_THAT(ErrnoStatus(ENOENT, "/some/path"),
              StatusIs(absl::StatusCode::kNotFound,
                       "/some/path: No such file or directory"));
}

}  // namespace
}  // namespace devstate
