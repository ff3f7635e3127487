// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a state of any device type, as the header says: what is broken
// are rules of the type, and a state that breaks none is written whole and
// breaks none when it is read again.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "devstate/compat/rules.h"
#include "devstate/devices/all/device_types.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_reader.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;
using ::google::protobuf::Message;

// Returns the type of the stream's schema in the very version that the type
// checks, or null.
const DeviceType* TypeOf(absl::string_view bytes) {
  MemorySource source(bytes);
  StreamReader reader(&source);
  const auto header = reader.ReadHeader();
  return header.ok() ? FindDeviceType((*header)->schema) : nullptr;
}

// Returns null for what is no such state.
std::unique_ptr<Message> Read(const DeviceType& type, const SchemaModel& model,
                              absl::string_view bytes) {
  std::unique_ptr<Message> state(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(type.root)
          ->New());
  MemorySource source(bytes);
  DynamicStateReader reader(&source);
  StateCollector collector(state.get());
  return reader.Read(model, collector).ok() ? std::move(state) : nullptr;
}

bool IsRuleOf(const DeviceType& type, const std::string& id) {
  return FindRule(id) != nullptr ||
         std::any_of(type.rules.begin(), type.rules.end(),
                     [&id](const DeviceRule* rule) { return rule->id == id; });
}

void Run(absl::string_view bytes) {
  const DeviceType* const type = TypeOf(bytes);
  if (type == nullptr) return;
  const SchemaModel model = BuildSchemaModel(*type->root);
  const std::unique_ptr<Message> state = Read(*type, model, bytes);
  if (state == nullptr) return;
  const BrokenRules broken = CheckDeviceState(*type, *state);
  for (const BrokenRule& rule : broken.kept()) {
    Promise(IsRuleOf(*type, rule.rule), "a rule that is broken is known",
            rule.rule);
  }
  if (!broken.empty()) return;
  const SchemaFacts facts(*type->root);
  MemorySink sink;
  DynamicStateWriter writer(&sink, model, facts.info(), WriterOptions());
  const absl::Status written = WriteWholeState(*state, model, writer);
  Promise(written.ok(), "a state that breaks no rule is written",
          std::string(written.message()));
  const std::unique_ptr<Message> again = Read(*type, model, sink.bytes());
  Promise(again != nullptr, "what is written is read");
  Promise(CheckDeviceState(*type, *again).empty(),
          "what is read again breaks no rule",
          std::string(CheckDeviceState(*type, *again).ToStatus().message()));
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
