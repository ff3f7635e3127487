// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: what QEMU has saved of devices, and conversions from string to
// string.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_TEST_DEVICES_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_TEST_DEVICES_H_

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/foreign/containers/migration_file.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {

using ::devstate::testing::IsOk;

// Saved by QEMU 10.0.2; without guest memory and devices other than virtio.
//
// A Linux guest with VLANs 5 and 4000, a second address, and a port that has
// written more than its host took.
inline constexpr absl::string_view kGuest = "linux-guest";
// One with 64 MiB of plugged memory, and a display that shows a text.
inline constexpr absl::string_view kDisplayGuest = "linux-gpu-mem";
// The same on a machine of QEMU 7.2, without the display.
inline constexpr absl::string_view kOldMachine = "linux-mem-7.2";

inline std::unique_ptr<QemuFile> OpenFile(absl::string_view name) {
  FileDescriptor fd(::open(
      absl::StrCat("foreign/states/qemu/testdata/", name, ".mig.zst").c_str(),
      O_RDONLY));
  absl::StatusOr<MigrationFile> migration = OpenMigrationFile(std::move(fd));
  if (!migration.ok()) std::abort();
  absl::StatusOr<std::unique_ptr<QemuFile>> file =
      QemuFile::Open(std::move(migration->bytes), migration->start);
  if (!file.ok()) std::abort();
  return *std::move(file);
}

inline SavedDevice PartsOf(const EmulatedType& type, absl::string_view name) {
  const std::unique_ptr<QemuFile> file = OpenFile(name);
  for (const VirtioSection& section : file->virtio()) {
    if (section.type != type.name) continue;
    return {file->ReadVirtio(section).value(), file->ReadRest(section).value(),
            file->ReadEarly(section).value()};
  }
  std::abort();
}

// Returns the field of a device that has no more.
inline std::string Saved(const EmulatedType& type) {
  return PartsOf(type, kGuest).virtio;
}

// Returns the offset of the device's own fields.
inline size_t OwnFields(const std::string& bytes) {
  FieldsIn fields(bytes);
  VirtioState state;
  VisitStart(fields, &state);
  return fields.offset();
}

// Returns a device without fields of its own, whose queues are not set up.
inline VirtioState BareDevice() {
  const std::string bytes = Saved(EmulatedInput());
  FieldsIn in(bytes);
  VirtioState state;
  VisitStart(in, &state);
  VisitEnd(in, nullptr, &state);
  EXPECT_THAT(in.status(), IsOk());
  return state;
}

// Makes `features` those that the driver has negotiated.
inline void SetFeatures(uint64_t features, VirtioState* state) {
  FieldsOut out;
  out.U64("", &features);
  *state->Find("virtio/64bit_features") = out.bytes();
  state->features_low = static_cast<uint32_t>(features);
}

// Returns the field of a device with these fields of its own.
inline std::string WithOwnFields(VirtioState state, const std::string& own) {
  FieldsOut out;
  VisitStart(out, &state);
  out.Raw("", own.size(), &own);
  VisitEnd(out, nullptr, &state);
  return out.bytes();
}

struct Imported {
  absl::Status status;
  std::string stream;
  // "rule: path: text" of each finding.
  std::vector<std::string> findings;
};

inline std::vector<std::string> Lines(const Verdict& verdict) {
  std::vector<std::string> lines;
  for (const Finding& finding : verdict.findings()) {
    lines.push_back(absl::StrCat(finding.rule(), ": ", finding.path(), ": ",
                                 finding.text()));
  }
  return lines;
}

inline Imported Import(const EmulatedType& type, const SavedDevice& saved) {
  Imported imported;
  devstate::testing::StringSink sink;
  const absl::StatusOr<ForeignReport> report =
      ImportDevice(type, saved, WriterOptions(), &sink);
  imported.status = report.status();
  imported.stream = sink.written;
  if (report.ok()) imported.findings = Lines(report->verdict);
  return imported;
}

inline Imported Import(const EmulatedType& type, const std::string& bytes) {
  return Import(type, SavedDevice{bytes, "", absl::nullopt});
}

template <typename State>
State StateOf(const std::string& stream) {
  State state;
  const SchemaModel schema = BuildSchemaModel(*State::descriptor());
  devstate::testing::StringSource source(stream);
  DynamicStateReader reader(&source);
  StateCollector collector(&state);
  EXPECT_THAT(reader.Read(schema, collector), IsOk());
  return state;
}

template <typename State>
State ImportedState(const EmulatedType& type, const std::string& bytes) {
  return StateOf<State>(Import(type, bytes).stream);
}

template <typename State>
std::string StreamOf(const State& state) {
  const SchemaModel schema = BuildSchemaModel(*State::descriptor());
  const SchemaFacts facts(*State::descriptor());
  devstate::testing::StringSink sink;
  DynamicStateWriter writer(&sink, schema, facts.info(), WriterOptions());
  EXPECT_THAT(WriteWholeState(state, schema, writer), IsOk());
  return sink.written;
}

inline absl::StatusOr<ExportedDevice> Export(const EmulatedType& type,
                                             const std::string& bytes,
                                             const std::string& stream) {
  devstate::testing::StringSource source(stream);
  return ExportDevice(type, bytes, &source);
}

// Returns why `state` is not put into the field `bytes`.
template <typename State>
std::vector<std::string> ExportFindings(const EmulatedType& type,
                                        const std::string& bytes,
                                        const State& state) {
  const auto exported = Export(type, bytes, StreamOf(state));
  if (!exported.ok()) return {std::string(exported.status().message())};
  EXPECT_THAT(exported->bytes, ::testing::IsEmpty());
  return Lines(exported->report.verdict);
}

}  // namespace devstate::qemu::testing

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_TEST_DEVICES_H_
