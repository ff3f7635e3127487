// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/piece_columns.h"

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {

// The unsigned numbers of a column, each with its row.
class Numbers {
 public:
  explicit Numbers(const NumbersView& view) : view_(view) {}

  uint64_t operator[](size_t row) const {
    const size_t i = view_.constant ? 0 : row;
    if (i >= view_.size) return 0;
    return view_.type == ScalarType::kUint64
               ? static_cast<const uint64_t*>(view_.bits)[i]
               : static_cast<const uint32_t*>(view_.bits)[i];
  }

 private:
  const NumbersView view_;
};

std::string TextOf(absl::string_view field, uint64_t index,
                   const PieceFault& fault) {
  return absl::StrCat(field, "[", index, "]: ", fault.text);
}

}  // namespace

PieceColumns::PieceColumns(absl::Span<const PiecesInfo> pieces) {
  for (const PiecesInfo& info : pieces) {
    fields_.push_back({&info, PieceSequence(info.max_owners)});
  }
}

std::string PieceColumns::OnBatch(uint32_t number, size_t count,
                                  Stored stored) {
  std::string fault;
  for (Field& field : fields_) {
    if (number == field.info->owners_field) {
      fault = OnOwners(count, stored, &field);
    } else if (number == field.info->field) {
      fault = OnPieces(count, stored, &field);
    }
    if (!fault.empty()) break;
  }
  return fault;
}

std::string PieceColumns::OnOwners(size_t count, Stored stored, Field* field) {
  const PiecesInfo& info = *field->info;
  const Numbers ids(stored(info.id, BoundsEntry::Column::kNumbers));
  const Numbers sizes(stored(info.size, BoundsEntry::Column::kNumbers));
  for (size_t row = 0; row < count; ++row, ++field->owners) {
    const PieceFault fault = field->sequence.Declare(ids[row], sizes[row]);
    if (!fault.ok()) return TextOf(info.owners_name, field->owners, fault);
  }
  return "";
}

std::string PieceColumns::OnPieces(size_t count, Stored stored, Field* field) {
  const PiecesInfo& info = *field->info;
  const Numbers owners(stored(info.owner, BoundsEntry::Column::kNumbers));
  const Numbers offsets(stored(info.offset, BoundsEntry::Column::kNumbers));
  const Numbers lengths(stored(info.data, BoundsEntry::Column::kLengths));
  for (size_t row = 0; row < count; ++row, ++field->pieces) {
    const PieceFault fault =
        field->sequence.Add(owners[row], offsets[row], lengths[row]);
    if (!fault.ok()) return TextOf(info.name, field->pieces, fault);
  }
  return "";
}

std::string PieceColumns::Finish() const {
  for (const Field& field : fields_) {
    const PieceFault fault = field.sequence.Finish();
    if (!fault.ok()) return absl::StrCat(field.info->name, ": ", fault.text);
  }
  return "";
}

}  // namespace devstate
