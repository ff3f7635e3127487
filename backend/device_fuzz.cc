// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a state that a device loads. A load shows nothing before its
// commit, a refused one leaves the device as it was, and a committed state is
// what the device saves. Most mutations are of the state, not of the stream, so
// that it is the device's own checks that are tried.

#include "devstate/backend/device_fuzz.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "fuzz/mutator_hook.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "fuzz/stream_mutator.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/message_differencer.h"

namespace devstate::fuzz {
namespace {

using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::Message;

WriterOptions Options() {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.embed_descriptor_set = false;
  return options;
}

// The schema of the device.
const SchemaView& Schema() {
  static const auto& schema = *[] {
    const absl::StatusOr<SchemaView> view = MakeFuzzedDevice()->View();
    Promise(view.ok(), "the device has a schema", view.status().ToString());
    return new SchemaView(*view);
  }();
  return schema;
}

std::unique_ptr<Message> NewState() {
  static auto& factory = *new google::protobuf::DynamicMessageFactory;
  return std::unique_ptr<Message>(factory.GetPrototype(Schema().root)->New());
}

// Reads a state, as the gate gives it to the device if there is one.
absl::Status ReadState(const std::string& stream, bool through_gate,
                       Message* state) {
  StringSource source(stream);
  DynamicStateReader reader(&source);
  StreamGate gate(Schema(), GateOptions());
  if (through_gate) {
    DS_ASSIGN_OR_RETURN(const auto* header, reader.ReadHeader());
    DS_RETURN_IF_ERROR(gate.OnHeader(*header));
    reader.SetFilter(&gate);
  }
  StateCollector collector(state);
  return reader.Read(*Schema().model, collector);
}

// Puts the records of each field into an order. The order in which a device
// keeps them is its own.
void SortRecords(Message* state) {
  const auto& reflection = *state->GetReflection();
  for (const FieldModel* batch : Schema().model->batches) {
    const auto* field = batch->descriptor;
    std::vector<std::string> records;
    for (int i = 0; i < reflection.FieldSize(*state, field); ++i) {
      records.push_back(SerializeDeterministic(
          reflection.GetRepeatedMessage(*state, field, i)));
    }
    std::sort(records.begin(), records.end());
    reflection.ClearField(state, field);
    for (const std::string& record : records) {
      Promise(reflection.AddMessage(state, field)->ParseFromString(record),
              "a record is a message");
    }
  }
}

// Returns how two states differ; empty if they do not.
std::string Difference(const std::string& loaded, const std::string& saved) {
  const std::unique_ptr<Message> expected = NewState();
  const std::unique_ptr<Message> actual = NewState();
  absl::Status status =
      ReadState(loaded, /*through_gate=*/true, expected.get());
  if (status.ok()) {
    status = ReadState(saved, /*through_gate=*/false, actual.get());
  }
  if (!status.ok()) return status.ToString();
  SortRecords(expected.get());
  SortRecords(actual.get());
  if (SerializeDeterministic(*expected) == SerializeDeterministic(*actual)) {
    return "";
  }
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  differencer.Compare(*expected, *actual);
  return absl::StrCat("loaded and saved differ:\n", difference);
}

std::string Save(StateHandlerCore& handler) {
  StringSink sink;
  const absl::Status saved = handler.Save(sink);
  Promise(saved.ok(), "the device saves its state at any time",
          saved.ToString());
  return sink.written;
}

void Run(const std::string& stream) {
  StateOptions options;
  options.writer = Options();
  StateHandlerCore handler(MakeFuzzedDevice(), options);
  const std::string before = Save(handler);
  StringSource source(stream);
  const absl::Status loaded = handler.Load(source).status;
  Promise(Save(handler) == before, "a load shows nothing before its commit");
  if (loaded.ok()) {
    const absl::Status committed = handler.Commit().status;
    if (committed.ok()) {
      const std::string difference = Difference(stream, Save(handler));
      Promise(difference.empty(), "a committed state is what is saved",
              difference);
      return;
    }
  }
  handler.Discard();
  Promise(Save(handler) == before, "a refused load leaves the device as it was",
          loaded.ToString());
}

// Changes a value of the state, wherever the columns have it.
std::string MutateState(const std::string& stream, Random& random,
                        const ByteMutator& mutate) {
  static const auto& facts = *new SchemaFacts(*Schema().root);
  const std::unique_ptr<Message> state = NewState();
  if (!ReadState(stream, /*through_gate=*/false, state.get()).ok()) {
    return MutateStream(stream, random, mutate);
  }
  const std::string changed =
      MutateWire(SerializeDeterministic(*state), random, mutate);
  StringSink sink;
  DynamicStateWriter writer(&sink, *Schema().model, facts.info(), Options());
  if (!state->ParseFromString(changed) ||
      !WriteWholeState(*state, *Schema().model, writer).ok()) {
    return stream;
  }
  return sink.written;
}

// The device's own state, as it is made.
const std::string& OwnState() {
  static const auto& state = *[] {
    StateOptions options;
    options.writer = Options();
    StateHandlerCore handler(MakeFuzzedDevice(), options);
    return new std::string(Save(handler));
  }();
  return state;
}

std::string MutateEither(const std::string& stream, Random& random,
                         const ByteMutator& mutate) {
  // What the device refers to, such as files, is in its own state alone.
  if (Below(4, random) == 0) return MutateState(OwnState(), random, mutate);
  return Below(8, random) == 0 ? MutateStream(stream, random, mutate)
                               : MutateState(stream, random, mutate);
}

}  // namespace
}  // namespace devstate::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  return devstate::fuzz::MutateInput(data, size, max_size, seed,
                                     &devstate::fuzz::MutateEither);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::fuzz::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
