// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Sizes are products of 32-bit numbers of the guest. They are computed in 64
// bits, in which they and their sums fit.

#include "devstate/devices/gpu/check_gpu.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "devices/gpu/v1/gpu.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::gpu::v1::Blob;
using ::devices::gpu::v1::Context;
using ::devices::gpu::v1::Cursor;
using ::devices::gpu::v1::Framebuffer;
using ::devices::gpu::v1::GpuState;
using ::devices::gpu::v1::MemoryRange;
using ::devices::gpu::v1::Resource;
using ::devices::gpu::v1::Scanout;

// VIRTIO 1.3, section 5.7.2: control and cursor.
constexpr uint32_t kQueues = 2;
// VIRTIO_GPU_BLOB_MEM_GUEST.
constexpr uint32_t kGuestMemory = 1;
constexpr int kUuidBytes = 16;

constexpr DeviceRule kResourceId = {
    "gpu-resource-id", "A blob has the number of a resource.",
    "Save the numbers that the driver gave: resources and blobs share them."};
constexpr DeviceRule kPixels = {
    "gpu-pixels", "A resource's pixels are not as many as it has.",
    "Save width, height and pixels at one moment, lines without padding, or no "
    "pixels before the first transfer."};
constexpr DeviceRule kBacking = {
    "gpu-backing",
    "A resource or blob does not fit the guest memory behind it.",
    "Save the ranges that the driver attached. The device would read or write "
    "other memory of the guest."};
constexpr DeviceRule kBlobMemory = {
    "gpu-blob-memory", "A blob is in memory of the host.",
    "Only blobs in guest memory move. Migrate while the guest uses no 3D."};
constexpr DeviceRule kUuid = {"gpu-uuid", "A UUID has not 16 bytes.",
                              "Save the UUID as it was assigned, or none."};
constexpr DeviceRule kContext = {
    "gpu-context", "A 3D context is open, and the state has not what is in it.",
    "Save the context with its implementation, or migrate while the guest uses "
    "no 3D. A guest whose contexts are gone does not recover."};
constexpr DeviceRule kContextResource = {
    "gpu-context-resource", "A context has a resource that there is not.",
    "Detach resources from all contexts when the driver destroys them."};
constexpr DeviceRule kScanout = {
    "gpu-scanout", "A display shows what is not there.",
    "Save the scan-outs of displays that the device has, with rectangles "
    "within resources that exist."};
constexpr DeviceRule kFramebuffer = {
    "gpu-framebuffer", "A scan-out and how its pixels lie do not fit.",
    "Save the framebuffer of the scan-out of a blob, as the driver has set it, "
    "and none for a 2D resource."};
constexpr DeviceRule kCursor = {
    "gpu-cursor", "A cursor is of no display, or has no image of 64 x 64.",
    "Save resource 0 for a cursor whose resource is gone."};
constexpr DeviceRule kFence = {
    "gpu-fence", "A timeline of fences is of a context that there is not.",
    "Drop the timelines of a context when the driver destroys it."};

class Checker {
 public:
  Checker(const GpuState& state, BrokenRules* broken)
      : state_(state), broken_(*broken) {}

  void Run() {
    for (int i = 0; i < state_.resources_size(); ++i) {
      CheckResource(state_.resources(i), PlaceOf("resources", i));
    }
    for (int i = 0; i < state_.blobs_size(); ++i) {
      CheckBlob(state_.blobs(i), PlaceOf("blobs", i));
    }
    for (int i = 0; i < state_.contexts_size(); ++i) {
      CheckContext(state_.contexts(i), PlaceOf("contexts", i));
    }
    for (int i = 0; i < state_.scanouts_size(); ++i) {
      CheckScanout(state_.scanouts(i), PlaceOf("scanouts", i));
    }
    for (int i = 0; i < state_.cursors_size(); ++i) {
      CheckCursor(state_.cursors(i), PlaceOf("cursors", i));
    }
    for (int i = 0; i < state_.fences_size(); ++i) {
      const uint32_t context = state_.fences(i).context();
      if (context != 0 && contexts_.count(context) == 0) {
        broken_.Add(kFence, PlaceOf("fences", i) + ".context",
                    "there is no context ", context);
      }
    }
    virtio::CheckRingsOf(state_, kQueues, &broken_);
  }

 private:
  using Ranges = google::protobuf::RepeatedPtrField<MemoryRange>;

  void CheckResource(const Resource& resource, const std::string& path) {
    resources_.emplace(resource.id(), &resource);
    const uint64_t bytes =
        kGpuBytesPerPixel * resource.width() * resource.height();
    if (resource.pixel_bytes() != 0 && resource.pixel_bytes() != bytes) {
      broken_.Add(kPixels, path + ".pixel_bytes", resource.pixel_bytes(), ", ",
                  resource.width(), " x ", resource.height(), " pixels have ",
                  bytes);
    }
    CheckBacking(resource.backing(), bytes, path);
    CheckUuid(resource.uuid(), path);
  }

  void CheckBlob(const Blob& blob, const std::string& path) {
    if (resources_.count(blob.id()) != 0) {
      broken_.Add(kResourceId, path + ".id", blob.id(),
                  " is that of a resource");
    }
    blobs_.emplace(blob.id(), &blob);
    if (blob.memory() != kGuestMemory) {
      broken_.Add(kBlobMemory, path + ".memory", blob.memory(),
                  ", guest memory is ", kGuestMemory);
    } else {
      CheckBacking(blob.backing(), blob.size(), path);
    }
    CheckUuid(blob.uuid(), path);
  }

