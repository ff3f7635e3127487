// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the load gate costs: reads a generated inode table from memory without
// it, with it for a stream of the reader's own schema, for one of another
// version that needs no conversion, and for those of which every record is
// converted, side by side; and writes the table for those versions. There is
// one program for each release whose reader is to be measured.
//
//   bazel run //tests/bench:load_gate -- --records 1000000
//   bazel run //tests/bench:load_gate_v1 -- --records 1000000

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/save_profile.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "tests/bench/counting_visitor.h"
#include "tests/bench/heap_peak.h"
#include "tests/bench/inode_row.h"
#include "tests/bench/inode_table.h"
#include "tests/bench/median.h"
#include "tests/bench/other_versions.h"
#include "tests/bench/processor_time.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateSchema;
using ::devices::fs::v1::FsStateWriter;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

WriterOptions RawOptions() {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.use_second_thread = false;
  return options;
}

// The state as a stream: through `filter`, if it is not null.
absl::StatusOr<std::string> Write(const InodeTable& table, SaveFilter* filter) {
  StringSink sink;
  FsStateWriter writer(&sink, RawOptions());
  if (filter != nullptr) writer.SetFilter(filter);
  DS_RETURN_IF_ERROR(WriteTable(table, FsState(), writer));
  return sink.written;
}

// Another version of the schema to write and to read.
class OtherVersion {
 public:
  explicit OtherVersion(LoadedSchema schema)
      : schema_(std::move(schema)), facts_(schema_.root()) {}

  const SchemaInfo& info() const { return facts_.info(); }

  // The state as this version's writer would have it.
  absl::StatusOr<std::string> Write(const InodeTable& table) const {
    SaveProfile profile(GeneratedSchema(FsStateSchema().root_message),
                        {&schema_.root(), &schema_.model()}, facts_.info(),
                        /*archive=*/nullptr, /*steps=*/nullptr, RawOptions());
    DS_RETURN_IF_ERROR(profile.Begin());
    return bench::Write(table, &profile);
  }

 private:
  const LoadedSchema schema_;
  const SchemaFacts facts_;
};

// What is loaded, or saved, side by side.
struct Variant {
  std::string name;
  std::function<absl::Status()> run;
  std::vector<double> ms;
  size_t peak_bytes = 0;
};

// Loads `stream`, whose verdict is at most `worst`.
absl::Status Load(const InodeTable& table, const std::string& stream,
                  bool gated, VerdictLevel worst) {
  StringSource source(stream);
  CountingVisitor visitor;
  FsStateReader reader(&source);
  std::unique_ptr<StreamGate> gate;
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  if (gated) {
    gate = std::make_unique<StreamGate>(
        GeneratedSchema(FsStateSchema().root_message), GateOptions());
    DS_RETURN_IF_ERROR(gate->OnHeader(*header));
    reader.SetFilter(gate.get());
  }
  DS_RETURN_IF_ERROR(reader.Read(visitor));
  if (gate != nullptr) DS_RETURN_IF_ERROR(gate->OnEnd());
  if (visitor.rows() != table.inodes.size() ||
      (gate != nullptr && gate->verdict().level() > worst)) {
    return absl::InternalError("not what was expected");
  }
  return absl::OkStatus();
}

// Measures `variants`, of which the first is what the others are held against.
absl::Status Measure(const char* title, size_t records, size_t repetitions,
                     std::vector<Variant> variants) {
  for (size_t i = 0; i < repetitions; ++i) {
    for (Variant& variant : variants) {
      StartHeapPeak();
      // All that is measured here takes one thread and no I/O, and other
      // programs count for less than by the clock.
      const double start = ProcessorMilliseconds();
      const absl::Status status = variant.run();
      variant.ms.push_back(ProcessorMilliseconds() - start);
      variant.peak_bytes = HeapPeak();
      if (!status.ok()) {
        return absl::Status(status.code(),
                            absl::StrCat(variant.name, ": ", status.message()));
      }
    }
  }
  absl::PrintF("%d records, medians of %d\n%-42s %9s %10s %8s %9s\n", records,
               repetitions, title, "CPU ms", "ns/record", "ratio", "heap KiB");
  std::vector<double> ratios;
  for (const Variant& variant : variants) {
    ratios.clear();
    for (size_t i = 0; i < repetitions; ++i) {
      ratios.push_back(variant.ms[i] / variants[0].ms[i]);
    }
    const double ms = Median(variant.ms);
    absl::PrintF("%-42s %9.2f %10.2f %8.3f %9d\n", variant.name, ms,
                 ms * 1e6 / static_cast<double>(records), Median(ratios),
                 variant.peak_bytes / 1024);
  }
  return absl::OkStatus();
}

