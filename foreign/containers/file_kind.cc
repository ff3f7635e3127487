// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/file_kind.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_error.h"

namespace devstate {
namespace {

constexpr absl::string_view kMigration = "QEVM";
constexpr absl::string_view kLibvirt = "LibvirtQemudSave";
constexpr absl::string_view kUnfinishedLibvirt = "LibvirtQemudPart";
constexpr absl::string_view kGzip = "\x1f\x8b\x08";
constexpr absl::string_view kZstd = "\x28\xb5\x2f\xfd";

// A map of two, whose first key is this.
constexpr absl::string_view kCrosvmSnapshot =
    "\xa2\x6e"
    "acked_features";

constexpr absl::string_view kMemoryDump =
    "it holds the guest's memory and no device's state: save the VM with "
    "`virsh save`, or migrate it to a file";

struct Named {
  absl::string_view magic;
  absl::string_view name;
  absl::string_view way_on;
};

constexpr Named kNamed[] = {
    {{"\xfd"
      "7zXZ\0",
      6},
     "a file compressed with xz",
     "open it first: xz -dc FILE > PLAIN"},
    {"\x04\x22\x4d\x18", "a file compressed with lz4",
     "open it first: lz4 -dc FILE > PLAIN"},
    {"BZh", "a file compressed with bzip2",
     "open it first: bzip2 -dc FILE > PLAIN"},
    {"\x89LZO", "a file compressed with lzop",
     "open it first: lzop -dc FILE > PLAIN"},
    {"QFI\xfb", "a qcow2 image",
     "a snapshot in it is read by QEMU alone: start the VM with -loadvm NAME "
     "-S, then `migrate file:vm.mig` in its monitor, and take that file"},
    {"\x7f"
     "ELF",
     "an ELF file, such as a dump of a guest's memory", kMemoryDump},
    {"KDUMP   ", "a dump of a guest's memory (kdump)", kMemoryDump},
    {"DISKDUMP", "a dump of a guest's memory (diskdump)", kMemoryDump},
    {"makedumpfile", "a dump of a guest's memory (makedumpfile)", kMemoryDump},
    {kUnfinishedLibvirt, "a libvirt save image that was never finished",
     "its VM was not stopped for it: save the VM again"},
};

// The header of a libvirt save image: the magic, then numbers of 32 bits in the
// byte order of the host.
constexpr size_t kLibvirtVersionAt = 16;
constexpr size_t kLibvirtXmlSizeAt = 20;
constexpr size_t kLibvirtCompressionAt = 28;
// Later versions have not changed what is read here.
constexpr uint32_t kMaxLibvirtVersion = 0xffff;

// By their number. The way on starts after the header.
constexpr struct {
  FileKind content;
  absl::string_view command;
} kLibvirtCompressions[] = {
    {FileKind::kMigration, ""},
    {FileKind::kGzip, ""},
    {FileKind::kNamed, "bzip2"},
    {FileKind::kNamed, "xz"},
    {FileKind::kNamed, "lzop"},
    {FileKind::kZstd, ""},
    // Memory at fixed places.
    {FileKind::kMigration, ""},
};

uint32_t Number(absl::string_view bytes, size_t at, bool big_endian) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value = value << 8 |
            static_cast<uint8_t>(bytes[big_endian ? at + i : at + 3 - i]);
  }
  return value;
}

const Named* FindNamed(absl::string_view first_bytes) {
  const auto* const found = std::find_if(
      std::begin(kNamed), std::end(kNamed), [first_bytes](const Named& named) {
        return absl::StartsWith(first_bytes, named.magic);
      });
  return found == std::end(kNamed) ? nullptr : found;
}

}  // namespace

FileKind FileKindOf(absl::string_view first_bytes) {
  const auto starts = [first_bytes](absl::string_view magic) {
    return absl::StartsWith(first_bytes, magic);
  };
  if (starts(kMigration)) return FileKind::kMigration;
  if (starts(kLibvirt)) return FileKind::kLibvirt;
  if (starts(kGzip)) return FileKind::kGzip;
  if (starts(kZstd)) return FileKind::kZstd;
  if (starts(kCrosvmSnapshot)) return FileKind::kCbor;
  const size_t text = first_bytes.find_first_not_of(" \t\r\n");
  if (text != absl::string_view::npos && first_bytes[text] == '{') {
    return FileKind::kJson;
  }
  return FindNamed(first_bytes) == nullptr ? FileKind::kOther
                                           : FileKind::kNamed;
}

absl::Status WayOn(absl::string_view first_bytes) {
  const Named* const named = FindNamed(first_bytes);
  if (named == nullptr) return absl::FailedPreconditionError("not known");
  return absl::FailedPreconditionError(
      absl::StrCat(named->name, ": ", named->way_on));
}

absl::StatusOr<LibvirtImage> ParseLibvirtImage(absl::string_view first_bytes,
                                               uint64_t size) {
  const auto cut_off = [size] {
    return StreamError({ERROR_REASON_NO_TRAILER, size},
                       "a libvirt save image that ends before its migration "
                       "stream: it was cut off; save the VM again");
  };
  if (first_bytes.size() < kLibvirtHeader) return cut_off();
  const bool big_endian =
      Number(first_bytes, kLibvirtVersionAt, false) > kMaxLibvirtVersion;
  LibvirtImage image;
  image.start =
      kLibvirtHeader + Number(first_bytes, kLibvirtXmlSizeAt, big_endian);
  if (image.start >= size) return cut_off();
  const uint32_t compression =
      Number(first_bytes, kLibvirtCompressionAt, big_endian);
  const std::string rest = absl::StrCat("tail -c +", image.start + 1, " FILE");
  if (compression >= std::size(kLibvirtCompressions)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a libvirt save image with a compression of number ", compression,
        ", which is not known: its stream is what ", rest, " writes"));
  }
  image.content = kLibvirtCompressions[compression].content;
  if (image.content == FileKind::kNamed) {
    const absl::string_view command = kLibvirtCompressions[compression].command;
    return absl::FailedPreconditionError(absl::StrCat(
        "a libvirt save image compressed with ", command,
        ": open it first: ", rest, " | ", command, " -dc > vm.mig"));
  }
  return image;
}

}  // namespace devstate
