// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// QEMU migration files that a verb reads as a whole, and the devices in them
// that QEMU emulates.

#ifndef DEVSTATE_CLI_QEMU_INPUT_H_
#define DEVSTATE_CLI_QEMU_INPUT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/states/qemu/emulated_type.h"

namespace devstate {

// Opens the migration file `name`. Errors are those of OpenForReading(),
// OpenMigration() and QemuFile::Open(). FAILED_PRECONDITION for a compressed
// file or a pipe that is to be changed.
absl::StatusOr<std::unique_ptr<QemuFile>> OpenQemuFile(
    const std::string& name, bool to_be_changed = false);

// A device that QEMU emulates and whose state converts.
struct EmulatedDevice {
  const VirtioSection* section;
  const qemu::EmulatedType* type;
};

// Reads what QEMU has saved of a device. Errors are those of
// QemuFile::ReadVirtio(), ReadRest() and ReadEarly().
absl::StatusOr<qemu::SavedDevice> ReadSaved(QemuFile& file,
                                            const EmulatedDevice& device);

// Returns those of the file, which must outlive them. Devices with a back-end's
// state are not among them.
std::vector<EmulatedDevice> EmulatedDevices(const QemuFile& file);

// Returns the one whose Id() is `device`. Empty: the only one of `schema`.
// NOT_FOUND and FAILED_PRECONDITION list those there are.
absl::StatusOr<EmulatedDevice> FindEmulated(const QemuFile& file,
                                            absl::string_view device,
                                            absl::string_view schema);

}  // namespace devstate

#endif  // DEVSTATE_CLI_QEMU_INPUT_H_
