// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/whole_state.h"

#include <memory>

#include "devstate/serializer/dynamic/copy_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

absl::Status StateCollector::OnRoot(const Message& root) {
  return CopyMessage(root, &state_);
}

absl::Status StateCollector::OnBatch(const FieldDescriptor& field,
                                     Records& records) {
  const FieldDescriptor* own =
      state_.GetDescriptor()->FindFieldByNumber(field.number());
  for (const std::unique_ptr<Message>& record : records) {
    // Of the reader's factory.
    DS_RETURN_IF_ERROR(CopyMessage(
        *record, state_.GetReflection()->AddMessage(&state_, own)));
  }
  return absl::OkStatus();
}

absl::Status WriteWholeState(const Message& state, const SchemaModel& schema,
                             DynamicStateWriter& writer) {
  const auto* reflection = state.GetReflection();
  const std::unique_ptr<Message> root(state.New());
  root->CopyFrom(state);
  for (const FieldModel* batch : schema.batches) {
    reflection->ClearField(root.get(), batch->descriptor);
  }
  DS_RETURN_IF_ERROR(writer.Begin(*root));
  for (const FieldModel* batch : schema.batches) {
    const FieldDescriptor* field = batch->descriptor;
    for (int i = 0; i < reflection->FieldSize(state, field); ++i) {
      DS_RETURN_IF_ERROR(
          writer.Add(*field, reflection->GetRepeatedMessage(state, field, i)));
    }
  }
  return writer.Finish();
}

}  // namespace devstate
