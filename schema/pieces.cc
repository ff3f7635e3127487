// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/pieces.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// An unsigned integer that occurs exactly once.
bool IsPlainUnsigned(const FieldModel& field) {
  return field.column_kind == ValueKind::kUnsigned && field.bits > 1 &&
         field.presence == Presence::kImplicit;
}

bool IsShortBytes(const FieldModel& field) {
  return field.column_kind == ValueKind::kBytes &&
         field.presence == Presence::kImplicit &&
         field.annotations.has_max_len() &&
         field.annotations.max_len() != 0 &&
         field.annotations.max_len() <= kMaxPieceBytes;
}

// Looks up the names of one annotation.
class Lookup {
 public:
  explicit Lookup(const FieldModel& user) : user_(user) {}

  absl::StatusOr<uint16_t> Number(const MessageModel& message,
                                  const char* annotation,
                                  const std::string& name) const {
    DS_ASSIGN_OR_RETURN(const FieldModel* field,
                        Find(message, annotation, name));
    if (IsPlainUnsigned(*field)) return IndexIn(message, *field);
    return Error(annotation, name,
                 ", which is not an unsigned integer that occurs exactly once");
  }

  absl::StatusOr<uint16_t> Bytes(const MessageModel& message,
                                 const char* annotation,
                                 const std::string& name) const {
    DS_ASSIGN_OR_RETURN(const FieldModel* field,
                        Find(message, annotation, name));
    if (IsShortBytes(*field)) return IndexIn(message, *field);
    return Error(annotation, name,
                 absl::StrCat(", which is not bytes with a max_len from 1 to ",
                              kMaxPieceBytes));
  }

  absl::StatusOr<const FieldModel*> Owners(const MessageModel& root) const {
    const std::string& name = user_.annotations.pieces().of();
    DS_ASSIGN_OR_RETURN(const FieldModel* field, Find(root, "of", name));
    if (!HoldsRecords(*field) || !field->annotations.has_max_items()) {
      return Error("of", name,
                   ", which is not a repeated message with max_items");
    }
    if (field->number >= user_.number) {
      return Error("of", name,
                   ", whose number is not below that of the pieces: readers "
                   "need the sizes first");
    }
    return field;
  }

 private:
  absl::StatusOr<const FieldModel*> Find(const MessageModel& message,
                                         const char* annotation,
                                         const std::string& name) const {
    const FieldModel* field = message.FindName(name);
    if (field != nullptr) return field;
    return Error(annotation, name,
                 absl::StrCat(", which is not a field of ", message.full_name));
  }

  absl::Status Error(const char* annotation, const std::string& name,
                     absl::string_view what) const {
    return SchemaError(
        *user_.descriptor,
        absl::StrCat("pieces.", annotation, " names \"", name, "\"", what));
  }

  static uint16_t IndexIn(const MessageModel& message,
                          const FieldModel& field) {
    return static_cast<uint16_t>(&field - message.fields.data());
  }

  const FieldModel& user_;
};

}  // namespace

absl::StatusOr<PiecesInfo> FindPieces(const SchemaModel& schema,
                                      const FieldModel& field) {
  if (schema.root->FindNumber(field.number) != &field ||
      !HoldsRecords(field)) {
    return SchemaError(*field.descriptor,
                       "pieces is for repeated messages of the root only");
  }
  const Pieces& pieces = field.annotations.pieces();
  const Lookup lookup(field);
  PiecesInfo info = {};
  info.field = static_cast<uint32_t>(field.number);
  info.name = field.name;
  DS_ASSIGN_OR_RETURN(
      info.owner, lookup.Number(*field.message, "owner", pieces.owner()));
  DS_ASSIGN_OR_RETURN(
      info.offset, lookup.Number(*field.message, "offset", pieces.offset()));
  DS_ASSIGN_OR_RETURN(info.data,
                      lookup.Bytes(*field.message, "data", pieces.data()));
  DS_ASSIGN_OR_RETURN(const FieldModel* owners, lookup.Owners(*schema.root));
  info.owners_field = static_cast<uint32_t>(owners->number);
  info.owners_name = owners->name;
  info.max_owners = owners->annotations.max_items();
  DS_ASSIGN_OR_RETURN(info.id,
                      lookup.Number(*owners->message, "id", pieces.id()));
  DS_ASSIGN_OR_RETURN(info.size,
                      lookup.Number(*owners->message, "size", pieces.size()));
  return info;
}

std::vector<PiecesInfo> PiecesOf(const SchemaModel& schema) {
  std::vector<PiecesInfo> all;
  for (const FieldModel* field : schema.batches) {
    if (!field->annotations.has_pieces()) continue;
    const absl::StatusOr<PiecesInfo> info = FindPieces(schema, *field);
    if (info.ok()) all.push_back(*info);
  }
  return all;
}

}  // namespace devstate
