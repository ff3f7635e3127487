// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// pair_cases [PAIRS [SEED]] prints what this gate makes of streams of other
// versions, for gates in other languages: one JSON object a line. First comes
// the table of changes, then random pairs of schemas.
//
//   name       the change in words, or the seed
//   static     what the two schemas alone say
//   reader     the descriptor set of the reader's schema, in a zstd frame
//   root       the full name of the root message
//   stream     a random state, written with the writer's schema
//   level      the verdict on it
//   refusing   the rules that refuse it
//   converted  the state as the reader has it, as a stream, unless it is
//   refused

#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/gate/pair_checker.h"
#include "devstate/compat/gate/random_schemas.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/compat/gate/state_stream.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/mapping.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/annotations.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/test_streams.h"
#include "google/protobuf/dynamic_message.h"

namespace devstate::testing {
namespace {

constexpr uint32_t kDefaultPairs = 300;
constexpr uint32_t kDefaultSeed = 20261129;

std::string Base64(absl::string_view bytes) {
  return absl::StrCat("\"", absl::Base64Escape(bytes), "\"");
}

// Prints a case for each of some random states.
void PrintCases(const std::string& name, const std::string& writer_text,
                const std::string& reader_text, int states,
                std::mt19937* random) {
  const LoadedSchema writer = Parse(writer_text);
  const LoadedSchema reader = Parse(reader_text);
  const SchemaFacts writer_facts(writer.root());
  const SchemaFacts reader_facts(reader.root());
  const SchemaPair pair = PairByVersion(writer.model(), reader.model());
  const DirectionVerdict of_schemas = CompareSchemas(Mapping(pair));
  for (int i = 0; i < states; ++i) {
    google::protobuf::DynamicMessageFactory factory;
    const std::unique_ptr<google::protobuf::Message> state(
        factory.GetPrototype(&writer.root())->New());
    FillRandomly(writer.model(), random, state.get());
    const std::string stream = WriteStream(writer, writer_facts.info(), *state);
    StringSource source(stream);
    bool upgrade = false;
    const Verdict verdict = CheckStream(
        &source, {&reader.root(), &reader.model()}, GateOptions(), &upgrade);
    std::vector<std::string> refusing;
    for (const Finding& finding : verdict.findings()) {
      if (finding.level() < VERDICT_LEVEL_REFUSED) continue;
      refusing.push_back(absl::StrCat("\"", finding.rule(), "\""));
    }
    std::string line = absl::StrCat(
        R"({"name":")", name, R"(","static":")", LevelName(of_schemas.level),
        R"(","reader":)", Base64(reader_facts.info().descriptor_set),
        R"(,"root":")", reader.root().full_name(), R"(","stream":)",
        Base64(stream), R"(,"level":")", LevelName(verdict.level()),
        R"(","refusing":[)", absl::StrJoin(refusing, ","), "]");
    if (verdict.level() < VERDICT_LEVEL_REFUSED) {
      StreamFindings findings;
      const std::unique_ptr<google::protobuf::Message> read =
          ConvertAll(writer, reader, *state, &factory, &findings);
      absl::StrAppend(&line, R"(,"converted":)",
                      Base64(WriteStream(reader, reader_facts.info(), *read)));
    }
    std::puts(absl::StrCat(line, "}").c_str());
  }
}

void PrintBothWays(const std::string& name, const std::string& older,
                   const std::string& newer, int states, std::mt19937* random) {
  PrintCases(absl::StrCat(name, ", upgrade"), older, newer, states, random);
  PrintCases(absl::StrCat(name, ", downgrade"), newer, older, states, random);
}

void PrintChanges() {
  for (const Change* change : AllChanges()) {
    std::mt19937 random(kDefaultSeed);
    PrintBothWays(change->name, OlderText(*change), NewerText(*change),
                  /*states=*/12, &random);
  }
}

bool IsSchema(const std::string& text) {
  const absl::StatusOr<LoadedSchema> schema = ParseSchema("s.proto", text, {});
  return schema.ok() && CheckAnnotations(schema->model()).ok();
}

void PrintRandomPairs(uint32_t pairs, uint32_t seed) {
  // A generated pair in four is no schema.
  const uint32_t limit = seed + 4 * pairs;
  for (; pairs != 0 && seed != limit; ++seed) {
    const RandomPair pair = MakeRandomPair(seed);
    if (!IsSchema(pair.older) || !IsSchema(pair.newer)) continue;
    --pairs;
    std::mt19937 random(seed);
    PrintBothWays(absl::StrCat("seed ", seed), pair.older, pair.newer,
                  /*states=*/5, &random);
  }
}

}  // namespace
}  // namespace devstate::testing

int main(int argc, char** argv) {
  uint32_t pairs = devstate::testing::kDefaultPairs;
  uint32_t seed = devstate::testing::kDefaultSeed;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &pairs)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &seed)) || argc > 3) {
    std::fputs("usage: pair_cases [PAIRS [SEED]]\n", stderr);
    return 2;
  }
  devstate::testing::PrintChanges();
  devstate::testing::PrintRandomPairs(pairs, seed);
  return std::ferror(stdout) != 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
