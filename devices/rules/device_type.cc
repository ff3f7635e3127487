// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rules/device_type.h"

#include <memory>
#include <string>
#include <unordered_map>

#include "devstate/compat/gate/constraints.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/compat/rules.h"
#include "devstate/options.pb.h"
#include "devstate/schema/schema_model.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::MessageFactory;

constexpr DeviceRule kFeatureNotNegotiated = {
    "feature-not-negotiated",
    "A field is set whose feature the driver has not negotiated.",
    "Save acked_features as the driver left them, and no setting that it "
    "could not make."};

// VIRTIO 1.3, section 6.
constexpr DeviceFeature kCommonFeatures[] = {{"VIRTIO_F_EVENT_IDX", 29},
                                             {"VIRTIO_F_RING_PACKED", 34}};

// Looks for fields whose feature was not negotiated. The configuration space is
// passed over: what is in there depends on what the device offers.
class FeatureCheck {
 public:
  FeatureCheck(const DeviceType& type, const Message& state,
               BrokenRules* broken)
      : type_(type), broken_(*broken) {
    const FieldDescriptor* field =
        state.GetDescriptor()->FindFieldByName("acked_features");
    if (field == nullptr) return;
    acked_ = state.GetReflection()->GetUInt64(state, field);
    Check(state, "");
  }

 private:
  // Whether messages of this type can hold a field of a feature.
  bool CanHoldFeatures(const Descriptor& message) {
    const auto [entry, is_new] = can_hold_.emplace(&message, false);
    if (!is_new) return entry->second;
    bool found = false;
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      found = found || !FeatureOf(field).empty() ||
              (field.message_type() != nullptr &&
               CanHoldFeatures(*field.message_type()));
    }
    return can_hold_[&message] = found;
  }

  static const std::string& FeatureOf(const FieldDescriptor& field) {
    return field.options().GetExtension(devstate::field).feature();
  }

  // Whether the driver has it. A feature that nobody knows is not for here.
  bool IsNegotiated(absl::string_view name) const {
    for (const DeviceFeature& feature : kCommonFeatures) {
      if (feature.name == name) return (acked_ >> feature.bit & 1) != 0;
    }
    for (const DeviceFeature& feature : type_.features) {
      if (feature.name == name) return (acked_ >> feature.bit & 1) != 0;
    }
    return true;
  }

  void Check(const Message& message, const std::string& path) {
    if (!CanHoldFeatures(*message.GetDescriptor())) return;
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (path.empty() && field->name() == "config") continue;
      const std::string place = absl::StrCat(path, field->name());
      const std::string& feature = FeatureOf(*field);
      if (!feature.empty() && !IsNegotiated(feature)) {
        broken_.Add(kFeatureNotNegotiated, place, "it is set without ",
                    feature);
        continue;
      }
      CheckMessages(message, *field, place);
    }
  }

  void CheckMessages(const Message& message, const FieldDescriptor& field,
                     const std::string& place) {
    if (field.message_type() == nullptr) return;
    const auto& reflection = *message.GetReflection();
    if (!field.is_repeated()) {
      Check(reflection.GetMessage(message, &field), place + ".");
      return;
    }
    if (!CanHoldFeatures(*field.message_type())) return;
    const int size = reflection.FieldSize(message, &field);
    for (int i = 0; i < size; ++i) {
      Check(reflection.GetRepeatedMessage(message, &field, i),
            PlaceOf(place, i) + ".");
    }
  }

  const DeviceType& type_;
  BrokenRules& broken_;
  uint64_t acked_ = 0;
  std::unordered_map<const Descriptor*, bool> can_hold_;
};

// Checks what the annotations of the schema say.
void CheckAnnotations(const Message& state, BrokenRules* broken) {
  const SchemaModel schema = BuildSchemaModel(*state.GetDescriptor());
  StreamFindings findings;
  ConstraintChecker checker(&schema, schema.version(), {});
  checker.CheckRoot(state, &findings);
  for (const FieldModel* batch : schema.batches) {
    const auto& reflection = *state.GetReflection();
    const int size = reflection.FieldSize(state, batch->descriptor);
    for (int i = 0; i < size; ++i) {
      checker.CheckRecord(
          *batch, reflection.GetRepeatedMessage(state, batch->descriptor, i),
          &findings);
    }
  }
  checker.CheckEnd(&findings);
  for (const Finding& finding : findings.Sorted()) {
    const Rule* rule = FindRule(finding.rule());
    broken->Add({finding.rule(), finding.path(), finding.text(),
                 rule == nullptr ? "" : std::string(rule->remedy)});
  }
}

}  // namespace

BrokenRules CheckDeviceState(const DeviceType& type, const Message& state) {
  BrokenRules broken;
  CheckAnnotations(state, &broken);
  FeatureCheck(type, state, &broken);
  const Message& prototype =
      *MessageFactory::generated_factory()->GetPrototype(type.root);
  // A dynamic message can have the descriptor of a generated one.
  if (state.GetReflection() == prototype.GetReflection()) {
    type.check(state, &broken);
    return broken;
  }
  const std::unique_ptr<Message> generated(prototype.New());
  // Strings that were read are UTF-8, so it takes it all.
  static_cast<void>(
      generated->ParsePartialFromString(state.SerializePartialAsString()));
  type.check(*generated, &broken);
  return broken;
}

std::vector<const DeviceRule*> JoinRules(
    std::vector<const DeviceRule*> own,
    const std::vector<const std::vector<const DeviceRule*>*>& shared) {
  for (const auto* rules : shared) {
    own.insert(own.end(), rules->begin(), rules->end());
  }
  own.push_back(&kFeatureNotNegotiated);
  return own;
}

}  // namespace devstate
