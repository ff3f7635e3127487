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
#include "devstate/foreign/containers/qemu/sections.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Types of what is in a migration stream: the first byte of each.
constexpr char kEndOfSections = 0x00;
constexpr char kSubsection = 0x05;
constexpr char kDescription = 0x06;

constexpr uint32_t kVersion = 3;
// What the name of a section ends with that QEMU sends before guest memory.
constexpr absl::string_view kEarlySuffix = "-device-early";
// The end mark of the sections, the description's type and length.
constexpr uint64_t kIntroduction = 1 + 1 + 4;

std::string Ids(const std::vector<BackendState>& states) {
  return absl::StrJoin(
      states, ", ", [](std::string* out, const BackendState& state) {
        absl::StrAppend(out, absl::Utf8SafeCEscape(state.Id()));
      });
}

std::string IdOf(const std::string& device, uint32_t instance) {
  return instance == 0 ? device : absl::StrCat(device, "#", instance);
}

// Returns whether the bytes before a text say that it is a description of
// `length` bytes.
bool IntroducesDescription(absl::string_view introduction, uint64_t length) {
  return introduction[0] == kEndOfSections && introduction[1] == kDescription &&
         ReadBigEndian32(introduction.substr(2)) == length;
}

uint64_t SubsectionHeaderSize(absl::string_view name) {
  return 1 + 1 + name.size() + 4;
}

absl::Status CheckSubsectionHeader(absl::string_view name, uint64_t offset,
                                   ReadWindow& window) {
  const uint64_t size = SubsectionHeaderSize(name);
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

std::string BackendState::Id() const { return IdOf(device, instance); }
std::string InflightState::Id() const { return IdOf(device, instance); }
std::string VirtioSection::Id() const { return IdOf(device, instance); }

absl::StatusOr<std::unique_ptr<QemuFile>> QemuFile::Open(
    std::unique_ptr<RandomAccess> file, uint64_t start) {
  auto result = std::unique_ptr<QemuFile>(new QemuFile(std::move(file), start));
  const uint64_t size = result->file_->size();
  ReadWindow window(result->file_.get());
  DS_ASSIGN_OR_RETURN(const absl::string_view head,
                      window.Get(start,
                                 std::min(size - start, kQemuHeaderSize)));
  if (head.substr(0, kQemuFileMagic.size()) != kQemuFileMagic) {
    return absl::FailedPreconditionError(
        "not a QEMU migration file: it does not start with \"QEVM\"");
  }
  if (head.size() < kQemuHeaderSize) {
    return QemuFileError(size,
                         "the file ends inside its header: save it again");
  }
  if (ReadBigEndian32(head.substr(4)) != kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a QEMU migration file of version ", ReadBigEndian32(head.substr(4)),
        "; this reads version ", kVersion));
  }
  DS_ASSIGN_OR_RETURN(const bool ends_here, result->OpenAtEnd());
  if (!ends_here) DS_RETURN_IF_ERROR(result->Search());
  return result;
}

// JSON has no control characters, while the length before it has: its first
// byte is 0 as long as it is below 16 MiB, and 1 below 32 MiB. So the last
// control character of the file is in that length, or is the type before it,
// whatever devices and guests have put in front. Returns false if the file does
// not end with a description.
absl::StatusOr<bool> QemuFile::OpenAtEnd() {
  constexpr uint64_t kPiece = 64 << 10;
  const uint64_t size = file_->size();
  const uint64_t lowest =
      std::max(start_ + kQemuHeaderSize,
               size - std::min<uint64_t>(size, kMaxDeviceDescription));
  std::string piece;
  uint64_t piece_start = size;
  size_t last = std::string::npos;
  while (piece_start > lowest && last == std::string::npos) {
    const uint64_t end = piece_start;
    piece_start = std::max(lowest, end - std::min(end, kPiece));
    piece.resize(end - piece_start);
    DS_RETURN_IF_ERROR(file_->ReadAt(piece_start, &piece[0], piece.size()));
    for (size_t i = piece.size(); i > 0; --i) {
      if (static_cast<uint8_t>(piece[i - 1]) < 0x20) {
        last = i - 1;
        break;
      }
    }
  }
  if (last == std::string::npos) return false;
  // The text starts one to four bytes after it.
  for (uint64_t text = piece_start + last + 1; text <= piece_start + last + 4;
       ++text) {
    if (text >= size || text < start_ + kQemuHeaderSize + kIntroduction) {
      continue;
    }
    std::string introduction(kIntroduction, '\0');
    DS_RETURN_IF_ERROR(file_->ReadAt(text - kIntroduction, &introduction[0],
                                     introduction.size()));
    if (!IntroducesDescription(introduction, size - text)) continue;
    description_offset_ = text;
    end_ = size;
    DS_RETURN_IF_ERROR(ReadDescribed());
    return true;
  }
  return false;
}

