// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/used_features.h"

#include <vector>

#include "devstate/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

void AddUsedFeatures(const Message& message, std::set<std::string>* features) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string& feature =
        field->options().GetExtension(devstate::field).feature();
    if (!feature.empty()) features->insert(feature);
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      AddUsedFeatures(reflection->GetMessage(message, field), features);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      AddUsedFeatures(reflection->GetRepeatedMessage(message, field, i),
                      features);
    }
  }
}

}  // namespace devstate
