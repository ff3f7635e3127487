// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Every line of cases.txt, through the readers of this implementation.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "devices/fs/v1/fs.devstate-c.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devices/net/v1/net.devstate-c.h"
#include "devices/net/v1/net.devstate.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "gtest/gtest.h"
#include "tests/codegen/c_states.h"
#include "tests/codegen/everything.devstate-c.h"
#include "tests/codegen/everything.devstate.h"
#include "tests/stream_cases/t.devstate-c.h"
#include "tests/stream_cases/t.devstate.h"

namespace devstate {
namespace {

using ::devstate::testing::StringSource;
using ::google::protobuf::FieldDescriptor;

constexpr char kFolder[] = "tests/stream_cases/";

std::string ReadFile(const std::string& name) {
  std::ifstream file(kFolder + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Case {
  std::string file;
  std::string reader;
  // "accepted", or the reasons of which one is given.
  std::string expected;
};

std::vector<Case> ReadCases() {
  std::vector<Case> cases;
  for (const absl::string_view line :
       absl::StrSplit(ReadFile("cases.txt"), '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    const bool accepted = words.size() == 3 && words[2] == "accepted";
    const bool refused = words.size() == 4 && words[2] == "refused";
    EXPECT_TRUE(accepted || refused) << line;
    if (!accepted && !refused) continue;
    cases.push_back({words[0], words[1], words.back()});
  }
  return cases;
}

std::string OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "accepted";
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? ReasonName(detail->reason) : status.ToString();
}

// --- The readers ---

struct Ignore : DynamicStateVisitor {
  absl::Status OnRoot(const google::protobuf::Message&) override {
    return absl::OkStatus();
  }
  absl::Status OnBatch(const FieldDescriptor&, Records&) override {
    return absl::OkStatus();
  }
};

absl::Status ReadFormat(const std::string& bytes) {
  StringSource source(bytes);
  DynamicStateReader reader(&source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  Ignore ignore;
  if (header->descriptor_set.empty()) {
    const auto* root = google::protobuf::DescriptorPool::generated_pool()
                           ->FindMessageTypeByName(header->root_message);
    if (root == nullptr) return absl::NotFoundError(header->root_message);
    const SchemaModel schema = BuildSchemaModel(*root);
    return reader.Read(schema, ignore);
  }
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      LoadEmbeddedSchema(SchemaOf(*header)));
  return reader.Read(schema.model(), ignore);
}

// Rows are what a generated reader hands out, so they are read to the end.
template <typename Batch>
absl::Status Drain(Batch& batch) {
  typename Batch::Row row;
  while (batch.Next(&row)) {
  }
  return absl::OkStatus();
}

struct FsVisitor : devices::fs::v1::FsStateVisitor {
  using Root = devices::fs::v1::FsState;
  using Reader = devices::fs::v1::FsStateReader;
  absl::Status OnRoot(const Root&) override { return absl::OkStatus(); }
  absl::Status OnInodes(devices::fs::v1::InodesBatch& b) override {
    return Drain(b);
  }
  absl::Status OnHandles(devices::fs::v1::HandlesBatch& b) override {
    return Drain(b);
  }
  absl::Status OnMountPaths(devices::fs::v1::MountPathsBatch& b) override {
    return Drain(b);
  }
};

struct NetVisitor : devices::net::v1::NetStateVisitor {
  using Root = devices::net::v1::NetState;
  using Reader = devices::net::v1::NetStateReader;
  absl::Status OnRoot(const Root&) override { return absl::OkStatus(); }
  absl::Status OnQueueCoalescing(
      devices::net::v1::QueueCoalescingBatch& b) override {
    return Drain(b);
  }
  absl::Status OnVrings(devices::net::v1::VringsBatch& b) override {
    return Drain(b);
  }
  absl::Status OnInflight(devices::net::v1::InflightBatch& b) override {
    return Drain(b);
  }
};

struct TVisitor : t::v1::TVisitor {
  using Root = t::v1::T;
  using Reader = t::v1::TReader;
  absl::Status OnRoot(const Root&) override { return absl::OkStatus(); }
  absl::Status OnRs(t::v1::RsBatch& b) override { return Drain(b); }
  absl::Status OnSs(t::v1::SsBatch& b) override { return Drain(b); }
};

struct EverythingVisitor : test::everything::EverythingVisitor {
  using Root = test::everything::Everything;
  using Reader = test::everything::EverythingReader;
  absl::Status OnRoot(const Root&) override { return absl::OkStatus(); }
  absl::Status OnScalars(test::everything::ScalarsBatch& b) override {
    return Drain(b);
  }
  absl::Status OnOptionals(test::everything::OptionalsBatch& b) override {
    return Drain(b);
  }
  absl::Status OnRepeateds(test::everything::RepeatedsBatch& b) override {
    return Drain(b);
  }
  absl::Status OnNested(test::everything::NestedBatch& b) override {
    return Drain(b);
  }
  absl::Status OnClass(test::everything::ClassBatch& b) override {
    return Drain(b);
  }
  absl::Status OnVisitor(test::everything::VisitorBatch& b) override {
    return Drain(b);
  }
  absl::Status OnStream(test::everything::StreamBatch& b) override {
    return Drain(b);
  }
  absl::Status OnStatus(test::everything::StatusBatch& b) override {
    return Drain(b);
  }
  absl::Status OnSize(test::everything::SizeBatch& b) override {
    return Drain(b);
  }
};

// In C++ and in C, which say the same.
template <typename Visitor, const devstate_schema& kSchemaInC>
absl::Status ReadWith(const std::string& bytes) {
  StringSource source(bytes);
  typename Visitor::Reader reader(&source);
  Visitor visitor;
  const absl::Status status = reader.Read(visitor);
  EXPECT_EQ(testing::ReadInC(kSchemaInC, bytes), testing::OutcomeOf(status));
  return status;
}

absl::Status ReadStrict(const std::string& bytes) {
  StringSource source(bytes);
  StreamReader reader(&source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  const std::map<std::string, absl::Status (*)(const std::string&)> readers = {
      {"devices.fs.v1.FsState",
       &ReadWith<FsVisitor, devices_fs_v1_fs_state_schema>},
      {"devices.net.v1.NetState",
       &ReadWith<NetVisitor, devices_net_v1_net_state_schema>},
      {"t.v1.T", &ReadWith<TVisitor, t_v1_t_schema>},
      {"devstate.test.everything.Everything",
       &ReadWith<EverythingVisitor,
                 devstate_test_everything_everything_schema>}};
  const auto found = readers.find(header->root_message);
  if (found == readers.end()) {
    return absl::NotFoundError(header->root_message);
  }
  return found->second(bytes);
}

// The ids of the rules that refuse the state, by the schema that it carries.
using Outcomes = std::set<std::string>;
Outcomes JudgeDeep(const std::string& bytes) {
  StringSource header_source(bytes);
  StreamReader reader(&header_source);
  const absl::StatusOr<const StreamHeader*> header = reader.ReadHeader();
  if (!header.ok()) return {header.status().ToString()};
  const absl::StatusOr<LoadedSchema> schema =
      LoadEmbeddedSchema(SchemaOf(**header));
  if (!schema.ok()) return {schema.status().ToString()};
  StringSource source(bytes);
  bool upgrade;
  const Verdict verdict = CheckStream(
      &source, {&schema->root(), &schema->model()}, GateOptions(), &upgrade);
  Outcomes rules;
  for (const Finding& finding : verdict.findings()) {
    if (finding.level() >= VERDICT_LEVEL_REFUSED) rules.insert(finding.rule());
  }
  return rules.empty() ? Outcomes{"accepted"} : rules;
}

// --- The cases ---

TEST(StreamCases, EveryReaderGivesTheAnswerThatTheDocumentAsksFor) {
  const std::vector<Case> cases = ReadCases();
  EXPECT_GE(cases.size(), 70u);
  for (const Case& test : cases) {
    const std::string bytes = ReadFile(test.file + ".dstate");
    Outcomes outcomes;
    if (test.reader == "format") {
      outcomes = {OutcomeOf(ReadFormat(bytes))};
    } else if (test.reader == "strict") {
      outcomes = {OutcomeOf(ReadStrict(bytes))};
    } else if (test.reader == "deep") {
      outcomes = JudgeDeep(bytes);
    }
    const Outcomes allowed = absl::StrSplit(test.expected, ',');
    EXPECT_TRUE(std::any_of(outcomes.begin(), outcomes.end(),
                            [&allowed](const std::string& outcome) {
                              return allowed.count(outcome) != 0;
                            }))
        << test.file << " " << test.reader << ": "
        << absl::StrJoin(outcomes, ", ") << ", expected " << test.expected;
  }
}

}  // namespace
}  // namespace devstate
