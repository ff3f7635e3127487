// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/all/device_types.h"

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

TEST(DeviceTypesTest, TypesAreFoundBySchemaName) {
  for (const DeviceType* type : AllDeviceTypes()) {
    EXPECT_EQ(FindDeviceType(SchemaName(*type)), type);
    EXPECT_TRUE(HasSchema(*type, BuildSchemaModel(*type->root)));
  }
  EXPECT_EQ(FindDeviceType("devices.none.v1"), nullptr);
}

TEST(DeviceTypesTest, TypesAreInOrder) {
  std::string last;
  for (const DeviceType* type : AllDeviceTypes()) {
    EXPECT_LT(last, SchemaName(*type));
    last = SchemaName(*type);
  }
}

// A misspelled feature would never be missing.
TEST(DeviceTypesTest, FeaturesOfASchemaHaveTheirBits) {
  for (const DeviceType* type : AllDeviceTypes()) {
    // The back-ends of others check what depends on features.
    if (type->rules.empty()) continue;
    // Nobody negotiates what is in an envelope.
    if (type->root->FindFieldByName("acked_features") == nullptr) continue;
    std::set<std::string> known = {"VIRTIO_F_EVENT_IDX",
                                   "VIRTIO_F_RING_PACKED"};
    for (const DeviceFeature& feature : type->features) {
      known.emplace(feature.name);
    }
    // All that have rings name them.
    std::set<std::string> named;
    const SchemaModel schema = BuildSchemaModel(*type->root);
    for (const auto& message : schema.messages) {
      for (const FieldModel& field : message->fields) {
        if (!field.annotations.feature().empty()) {
          named.insert(field.annotations.feature());
        }
      }
    }
    EXPECT_EQ(known, named) << SchemaName(*type);
  }
}

TEST(DeviceTypesTest, OneIdIsOneRuleAndInTheDocument) {
  std::ifstream file("docs/devices.md");
  const std::string document((std::istreambuf_iterator<char>(file)), {});
  ASSERT_FALSE(document.empty());
  std::map<std::string, const DeviceRule*> rules;
  for (const DeviceType* type : AllDeviceTypes()) {
    for (const DeviceRule* rule : type->rules) {
      const auto [known, is_new] = rules.emplace(rule->id, rule);
      EXPECT_TRUE(is_new || known->second == rule) << rule->id;
      EXPECT_TRUE(absl::StrContains(
          document, absl::StrCat("| `", rule->id, "` | ", rule->text, " | ",
                                 rule->remedy, " |\n")))
          << rule->id;
    }
  }
}

TEST(DeviceTypesTest, DynamicMessagesAreCheckedAsGeneratedOnes) {
  google::protobuf::DynamicMessageFactory dynamic;
  for (const DeviceType* type : AllDeviceTypes()) {
    const std::unique_ptr<google::protobuf::Message> state(
        dynamic.GetPrototype(type->root)->New());
    const std::unique_ptr<google::protobuf::Message> generated(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(type->root)
            ->New());
    EXPECT_EQ(CheckDeviceState(*type, *state).ToStatus(),
              CheckDeviceState(*type, *generated).ToStatus())
        << SchemaName(*type);
  }
}

}  // namespace
}  // namespace devstate
