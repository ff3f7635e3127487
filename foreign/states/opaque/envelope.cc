// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/opaque/envelope.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devices/opaque/v1/opaque.devstate.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/devices/opaque/check_opaque.h"
#include "devstate/foreign/read_head.h"
#include "devstate/foreign/repeated_input.h"
#include "devstate/schema/name_text.h"
#include "devstate/schema/pieces.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/libmd/sha256_hash.h"

namespace devstate::opaque {
namespace {

using ::devices::opaque::v1::OpaqueStateReader;
using ::devices::opaque::v1::OpaqueStateSchema;
using ::devices::opaque::v1::OpaqueStateVisitor;
using ::devices::opaque::v1::OpaqueStateWriter;
using ::devices::opaque::v1::PiecesBatch;

// Calls `piece` with the bytes of a source, from first to last.
template <typename Piece>
absl::Status ForEachPiece(ByteSource& source, Piece piece) {
  while (true) {
    DS_ASSIGN_OR_RETURN(const std::string bytes,
                        ReadHead(source, kMaxPieceBytes));
    if (bytes.empty()) return absl::OkStatus();
    DS_RETURN_IF_ERROR(piece(bytes));
  }
}

class BytesWriter : public OpaqueStateVisitor {
 public:
  BytesWriter(Label* label, BrokenRules* broken, ByteSink* output)
      : label_(*label), check_(label_, broken), output_(*output) {}

  absl::Status OnRoot(const Label& root) override {
    label_ = root;
    return absl::OkStatus();
  }

  absl::Status OnPieces(PiecesBatch& batch) override {
    PiecesBatch::Row piece;
    while (batch.Next(&piece)) {
      check_.AddPiece(piece.owner, piece.offset, piece.data);
      DS_RETURN_IF_ERROR(output_.Write(piece.data));
    }
    return absl::OkStatus();
  }

  void Finish() { check_.Finish(); }

 private:
  Label& label_;
  OpaqueCheck check_;
  ByteSink& output_;
};

absl::Status Read(OpaqueStateReader& stream, StreamGate& gate, Label* label,
                  ByteSink* output) {
  DS_ASSIGN_OR_RETURN(const StreamHeader* const header, stream.ReadHeader());
  DS_RETURN_IF_ERROR(gate.OnHeader(*header));
  stream.SetFilter(&gate);
  BrokenRules broken;
  BytesWriter writer(label, &broken, output);
  DS_RETURN_IF_ERROR(stream.Read(writer));
  DS_RETURN_IF_ERROR(gate.OnEnd());
  // After a refusal the gate goes on to find all reasons, and nothing comes.
  DS_RETURN_IF_ERROR(VerdictStatus(gate.verdict()));
  writer.Finish();
  return broken.ToStatus();
}

}  // namespace

std::string LabelText(const Label& label) {
  return absl::StrCat("an envelope of ",
                      label.implementation().empty()
                          ? "an unknown implementation"
                          : NameText(label.implementation()),
                      label.implementation_version().empty() ? "" : " ",
                      NameText(label.implementation_version()));
}

absl::Status WriteEnvelope(const OpenSource& state, Label label,
                           const WriterOptions& options, ByteSink* output) {
  RepeatedInput input(state);
  Sha256Hash hash;
  uint64_t size = 0;
  {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, input.Open());
    DS_RETURN_IF_ERROR(ForEachPiece(*source, [&](const std::string& bytes) {
      hash.Add(bytes);
      size += bytes.size();
      return absl::OkStatus();
    }));
  }
  label.set_size(size);
  label.set_sha256(absl::BytesToHexString(hash.Finish()));
  OpaqueStateWriter writer(output, options);
  DS_RETURN_IF_ERROR(writer.Begin(label));
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, input.Open());
  PiecesBatch::Row piece;
  DS_RETURN_IF_ERROR(ForEachPiece(*source, [&](const std::string& bytes) {
    piece.data = bytes;
    const absl::Status added = writer.AddPieces(piece);
    piece.offset += bytes.size();
    return added;
  }));
  return writer.Finish();
}

absl::StatusOr<bool> IsEnvelope(const OpenSource& stream) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, stream());
  StreamReader reader(source.get());
  DS_ASSIGN_OR_RETURN(const StreamHeader* const header, reader.ReadHeader());
  return header->schema == OpaqueStateSchema().schema;
}

OpenedEnvelope OpenEnvelope(ByteSource* stream, ByteSink* output) {
  OpenedEnvelope opened;
  OpaqueStateReader reader(stream);
  GateOptions options;
  // A generated reader does not check the root.
  options.check_records = true;
  StreamGate gate(GeneratedSchema(OpaqueStateSchema().root_message), options);
  opened.status = Read(reader, gate, &opened.label, output);
  opened.verdict = gate.Judge(opened.status);
  if (opened.status.ok()) opened.status = VerdictStatus(opened.verdict);
  return opened;
}

}  // namespace devstate::opaque
