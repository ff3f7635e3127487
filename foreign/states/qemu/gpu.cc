// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-gpu as QEMU emulates it, in 2D. Its resources with their pixels, and
// what its displays show, are in a field of their own after that of all virtio
// devices. QEMU saves it with no command in flight, so fences have been
// signalled. It cuts the size of a blob to 32 bits, so blobs are refused.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/gpu/v1/gpu.pb.h"
#include "devstate/devices/gpu/check_gpu.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/schema/pieces.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::gpu::v1::Cursor;
using ::devices::gpu::v1::GpuState;
using ::devices::gpu::v1::Resource;
using ::devices::gpu::v1::Scanout;

// As in devices.gpu.v1.
constexpr uint32_t kMaxSide = 65536;
constexpr uint32_t kMaxBacking = 16384;
constexpr uint32_t kMaxDisplays = 16;
// Of a display: all that QEMU saves, and without the framebuffer, which
// machines of QEMU 8.2 and older do not have.
constexpr size_t kDisplaySize = 64;
constexpr size_t kShortDisplaySize = 40;
constexpr absl::string_view kBlobs = "virtio-gpu/blob";

struct DisplayFields {
  uint32_t resource = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t x = 0;
  uint32_t y = 0;
  uint32_t cursor = 0;
  uint32_t hot_x = 0;
  uint32_t hot_y = 0;
  uint32_t cursor_x = 0;
  uint32_t cursor_y = 0;
};

struct NoFields {};

void VisitNone(FieldsIn&, const VirtioState&, NoFields*) {}

void ReadBacking(FieldsIn& fields, Resource* resource) {
  uint32_t count = 0;
  fields.U32("iov_cnt", &count);
  if (count > kMaxBacking) {
    fields.Fail(absl::StrCat(count, " ranges of guest memory"));
  }
  for (uint32_t i = 0; i < count && fields.ok(); ++i) {
    uint64_t address = 0;
    uint32_t length = 0;
    fields.U64("the address of a range", &address);
    fields.U32("the length of a range", &length);
    auto& range = *resource->add_backing();
    range.set_address(address);
    range.set_length(length);
  }
}

void ReadPixels(FieldsIn& fields, uint64_t size, const Resource& resource,
                GpuState* portable) {
  for (uint64_t at = 0; at < size && fields.ok(); at += kMaxPieceBytes) {
    std::string data;
    fields.Raw("the pixels",
               static_cast<size_t>(std::min(size - at, kMaxPieceBytes)), &data);
    auto& piece = *portable->add_pixels();
    piece.set_owner(resource.id());
    piece.set_offset(at);
    piece.set_data(std::move(data));
  }
}

// Reads resources up to the number 0, which none has.
void ReadResources(FieldsIn& fields, GpuState* portable) {
  while (fields.ok()) {
    uint32_t id = 0;
    fields.U32("the number of a resource", &id);
    if (id == 0) return;
    uint32_t width = 0;
    uint32_t height = 0;
    uint32_t format = 0;
    fields.U32("width", &width);
    fields.U32("height", &height);
    fields.U32("format", &format);
    if (width > kMaxSide || height > kMaxSide) {
      fields.Fail(absl::StrCat("a resource of ", width, " x ", height));
    }
    Resource& resource = *portable->add_resources();
    resource.set_id(id);
    resource.set_width(width);
    resource.set_height(height);
    resource.set_format(format);
    ReadBacking(fields, &resource);
    const uint64_t size = kGpuBytesPerPixel * width * height;
    resource.set_pixel_bytes(size);
    ReadPixels(fields, size, resource, portable);
  }
}

// Returns whether nothing follows `bytes` but subsections.
bool IsEnd(absl::string_view bytes) {
  return bytes.empty() || bytes[0] == '\x05';
}

