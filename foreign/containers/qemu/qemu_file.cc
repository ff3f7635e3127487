// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A migration file is read from its end. QEMU writes the description of its
// devices there, and guest memory of unknown length comes before the devices.
// Every section that the description names must be where its sizes put it.

#include "devstate/foreign/containers/qemu/qemu_file.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "devstate/foreign/containers/qemu/inner_state.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Types of what is in a migration stream: the first byte of each.
constexpr char kEndOfSections = 0x00;
constexpr char kDeviceSection = 0x04;
constexpr char kSubsection = 0x05;
constexpr char kDescription = 0x06;
constexpr char kFooter = 0x7e;

constexpr uint32_t kVersion = 3;
// Magic and version.
constexpr uint64_t kHeaderSize = 8;
// Type and section id.
constexpr uint64_t kFooterSize = 5;

std::string Ids(const std::vector<BackendState>& states) {
  return absl::StrJoin(
      states, ", ", [](std::string* out, const BackendState& state) {
        absl::StrAppend(out, absl::Utf8SafeCEscape(state.Id()));
      });
}

// The header of the section that has `device`: all of it is known beforehand
// but for the section's id, which its footer repeats.
std::string SectionHeader(const DeviceDescription& device, uint32_t id,
                          uint32_t version) {
  std::string header(1, kDeviceSection);
  AppendBigEndian32(id, &header);
  header.push_back(static_cast<char>(device.name.size()));
  header.append(device.name);
  AppendBigEndian32(static_cast<uint32_t>(device.instance), &header);
  AppendBigEndian32(version, &header);
  return header;
}

uint64_t SectionHeaderSize(const DeviceDescription& device) {
  return 1 + 4 + 1 + device.name.size() + 4 + 4;
}

