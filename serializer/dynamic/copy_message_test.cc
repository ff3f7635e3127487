// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/copy_message.h"

#include <memory>

#include "devstate/diff.pb.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

TEST(CopyMessage, TakesMessagesOfAnotherFactory) {
  DiffChange from;
  from.set_path("text");
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> to(
      factory.GetPrototype(from.GetDescriptor())->New());
  ASSERT_THAT(CopyMessage(from, to.get()), IsOk());
  EXPECT_EQ(to->DebugString(), from.DebugString());
}

TEST(CopyMessage, RefusesWhatCannotBeReadBack) {
  DiffChange from;
  from.set_path("\xff");
  DiffChange to;
  EXPECT_THAT(CopyMessage(from, &to),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("devstate.DiffChange")));
}

}  // namespace
}  // namespace devstate
