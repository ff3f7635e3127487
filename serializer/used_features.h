// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The optional features that a state uses. The schema gives a feature to a
// field by the annotation `feature`, and the state uses it if the field is
// present.

#ifndef DEVSTATE_SERIALIZER_USED_FEATURES_H_
#define DEVSTATE_SERIALIZER_USED_FEATURES_H_

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace devstate {

// Adds the features of the fields that are present in `message` and in the
// messages within.
void AddUsedFeatures(const google::protobuf::Message& message,
                     std::set<std::string>* features);

// The same for a record of `field`, a field of a root message.
void AddUsedFeaturesOfRecord(const google::protobuf::FieldDescriptor& field,
                             const google::protobuf::Message& record,
                             std::set<std::string>* features);

// Adds the features of a batch of at least one record of `field`. `columns` is
// its payload as a writer of this library makes it. Such a payload leaves out a
// column of nothing but defaults.
void AddUsedFeaturesOfBatch(const google::protobuf::FieldDescriptor& field,
                            absl::string_view columns,
                            std::set<std::string>* features);

// Returns all features that a state of `root`, a root message, may come to use.
std::set<std::string> AllFeatures(const google::protobuf::Descriptor& root);

// Returns whether features of `root`, a root message, can depend on its
// records.
bool RecordsHaveFeatures(const google::protobuf::Descriptor& root);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_USED_FEATURES_H_
