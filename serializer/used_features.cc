// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/used_features.h"

#include <vector>

#include "devstate/options.pb.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/wire_walk.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

const std::string& FeatureOf(const FieldDescriptor& field) {
  return field.options().GetExtension(devstate::field).feature();
}

void AddFeatureOf(const FieldDescriptor& field,
                  std::set<std::string>* features) {
  const std::string& feature = FeatureOf(field);
  if (!feature.empty()) features->insert(feature);
}

void AddFeaturesOfColumns(const Descriptor& record, absl::string_view columns,
                          std::set<std::string>* features) {
  MessageReader reader(columns);
  MessageReader::Field column;
  while (reader.Next(&column)) {
    const FieldDescriptor* field =
        record.FindFieldByNumber(static_cast<int>(column.number));
    if (field == nullptr) continue;
    AddFeatureOf(*field, features);
    if (field->message_type() == nullptr) continue;
    MessageReader occurrences(column.bytes);
    MessageReader::Field part;
    while (occurrences.Next(&part)) {
      if (part.number != kOccurringValuesField) continue;
      AddFeaturesOfColumns(*field->message_type(), part.bytes, features);
    }
  }
}

// Adds the features of all fields of `message` and of the messages within.
// `seen` ends the recursion of messages that contain themselves.
void AddFeaturesOfType(const Descriptor& message,
                       std::set<const Descriptor*>* seen,
                       std::set<std::string>* features) {
  if (!seen->insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    AddFeatureOf(field, features);
    if (field.message_type() == nullptr) continue;
    AddFeaturesOfType(*field.message_type(), seen, features);
  }
}

}  // namespace

void AddUsedFeatures(const Message& message, std::set<std::string>* features) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    AddFeatureOf(*field, features);
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

void AddUsedFeaturesOfRecord(const FieldDescriptor& field,
                             const Message& record,
                             std::set<std::string>* features) {
  AddFeatureOf(field, features);
  AddUsedFeatures(record, features);
}

void AddUsedFeaturesOfBatch(const FieldDescriptor& field,
                            absl::string_view columns,
                            std::set<std::string>* features) {
  AddFeatureOf(field, features);
  AddFeaturesOfColumns(*field.message_type(), columns, features);
}

std::set<std::string> AllFeatures(const Descriptor& root) {
  std::set<const Descriptor*> seen;
  std::set<std::string> features;
  AddFeaturesOfType(root, &seen, &features);
  return features;
}

bool RecordsHaveFeatures(const Descriptor& root) {
  std::set<const Descriptor*> seen;
  std::set<std::string> features;
  for (int i = 0; i < root.field_count(); ++i) {
    const FieldDescriptor& field = *root.field(i);
    if (!TravelsInBatches(field)) continue;
    AddFeatureOf(field, &features);
    AddFeaturesOfType(*field.message_type(), &seen, &features);
  }
  return !features.empty();
}

}  // namespace devstate