void ReadDisplays(FieldsIn& fields, std::vector<DisplayFields>* displays) {
  uint32_t enabled = 0;
  uint32_t count = 0;
  fields.U32("the displays that are on", &enabled);
  fields.U32("max_outputs", &count);
  if (count > kMaxDisplays) {
    fields.Fail(
        absl::StrCat(count, " displays, expected up to ", kMaxDisplays));
    return;
  }
  const auto fit = [&](size_t size) {
    return fields.rest().size() >= size * count &&
           IsEnd(fields.rest().substr(size * count));
  };
  const bool is_long = fit(kDisplaySize);
  if (fields.ok() && !is_long && !fit(kShortDisplaySize)) {
    fields.Fail(
        "the displays are cut off, or saved in two layouts, as QEMU does on "
        "machines of 8.2 and older that have several: have one, max_outputs=1");
    return;
  }
  displays->resize(count);
  for (DisplayFields& display : *displays) {
    for (uint32_t* const number :
         {&display.resource, &display.width, &display.height, &display.x,
          &display.y, &display.cursor, &display.hot_x, &display.hot_y,
          &display.cursor_x, &display.cursor_y}) {
      fields.U32("a display", number);
    }
    std::string framebuffer;
    if (is_long) {
      fields.Raw("a framebuffer", kDisplaySize - kShortDisplaySize,
                 &framebuffer);
    }
  }
}

// Reads the subsection, if there is one.
void ReadBlobs(FieldsIn& fields, FindingList* findings) {
  if (!fields.ok() || fields.rest().empty()) return;
  uint8_t type = 0;
  uint8_t length = 0;
  uint32_t version = 0;
  std::string name;
  fields.U8("the type of a subsection", &type);
  fields.U8("the length of a subsection's name", &length);
  fields.Raw("the name of a subsection", length, &name);
  fields.U32("the version of a subsection", &version);
  if (!fields.ok()) return;
  if (name != kBlobs) {
    fields.Fail("no subsection of virtio-gpu that is known starts here");
    return;
  }
  uint32_t id = 0;
  fields.U32("the number of a blob", &id);
  if (id != 0) {
    AddRefusal(findings, "blobs",
               "QEMU saves sizes of blobs in 32 bits and reads them as 64: "
               "start the machine without blob=on");
  } else if (fields.ok() && !fields.rest().empty()) {
    fields.Fail("the state goes on after the blobs");
  }
}

// Returns the resources that can be the image of a cursor.
std::set<uint32_t> CursorImages(const GpuState& portable) {
  std::set<uint32_t> images;
  for (const Resource& resource : portable.resources()) {
    if (resource.width() == kGpuCursorSize &&
        resource.height() == kGpuCursorSize) {
      images.insert(resource.id());
    }
  }
  return images;
}

void AddDisplays(const std::vector<DisplayFields>& displays,
                 GpuState* portable) {
  const std::set<uint32_t> images = CursorImages(*portable);
  for (uint32_t id = 0; id < displays.size(); ++id) {
    const DisplayFields& display = displays[id];
    if (display.resource != 0) {
      Scanout& scanout = *portable->add_scanouts();
      scanout.set_id(id);
      scanout.set_resource(display.resource);
      scanout.set_x(display.x);
      scanout.set_y(display.y);
      scanout.set_width(display.width);
      scanout.set_height(display.height);
    }
    // QEMU keeps the number of an image that is gone.
    const bool has_image = images.count(display.cursor) != 0;
    if (!has_image && display.cursor_x == 0 && display.cursor_y == 0) continue;
    Cursor& cursor = *portable->add_cursors();
    cursor.set_scanout(id);
    if (has_image) {
      cursor.set_resource(display.cursor);
      cursor.set_hot_x(display.hot_x);
      cursor.set_hot_y(display.hot_y);
    }
    cursor.set_x(display.cursor_x);
    cursor.set_y(display.cursor_y);
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  NoFields none;
  DS_RETURN_IF_ERROR(
      ReadState(saved.virtio, VisitNone, nullptr, &state, &none));
  AddObstacle(state, findings);
  auto& portable = static_cast<GpuState&>(*message);
  portable.set_acked_features(state.Features());
  FieldsIn fields(saved.rest);
  ReadResources(fields, &portable);
  std::vector<DisplayFields> displays;
  ReadDisplays(fields, &displays);
  ReadBlobs(fields, findings);
  DS_RETURN_IF_ERROR(fields.status());
  auto& config = *portable.mutable_config();
  config.set_num_scanouts(static_cast<uint32_t>(displays.size()));
  // VIRTIO_GPU_EVENT_DISPLAY.
  config.set_display_event((LittleEndian(state.config, 0, 4) & 1) != 0);
  AddDisplays(displays, &portable);
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

}  // namespace

const EmulatedType& EmulatedGpu() {
  static const auto& type = *new EmulatedType{
      "virtio-gpu", "devices.gpu.v1", &GpuState::default_instance(), &GpuType(),
      Read,         nullptr};
  return type;
}

}  // namespace devstate::qemu
