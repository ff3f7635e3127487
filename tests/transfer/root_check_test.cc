// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A save refuses what every load would refuse of the root's own fields.

#include <memory>

#include "absl/status/status.h"
#include "devices/net/v1/net.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devices::net::v1::NetState;
using ::devices::net::v1::NetStateCodec;
using ::devices::net::v1::NetStateWriter;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A device whose state is its root alone.
class RootDevice : public StateDevice<NetStateCodec> {
 public:
  absl::Status SaveState(NetStateWriter& writer) override {
    return writer.Begin(root);
  }
  std::unique_ptr<StagedState<NetStateCodec>> StageLoad() override {
    return nullptr;
  }

  NetState root;
};

TEST(RootCheckTest, SaveOfARootOutOfItsBoundsIsRefused) {
  RootDevice device;
  device.root.mutable_config();
  device.root.set_active_queue_pairs(32769);
  StateHandler<NetStateCodec> handler(&device);
  StringSink sink;
  EXPECT_THAT(
      handler.Save(sink),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("[value-out-of-bounds]"),
                     HasSubstr("active_queue_pairs"), HasSubstr("32769"))));
  EXPECT_EQ(sink.written, "");

  device.root.set_active_queue_pairs(32768);
  EXPECT_THAT(handler.Save(sink), IsOk());
}

TEST(RootCheckTest, SaveOfARootWithoutARequiredFieldIsRefused) {
  RootDevice device;
  StateHandler<NetStateCodec> handler(&device);
  StringSink sink;
  EXPECT_THAT(
      handler.Save(sink),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("[required-missing]"), HasSubstr("config"))));
}

}  // namespace
}  // namespace devstate
