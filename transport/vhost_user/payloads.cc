// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/payloads.h"

#include <utility>

namespace devstate::vhost_user {
namespace {

constexpr size_t kTableHeader = 8;  // the number of regions, or padding
constexpr size_t kRegionSize = 32;

MemoryRegion ReadRegionAt(absl::string_view payload, size_t offset) {
  MemoryRegion region;
  region.guest_address = ReadU64(payload, offset);
  region.size = ReadU64(payload, offset + 8);
  region.user_address = ReadU64(payload, offset + 16);
  region.mmap_offset = ReadU64(payload, offset + 24);
  return region;
}

}  // namespace

std::vector<MemoryRegion> TakeMemoryRegions(Message& request) {
  std::vector<MemoryRegion> regions;
  regions.reserve(request.fds.size());
  for (FileDescriptor& fd : request.fds) {
    regions.push_back(ReadRegionAt(
        request.payload, kTableHeader + kRegionSize * regions.size()));
    regions.back().fd = std::move(fd);
  }
  return regions;
}

MemoryRegion ReadMemoryRegion(const Message& request) {
  return ReadRegionAt(request.payload, kTableHeader);
}

void AppendMemoryRegion(const MemoryRegion& region, std::string* payload) {
  AppendU64(region.guest_address, payload);
  AppendU64(region.size, payload);
  AppendU64(region.user_address, payload);
  AppendU64(region.mmap_offset, payload);
}

RingAddress ReadRingAddress(absl::string_view payload) {
  RingAddress address;
  address.ring = ReadU32(payload, 0);
  address.flags = ReadU32(payload, 4);
  address.descriptors = ReadU64(payload, 8);
  address.used = ReadU64(payload, 16);
  address.available = ReadU64(payload, 24);
  address.log = ReadU64(payload, 32);
  return address;
}

std::string InflightPayload(const InflightDescription& description) {
  std::string payload;
  AppendU64(description.mmap_size, &payload);
  AppendU64(description.mmap_offset, &payload);
  AppendU16(description.num_queues, &payload);
  AppendU16(description.queue_size, &payload);
  payload.resize(kInflightDescriptionSize);
  return payload;
}

InflightDescription ReadInflightDescription(absl::string_view payload) {
  InflightDescription description;
  description.mmap_size = ReadU64(payload, 0);
  description.mmap_offset = ReadU64(payload, 8);
  description.num_queues = ReadU16(payload, 16);
  description.queue_size = ReadU16(payload, 18);
  return description;
}

std::string RoundReplyPayload(const RoundReply& reply) {
  std::string payload;
  AppendU64(reply.error, &payload);
  AppendU64(reply.bytes, &payload);
  AppendU64(reply.dirty_bytes, &payload);
  return payload;
}

RoundReply ReadRoundReply(absl::string_view payload) {
  return {ReadU64(payload, 0), ReadU64(payload, 8), ReadU64(payload, 16)};
}

}  // namespace devstate::vhost_user