// Something follows the migration: a volume is larger than what was written to
// it, and some writers fill their last block. Then every description in the
// file is tried whose sections are there. A guest can make one up in its
// memory, and a volume can have an old one, so one is taken only if it is the
// only one and nothing but zeros comes after it.
absl::Status QemuFile::Search() {
  constexpr int kMaxTried = 64;
  absl::Status failure = QemuFileError(
      file_->size(),
      "no description of the devices ends here or before: the file was cut "
      "off, or the machine was told to leave the description out "
      "(suppress-vmdesc, postcopy): save it again with it");
  absl::optional<uint64_t> description;
  uint64_t description_end = 0;
  uint64_t at = start_ + kQemuHeaderSize;
  int tried = 0;
  while (true) {
    DS_ASSIGN_OR_RETURN(at, NextDescription(at, &end_));
    if (at == file_->size()) break;
    description_offset_ = at;
    if (++tried > kMaxTried) {
      return QemuFileError(
          at, absl::StrCat("more than ", kMaxTried,
                           " places look like the end of a migration: copy "
                           "the migration alone to a file"));
    }
    const absl::Status opened = ReadDescribed();
    if (!opened.ok()) {
      failure = opened;
      ++at;
      continue;
    }
    // A state may itself be a migration file.
    if (description.has_value() &&
        std::none_of(states_.begin(), states_.end(),
                     [&](const BackendState& state) {
                       return state.offset <= *description &&
                              description_end <= state.end;
                     })) {
      return QemuFileError(
          end_,
          absl::StrCat("a migration ends here and at 0x",
                       absl::Hex(description_end),
                       ": one is left from before, or made up by a guest. Take "
                       "what is right: head -c ",
                       end_, " or head -c ", description_end,
                       " FILE | devstate VERB -"));
    }
    description = at;
    description_end = end_;
    at = end_;
  }
  if (!description.has_value()) return failure;
  DS_ASSIGN_OR_RETURN(const bool zeros, OnlyZerosFrom(description_end));
  if (!zeros) {
    return QemuFileError(
        description_end,
        absl::StrCat("a migration ends here and something follows it. If that "
                     "is not part of it, but for instance what a volume held "
                     "before, cut it off: head -c ",
                     description_end, " FILE | devstate VERB -"));
  }
  description_offset_ = *description;
  end_ = description_end;
  return ReadDescribed();
}

// Returns the place of the first text at or after `offset` that has the
// introduction of a description and its length, and sets `end`. The end of the
// file if there is none.
absl::StatusOr<uint64_t> QemuFile::NextDescription(uint64_t offset,
                                                   uint64_t* end) {
  constexpr uint64_t kPiece = 1 << 20;
  // Of every text.
  constexpr absl::string_view kFirst = "{\"";
  const uint64_t size = file_->size();
  std::string piece;
  // Pieces overlap by what comes before the text, and by its first bytes.
  constexpr uint64_t kOverlap = kIntroduction + kFirst.size();
  uint64_t at = std::max(offset, start_ + kQemuHeaderSize + kIntroduction);
  while (true) {
    const uint64_t data = file_->NextData(at);
    if (data > at + kOverlap) at = data - kOverlap;
    if (size < kFirst.size() || at > size - kFirst.size()) return size;
    const uint64_t piece_start = at - kIntroduction;
    piece.resize(std::min(kPiece, size - piece_start));
    DS_RETURN_IF_ERROR(file_->ReadAt(piece_start, &piece[0], piece.size()));
    for (size_t found = piece.find(kFirst.data(), kIntroduction, kFirst.size());
         found != std::string::npos;
         found = piece.find(kFirst.data(), found + 1, kFirst.size())) {
      const absl::string_view introduction =
          absl::string_view(piece).substr(found - kIntroduction, kIntroduction);
      const uint64_t text = piece_start + found;
      const uint64_t length = ReadBigEndian32(introduction.substr(2));
      if (length < kFirst.size() || length > kMaxDeviceDescription ||
          length > size - text ||
          !IntroducesDescription(introduction, length)) {
        continue;
      }
      *end = text + length;
      return text;
    }
    at = piece_start + piece.size() - kFirst.size() + 1;
  }
}

