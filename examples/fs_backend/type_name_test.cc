// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/type_name.h"

#include <sys/stat.h>

#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

TEST(TypeNameTest, TypesHaveNames) {
  EXPECT_EQ(TypeName(S_IFDIR | 0755), "directory");
  EXPECT_EQ(TypeName(S_IFIFO), "FIFO");
  EXPECT_EQ(TypeName(0), "thing of unknown type");
}

}  // namespace
}  // namespace devstate::examples
