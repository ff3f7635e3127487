// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Early sections stand between the list of the blocks of guest memory and the
// first page. No guest has a say in what comes before them, as long as pages do
// not lie between the blocks of the list, as with mapped-ram.

#include "devstate/foreign/containers/qemu/sections.h"

#include <string>

#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

constexpr char kStartSection = 0x01;
constexpr char kDeviceSection = 0x04;
constexpr char kSubsection = 0x05;
constexpr char kConfiguration = 0x07;
constexpr char kFooter = 0x7e;

// Of the section of guest memory.
constexpr uint32_t kRamVersion = 4;
// Flags in the lower bits of its numbers.
constexpr uint64_t kRamFlags = 0xfff;
constexpr uint64_t kRamSize = 0x04;
constexpr uint64_t kRamEnd = 0x10;
constexpr uint64_t kRamFlushed = 0x200;

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

// Goes through a file from one value to the next. After a value that is not
// there, and after an error, all values are 0.
class Walk {
 public:
  Walk(RandomAccess* file, uint64_t at, uint64_t limit)
      : window_(file), at_(at), limit_(limit) {}

  // Returns a big-endian number.
  uint64_t Number(size_t size) {
    uint64_t value = 0;
    for (const char byte : Take(size)) {
      value = value << 8 | static_cast<uint8_t>(byte);
    }
    return value;
  }
  // Returns a name after its length.
  std::string Name(size_t length_size) {
    const uint64_t length = Number(length_size);
    if (length > 255) ok_ = false;
    return Take(length);
  }
  char Next() {
    const uint64_t at = at_;
    const auto type = static_cast<char>(Number(1));
    at_ = at;
    return type;
  }
  void Skip(uint64_t size) {
    if (size > limit_ - at_) ok_ = false;
    if (ok_) at_ += size;
  }
  void Fail() { ok_ = false; }

  bool ok() const { return ok_ && status_.ok(); }
  const absl::Status& status() const { return status_; }
  uint64_t at() const { return at_; }
  uint64_t left() const { return limit_ - at_; }
  ReadWindow& window() { return window_; }

 private:
  std::string Take(uint64_t size) {
    if (size > limit_ - at_) ok_ = false;
    if (!ok()) return "";
    const auto bytes = window_.Get(at_, size);
    if (!bytes.ok()) {
      status_ = bytes.status();
      return "";
    }
    at_ += size;
    return std::string(*bytes);
  }

  ReadWindow window_;
  uint64_t at_;
  const uint64_t limit_;
  bool ok_ = true;
  absl::Status status_;
};

void SkipConfiguration(Walk& walk) {
  if (walk.Next() != kConfiguration) return;
  walk.Skip(1);
  walk.Name(4);
  while (walk.ok() && walk.Next() == kSubsection) {
    walk.Skip(1);
    const std::string name = walk.Name(1);
    walk.Skip(4);
    if (name == "configuration/target-page-bits") {
      walk.Skip(4);
    } else if (name == "configuration/uuid") {
      walk.Skip(16);
    } else {
      // The capabilities that change how guest memory is laid out.
      walk.Fail();
    }
  }
}

// Goes over the start of the section of guest memory.
void SkipRam(Walk& walk, uint64_t footer_size) {
  walk.Skip(1 + 4);
  if (walk.Name(1) != "ram" || walk.Number(4) != 0 ||
      walk.Number(4) != kRamVersion) {
    return walk.Fail();
  }
  const uint64_t total = walk.Number(8);
  if ((total & kRamFlags) != kRamSize) return walk.Fail();
  uint64_t blocks = 0;
  while (walk.ok() && blocks < (total & ~kRamFlags)) {
    walk.Name(1);
    const uint64_t size = walk.Number(8);
    if (size == 0 || size > total - blocks) return walk.Fail();
    blocks += size;
  }
  uint64_t end = walk.Number(8);
  if (end == kRamFlushed) end = walk.Number(8);
  if (blocks != (total & ~kRamFlags) || end != kRamEnd) return walk.Fail();
  if (footer_size != 0 && walk.Next() != kFooter) return walk.Fail();
  walk.Skip(footer_size);
}

}  // namespace

uint64_t SectionHeaderSize(const DeviceDescription& device) {
  return 1 + 4 + 1 + device.name.size() + 4 + 4;
}

absl::StatusOr<bool> IsSection(const DeviceDescription& device, uint64_t header,
                               uint64_t end, uint64_t footer_size,
                               ReadWindow& window) {
  absl::optional<uint32_t> footer_id;
  if (footer_size != 0) {
    DS_ASSIGN_OR_RETURN(const absl::string_view footer,
                        window.Get(end - footer_size, footer_size));
    if (footer[0] != kFooter) return false;
    footer_id = ReadBigEndian32(footer.substr(1));
  }
  const uint64_t size = SectionHeaderSize(device);
  DS_ASSIGN_OR_RETURN(const absl::string_view bytes, window.Get(header, size));
  const uint32_t id = footer_id.value_or(ReadBigEndian32(bytes.substr(1)));
  const uint32_t version = device.version.has_value()
                               ? static_cast<uint32_t>(*device.version)
                               : ReadBigEndian32(bytes.substr(size - 4));
  return bytes == SectionHeader(device, id, version);
}

absl::StatusOr<std::vector<uint64_t>> FindEarlySections(
    RandomAccess* file, uint64_t start, uint64_t limit, uint64_t footer_size,
    const std::vector<DeviceDescription>& devices) {
  std::vector<uint64_t> bodies;
  Walk walk(file, start + kQemuHeaderSize, limit);
  SkipConfiguration(walk);
  while (walk.ok() && bodies.size() < devices.size()) {
    if (walk.Next() == kStartSection) {
      SkipRam(walk, footer_size);
      continue;
    }
    const DeviceDescription& device = devices[bodies.size()];
    const uint64_t around = SectionHeaderSize(device) + footer_size;
    if (device.name.size() > 255 || walk.left() < around ||
        walk.left() - around < device.body_size) {
      break;
    }
    const uint64_t header = walk.at();
    walk.Skip(around + device.body_size);
    DS_ASSIGN_OR_RETURN(
        const bool is_section,
        IsSection(device, header, walk.at(), footer_size, walk.window()));
    if (!is_section) break;
    bodies.push_back(header + SectionHeaderSize(device));
  }
  if (!walk.status().ok()) return walk.status();
  return bodies;
}

}  // namespace devstate
