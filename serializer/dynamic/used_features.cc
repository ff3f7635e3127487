// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/used_features.h"

namespace devstate {

using ::google::protobuf::Message;

void AddUsedFeatures(const MessageModel& type, const Message& message,
                     std::set<std::string>* features) {
  const auto* reflection = message.GetReflection();
  for (const FieldModel& field : type.fields) {
    const bool repeated =
        field.cardinality() == FieldModel::Cardinality::kRepeated;
    const int count =
        repeated ? reflection->FieldSize(message, field.descriptor)
                 : (reflection->HasField(message, field.descriptor) ? 1 : 0);
    const std::string& feature = field.annotations.feature();
    if (count != 0 && !feature.empty()) features->insert(feature);
    if (field.message == nullptr) continue;
    for (int i = 0; i < count; ++i) {
      AddUsedFeatures(
          *field.message,
          repeated
              ? reflection->GetRepeatedMessage(message, field.descriptor, i)
              : reflection->GetMessage(message, field.descriptor),
          features);
    }
  }
}

}  // namespace devstate
