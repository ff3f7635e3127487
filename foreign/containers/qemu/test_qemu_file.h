// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: small migration files made by hand, and files in memory.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_TEST_QEMU_FILE_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_TEST_QEMU_FILE_H_

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/foreign/containers/random_access.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::testing {

// A file in memory. Nothing may be read outside of it.
class MemoryFile : public RandomAccess {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}

  uint64_t size() const override { return bytes_.size(); }

  absl::Status ReadAt(uint64_t offset, char* buffer, size_t size) override {
    if (offset > bytes_.size() || bytes_.size() - offset < size) std::abort();
    bytes_read += size;
    std::memcpy(buffer, bytes_.data() + offset, size);
    return absl::OkStatus();
  }

  uint64_t bytes_read = 0;

 private:
  const std::string bytes_;
};

inline absl::StatusOr<std::unique_ptr<QemuFile>> OpenBytes(std::string bytes) {
  return QemuFile::Open(std::make_unique<MemoryFile>(std::move(bytes)));
}

// Returns a file of testdata/.
inline std::string ReadTestData(absl::string_view name) {
  std::ifstream stream(absl::StrCat("foreign/containers/qemu/testdata/", name),
                       std::ios::binary);
  if (!stream) std::abort();
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// Returns the bytes of a state that can be read.
inline std::string Drain(QemuFile& file, const BackendState& state) {
  const std::unique_ptr<ByteSource> source = file.OpenState(state);
  std::string bytes;
  char buffer[4096];
  while (true) {
    const absl::StatusOr<size_t> got = source->Read(buffer, sizeof(buffer));
    if (!got.ok()) std::abort();
    if (*got == 0) return bytes;
    bytes.append(buffer, *got);
  }
}

inline std::string BigEndian32(uint32_t value) {
  std::string out;
  AppendBigEndian32(value, &out);
  return out;
}

// Returns `pieces` as chunks, with the end mark.
inline std::string Chunks(const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) {
    absl::StrAppend(&out, BigEndian32(piece.size()), piece);
  }
  return out + BigEndian32(0);
}

inline std::string Subsection(absl::string_view name) {
  return absl::StrCat("\x05", std::string(1, static_cast<char>(name.size())),
                      name, BigEndian32(0));
}

// The content of a section of the file and of its description.
struct TestDevice {
  std::string name;
  uint32_t instance = 0;
  uint32_t version = 0;
  std::string body;
  // The part of the description that makes up the body.
  std::string description;
};

inline TestDevice PlainDevice(std::string name, size_t size) {
  return {std::move(name), 0, 2, std::string(size, 'p'),
          absl::StrCat(R"("vmsd_name": "plain", "fields": [{"name": "data", )",
                       R"("type": "buffer", "size": )", size, "}]")};
}

inline TestDevice FsDevice(std::string name,
                           const std::vector<std::string>& pieces) {
  const std::string state = Chunks(pieces);
  return {
      std::move(name), 0, 0,
      absl::StrCat(std::string(40, 'v'), Subsection("vhost-user-fs-backend"),
                   state),
      absl::StrCat(R"("vmsd_name": "vhost-user-fs", "version": 0, "fields": )",
                   R"([{"name": "virtio", "type": "virtio", "size": 40}], )",
                   R"("subsections": [{"vmsd_name": "vhost-user-fs-backend", )",
                   R"("version": 0, "fields": [{"name": "back-end", )",
                   R"("type": "virtio-fs back-end state", "size": )",
                   state.size(), "}]}]")};
}

// Returns a device. `tables` is what a guest has set before the state.
inline TestDevice NetDevice(std::string name, const std::string& tables,
                            const std::vector<std::string>& pieces) {
  const std::string field = absl::StrCat(
      tables, Subsection("virtio-net-device/backend"), Chunks(pieces),
      Subsection("virtio/64bit_features"), std::string(8, '\0'));
  return {std::move(name), 0, 11, field,
          absl::StrCat(R"("vmsd_name": "virtio-net", "version": 11, )",
                       R"("fields": [{"name": "virtio", "type": "virtio", )",
                       R"("size": )", field.size(), "}]")};
}

// Returns a device with requests in flight, whose region is `region`.
inline TestDevice BlkDevice(std::string name, uint16_t queue_size,
                            const std::string& region) {
  const std::string field =
      absl::StrCat(BigEndian32(0), BigEndian32(region.size()),
                   BigEndian32(queue_size).substr(2),
                   Subsection("vhost-inflight-region/buffer"), region);
  return {std::move(name), 0, 1,
          absl::StrCat(std::string(40, 'v'),
                       Subsection("vhost-user-blk/inflight"), field),
          absl::StrCat(R"("vmsd_name": "vhost-user-blk", "version": 1, )",
                       R"("fields": [{"name": "virtio", "size": 40}], )",
                       R"("subsections": [{"vmsd_name": )",
                       R"("vhost-user-blk/inflight", "fields": [)",
                       R"({"name": "inflight", "type": "struct", "struct": )",
                       R"({"fields": [{"name": "size", "size": 8}]}, )",
                       R"("size": )", field.size(), "}]}]")};
}

struct TestFile {
  // Whether sections have footers.
  bool footers = true;
  // The guest memory, as the content of its last section.
  std::string memory = std::string(500, 'm');
  std::vector<TestDevice> devices;
  // The description that replaces the one that follows from the devices.
  std::string description;

  std::string Build() const {
    std::string file =
        absl::StrCat("QEVM", BigEndian32(3), "\x07", BigEndian32(4), "pc-x");
    absl::StrAppend(&file, "\x03", BigEndian32(1), memory, "\x7e",
                    BigEndian32(1));
    std::string json = R"({"page_size": 4096, "devices": [)";
    uint32_t id = 1;
    for (const TestDevice& device : devices) {
      ++id;
      absl::StrAppend(&file, "\x04", BigEndian32(id),
                      std::string(1, static_cast<char>(device.name.size())),
                      device.name, BigEndian32(device.instance),
                      BigEndian32(device.version), device.body,
                      footers ? absl::StrCat("\x7e", BigEndian32(id)) : "");
      absl::StrAppend(&json, id == 2 ? "" : ", ", R"({"name": ")", device.name,
                      R"(", "instance_id": )", device.instance, ", ",
                      device.description, "}");
    }
    json += "]}";
    if (!description.empty()) json = description;
    absl::StrAppend(&file, std::string("\0\x06", 2), BigEndian32(json.size()),
                    json);
    return file;
  }
};

}  // namespace devstate::testing

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_TEST_QEMU_FILE_H_
