// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/state_message.h"

#include <set>

#include "devstate/conformance/memory_stream.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::conformance {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

class Collector : public DynamicStateVisitor {
 public:
  explicit Collector(Message* state) : state_(*state) {}

  absl::Status OnRoot(const Message& root) override {
    state_.ParsePartialFromString(root.SerializePartialAsString());
    return absl::OkStatus();
  }
  absl::Status OnBatch(const FieldDescriptor& field,
                       Records& records) override {
    const auto* reflection = state_.GetReflection();
    for (const std::unique_ptr<Message>& record : records) {
      // Of the reader's factory, so it cannot be copied as a message.
      reflection->AddMessage(&state_, &field)
          ->ParsePartialFromString(record->SerializePartialAsString());
    }
    return absl::OkStatus();
  }

 private:
  Message& state_;
};

}  // namespace

absl::StatusOr<LoadedSchema> SchemaFor(absl::string_view stream,
                                       absl::string_view descriptor_set,
                                       const std::string& root) {
  if (!descriptor_set.empty()) {
    SchemaLoadOptions options;
    options.root = root;
    return ParseDescriptorSet("the schema", descriptor_set, options);
  }
  MemorySource source(stream);
  StreamReader reader(&source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  return LoadEmbeddedSchema(*header);
}

absl::StatusOr<std::unique_ptr<Message>> ReadStateMessage(
    absl::string_view stream, const LoadedSchema& schema,
    google::protobuf::DynamicMessageFactory& factory) {
  MemorySource source(stream);
  DynamicStateReader reader(&source);
  std::unique_ptr<Message> state(factory.GetPrototype(&schema.root())->New());
  Collector collector(state.get());
  DS_RETURN_IF_ERROR(reader.Read(schema.model(), collector));
  return state;
}

absl::StatusOr<std::string> WriteStateMessage(const Message& state,
                                              const LoadedSchema& schema) {
  const auto* reflection = state.GetReflection();
  const std::unique_ptr<Message> root(state.New());
  root->CopyFrom(state);
  for (const FieldModel* batch : schema.model().batches) {
    reflection->ClearField(root.get(), batch->descriptor);
  }
  std::set<std::string> features;
  AddUsedFeatures(state, &features);
  WriterOptions options;
  options.used_features =
      std::vector<std::string>(features.begin(), features.end());
  options.implementation.name = "devstate";
  const SchemaFacts facts(schema.root());
  MemorySink sink;
  DynamicStateWriter writer(&sink, schema.model(), facts.info(), options);
  DS_RETURN_IF_ERROR(writer.Begin(*root));
  for (const FieldModel* batch : schema.model().batches) {
    const FieldDescriptor* field = batch->descriptor;
    for (int i = 0; i < reflection->FieldSize(state, field); ++i) {
      DS_RETURN_IF_ERROR(
          writer.Add(*field, reflection->GetRepeatedMessage(state, field, i)));
    }
  }
  DS_RETURN_IF_ERROR(writer.Finish());
  return sink.bytes();
}

}  // namespace devstate::conformance