absl::StatusOr<bool> QemuFile::OnlyZerosFrom(uint64_t offset) {
  constexpr uint64_t kPiece = 1 << 20;
  std::string piece;
  while ((offset = file_->NextData(offset)) < file_->size()) {
    piece.resize(std::min(kPiece, file_->size() - offset));
    DS_RETURN_IF_ERROR(file_->ReadAt(offset, &piece[0], piece.size()));
    if (piece.find_first_not_of('\0') != std::string::npos) return false;
    offset += piece.size();
  }
  return true;
}

absl::Status QemuFile::ReadDescribed() {
  states_.clear();
  inflight_.clear();
  virtio_.clear();
  early_.clear();
  std::string text(end_ - description_offset_, '\0');
  DS_RETURN_IF_ERROR(file_->ReadAt(description_offset_, &text[0], text.size()));
  const absl::StatusOr<std::vector<DeviceDescription>> devices =
      ParseDeviceDescription(text);
  if (!devices.ok()) {
    return QemuFileError(
        description_offset_,
        absl::StrCat("the description of the devices is damaged ",
                     devices.status().message()));
  }
  return WalkSections(*devices);
}

// From the end to the start: the description is at the end, and tells where the
// section before each one has to start. It does not tell of guest memory, which
// comes before all of them but for those that QEMU sends early. Those fit
// nowhere, so the walk may stop once no section with a state is left.
absl::Status QemuFile::WalkSections(
    const std::vector<DeviceDescription>& devices) {
  ReadWindow window(file_.get());
  const uint64_t lowest = start_ + kQemuHeaderSize;
  // After the last section are the end mark, and the description's type and
  // length.
  uint64_t end = description_offset_ - kIntroduction;
  size_t left = devices.size();
  absl::Status stopped;
  // Whether sections have a footer. Machines of QEMU 2.3 and older have none,
  // and others can be told to leave it out. The last section shows it.
  absl::optional<uint64_t> footer_size;
  while (left > 0) {
    const DeviceDescription& device = devices[left - 1];
    const std::string name = absl::Utf8SafeCEscape(device.name);
    const uint64_t header_size = SectionHeaderSize(device);
    absl::optional<uint64_t> header;
    for (const uint64_t size : {kSectionFooterSize, uint64_t{0}}) {
      if (footer_size.value_or(size) != size) continue;
      if (device.name.size() > 255 || device.instance > UINT32_MAX ||
          device.version.value_or(0) > UINT32_MAX ||
          end - lowest < header_size + size ||
          end - lowest - header_size - size < device.body_size) {
        continue;
      }
      header = end - size - device.body_size - header_size;
      DS_ASSIGN_OR_RETURN(const bool is_section,
                          IsSection(device, *header, end, size, window));
      if (is_section) {
        footer_size = size;
        break;
      }
      if (stopped.ok()) {
        stopped = QemuFileError(
            *header,
            absl::StrFormat("the section of %s does not start here and end at "
                            "0x%x, as the description at the end of the file "
                            "has it: the file is damaged",
                            name, end));
      }
      header.reset();
    }
    if (!header.has_value()) {
      if (stopped.ok()) {
        stopped = QemuFileError(
            end,
            absl::StrCat("there is no room before this for the section of ",
                         name, ", which the description says has ",
                         device.body_size, " bytes: the file is damaged"));
      }
      break;
    }
    stopped = absl::OkStatus();
    const uint64_t body = *header + header_size;
    DS_RETURN_IF_ERROR(AddState(device, body));
    DS_RETURN_IF_ERROR(AddInflight(device, body));
    AddVirtio(device, body);
    end = *header;
    --left;
  }
  early_.assign(devices.begin(),
                devices.begin() + static_cast<ptrdiff_t>(left));
  footer_size_ = footer_size.value_or(0);
  std::reverse(states_.begin(), states_.end());
  std::reverse(inflight_.begin(), inflight_.end());
  std::reverse(virtio_.begin(), virtio_.end());
  const bool misses_state = std::any_of(
      devices.begin(), devices.begin() + static_cast<ptrdiff_t>(left),
      [](const DeviceDescription& device) {
        return device.state.has_value() || device.inflight.has_value();
      });
  return misses_state || (left == devices.size() && left != 0)
             ? stopped
             : absl::OkStatus();
}