absl::Status Run(size_t records, size_t repetitions) {
  const InodeTable table = GenerateTable(records);
  DS_ASSIGN_OR_RETURN(const std::string same, Write(table, nullptr));

  DS_ASSIGN_OR_RETURN(LoadedSchema next_schema, NextVersion());
  const OtherVersion next(std::move(next_schema));
  NextVersionFilter unused(next.info(), false);
  NextVersionFilter used(next.info(), true);
  DS_ASSIGN_OR_RETURN(const std::string other, Write(table, &unused));
  DS_ASSIGN_OR_RETURN(const std::string dropped, Write(table, &used));

  // Of these every record is converted.
  std::map<std::string, std::unique_ptr<OtherVersion>> versions;
  if (FsStateSchema().version == 1) {
    DS_ASSIGN_OR_RETURN(LoadedSchema released, ReleasedVersion(3));
    versions["v3"] = std::make_unique<OtherVersion>(std::move(released));
  } else {
    DS_ASSIGN_OR_RETURN(LoadedSchema released, ReleasedVersion(1));
    versions["v1"] = std::make_unique<OtherVersion>(std::move(released));
    DS_ASSIGN_OR_RETURN(LoadedSchema alternative, AlternativeVersion());
    versions["alt"] = std::make_unique<OtherVersion>(std::move(alternative));
  }
  std::map<std::string, std::string> streams;
  for (const auto& [name, version] : versions) {
    DS_ASSIGN_OR_RETURN(streams[name], version->Write(table));
  }

  const auto load = [&table](std::string name, const std::string& stream,
                             bool gated, VerdictLevel worst) -> Variant {
    return {std::move(name),
            [&table, &stream, gated, worst] {
              return Load(table, stream, gated, worst);
            },
            {}};
  };
  std::vector<Variant> loads = {
      load("no gate", same, false, VERDICT_LEVEL_IDENTICAL),
      load("gate, equal fingerprints", same, true, VERDICT_LEVEL_IDENTICAL),
      load("gate, next version, nothing of it used", other, true,
           VERDICT_LEVEL_COMPATIBLE),
      load("gate, next version, a field of it dropped", dropped, true,
           VERDICT_LEVEL_LOSSY),
  };
  std::vector<Variant> saves = {
      {"as it is", [&table] { return Write(table, nullptr).status(); }, {}},
  };
  const std::string own = absl::StrCat("v", FsStateSchema().version);
  for (const auto& [name, version] : versions) {
    loads.push_back(load(absl::StrCat("gate, ", name, " to ", own),
                         streams[name], true, VERDICT_LEVEL_CONVERTED));
    saves.push_back({absl::StrCat(own, " to ", name),
                     [&table, &version = *version] {
                       return version.Write(table).status();
                     },
                     {}});
  }
  DS_RETURN_IF_ERROR(
      Measure("reading from memory", records, repetitions, std::move(loads)));
  return Measure("writing to memory", records, repetitions, std::move(saves));
}

}  // namespace
}  // namespace devstate::bench

int main(int argc, char** argv) {
  devstate::Command program("load_gate", "What the load gate costs");
  size_t records = 1000000;
  size_t repetitions = 11;
  program.AddOption("--records", &records, "Inodes in the table").ShowDefault();
  program.AddOption("--repetitions", &repetitions, "Runs of each variant")
      .Positive()
      .ShowDefault();
  program.run = [&records, &repetitions] {
    const absl::Status status = devstate::bench::Run(records, repetitions);
    if (status.ok()) return 0;
    absl::FPrintF(stderr, "load_gate: %s\n", status.ToString());
    return 1;
  };
  return devstate::RunCommand(program, argc, argv);
}
