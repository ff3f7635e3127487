// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/dynamic/state_reader.h"

#include "devstate/options.pb.h"
#include "serializer/wire_walk.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

absl::Status DynamicStateReader::Read(const Descriptor& root,
                                      DynamicStateVisitor& visitor) {
  root_ = &root;
  visitor_ = &visitor;
  schema_.root_message = root.full_name();
  schema_.version = root.options().GetExtension(devstate::message).version();
  return ReadState();
}

absl::Status DynamicStateReader::HandleRoot(const Chunk& chunk) {
  const std::unique_ptr<Message> root(factory_.GetPrototype(root_)->New());
  DS_RETURN_IF_ERROR(ParseRoot(chunk, *root));
  return visitor_->OnRoot(*root);
}

absl::Status DynamicStateReader::HandleBatch(const Chunk& chunk) {
  // Field numbers are below 2^29; others are of no field.
  const FieldDescriptor* field =
      root_->FindFieldByNumber(static_cast<int>(chunk.header.field));
  if (field == nullptr || !TravelsInBatches(*field)) {
    return UnknownBatch(chunk);
  }
  std::unique_ptr<BatchDecoder>& decoder = decoders_[chunk.header.field];
  if (decoder == nullptr) {
    decoder = std::make_unique<BatchDecoder>(
        *factory_.GetPrototype(field->message_type()));
  }
  DynamicStateVisitor::Records records;
  DS_RETURN_IF_ERROR(
      decoder->Decode(chunk, field->name(), stream().limits(), &records));
  return visitor_->OnBatch(*field, records);
}

}  // namespace devstate