void QemuFile::AddVirtio(const DeviceDescription& device, uint64_t body) {
  if (!device.virtio.has_value()) return;
  VirtioSection section;
  section.device = device.name;
  section.instance = static_cast<uint32_t>(device.instance);
  section.type = device.type;
  section.offset = body + device.virtio->offset;
  section.field = *device.virtio;
  section.rest = device.body_size - device.virtio->offset - device.virtio->size;
  virtio_.push_back(std::move(section));
}

absl::StatusOr<std::string> QemuFile::ReadPart(uint64_t offset, uint64_t size,
                                               uint64_t most) {
  if (size > most) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a virtio device of ", size, " bytes; the limit is ", most));
  }
  std::string bytes(size, '\0');
  if (size != 0) DS_RETURN_IF_ERROR(file_->ReadAt(offset, &bytes[0], size));
  return bytes;
}

absl::StatusOr<std::string> QemuFile::ReadVirtio(const VirtioSection& section) {
  return ReadPart(section.offset, section.field.size, kMaxVirtioField);
}

absl::StatusOr<std::string> QemuFile::ReadRest(const VirtioSection& section) {
  return ReadPart(section.offset + section.field.size, section.rest,
                  kMaxVirtioRest);
}

absl::StatusOr<absl::optional<std::string>> QemuFile::ReadEarly(
    const VirtioSection& section) {
  const std::string name = absl::StrCat(section.device, kEarlySuffix);
  const auto device = std::find_if(
      early_.begin(), early_.end(), [&](const DeviceDescription& early) {
        return early.name == name && early.instance == section.instance;
      });
  if (device == early_.end()) return absl::nullopt;
  DS_ASSIGN_OR_RETURN(
      const std::vector<uint64_t> bodies,
      FindEarlySections(file_.get(), start_,
                        description_offset_ - kIntroduction, footer_size_,
                        early_));
  const auto index = static_cast<size_t>(device - early_.begin());
  if (index >= bodies.size()) {
    return absl::FailedPreconditionError(
        "QEMU has sent a part of the device before guest memory, which is not "
        "read from a file with mapped-ram, x-ignore-shared or postcopy: save "
        "it without them");
  }
  DS_ASSIGN_OR_RETURN(
      std::string bytes,
      ReadPart(bodies[index], device->body_size, kMaxVirtioField));
  return bytes;
}

absl::Status QemuFile::AddInflight(const DeviceDescription& device,
                                   uint64_t body) {
  if (!device.inflight.has_value()) return absl::OkStatus();
  // A be64 size and a be16 queue size, then the region in a subsection.
  constexpr uint64_t kSizes = 8 + 2;
  constexpr absl::string_view kBuffer = "vhost-inflight-region/buffer";
  const uint64_t before = kSizes + SubsectionHeaderSize(kBuffer);
  const uint64_t field = body + device.inflight->offset;
  const uint64_t field_size = device.inflight->size;
  ReadWindow window(file_.get());
  InflightState state;
  state.device = device.name;
  state.instance = static_cast<uint32_t>(device.instance);
  if (field_size >= before) {
    DS_RETURN_IF_ERROR(
        CheckSubsectionHeader(kInflightSubsection, field, window));
    state.offset = field + before;
    DS_RETURN_IF_ERROR(CheckSubsectionHeader(kBuffer, state.offset, window));
    DS_ASSIGN_OR_RETURN(const absl::string_view sizes,
                        window.Get(field, kSizes));
    state.bytes = uint64_t{ReadBigEndian32(sizes)} << 32 |
                  ReadBigEndian32(sizes.substr(4));
    state.queue_size = static_cast<uint16_t>(
        static_cast<uint8_t>(sizes[8]) << 8 | static_cast<uint8_t>(sizes[9]));
  }
  if (field_size < before || state.bytes != field_size - before) {
    return QemuFileError(
        field,
        absl::StrFormat("the requests in flight of %s do not have the %d bytes "
                        "that the description at the end of the file has: the "
                        "file is damaged",
                        absl::Utf8SafeCEscape(device.name), field_size));
  }
  inflight_.push_back(std::move(state));
  return absl::OkStatus();
}

absl::StatusOr<std::string> QemuFile::ReadInflight(const InflightState& state) {
  if (state.bytes > kMaxInflightRegion) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a region of ", state.bytes,
        " bytes for requests in flight; the limit is ", kMaxInflightRegion));
  }
  std::string bytes(state.bytes, '\0');
  DS_RETURN_IF_ERROR(file_->ReadAt(state.offset, &bytes[0], bytes.size()));
  return bytes;
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
