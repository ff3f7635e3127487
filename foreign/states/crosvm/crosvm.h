// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of a vhost-user device of crosvm, and of a device in a snapshot of
// crosvm: CBOR with the names of the fields. docs/foreign_states.md has its
// form.

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_H_

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/stream_writer.h"
#include "google/protobuf/message.h"

namespace devstate::crosvm {

// Returns "crosvm", for the table of foreign formats. It can be shown, and has
// no portable schema for all states. ForeignReport::version is the device.
const ForeignFormat& Format();

// Returns the portable schemas that ImportDevice() converts to.
const std::vector<absl::string_view>& DeviceSchemas();

// Returns the one of them that a state converts to by its `report`, which
// Format().check() has made; empty if there is none.
absl::string_view DeviceSchema(const ForeignReport& report);

// How the state of one device is converted.
struct DeviceImport {
  // The schema to convert to, one of DeviceSchemas().
  absl::string_view schema;
  // Sets in an empty root message of `schema` what crosvm does not save. What
  // it saves counts more. Its error becomes that of the conversion. Empty:
  // nothing is set.
  std::function<absl::Status(google::protobuf::Message* state)> add;
};

// Converts the state of a device to a stream. Writes nothing if the report is
// refused(). A StreamError for what no crosvm writes, FAILED_PRECONDITION for a
// state that has another schema or none, and the errors of `add`, source and
// sink.
absl::StatusOr<ForeignReport> ImportDevice(const OpenSource& input,
                                           const DeviceImport& device,
                                           const WriterOptions& options,
                                           ByteSink* output);

}  // namespace devstate::crosvm

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_H_
