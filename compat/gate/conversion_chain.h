// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_CONVERSION_CHAIN_H_
#define DEVSTATE_COMPAT_GATE_CONVERSION_CHAIN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/gate/conversion.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_reader.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate {

// A schema with its descriptors. Both must outlive its users.
struct SchemaView {
  const google::protobuf::Descriptor* root = nullptr;
  const SchemaModel* model = nullptr;
};

// An upgrade or downgrade step. It expresses what annotations cannot of the
// conversion from one version of a schema to another.
struct ConversionStep {
  std::string schema;
  uint32_t from = 0;
  uint32_t to = 0;
  // The root's field whose records are converted; empty for the singular
  // fields.
  std::string record_field;
  // The fields that the step takes care of, as paths from the root, with the
  // names of the newer version. Their annotations do not count, and nothing is
  // copied into them.
  std::vector<std::string> paths;
  // The function that completes `read`, which has everything else already, from
  // `written`. It must be pure. An error refuses the state, with its message.
  std::function<absl::Status(const google::protobuf::Message& written,
                             google::protobuf::Message* read)>
      run;
};

using StepTable = std::vector<ConversionStep>;

// The conversion of states from the writer's version to the reader's. It uses
// annotations alone where they suffice. Elsewhere it takes the shortest way
// over known versions and steps. Thread-safety: none.
class ConversionChain {
 public:
  // Finds the way. `archive` and `steps` may be null.
  //
  // Requires: `archive`, `steps` and the schemas outlive the chain.
  ConversionChain(const SchemaView& writer, const SchemaView& reader,
                  const SchemaArchive* archive, const StepTable* steps);
  ~ConversionChain();

  // Returns what the schemas say of all states together, for each hop.
  const std::vector<Finding>& findings() const { return findings_; }

  // Returns the versions on the way, both ends included.
  std::vector<uint32_t> versions() const;

  // Converts the root without its records to the reader's version.
  std::unique_ptr<google::protobuf::Message> ConvertRoot(
      const google::protobuf::Message& written, StreamFindings* findings);

  // Returns the reader's field for records of the writer's root field
  // `written`. If there is none, returns null and adds a finding about the
  // records.
  const FieldModel* RecordField(const FieldModel& written,
                                StreamFindings* findings);

  // Returns whether batches of `written` are already the reader's, except for
  // columns and values that the reader does not know.
  bool PassesUnchanged(const FieldModel& written);

  // Converts the columns of `batch`, which holds records of `written`, and
  // replaces the content of `out` by the reader's columns. `first` is the index
  // in the stream of the batch's first record. Returns false, without any
  // finding, if the records have to be converted one by one. That is so for a
  // step, and for the reasons of ColumnConverter.
  //
  // Requires: `written` has a RecordField().
  bool ConvertColumns(const FieldModel& written, const Chunk& batch,
                      uint64_t first, const Limits& limits, ByteBuffer* out,
                      StreamFindings* findings);

  // Converts a record of `written`. Requires: `written` has a RecordField().
  std::unique_ptr<google::protobuf::Message> ConvertRecord(
      const FieldModel& written, const google::protobuf::Message& record,
      StreamFindings* findings);

 private:
  struct Hop;

  // Makes a hop if states can go from one version to the other at once; else
  // null.
  std::unique_ptr<Hop> MakeHop(const SchemaView& from, const SchemaView& to);
  // Fills hops_ with the shortest way over the known versions.
  void FindWay(const SchemaView& writer, const SchemaView& reader);
  // Runs one hop. `field` is of the hop's writer; null for the root.
  std::unique_ptr<google::protobuf::Message> RunHop(
      Hop& hop, const FieldModel* field,
      const google::protobuf::Message& written, StreamFindings* findings);

  const SchemaArchive* const archive_;
  const StepTable* const steps_;
  std::unique_ptr<Lineage> lineage_;
  std::vector<std::unique_ptr<Hop>> hops_;
  std::vector<Finding> findings_;
  google::protobuf::DynamicMessageFactory factory_;
  // The columns between two hops.
  ByteBuffer between_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_CONVERSION_CHAIN_H_
