// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/device_description.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

absl::StatusOr<std::vector<DeviceDescription>> ParseDevice(
    absl::string_view content) {
  return ParseDeviceDescription(absl::StrCat(
      R"({"devices": [{"name": "d", "instance_id": 0, )", content, "}]}"));
}

std::string Field(absl::string_view content) {
  return absl::StrCat(R"("fields": [{"name": "f", )", content, "}]");
}

TEST(DeviceDescription, BodyIsTheSumOfFieldsArraysAndSubsections) {
  const auto devices = ParseDevice(
      R"("vmsd_name": "x", "version": 7, "fields": [
           {"name": "a", "type": "uint8", "size": 3},
           {"name": "b", "array_len": 5, "type": "struct",
            "struct": {"fields": [{"name": "c", "size": 100}]}, "size": 11}],
         "subsections": [
           {"vmsd_name": "x/y", "version": 1,
            "fields": [{"name": "d", "size": 13}],
            "subsections": [{"vmsd_name": "x/y/z", "version": 1,
                             "fields": [{"name": "e", "size": 17}]}]}])");
  ASSERT_THAT(devices, IsOk());
  ASSERT_EQ(devices->size(), 1);
  const DeviceDescription& device = (*devices)[0];
  EXPECT_EQ(device.name, "d");
  EXPECT_EQ(device.version, 7);
  EXPECT_FALSE(device.state.has_value());
  EXPECT_EQ(device.body_size, 3 + 5 * 11 + (6 + 3 + 13) + (6 + 5 + 17));
}

TEST(DeviceDescription, ListsRepeatTheirKeysInOneObject) {
  const auto devices = ParseDevice(
      R"("fields": [{"name": "list", "type": "qtailq",
           "vmsd_name": "l", "version": 1, "fields": [{"name": "a", "size": 4}],
           "vmsd_name": "l", "version": 1, "fields": [{"name": "a", "size": 4}],
           "size": 11}])");
  ASSERT_THAT(devices, IsOk());
  EXPECT_EQ((*devices)[0].body_size, 11);
}

TEST(DeviceDescription, OldStyleDeviceSaysItsSizeTwice) {
  const auto devices = ParseDevice(
      R"("size": 9, "fields": [{"name": "data", "size": 9, "type": "buffer"}])");
  ASSERT_THAT(devices, IsOk());
  EXPECT_EQ((*devices)[0].body_size, 9);
  EXPECT_FALSE((*devices)[0].version.has_value());
}

TEST(DeviceDescription, StateOfAFileSystemIsASubsectionOfTheDevice) {
  const std::string state =
      R"("subsections": [{"vmsd_name": "vhost-user-fs-backend", "version": 0,
         "fields": [{"name": "back-end", "size": 5144}]}])";
  const std::string text = absl::StrCat(
      R"({"devices": [{"name": "d", "fields": [{"name": "v", "size": 40}], )",
      state, "}]}");
  const auto devices = ParseDeviceDescription(text);
  ASSERT_THAT(devices, IsOk());
  ASSERT_TRUE((*devices)[0].state.has_value());
  const StateField& field = *(*devices)[0].state;
  EXPECT_EQ(field.place, StateField::Place::kWhole);
  EXPECT_EQ(field.offset, 40 + 6 + kFsStateSubsection.size());
  EXPECT_EQ(field.size, 5144);
  EXPECT_EQ(text.substr(field.size_at, field.size_digits), "5144");

  // Deeper down it is something else.
  const auto nested = ParseDevice(absl::StrCat(
      R"("fields": [], "subsections": [{"vmsd_name": "x", "fields": [], )",
      state, "}]"));
  ASSERT_THAT(nested, IsOk());
  EXPECT_FALSE((*nested)[0].state.has_value());
}

TEST(DeviceDescription, StateOfANetworkDeviceIsInsideItsField) {
  const auto devices = ParseDevice(
      R"("vmsd_name": "virtio-net", "fields": [{"name": "virtio", "size": 9}])");
  ASSERT_THAT(devices, IsOk());
  ASSERT_TRUE((*devices)[0].state.has_value());
  EXPECT_EQ((*devices)[0].state->place, StateField::Place::kInside);
}

TEST(DeviceDescription, WhatIsNoJsonIsRefused) {
  for (const char* text :
       {"", "{", "nonsense", R"({"devices": [)", R"({"devices": []}})",
        "{\"devices\": [\x01]}", R"({"devices": [{"name": "\ud800"}]})"}) {
    EXPECT_THAT(
        ParseDeviceDescription(text),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no JSON")))
        << text;
  }
  for (const char* text :
       {"1", "[]", "{}", R"({"devices": 3})", R"([{"devices": []}])"}) {
    EXPECT_THAT(ParseDeviceDescription(text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("no list of devices")))
        << text;
  }
}

TEST(DeviceDescription, SizesThatCannotBeAreRefused) {
  for (const char* field : {
           R"("size": -1)",
           R"("size": 9223372036854775808)",
           R"("size": 4611686018427387904, "array_len": 4)",
           R"("size": 4611686018427387904}, {"size": 4611686018427387904)",
           R"("array_len": 18446744073709551615, "size": 3)",
       }) {
    EXPECT_THAT(ParseDevice(Field(field)),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << field;
  }
  EXPECT_THAT(ParseDevice(Field(R"("size": 1e5)")), IsOk());
}

TEST(DeviceDescription, DevicesHaveALimit) {
  std::string devices = "{}";
  for (size_t i = 1; i < kMaxDevices; ++i) devices += ",{}";
  EXPECT_THAT(
      ParseDeviceDescription(absl::StrCat("{\"devices\": [", devices, "]}")),
      IsOk());
  EXPECT_THAT(
      ParseDeviceDescription(absl::StrCat("{\"devices\": [", devices, ",{}]}")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("too many devices")));
}

TEST(DeviceDescription, NestingHasALimit) {
  const std::string deep = absl::StrCat(R"("x": )", std::string(100000, '['),
                                        std::string(100000, ']'));
  EXPECT_THAT(ParseDevice(deep), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("nested too deeply")));
}

}  // namespace
}  // namespace devstate
