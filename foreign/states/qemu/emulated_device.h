// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Devices that QEMU emulates, to portable states and back.
// docs/qemu_files.md says what is carried.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_EMULATED_DEVICE_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_EMULATED_DEVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/stream_writer.h"

namespace devstate::qemu {

// Returns all types, by name.
const std::vector<const EmulatedType*>& EmulatedTypes();

// Returns the type that QEMU calls `name`, or null.
const EmulatedType* FindEmulatedType(absl::string_view name);

// Converts what QEMU has saved of a device to a stream of the portable schema.
// Writes nothing if the report is refused(). Errors are those of
// EmulatedType::read and of the sink.
absl::StatusOr<ForeignReport> ImportDevice(const EmulatedType& type,
                                           const SavedDevice& saved,
                                           const WriterOptions& options,
                                           ByteSink* output);

struct ExportedDevice {
  ForeignReport report;
  // Empty if the report is refused().
  std::string bytes;
};

// Returns `bytes`, the field of a device, with the state that `input` is, a
// stream of the portable schema of any version. Errors are also those of
// reading a stream; FAILED_PRECONDITION for a stream of another schema.
//
// Requires: the type can be written.
absl::StatusOr<ExportedDevice> ExportDevice(const EmulatedType& type,
                                            absl::string_view bytes,
                                            ByteSource* input);

// Returns `bytes`, the field of a virtio-net device without a
// back-end's state, with the state `stream` of one added. QEMU gives it to the
// vhost-user back-end of the device that loads it. A StreamError as of
// EmulatedType::read; FAILED_PRECONDITION if there is a state already.
absl::StatusOr<std::string> AddBackendState(absl::string_view bytes,
                                            absl::string_view stream);

}  // namespace devstate::qemu

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_EMULATED_DEVICE_H_
