// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_check.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/message_columns_builder.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

BatchEncoder::BatchEncoder(const MessageModel& record)
    : type_status_(CheckRecordType(*record.descriptor)) {
  if (type_status_.ok()) {
    columns_ = std::make_unique<dynamic::MessageColumnsBuilder>(record);
  }
}

BatchEncoder::~BatchEncoder() = default;

absl::Status BatchEncoder::Append(const google::protobuf::Message& record) {
  DS_RETURN_IF_ERROR(type_status_);
  DS_RETURN_IF_ERROR(columns_->CheckKnown(record));
  columns_->Append(record);
  return absl::OkStatus();
}

absl::Status BatchEncoder::Encode(MessageWriter& out) {
  DS_RETURN_IF_ERROR(type_status_);
  DS_RETURN_IF_ERROR(columns_->Validate(RowKind::kRecord));
  columns_->EncodeBody(out);
  return absl::OkStatus();
}

void BatchEncoder::Clear() {
  if (columns_ != nullptr) columns_->Clear();
}

}  // namespace devstate
