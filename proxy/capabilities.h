// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_CAPABILITIES_H_
#define DEVSTATE_PROXY_CAPABILITIES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/backend.h"
#include "devstate/transport/vhost_user/vhost_user_features.h"
#include "google/protobuf/repeated_field.h"

namespace devstate::proxy {

// Adds bits that are offered, with their names.
void AddBits(const std::vector<vhost_user::FeatureBit>& bits,
             google::protobuf::RepeatedPtrField<OfferedFeature>* features);

// Asks a back-end, which has no front-end yet, what it offers, and lets it save
// its state to learn the format. `device` is the kind of device by its name in
// VIRTIO, empty if it is not known. `timeout` bounds the wait for each answer.
//
// Errors: those of Backend::Open(), and of a back-end that does not answer.
absl::StatusOr<BackendCapabilities> ReadCapabilities(
    const BackendSpec& spec, const std::string& socket_path,
    const std::string& device, absl::Duration timeout);

// Parses what was printed of another back-end. INVALID_ARGUMENT says what is
// wrong. Fields that are not known are passed over.
absl::StatusOr<BackendCapabilities> ParseCapabilities(absl::string_view json);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_CAPABILITIES_H_
