// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the load gate costs: reads a generated inode table from memory without
// it, with it for a stream of the reader's own schema, for one of another
// version that needs no conversion, and for one of which every record is
// converted, side by side.
//
//   bazel run //tests/bench:load_gate -- --records 1000000

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/options.pb.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/bench/inode_row.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateSchema;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

// Another version of the schema: each inode may have a field more, and its
// refcount may be of a narrower type, so that every record is converted.
absl::StatusOr<LoadedSchema> NextVersion(bool narrower) {
  google::protobuf::FileDescriptorSet set;
  const auto add = [&set](const google::protobuf::FileDescriptor& file,
                          const auto& self) -> void {
    for (int i = 0; i < file.dependency_count(); ++i) {
      self(*file.dependency(i), self);
    }
    file.CopyTo(set.add_file());
  };
  add(*FsState::descriptor()->file(), add);
  google::protobuf::FileDescriptorProto& file =
      *set.mutable_file(set.file_size() - 1);
  for (google::protobuf::DescriptorProto& message :
       *file.mutable_message_type()) {
    if (message.name() == "FsState") {
      message.mutable_options()
          ->MutableExtension(devstate::message)
          ->set_version(FsStateSchema().version + 1);
    }
    if (message.name() != "Inode") continue;
    for (google::protobuf::FieldDescriptorProto& field :
         *message.mutable_field()) {
      if (narrower && field.name() == "refcount") {
        field.set_type(google::protobuf::FieldDescriptorProto::TYPE_UINT32);
      }
    }
    google::protobuf::FieldDescriptorProto& field = *message.add_field();
    field.set_name("later");
    field.set_number(50);
    field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(google::protobuf::FieldDescriptorProto::TYPE_UINT32);
    FieldAnnotations& annotations =
        *field.mutable_options()->MutableExtension(devstate::field);
    annotations.set_since(FsStateSchema().version + 1);
    annotations.set_ignorable(true);
  }
  SchemaLoadOptions options;
  options.root = FsState::descriptor()->full_name();
  return ParseDescriptorSet("next version", set.SerializeAsString(), options);
}

// Lets a state be one of the next version; with a column, adds one for the new
// field to each batch.
class NextVersionFilter : public SaveFilter {
 public:
  NextVersionFilter(const SchemaInfo& next, bool used)
      : next_(next), used_(used) {}

  const SchemaInfo& schema() const override { return next_; }

  absl::StatusOr<absl::string_view> FilterRoot(
      const google::protobuf::Message& root) override {
    payload_ = SerializeDeterministic(root);
    return absl::string_view(payload_);
  }

  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override {
    Chunk result = batch;
    if (used_) {
      // later: UNSIGNED, CONSTANT, base 1.
      static constexpr char kColumn[] = "\x92\x03\x06\x08\x01\x10\x01\x18\x01";
      payload_.assign(batch.payload.data(), batch.payload.size());
      payload_.append(kColumn, sizeof(kColumn) - 1);
      result.payload = payload_;
    }
    return result;
  }

 private:
  const SchemaInfo& next_;
  const bool used_;
  std::string payload_;
};

// `filter` may be null.
absl::StatusOr<std::string> Write(const InodeTable& table, SaveFilter* filter) {
  StringSink sink;
  WriterOptions options;
  options.compression = Compression::Raw();
  FsStateWriter writer(&sink, options);
  if (filter != nullptr) writer.SetFilter(filter);
  DS_RETURN_IF_ERROR(writer.Begin(FsState()));
  InodeRow row;
  for (const LiveInode& inode : table.inodes) {
    FillRow(table, inode, &row);
    DS_RETURN_IF_ERROR(writer.AddInodes(row));
  }
  DS_RETURN_IF_ERROR(writer.Finish());
  return sink.written;
}

