// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <string>
#include <vector>

#include "devstate/schema/record_check.h"
#include "devstate/schema/record_key.h"
#include "devstate/schema/record_size.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/message_columns_builder.h"
#include "devstate/serializer/dynamic/message_columns_reader.h"
#include "devstate/serializer/record_columns.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

BatchDecoder::BatchDecoder(const MessageModel& record,
                           const google::protobuf::Message& prototype)
    : record_(record), prototype_(prototype) {}

BatchDecoder::~BatchDecoder() = default;

absl::Status BatchDecoder::Decode(
    const Chunk& chunk, absl::string_view field_name, const Limits& limits,
    std::vector<std::unique_ptr<google::protobuf::Message>>* records) {
  records->clear();
  DS_RETURN_IF_ERROR(DecodeColumns(chunk, field_name, limits));
  ReadRecords(records);
  return absl::OkStatus();
}

absl::Status BatchDecoder::DecodeColumns(const Chunk& chunk,
                                         absl::string_view field_name,
                                         const Limits& limits) {
  if (reader_ == nullptr) {
    DS_RETURN_IF_ERROR(CheckRecordType(*record_.descriptor, kMaxReadableDepth));
    record_size_ = RecordSize(record_);
    reader_ =
        std::make_unique<dynamic::MessageColumnsReader>(record_, prototype_);
  }
  size_ = chunk.header.records;
  // What annotations say is not for a codec without generated code.
  DS_RETURN_IF_ERROR(DecodeRecords(chunk, field_name, record_size_, /*key=*/{},
                                   limits, /*schema_version=*/0, *reader_));
  reader_->Restart();
  return absl::OkStatus();
}

void BatchDecoder::ReadRecords(
    std::vector<std::unique_ptr<google::protobuf::Message>>* records) {
  records->clear();
  records->reserve(size_);
  for (size_t row = 0; row < size_; ++row) {
    records->emplace_back(prototype_.New());
    reader_->Read(row, records->back().get());
  }
}

std::vector<std::string> BatchDecoder::Keys(
    absl::Span<const uint16_t> key) const {
  return reader_->Keys(key, size_);
}

void BatchDecoder::PrintJson(size_t row, dynamic::JsonOutput& out) {
  reader_->Print(row, out);
}

absl::Status DecodeBatch(
    const Chunk& chunk, absl::string_view field_name,
    const MessageModel& record, const google::protobuf::Message& prototype,
    const Limits& limits,
    std::vector<std::unique_ptr<google::protobuf::Message>>* records) {
  return BatchDecoder(record, prototype)
      .Decode(chunk, field_name, limits, records);
}

namespace {

using ::google::protobuf::Message;

// The parts of a codec that are there before it.
struct MergeParts {
  MergeParts(const FieldModel& field, const Message& prototype)
      : key(RecordKey(field)),
        columns(*field.message, prototype),
        builder(*field.message) {}

  const std::vector<uint16_t> key;
  dynamic::MessageColumnsReader columns;
  dynamic::MessageColumnsBuilder builder;
};

class MessageMergeCodec final : private MergeParts, public MergeCodec {
 public:
  MessageMergeCodec(const FieldModel& field, const Message& prototype)
      : MergeParts(field, prototype),
        MergeCodec(field.name, RecordSize(*field.message), key, &columns),
        prototype_(prototype),
        record_size_(RecordSize(*field.message)) {}

 private:
  void Measure(std::vector<uint64_t>& sizes) override {
    columns.Restart();
    for (size_t row = 0; row < sizes.size(); ++row) {
      sizes[row] = record_size_ + builder.VariableSize(*Read(row));
    }
  }
  void Copy(const std::vector<bool>& keep, MessageWriter& out) override {
    columns.Restart();
    for (size_t row = 0; row < keep.size(); ++row) {
      const std::unique_ptr<Message> record = Read(row);
      if (keep[row]) builder.Append(*record);
    }
    builder.EncodeBody(out);
    builder.Clear();
  }

  std::unique_ptr<Message> Read(size_t row) {
    std::unique_ptr<Message> record(prototype_.New());
    columns.Read(row, record.get());
    return record;
  }

  const Message& prototype_;
  const size_t record_size_;
};

}  // namespace

std::unique_ptr<MergeCodec> MakeMergeCodec(const FieldModel& field,
                                           const Message& prototype) {
  return std::make_unique<MessageMergeCodec>(field, prototype);
}

}  // namespace devstate
