// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device whose state is a message of a schema that is known at run time only.

#ifndef DEVSTATE_EXAMPLES_ANY_BACKEND_ANY_DEVICE_H_
#define DEVSTATE_EXAMPLES_ANY_BACKEND_ANY_DEVICE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/backend/state_handler.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate::examples {

class AnyDevice : public ErasedDevice {
 public:
  // A state that breaks a rule of `type` is not loaded. Null: none has any.
  // Requires: both outlive the device.
  AnyDevice(const google::protobuf::Descriptor& root, const DeviceType* type);

  const SchemaModel& model() const { return model_; }
  // The state that is in force. Empty at the start.
  google::protobuf::Message* state() { return state_.get(); }
  // Returns the rules that the state in force breaks.
  BrokenRules Check() const;

  const SchemaInfo& Schema() const override { return facts_.info(); }
  absl::StatusOr<SchemaView> View() const override { return view_; }
  std::optional<std::vector<std::string>> UsedFeatures() const override;
  std::shared_ptr<RecordWriter> MakeWriter(
      ByteSink* sink, const WriterOptions& options) const override;
  absl::Status SaveState(RecordWriter& writer) override;
  std::shared_ptr<RecordReader> MakeReader(ByteSource* source,
                                           const Limits& limits) const override;
  void StageLoad() override;
  absl::Status ReadState(RecordReader& reader) override;
  absl::Status Prepare() override;
  absl::Status Commit() override;
  void Unstage() override;

 private:
  std::unique_ptr<google::protobuf::Message> NewState();
  BrokenRules CheckState(const google::protobuf::Message& state) const;

  const google::protobuf::Descriptor& root_;
  const DeviceType* const type_;
  const SchemaModel model_;
  const SchemaFacts facts_;
  SchemaView view_;
  // Owns the types of the messages.
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<google::protobuf::Message> state_;
  std::unique_ptr<google::protobuf::Message> staged_;
};

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_ANY_BACKEND_ANY_DEVICE_H_
