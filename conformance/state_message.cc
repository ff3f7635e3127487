// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/state_message.h"

#include <set>

#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::conformance {

using ::google::protobuf::Message;

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
  return LoadEmbeddedSchema(SchemaOf(*header));
}

absl::StatusOr<std::unique_ptr<Message>> ReadStateMessage(
    absl::string_view stream, const LoadedSchema& schema,
    google::protobuf::DynamicMessageFactory& factory) {
  MemorySource source(stream);
  DynamicStateReader reader(&source);
  std::unique_ptr<Message> state(factory.GetPrototype(&schema.root())->New());
  StateCollector collector(state.get());
  DS_RETURN_IF_ERROR(reader.Read(schema.model(), collector));
  return state;
}

absl::StatusOr<std::string> WriteStateMessage(const Message& state,
                                              const LoadedSchema& schema) {
  std::set<std::string> features;
  AddUsedFeatures(state, &features);
  WriterOptions options;
  options.used_features =
      std::vector<std::string>(features.begin(), features.end());
  options.implementation.name = "devstate";
  const SchemaFacts facts(schema.root());
  MemorySink sink;
  DynamicStateWriter writer(&sink, schema.model(), facts.info(), options);
  DS_RETURN_IF_ERROR(WriteWholeState(state, schema.model(), writer));
  return sink.bytes();
}

}  // namespace devstate::conformance
