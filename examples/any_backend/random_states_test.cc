// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For each type of devices a walk through its states at random. What breaks no
// rule loads as it is, and what breaks one is refused with that rule.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "devstate/backend/state_handler.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/compat/gate/read_whole_state.h"
#include "devstate/devices/all/device_types.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/any_backend/any_device.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int kSteps = 150;

std::unique_ptr<Message> NewRoot(const DeviceType& type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(type.root)
          ->New());
}

// Adds `message` and all that are in it.
void AddNodes(Message* message, std::vector<Message*>* nodes) {
  nodes->push_back(message);
  const Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      AddNodes(reflection.MutableMessage(message, field), nodes);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
      AddNodes(reflection.MutableRepeatedMessage(message, field, i), nodes);
    }
  }
}

// Returns whether an error has the name of one of the rules.
bool Names(absl::string_view error, const BrokenRules& broken) {
  return std::any_of(broken.kept().begin(), broken.kept().end(),
                     [error](const BrokenRule& rule) {
                       return absl::StrContains(
                           error, absl::StrCat("[", rule.rule, "]"));
                     });
}

class StateWalk {
 public:
  explicit StateWalk(const DeviceType& type)
      : type_(type), model_(BuildSchemaModel(*type.root)), facts_(*type.root) {}

  // Begins with the golden stream, which breaks no rule.
  std::unique_ptr<Message> Start() {
    const std::vector<std::string> parts =
        absl::StrSplit(SchemaName(type_), '.');
    std::ifstream file(absl::StrCat("tests/golden/", parts[1], "_v",
                                    model_.version(), ".dstate"),
                       std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    MemorySource source(bytes);
    std::unique_ptr<Message> state = NewRoot(type_);
    EXPECT_THAT(ReadWholeState(&source, state.get()), IsOk());
    return state;
  }

  // Changes one thing.
  void Change(Message* state) {
    std::vector<Message*> nodes;
    AddNodes(state, &nodes);
    Message* const node = nodes[Below(nodes.size())];
    const auto& descriptor = *node->GetDescriptor();
    if (descriptor.field_count() == 0) return;
    const FieldDescriptor& field =
        *descriptor.field(static_cast<int>(Below(descriptor.field_count())));
    switch (Below(3)) {
      case 0:
        return Remove(node, field);
      case 1:
        return Step(node, field);
      default:
        return Graft(node, field);
    }
  }

  // Checks that the state loads if it breaks no rule, and is refused with one
  // of those that it breaks. Returns whether it loads.
  bool Load(const Message& state) {
    const BrokenRules broken = CheckDeviceState(type_, state);
    MemorySink sink;
    DynamicStateWriter writer(&sink, model_, facts_.info(), WriterOptions());
    if (!WriteWholeState(state, model_, writer).ok()) {
      EXPECT_FALSE(broken.empty())
          << "is not written: " << state.ShortDebugString();
      return false;
    }
    auto owned = std::make_unique<AnyDevice>(*type_.root, &type_);
    AnyDevice& device = *owned;
    StateHandlerCore handler(std::move(owned), StateOptions());
    MemorySource source(sink.bytes());
    const absl::Status loaded = handler.Load(source).status;
    if (!loaded.ok()) {
      handler.Discard();
      EXPECT_TRUE(Names(loaded.message(), broken)) << loaded << "\n"
                                                   << broken.ToStatus();
      EXPECT_EQ(device.state()->ByteSizeLong(), 0u);
      return false;
    }
    EXPECT_THAT(handler.Commit().status, IsOk());
    EXPECT_THAT(broken.ToStatus(), IsOk());
    EXPECT_EQ(device.state()->SerializeAsString(), state.SerializeAsString());
    return true;
  }

 private:
  size_t Below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }

  // Removes a value, or one of a list.
  void Remove(Message* node, const FieldDescriptor& field) {
    const Reflection& reflection = *node->GetReflection();
    if (!field.is_repeated()) return reflection.ClearField(node, &field);
    const int size = reflection.FieldSize(*node, &field);
    if (size == 0) return;
    reflection.SwapElements(node, &field, size - 1,
                            static_cast<int>(Below(static_cast<size_t>(size))));
    reflection.RemoveLast(node, &field);
  }

  // Takes a number one further.
  static void Step(Message* node, const FieldDescriptor& field) {
    const Reflection& reflection = *node->GetReflection();
    if (field.is_repeated()) return;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      reflection.SetUInt32(node, &field,
                           reflection.GetUInt32(*node, &field) + 1);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      reflection.SetUInt64(node, &field,
                           reflection.GetUInt64(*node, &field) + 1);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      reflection.SetBool(node, &field, !reflection.GetBool(*node, &field));
    }
  }

  // Takes the value of a message of the same type in a state that is made up of
  // what the schema allows.
  void Graft(Message* node, const FieldDescriptor& field) {
    const std::unique_ptr<Message> made_up = NewRoot(type_);
    FillRandomly(model_, &random_, made_up.get());
    std::vector<Message*> nodes;
    AddNodes(made_up.get(), &nodes);
    nodes.erase(std::remove_if(nodes.begin(), nodes.end(),
                               [&](const Message* other) {
                                 return other->GetDescriptor() !=
                                        node->GetDescriptor();
                               }),
                nodes.end());
    node->GetReflection()->ClearField(node, &field);
    if (nodes.empty()) return;
    Message* const from = nodes[Below(nodes.size())];
    std::vector<const FieldDescriptor*> fields;
    from->GetReflection()->ListFields(*from, &fields);
    for (const FieldDescriptor* other : fields) {
      if (other != &field) from->GetReflection()->ClearField(from, other);
    }
    node->MergeFrom(*from);
  }

  const DeviceType& type_;
  const SchemaModel model_;
  const SchemaFacts facts_;
  std::mt19937 random_{18};
};

TEST(RandomStatesTest, StateLoadsIfItBreaksNoRuleAndElseIsRefusedWithOne) {
  for (const DeviceType* type : AllDeviceTypes()) {
    SCOPED_TRACE(SchemaName(*type));
    // The back-ends of others check the states.
    if (type->rules.empty()) continue;
    StateWalk walk(*type);
    std::unique_ptr<Message> state = walk.Start();
    ASSERT_TRUE(walk.Load(*state));
    int loaded = 0;
    for (int i = 0; i < kSteps; ++i) {
      std::unique_ptr<Message> next = NewRoot(*type);
      next->CopyFrom(*state);
      walk.Change(next.get());
      if (!walk.Load(*next)) continue;
      ++loaded;
      state = std::move(next);
    }
    EXPECT_GT(loaded, 0);
    EXPECT_LT(loaded, kSteps);
  }
}

}  // namespace
}  // namespace devstate::examples
