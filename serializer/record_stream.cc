// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/record_stream.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "devstate/serializer/unknown_fields.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {

using ::google::protobuf::Message;

std::string SerializeDeterministic(const Message& message) {
  std::string serialized;
  {
    google::protobuf::io::StringOutputStream output(&serialized);
    google::protobuf::io::CodedOutputStream coded(&output);
    // Otherwise the order of map entries would differ between two saves.
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return serialized;
}

StreamHeader RecordWriter::Header(const Message& root) const {
  WriterOptions options = stream_.options();
  if (!options.used_features.has_value()) {
    std::set<std::string> features;
    AddUsedFeatures(root, &features);
    options.used_features.emplace(features.begin(), features.end());
  }
  if (filter_ == nullptr) return MakeHeader(schema_, options);
  StreamHeader header = MakeHeader(filter_->schema(), options);
  ConversionRecord& conversion = *header.add_conversions();
  conversion.set_from_version(schema_.version);
  conversion.set_to_version(filter_->schema().version);
  *conversion.mutable_by() = header.writer();
  return header;
}

absl::Status RecordWriter::BeginState(const Message& root) {
  DS_RETURN_IF_ERROR(status_);
  if (begun_) return Misuse("Begin() twice");
  begun_ = true;
  const auto write = [&]() -> absl::Status {
    DS_RETURN_IF_ERROR(stream_.WriteHeader(Header(root)));
    if (filter_ == nullptr) {
      stream_.BeginChunk()->out().Append(SerializeDeterministic(root));
    } else {
      DS_ASSIGN_OR_RETURN(const absl::string_view filtered,
                          filter_->FilterRoot(root));
      stream_.BeginChunk()->out().Append(filtered);
    }
    return stream_.EndChunk(ChunkType::kRoot, 0, 0);
  };
  return status_ = write();
}

MessageWriter* RecordWriter::BeginBatch() {
  if (filter_ == nullptr) return stream_.BeginChunk();
  unfiltered_.clear();
  const WriterOptions& options = stream_.options();
  unfiltered_writer_.set_column_options(
      {options.plain_columns,
       options.compression.mode != Compression::Mode::kRaw});
  return &unfiltered_writer_;
}

absl::Status RecordWriter::EndBatch(uint32_t records) {
  if (filter_ == nullptr) {
    return stream_.EndChunk(ChunkType::kBatch, pending_.number, records);
  }
  Chunk batch;
  batch.header.type = ChunkType::kBatch;
  batch.header.sequence = static_cast<uint32_t>(stream_.chunks());
  batch.header.field = pending_.number;
  batch.header.records = records;
  batch.offset = stream_.bytes_written();
  batch.payload = unfiltered_.view();
  DS_ASSIGN_OR_RETURN(const Chunk filtered, filter_->FilterBatch(batch));
  if (filtered.header.records == 0) return absl::OkStatus();
  stream_.BeginChunk()->out().Append(filtered.payload);
  return stream_.EndChunk(ChunkType::kBatch, filtered.header.field,
                          filtered.header.records);
}

absl::Status RecordWriter::StartField(const Pending& field) {
  DS_RETURN_IF_ERROR(status_);
  if (!begun_) {
    return Misuse(
        absl::StrCat("records of ", field.name,
                     " before Begin(): the singular fields come first"));
  }
  if (field.number < pending_.number) {
    return Misuse(absl::StrCat(
        "records of ", field.name, " (field ", field.number,
        ") after records of ", pending_.name, " (field ", pending_.number,
        "): add them in ascending order of field number"));
  }
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = field;
  const WriterOptions& options = stream_.options();
  // A number of 4 bytes in a row can take 5 in a column, one of 8 bytes 10.
  const size_t chunk_bytes = options.limits.max_chunk_decoded_bytes;
  max_batch_bytes_ = std::min(size_t{options.max_batch_bytes}, chunk_bytes / 3);
  const size_t fixed_bytes =
      chunk_bytes - max_batch_bytes_ - max_batch_bytes_ / 4;
  max_records_ = std::max<size_t>(
      1, std::min({size_t{options.max_batch_records},
                   size_t{options.limits.max_chunk_records},
                   fixed_bytes / (field.row_size + field.row_size / 4)}));
  return absl::OkStatus();
}

absl::Status RecordWriter::FlushBatch() {
  DS_RETURN_IF_ERROR(status_);
  batch_bytes_ = 0;
  if (pending_.write != nullptr) status_ = pending_.write(*this);
  if (!status_.ok()) pending_ = {};
  return status_;
}

absl::Status RecordWriter::Misuse(const std::string& message) {
  // No field is under way, so that AddRecord() comes to StartField().
  pending_ = {};
  return status_ = absl::FailedPreconditionError(message);
}

absl::Status RecordWriter::FinishState() {
  DS_RETURN_IF_ERROR(status_);
  if (!begun_) return Misuse("Finish() before Begin()");
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = {};
  status_ = stream_.Finish();
  if (!status_.ok()) return status_;
  Misuse("the state is finished already").IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<const StreamHeader*> RecordReader::ReadHeader() {
  if (header_ == nullptr) {
    DS_ASSIGN_OR_RETURN(header_, stream_.ReadHeader());
  }
  return header_;
}

absl::Status RecordReader::ReadState() {
  if (read_) return absl::FailedPreconditionError("the state was read already");
  read_ = true;
  return ReadStateImpl();
}

absl::Status RecordReader::ReadStateImpl() {
  DS_RETURN_IF_ERROR(ReadHeader().status());
  if (header_->root_message() != schema_.root_message) {
    return absl::FailedPreconditionError(
        absl::StrCat("the stream holds a ", header_->root_message(),
                     ", this reader reads ", schema_.root_message));
  }
  while (true) {
    DS_ASSIGN_OR_RETURN(absl::optional<Chunk> chunk, stream_.NextChunk());
    if (!chunk.has_value()) return absl::OkStatus();
    if (filter_ != nullptr) {
      DS_ASSIGN_OR_RETURN(chunk, filter_->Filter(*chunk));
      if (chunk->header.type == ChunkType::kBatch &&
          chunk->header.records == 0) {
        continue;
      }
    }
    DS_RETURN_IF_ERROR(chunk->header.type == ChunkType::kRoot
                           ? HandleRoot(*chunk)
                           : HandleBatch(*chunk));
  }
}

absl::Status RecordReader::ParseRoot(const Chunk& chunk, Message& root) {
  if (filter_ != nullptr) {
    if (const std::unique_ptr<Message> parsed = filter_->TakeRoot()) {
      if (parsed->GetReflection() == root.GetReflection()) {
        root.GetReflection()->Swap(&root, parsed.get());
      } else {
        root.CopyFrom(*parsed);
      }
      return absl::OkStatus();
    }
  }
  if (!root.ParseFromArray(chunk.payload.data(),
                           static_cast<int>(chunk.payload.size()))) {
    return chunk.Error(
        MALFORMED, absl::StrCat("not a well-formed ", schema_.root_message));
  }
  const std::string unknown = FindUnknownField(root);
  if (!unknown.empty()) {
    return chunk.Error(
        UNKNOWN_CONTENT,
        absl::StrCat("field ", unknown, " of ", schema_.root_message,
                     " has a number, type or enum value unknown in schema "
                     "version ",
                     schema_.version, " of this reader"));
  }
  return absl::OkStatus();
}

absl::Status RecordReader::UnknownBatch(const Chunk& chunk) const {
  if ((chunk.header.flags & kChunkFlagIgnorable) != 0) return absl::OkStatus();
  return chunk.Error(
      UNKNOWN_CONTENT,
      absl::StrCat("records of field ", chunk.header.field, " of ",
                   schema_.root_message, " are unknown in schema version ",
                   schema_.version, " of this reader"));
}

}  // namespace devstate
