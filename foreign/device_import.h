// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the conversions of a device's whole state to a portable one share.

#ifndef DEVSTATE_FOREIGN_DEVICE_IMPORT_H_
#define DEVSTATE_FOREIGN_DEVICE_IMPORT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/devices/rules/device_type.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/stream_writer.h"
#include "google/protobuf/message.h"

namespace devstate {

// Refuses a state that breaks rules of its type.
void CheckConverted(const DeviceType& type,
                    const google::protobuf::Message& state,
                    FindingList* findings);

// Returns the report on a conversion of `bytes` bytes, and takes the findings.
// `version` is ForeignReport::version.
ForeignReport MakeDeviceReport(absl::string_view version,
                               const google::protobuf::Message& state,
                               uint64_t bytes, FindingList& findings);

// Checks `state`, a root message of `type` that was read from `bytes` bytes,
// and writes it as a stream. Writes nothing if the report is refused(). Errors
// are those of the sink, and of a value that its schema does not allow.
absl::StatusOr<ForeignReport> WriteConverted(
    absl::string_view version, const DeviceType& type,
    const google::protobuf::Message& state, uint64_t bytes,
    FindingList& findings, const WriterOptions& options, ByteSink* output);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_DEVICE_IMPORT_H_
