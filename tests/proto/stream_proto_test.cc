// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A program that compiles stream.proto to C++, and links the structs that the
// library has instead.

#include <string>

#include "devstate/stream.pb.h"
#include "gtest/gtest.h"
#include "tests/proto/struct_header.h"

namespace devstate {
namespace {

TEST(StreamProto, ItsClassesAndTheStructsDoNotMeet) {
  const std::string schema(100, 's');
  const std::string feature(100, 'f');
  const std::string bytes = testing::MakeStructHeader(schema, feature);
  StreamHeader header;
  ASSERT_TRUE(header.ParseFromString(bytes));
  EXPECT_EQ(header.schema(), schema);
  ASSERT_EQ(header.used_features_size(), 1);
  EXPECT_EQ(header.used_features(0), feature);
  EXPECT_EQ(header.conversions_size(), 1);
  EXPECT_EQ(testing::RewriteStructHeader(header.SerializeAsString()), bytes);
}

}  // namespace
}  // namespace devstate
