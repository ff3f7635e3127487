// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// An entry of a map always has a value: one that is not written is a message of
// zeros, which has to keep the bounds.

#include <memory>
#include <string>
#include <utility>

#include "devstate/backend/c/device.h"
#include "devstate/backend/state_handler.h"
#include "devstate/devstate.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/c/named.devstate-c.h"

namespace devstate::test::named {
namespace {

using ::devstate::testing::HandmadeStream;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

// A device whose state is one part, which comes and goes with it.
struct Device {
  bool has_part = false;
  uint32_t id = 0;
};

int Save(void* device, devstate_writer* writer) {
  const Device& own = *static_cast<Device*>(device);
  devstate_test_named_named_parts_entry entry = {};
  entry.key = {"a", 1};
  entry.has_value = own.has_part;
  entry.value.id = own.id;
  devstate_test_named_named root = {};
  root.parts = {&entry, 1};
  return devstate_test_named_named_begin(writer, &root);
}

int Stage(void* device, void** staged) {
  *staged = device;
  return 0;
}

int Batch(void* staged, const devstate_batch* batch) {
  const auto& root =
      *static_cast<const devstate_test_named_named*>(batch->rows);
  Device& own = *static_cast<Device*>(staged);
  own.has_part = root.parts.count == 1 && root.parts.data->has_value;
  if (own.has_part) own.id = root.parts.data->value.id;
  return 0;
}

int Commit(void*) { return 0; }

void Unstage(void*) {}

class NamedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    devstate_device_ops ops = {};
    ops.size = sizeof(ops);
    ops.save = &Save;
    ops.stage = &Stage;
    ops.batch = &Batch;
    ops.commit = &Commit;
    ops.unstage = &Unstage;
    auto handler = c::MakeDeviceHandler(&devstate_test_named_named_schema, &ops,
                                        &device_, nullptr);
    ASSERT_THAT(handler.status(), IsOk());
    handler_ = *std::move(handler);
  }

  // Returns a state with another root than the device's.
  std::string StateWithRoot(const std::string& root) {
    device_ = {true, 5};
    StringSink sink;
    EXPECT_THAT(handler_->Save(sink), IsOk());
    StringSource source(sink.written);
    StreamReader reader(&source);
    const auto header = reader.ReadHeader();
    EXPECT_THAT(header.status(), IsOk());
    device_ = {};
    return HandmadeStream(Serialize(**header)).AddRoot(root).Finish();
  }

  absl::Status Load(const std::string& state) {
    StringSource source(state);
    const absl::Status status = handler_->Load(source).status;
    handler_->Discard();
    return status;
  }

  Device device_;
  std::unique_ptr<StateTransfer> handler_;
};

constexpr char kEntry[] =
    "\n\x07\n\x01"
    "a\x12\x02\x08\x05";
constexpr char kEntryWithoutValue[] =
    "\n\x03\n\x01"
    "a";

TEST_F(NamedTest, AValueThatKeepsTheBoundsIsLoaded) {
  EXPECT_THAT(Load(StateWithRoot(kEntry)), IsOk());
  EXPECT_EQ(device_.id, 5u);
}

TEST_F(NamedTest, AValueThatIsNotWrittenIsCheckedWhenItIsLoaded) {
  EXPECT_THAT(Load(StateWithRoot(kEntryWithoutValue)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("value-out-of-bounds")));
}

TEST_F(NamedTest, AValueThatIsNotSetIsCheckedWhenItIsSaved) {
  StringSink sink;
  EXPECT_THAT(handler_->Save(sink),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("parts.value.id: 0, allowed is at least 1")));
}

}  // namespace
}  // namespace devstate::test::named
