// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Every device type that has a portable schema. A back-end of one type uses the
// check_TYPE.h of that type instead, which links no other.

#ifndef DEVSTATE_DEVICES_ALL_DEVICE_TYPES_H_
#define DEVSTATE_DEVICES_ALL_DEVICE_TYPES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Returns all types, by schema name in ascending order.
const std::vector<const DeviceType*>& AllDeviceTypes();

// Returns the type whose states are of this schema, "devices.vsock.v1", or
// null.
const DeviceType* FindDeviceType(absl::string_view schema);

// Returns the schema name of the type's states.
std::string SchemaName(const DeviceType& type);

// Returns whether `schema` is the very schema that the type checks.
bool HasSchema(const DeviceType& type, const SchemaModel& schema);

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_ALL_DEVICE_TYPES_H_