// Looks at every row, and keeps none.
class CountingVisitor : public FsStateVisitor {
 public:
  absl::Status OnRoot(const FsState&) override { return absl::OkStatus(); }
  absl::Status OnInodes(InodesBatch& batch) override {
    InodeRow row;
    while (batch.Next(&row)) {
      sum_ += row.id + row.path->name.size() + row.attributes->ino;
      ++rows_;
    }
    return absl::OkStatus();
  }
  absl::Status OnHandles(HandlesBatch&) override { return absl::OkStatus(); }
  absl::Status OnMountPaths(MountPathsBatch&) override {
    return absl::OkStatus();
  }
  uint64_t rows() const { return rows_; }
  uint64_t sum() const { return sum_; }

 private:
  uint64_t rows_ = 0;
  uint64_t sum_ = 0;
};

struct Variant {
  const char* name;
  const std::string* stream;
  bool gate;
  VerdictLevel expected;
  std::vector<double> ms;
};

absl::Status RunOnce(Variant* variant, size_t records) {
  StringSource source(*variant->stream);
  CountingVisitor visitor;
  const absl::Time start = absl::Now();
  FsStateReader reader(&source);
  std::unique_ptr<StreamGate> gate;
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  if (variant->gate) {
    gate = std::make_unique<StreamGate>(
        GeneratedSchema(FsStateSchema().root_message), GateOptions());
    DS_RETURN_IF_ERROR(gate->OnHeader(*header));
    reader.SetFilter(gate.get());
  }
  DS_RETURN_IF_ERROR(reader.Read(visitor));
  if (gate != nullptr) DS_RETURN_IF_ERROR(gate->OnEnd());
  variant->ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
  if (visitor.rows() != records ||
      (gate != nullptr && gate->verdict().level() != variant->expected)) {
    return absl::InternalError(
        absl::StrFormat("%s: not what was expected", variant->name));
  }
  return absl::OkStatus();
}

absl::Status Run(size_t records, int repetitions) {
  const InodeTable table = GenerateTable(records);
  DS_ASSIGN_OR_RETURN(const LoadedSchema next, NextVersion(false));
  DS_ASSIGN_OR_RETURN(const LoadedSchema narrower, NextVersion(true));
  const SchemaFacts facts(next.root());
  const SchemaFacts narrower_facts(narrower.root());
  NextVersionFilter unused(facts.info(), false);
  NextVersionFilter used(facts.info(), true);
  NextVersionFilter narrow(narrower_facts.info(), false);
  DS_ASSIGN_OR_RETURN(const std::string same, Write(table, nullptr));
  DS_ASSIGN_OR_RETURN(const std::string other, Write(table, &unused));
  DS_ASSIGN_OR_RETURN(const std::string dropped, Write(table, &used));
  DS_ASSIGN_OR_RETURN(const std::string converted, Write(table, &narrow));
  std::vector<Variant> variants = {
      {"no gate", &same, false, IDENTICAL, {}},
      {"gate, equal fingerprints", &same, true, IDENTICAL, {}},
      {"gate, next version, nothing of it used", &other, true, COMPATIBLE, {}},
      {"gate, next version, a field of it dropped", &dropped, true, LOSSY, {}},
      {"gate, every record converted", &converted, true, COMPATIBLE, {}},
  };
  for (int i = 0; i < repetitions; ++i) {
    for (Variant& variant : variants) {
      DS_RETURN_IF_ERROR(RunOnce(&variant, records));
    }
  }
  absl::PrintF("%d records, medians of %d\n%-42s %9s %10s %8s\n", records,
               repetitions, "reading from memory", "ms", "ns/record", "ratio");
  std::vector<double> ratios;
  for (const Variant& variant : variants) {
    ratios.clear();
    for (int i = 0; i < repetitions; ++i) {
      ratios.push_back(variant.ms[i] / variants[0].ms[i]);
    }
    const double ms = Median(variant.ms);
    absl::PrintF("%-42s %9.2f %10.2f %8.3f\n", variant.name, ms,
                 ms * 1e6 / static_cast<double>(records), Median(ratios));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) {
  CLI::App app("What the load gate costs");
  size_t records = 1000000;
  int repetitions = 11;
  app.add_option("--records", records)->capture_default_str();
  app.add_option("--repetitions", repetitions)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = devstate::bench::Run(records, repetitions);
  if (status.ok()) return 0;
  absl::FPrintF(stderr, "load_gate: %s\n", status.ToString());
  return 1;
}