  // Whether `bytes` fit into `ranges`, if there are any.
  void CheckBacking(const Ranges& ranges, uint64_t bytes,
                    const std::string& path) {
    uint64_t sum = 0;
    for (int i = 0; i < ranges.size(); ++i) {
      const MemoryRange& range = ranges[i];
      sum += range.length();
      if (range.length() != 0 &&
          range.address() > UINT64_MAX - (range.length() - 1)) {
        broken_.Add(kBacking, PlaceOf(path + ".backing", i),
                    "it goes beyond the end of all addresses");
      }
    }
    if (!ranges.empty() && sum < bytes) {
      broken_.Add(kBacking, path + ".backing", "it has ", sum, " bytes, ",
                  bytes, " are needed");
    }
  }

  void CheckUuid(const std::string& uuid, const std::string& path) {
    if (uuid.empty() || uuid.size() == kUuidBytes) return;
    broken_.Add(kUuid, path + ".uuid", "it has ", uuid.size(), " bytes");
  }

  void CheckContext(const Context& context, const std::string& path) {
    contexts_.insert(context.id());
    if (context.implementation().empty() || context.state_bytes() == 0) {
      broken_.Add(kContext, path, "it has no state, or nobody's");
    }
    for (int i = 0; i < context.resources_size(); ++i) {
      const uint32_t id = context.resources(i);
      if (resources_.count(id) != 0 || blobs_.count(id) != 0) continue;
      broken_.Add(kContextResource, PlaceOf(path + ".resources", i),
                  "there is no resource ", id);
    }
  }

  void CheckScanout(const Scanout& scanout, const std::string& path) {
    if (scanout.id() >= state_.config().num_scanouts()) {
      broken_.Add(kScanout, path + ".id", scanout.id(), ", the device has ",
                  state_.config().num_scanouts(), " displays");
    }
    const auto resource = resources_.find(scanout.resource());
    const auto blob = blobs_.find(scanout.resource());
    if (resource != resources_.end()) {
      if (scanout.has_framebuffer()) {
        broken_.Add(kFramebuffer, path + ".framebuffer",
                    "it is set, the resource is no blob");
      }
      CheckRectangle(scanout, resource->second->width(),
                     resource->second->height(), path);
    } else if (blob == blobs_.end()) {
      broken_.Add(kScanout, path + ".resource", "there is no resource ",
                  scanout.resource());
    } else if (!scanout.has_framebuffer()) {
      broken_.Add(kFramebuffer, path + ".framebuffer",
                  "it is absent, the resource is a blob");
    } else {
      const Framebuffer& framebuffer = scanout.framebuffer();
      CheckRectangle(scanout, framebuffer.width(), framebuffer.height(), path);
      CheckFramebuffer(framebuffer, blob->second->size(),
                       path + ".framebuffer");
    }
  }

  void CheckRectangle(const Scanout& scanout, uint64_t width, uint64_t height,
                      const std::string& path) {
    if (uint64_t{scanout.x()} + scanout.width() <= width &&
        uint64_t{scanout.y()} + scanout.height() <= height) {
      return;
    }
    broken_.Add(kScanout, path, scanout.width(), " x ", scanout.height(),
                " pixels from ", scanout.x(), ", ", scanout.y(), " of ", width,
                " x ", height);
  }

  void CheckFramebuffer(const Framebuffer& framebuffer, uint64_t size,
                        const std::string& path) {
    const uint64_t line = kGpuBytesPerPixel * framebuffer.width();
    const uint64_t lines_before =
        framebuffer.height() == 0 ? 0 : framebuffer.height() - 1;
    const uint64_t end = framebuffer.offset() +
                         lines_before * uint64_t{framebuffer.stride()} + line;
    if (framebuffer.stride() < line) {
      broken_.Add(kFramebuffer, path + ".stride", framebuffer.stride(),
                  " bytes, a line has ", line);
    }
    if (end > size) {
      broken_.Add(kFramebuffer, path, "it ends at ", end, ", the blob at ",
                  size);
    }
  }

  void CheckCursor(const Cursor& cursor, const std::string& path) {
    if (cursor.scanout() >= state_.config().num_scanouts()) {
      broken_.Add(kCursor, path + ".scanout", cursor.scanout(),
                  ", the device has ", state_.config().num_scanouts(),
                  " displays");
    }
    if (cursor.resource() == 0) return;
    const auto image = resources_.find(cursor.resource());
    if (image == resources_.end()) {
      broken_.Add(kCursor, path + ".resource", "there is no 2D resource ",
                  cursor.resource());
    } else if (image->second->width() < kGpuCursorSize ||
               image->second->height() < kGpuCursorSize) {
      broken_.Add(kCursor, path + ".resource", "its image has ",
                  image->second->width(), " x ", image->second->height(),
                  " pixels");
    }
  }

  const GpuState& state_;
  BrokenRules& broken_;
  std::map<uint32_t, const Resource*> resources_;
  std::map<uint32_t, const Blob*> blobs_;
  std::set<uint32_t> contexts_;
};

void Check(const GpuState& state, BrokenRules* broken) {
  Checker(state, broken).Run();
}

}  // namespace

const DeviceType& GpuType() {
  static const auto& type = *new DeviceType{
      GpuState::descriptor(),
      {{"VIRTIO_GPU_F_VIRGL", 0},
       {"VIRTIO_GPU_F_RESOURCE_UUID", 2},
       {"VIRTIO_GPU_F_RESOURCE_BLOB", 3},
       {"VIRTIO_GPU_F_CONTEXT_INIT", 4}},
      JoinRules({&kResourceId, &kPixels, &kBacking, &kBlobMemory, &kUuid,
                 &kContext, &kContextResource, &kScanout, &kFramebuffer,
                 &kCursor, &kFence},
                {&virtio::RingRules()}),
      &CheckAs<GpuState, &Check>};
  return type;
}

}  // namespace devstate