absl::Status CheckSubsectionHeader(absl::string_view name, uint64_t offset,
                                   ReadWindow& window) {
  const uint64_t size = 1 + 1 + name.size() + 4;
  std::string expected(1, kSubsection);
  expected.push_back(static_cast<char>(name.size()));
  expected.append(name.data(), name.size());
  DS_ASSIGN_OR_RETURN(const absl::string_view found,
                      window.Get(offset - size, size));
  if (found.substr(0, expected.size()) != expected) {
    return QemuFileError(
        offset - size,
        absl::StrCat("not the start of the subsection ", name,
                     ", which the description at the end of the file has "
                     "here: the file is damaged"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string BackendState::Id() const {
  return instance == 0 ? device : absl::StrCat(device, "#", instance);
}

absl::StatusOr<std::unique_ptr<QemuFile>> QemuFile::Open(
    std::unique_ptr<RandomAccess> file) {
  auto result = std::unique_ptr<QemuFile>(new QemuFile(std::move(file)));
  const uint64_t size = result->file_->size();
  ReadWindow window(result->file_.get());
  const size_t head_size = std::min(size, kHeaderSize);
  DS_ASSIGN_OR_RETURN(const absl::string_view head, window.Get(0, head_size));
  if (head.substr(0, kQemuFileMagic.size()) != kQemuFileMagic) {
    return absl::FailedPreconditionError(
        "not a QEMU migration file: it does not start with \"QEVM\"");
  }
  if (head.size() < kHeaderSize) {
    return QemuFileError(size,
                         "the file ends inside its header: save it again");
  }
  if (ReadBigEndian32(head.substr(4)) != kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a QEMU migration file of version ", ReadBigEndian32(head.substr(4)),
        "; this reads version ", kVersion));
  }
  DS_ASSIGN_OR_RETURN(const std::string text, result->ReadDescription());
  const absl::StatusOr<std::vector<DeviceDescription>> devices =
      ParseDeviceDescription(text);
  if (!devices.ok()) {
    return QemuFileError(
        result->description_offset_,
        absl::StrCat("the description of the devices is damaged ",
                     devices.status().message()));
  }
  DS_RETURN_IF_ERROR(result->WalkSections(*devices));
  return result;
}

// JSON has no control characters, while the length before it has: its first
// byte is 0 as long as it is below 16 MiB, and 1 below 32 MiB. So the last
// control character of the file is in that length, or is the type before it,
// whatever devices and guests have put in front.
absl::StatusOr<std::string> QemuFile::ReadDescription() {
  constexpr uint64_t kPiece = 64 << 10;
  // The end mark of the sections, the description's type and length.
  constexpr uint64_t kIntroduction = 1 + 1 + 4;
  const uint64_t size = file_->size();
  const uint64_t lowest = std::max(
      kHeaderSize, size - std::min<uint64_t>(size, kMaxDeviceDescription));
  const auto none = [&] {
    return QemuFileError(
        size,
        "no description of the devices ends here: the file was cut off, or "
        "something follows the migration, or the machine was told to leave the "
        "description out (suppress-vmdesc, postcopy): save it again with it");
  };
  std::string piece;
  uint64_t start = size;
  size_t last = std::string::npos;
  while (start > lowest && last == std::string::npos) {
    const uint64_t end = start;
    start = std::max(lowest, end - std::min(end, kPiece));
    piece.resize(end - start);
    DS_RETURN_IF_ERROR(file_->ReadAt(start, &piece[0], piece.size()));
    for (size_t i = piece.size(); i > 0; --i) {
      if (static_cast<uint8_t>(piece[i - 1]) < 0x20) {
        last = i - 1;
        break;
      }
    }
  }
  if (last == std::string::npos) return none();
  // The text starts one to four bytes after it.
  for (uint64_t text = start + last + 1; text <= start + last + 4; ++text) {
    if (text >= size || text < kHeaderSize + kIntroduction) continue;
    std::string introduction(kIntroduction, '\0');
    DS_RETURN_IF_ERROR(file_->ReadAt(text - kIntroduction, &introduction[0],
                                     introduction.size()));
    if (introduction[0] != kEndOfSections || introduction[1] != kDescription ||
        ReadBigEndian32(absl::string_view(introduction).substr(2)) !=
            size - text) {
      continue;
    }
    description_offset_ = text;
    std::string description(size - text, '\0');
    DS_RETURN_IF_ERROR(
        file_->ReadAt(text, &description[0], description.size()));
    return description;
  }
  return none();
}

// From the end to the start: the description is at the end, and tells where the
// section before each one has to start. It does not tell of guest memory, which
// comes before all of them but for those that QEMU sends early. Those fit
// nowhere, so the walk may stop once no section with a state is left.
absl::Status QemuFile::WalkSections(
    const std::vector<DeviceDescription>& devices) {
  ReadWindow window(file_.get());
  // After the last section are the end mark, and the description's type and
  // length.
  uint64_t end = description_offset_ - 6;
  size_t left = devices.size();
  absl::Status stopped;
  while (left > 0) {
    const DeviceDescription& device = devices[left - 1];
    const std::string name = absl::Utf8SafeCEscape(device.name);
    const uint64_t header_size = SectionHeaderSize(device);
    if (device.name.size() > 255 || device.instance > UINT32_MAX ||
        device.version.value_or(0) > UINT32_MAX ||
        end - kHeaderSize < header_size + kFooterSize ||
        end - kHeaderSize - header_size - kFooterSize < device.body_size) {
      stopped = QemuFileError(
          end, absl::StrCat("there is no room before this for the section of ",
                            name, ", which the description says has ",
                            device.body_size, " bytes: the file is damaged"));
      break;
    }
    const uint64_t footer = end - kFooterSize;
    const uint64_t body = footer - device.body_size;
    const uint64_t header = body - header_size;
    DS_ASSIGN_OR_RETURN(absl::string_view bytes,
                        window.Get(footer, kFooterSize));
    const bool has_footer = bytes[0] == kFooter;
    const uint32_t id = ReadBigEndian32(bytes.substr(1));
    DS_ASSIGN_OR_RETURN(bytes, window.Get(header, header_size));
    const uint32_t version =
        device.version.has_value()
            ? static_cast<uint32_t>(*device.version)
            : ReadBigEndian32(bytes.substr(header_size - 4));
    if (!has_footer || bytes != SectionHeader(device, id, version)) {
      stopped = QemuFileError(
          header,
          absl::StrFormat("the section of %s does not start here and end at "
                          "0x%x, as the description at the end of the file "
                          "has it: the file is damaged",
                          name, end));
      break;
    }
    DS_RETURN_IF_ERROR(AddState(device, body));
    end = header;
    --left;
  }
  std::reverse(states_.begin(), states_.end());
  const bool misses_state = std::any_of(
      devices.begin(), devices.begin() + static_cast<ptrdiff_t>(left),
      [](const DeviceDescription& device) { return device.state.has_value(); });
  return misses_state || left == devices.size() ? stopped : absl::OkStatus();
}

absl::Status QemuFile::AddState(const DeviceDescription& device,
                                uint64_t body) {
  if (!device.state.has_value()) return absl::OkStatus();
  BackendState state;
  state.device = device.name;
  state.instance = static_cast<uint32_t>(device.instance);
  state.field = *device.state;
  state.offset = body + state.field.offset;
  uint64_t limit = state.offset + state.field.size;
  if (state.field.place == StateField::Place::kInside) {
    DS_ASSIGN_OR_RETURN(const absl::optional<uint64_t> found,
                        FindInnerState(file_.get(), state.offset, limit));
    if (!found.has_value()) return absl::OkStatus();
    state.offset = *found;
  } else {
    ReadWindow window(file_.get());
    DS_RETURN_IF_ERROR(
        CheckSubsectionHeader(kFsStateSubsection, state.offset, window));
  }
  StateChunkWalker walker(file_.get(), state.offset, limit);
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool more, walker.Next());
    if (!more) break;
  }
  state.end = walker.position();
  state.bytes = walker.bytes();
  state.chunks = walker.chunks();
  if (state.field.place == StateField::Place::kWhole && state.end != limit) {
    return QemuFileError(
        state.end,
        absl::StrFormat("the state of %s ends here and not at 0x%x, as the "
                        "description at the end of the file has it: the file "
                        "is damaged",
                        absl::Utf8SafeCEscape(device.name), limit));
  }
  states_.push_back(std::move(state));
  return absl::OkStatus();
}

absl::StatusOr<const BackendState*> QemuFile::Find(
    absl::string_view device) const {
  if (states_.empty()) {
    return absl::NotFoundError(
        "no device in this file has a back-end's state: its devices are not "
        "vhost-user, or their back-ends do not offer device state");
  }
  if (device.empty()) {
    if (states_.size() == 1) return &states_[0];
    return absl::FailedPreconditionError(
        absl::StrCat("several devices have a state; name one with --device: ",
                     Ids(states_)));
  }
  for (const BackendState& state : states_) {
    if (state.Id() == device) return &state;
  }
  return absl::NotFoundError(absl::StrCat("no state of a device \"",
                                          absl::Utf8SafeCEscape(device),
                                          "\"; there is: ", Ids(states_)));
}

std::unique_ptr<ByteSource> QemuFile::OpenState(const BackendState& state) {
  return std::make_unique<StateChunkSource>(file_.get(), state.offset,
                                            state.end);
}

}  // namespace devstate
