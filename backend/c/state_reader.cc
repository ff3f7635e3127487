// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/state_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

// Structs that are handed out together: few enough to stay in the cache while
// their members are filled one after the other.
constexpr size_t kBlock = 128;

}  // namespace

StateReader::StateReader(std::shared_ptr<const StateSchema> schema,
                         ByteSource* source, const Limits& limits)
    : RecordReader(source, schema->info(), limits),
      schema_(std::move(schema)) {}

StateReader::~StateReader() = default;

absl::StatusOr<const devstate_batch*> StateReader::Next() {
  DS_RETURN_IF_ERROR(status_);
  absl::StatusOr<const devstate_batch*> batch = NextImpl();
  status_ = batch.status();
  return batch;
}

absl::StatusOr<const devstate_batch*> StateReader::NextImpl() {
  while (!finished_) {
    if (has_root_) {
      has_root_ = false;
      return &batch_;
    }
    if (rows_left_ != 0) {
      ReadBlock();
      return &batch_;
    }
    DS_ASSIGN_OR_RETURN(const bool more, ReadNext());
    finished_ = !more;
  }
  return nullptr;
}

absl::Status StateReader::HandleRoot(const Chunk& chunk) {
  if (ReadRoot(chunk.payload)) return absl::OkStatus();
  // The long way, which says what is wrong.
  DS_ASSIGN_OR_RETURN(DescribedSchema* const schema, schema_->Described());
  DS_ASSIGN_OR_RETURN(root_, schema->ReadRoot(chunk));
  if (ReadRoot(root_)) return absl::OkStatus();
  if (arrays_.exhausted()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the structs of ", schema_->tables().root_message,
        ", whose message has ", root_.size(),
        " bytes, take more memory than there is: see why the writer has so "
        "many elements"));
  }
  return absl::InternalError("the root's message is not as the tables say");
}

bool StateReader::ReadRoot(absl::string_view message) {
  const devstate_table& type = *schema_->tables().root;
  arrays_.Clear();
  char* row = arrays_.Allocate(1, type.row_size);
  batch_ = {0, type.row_size, 1, row};
  has_root_ = ReadMessage(message, type, row, &arrays_);
  return has_root_;
}

bool StateReader::Takes(const StateSchema& schema, const Chunk& chunk) {
  if (chunk.header.type == ChunkType::kBatch) {
    return schema.FindRecords(chunk.header.field) != nullptr;
  }
  const devstate_table& type = *schema.tables().root;
  Arrays arrays;
  char* row = arrays.Allocate(1, type.row_size);
  return ReadMessage(chunk.payload, type, row, &arrays) &&
         schema.RootIsAllowed(row);
}

absl::Status StateReader::HandleBatch(const Chunk& chunk) {
  const devstate_field* field = schema_->FindRecords(chunk.header.field);
  if (field == nullptr) return UnknownBatch(chunk);
  std::unique_ptr<StructReader>& reader = readers_[field->number];
  if (reader == nullptr) {
    reader =
        std::make_unique<StructReader>(schema_->structs(), *field->message);
  }
  DS_RETURN_IF_ERROR(
      DecodeColumns(chunk, field->name, field->message->record_size, *reader));
  reader->Restart(chunk.header.records);
  reader_ = reader.get();
  next_row_ = 0;
  rows_left_ = chunk.header.records;
  batch_.number = field->number;
  batch_.row_size = field->message->row_size;
  return absl::OkStatus();
}

void StateReader::ReadBlock() {
  const size_t count = std::min(kBlock, rows_left_);
  rows_.ResizeUninitialized(count * batch_.row_size);
  std::memset(rows_.data(), 0, rows_.size());
  reader_->Read(next_row_, count, batch_.row_size, rows_.data());
  next_row_ += count;
  rows_left_ -= count;
  batch_.count = count;
  batch_.rows = rows_.data();
}

}  // namespace devstate::c
