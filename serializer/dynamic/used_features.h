// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_USED_FEATURES_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_USED_FEATURES_H_

#include <set>
#include <string>

#include "devstate/schema/schema_model.h"
#include "google/protobuf/message.h"

namespace devstate {

// Adds the features that `message`, one of the type `type`, uses: the `feature`
// annotations of the fields that are present in it and in the messages within.
void AddUsedFeatures(const MessageModel& type,
                     const google::protobuf::Message& message,
                     std::set<std::string>* features);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_USED_FEATURES_H_
