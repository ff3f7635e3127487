// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/qemu_input.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/state_input.h"
#include "cli/stream_file.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

std::string Ids(const std::vector<EmulatedDevice>& devices) {
  return absl::StrJoin(
      devices, ", ", [](std::string* out, const EmulatedDevice& device) {
        absl::StrAppend(out, absl::Utf8SafeCEscape(device.section->Id()));
      });
}

}  // namespace

absl::StatusOr<std::unique_ptr<QemuFile>> OpenQemuFile(const std::string& name,
                                                       bool to_be_changed) {
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, OpenForReading(name));
  DS_ASSIGN_OR_RETURN(MigrationFile migration, OpenMigration(std::move(fd)));
  if (to_be_changed && !migration.as_it_is) {
    return absl::FailedPreconditionError(
        "a state cannot be replaced in a compressed file or a pipe: "
        "decompress it first, to a file");
  }
  return QemuFile::Open(std::move(migration.bytes), migration.start);
}

absl::StatusOr<qemu::SavedDevice> ReadSaved(QemuFile& file,
                                            const EmulatedDevice& device) {
  qemu::SavedDevice saved;
  DS_ASSIGN_OR_RETURN(saved.virtio, file.ReadVirtio(*device.section));
  DS_ASSIGN_OR_RETURN(saved.rest, file.ReadRest(*device.section));
  DS_ASSIGN_OR_RETURN(saved.early, file.ReadEarly(*device.section));
  return saved;
}

std::vector<EmulatedDevice> EmulatedDevices(const QemuFile& file) {
  std::vector<EmulatedDevice> devices;
  for (const VirtioSection& section : file.virtio()) {
    const qemu::EmulatedType* const type = qemu::FindEmulatedType(section.type);
    const bool has_backend = std::any_of(
        file.states().begin(), file.states().end(),
        [&](const BackendState& state) { return state.Id() == section.Id(); });
    if (type != nullptr && !has_backend) devices.push_back({&section, type});
  }
  return devices;
}

absl::StatusOr<EmulatedDevice> FindEmulated(const QemuFile& file,
                                            absl::string_view device,
                                            absl::string_view schema) {
  std::vector<EmulatedDevice> devices = EmulatedDevices(file);
  devices.erase(std::remove_if(devices.begin(), devices.end(),
                               [&](const EmulatedDevice& found) {
                                 return found.type->schema != schema;
                               }),
                devices.end());
  if (devices.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "QEMU emulates no device in this file whose state converts to ", schema,
        "; `devstate qemu list` shows those it does"));
  }
  if (device.empty()) {
    if (devices.size() == 1) return devices[0];
    return absl::FailedPreconditionError(
        absl::StrCat("QEMU emulates several devices of ", schema,
                     "; name one with --device: ", Ids(devices)));
  }
  for (const EmulatedDevice& found : devices) {
    if (found.section->Id() == device) return found;
  }
  return absl::NotFoundError(absl::StrCat(
      "QEMU emulates no device \"", absl::Utf8SafeCEscape(device), "\" of ",
      schema, " in this file; there is: ", Ids(devices)));
}

}  // namespace devstate
