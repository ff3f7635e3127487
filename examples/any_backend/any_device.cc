// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/any_backend/any_device.h"

#include <set>
#include <utility>

#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/used_features.h"

namespace devstate::examples {

using ::google::protobuf::Descriptor;
using ::google::protobuf::Message;

AnyDevice::AnyDevice(const Descriptor& root, const DeviceType* type)
    : root_(root),
      type_(type),
      model_(BuildSchemaModel(root)),
      facts_(root),
      state_(NewState()) {
  view_.root = &root_;
  view_.model = &model_;
}

BrokenRules AnyDevice::Check() const { return CheckState(*state_); }

std::optional<std::vector<std::string>> AnyDevice::UsedFeatures() const {
  std::set<std::string> features;
  AddUsedFeatures(*state_, &features);
  return std::vector<std::string>(features.begin(), features.end());
}

std::shared_ptr<RecordWriter> AnyDevice::MakeWriter(
    ByteSink* sink, const WriterOptions& options) const {
  return std::make_shared<DynamicStateWriter>(sink, model_, facts_.info(),
                                              options);
}

absl::Status AnyDevice::SaveState(RecordWriter& writer) {
  return WriteWholeState(*state_, model_,
                         static_cast<DynamicStateWriter&>(writer));
}

std::shared_ptr<RecordReader> AnyDevice::MakeReader(
    ByteSource* source, const Limits& limits) const {
  return std::make_shared<DynamicStateReader>(source, limits);
}

void AnyDevice::StageLoad() { staged_ = NewState(); }

absl::Status AnyDevice::ReadState(RecordReader& reader) {
  StateCollector collector(staged_.get());
  return static_cast<DynamicStateReader&>(reader).Read(model_, collector);
}

absl::Status AnyDevice::Prepare() { return CheckState(*staged_).ToStatus(); }

absl::Status AnyDevice::Commit() {
  state_ = std::move(staged_);
  return absl::OkStatus();
}

void AnyDevice::Unstage() { staged_.reset(); }

std::unique_ptr<Message> AnyDevice::NewState() {
  return std::unique_ptr<Message>(factory_.GetPrototype(&root_)->New());
}

BrokenRules AnyDevice::CheckState(const Message& state) const {
  return type_ == nullptr ? BrokenRules() : CheckDeviceState(*type_, state);
}

}  // namespace devstate::examples
