// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a stream of everything.proto: through generated C++, generated C
// and the codec that has only descriptors. They take the same streams and find
// the same state in them; what one refuses, all refuse.

#include <cstdint>
#include <string>

#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/test_streams.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "tests/codegen/c_states.h"
#include "tests/codegen/everything.devstate-c.h"
#include "tests/codegen/everything.devstate.h"
#include "tests/codegen/row_copier.h"

namespace devstate::test::everything {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::fuzz::PromiseWritten;
using ::devstate::testing::Outcome;
using ::devstate::testing::OutcomeOf;
using ::devstate::testing::ReadInC;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

Limits SmallLimits() {
  Limits limits;
  limits.max_batch_memory = 1 << 20;
  return limits;
}

WriterOptions Options() {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.embed_descriptor_set = false;
  return options;
}

struct Result {
  absl::Status status;
  // The state as a stream of our own.
  std::string rewritten;
};

DEVSTATE_ROW_COPIER(Everything,
                    DEVSTATE_COPY(Scalars) DEVSTATE_COPY(Optionals)
                        DEVSTATE_COPY(Repeateds) DEVSTATE_COPY(Nested)
                            DEVSTATE_COPY(Class) DEVSTATE_COPY(Visitor)
                                DEVSTATE_COPY(Stream) DEVSTATE_COPY(Status)
                                    DEVSTATE_COPY(Size))

Result ThroughGenerated(const std::string& stream) {
  Result result;
  StringSource source(stream);
  StringSink sink;
  EverythingReader reader(&source, SmallLimits());
  RowCopier copier(&sink, Options());
  result.status = reader.Read(copier);
  if (!result.status.ok()) return result;
  PromiseWritten(copier.writer.Finish());
  result.rewritten = sink.written;
  return result;
}

Result ThroughDynamic(const std::string& stream) {
  static const auto& schema =
      *new SchemaModel(BuildSchemaModel(*Everything::descriptor()));
  static const auto& facts = *new SchemaFacts(*Everything::descriptor());
  Result result;
  StringSource source(stream);
  DynamicStateReader reader(&source, SmallLimits());
  Everything state;
  StateCollector collector(&state);
  result.status = reader.Read(schema, collector);
  if (!result.status.ok()) return result;
  StringSink sink;
  DynamicStateWriter writer(&sink, schema, facts.info(), Options());
  const absl::Status written = WriteWholeState(state, schema, writer);
  Promise(written.ok(), "the dynamic codec writes what it read",
          written.ToString());
  result.rewritten = sink.written;
  return result;
}

void Run(const std::string& stream) {
  const Result generated = ThroughGenerated(stream);
  const Result dynamic = ThroughDynamic(stream);
  Promise(generated.status.ok() == dynamic.status.ok(),
          "both codecs take the same streams",
          generated.status.ToString() + "\n" + dynamic.status.ToString());
  Promise(generated.rewritten == dynamic.rewritten,
          "both codecs find the same state");
  // C has the default limits, so that it may take what is above ours.
  const Outcome in_c =
      ReadInC(devstate_test_everything_everything_schema, stream);
  Promise(in_c.text.empty() || !generated.status.ok(), "C takes what C++ takes",
          in_c.text);
  Promise(!in_c.text.empty() || generated.status.ok() ||
              OutcomeOf(generated.status).reason == "LIMIT",
          "C refuses what C++ refuses", generated.status.ToString());
  if (generated.rewritten.empty()) return;
  const Result again = ThroughGenerated(generated.rewritten);
  Promise(again.status.ok() && again.rewritten == generated.rewritten,
          "what is written again is the same state", again.status.ToString());
}

}  // namespace
}  // namespace devstate::test::everything

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::test::everything::Run(
      std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
