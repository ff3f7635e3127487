// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/mem/check_mem.h"

#include <cstdint>
#include <vector>

#include "devices/mem/v1/mem.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::mem::v1::BlockRange;
using ::devices::mem::v1::MemConfig;
using ::devices::mem::v1::MemState;

constexpr DeviceRule kAlignment = {
    "mem-alignment", "An address or size is not of whole blocks.",
    "Save block_size of the device that plugged the blocks."};
constexpr DeviceRule kSize = {
    "mem-size", "The sizes do not fit each other or the blocks.",
    "Save sizes and blocks at one moment. The guest would use memory that is "
    "not there."};
constexpr DeviceRule kBlocks = {
    "mem-blocks",
    "Ranges of blocks overlap, touch, are out of order or out of the region.",
    "Save the plugged blocks as the longest ranges, from the lowest on."};

void CheckConfig(const MemConfig& config, BrokenRules* broken) {
  const struct {
    const char* path;
    uint64_t value;
  } of_blocks[] = {{"config.addr", config.addr()},
                   {"config.region_size", config.region_size()},
                   {"config.plugged_size", config.plugged_size()},
                   {"config.requested_size", config.requested_size()}};
  for (const auto& [path, value] : of_blocks) {
    if (config.block_size() != 0 && value % config.block_size() == 0) continue;
    broken->Add(kAlignment, path, value, " is no multiple of the block size ",
                config.block_size());
  }
  if (config.addr() > UINT64_MAX - config.region_size()) {
    broken->Add(kSize, "config.region_size", config.region_size(), " from ",
                config.addr(), " on is above all addresses");
  }
  const struct {
    const char* path;
    uint64_t value;
  } within[] = {{"config.usable_region_size", config.usable_region_size()},
                {"config.requested_size", config.requested_size()}};
  for (const auto& [path, value] : within) {
    if (value <= config.region_size()) continue;
    broken->Add(kSize, path, value, ", the region has ", config.region_size());
  }
}

void Check(const MemState& state, BrokenRules* broken) {
  const MemConfig& config = state.config();
  CheckConfig(config, broken);
  const uint64_t blocks =
      config.block_size() == 0
          ? 0
          : config.usable_region_size() / config.block_size();
  uint64_t plugged = 0;
  // The first block that the next range may have.
  uint64_t next = 0;
  for (int i = 0; i < state.plugged_size(); ++i) {
    const BlockRange& range = state.plugged(i);
    if (range.first() < next) {
      broken->Add(kBlocks, PlaceOf("plugged", i) + ".first", range.first(),
                  ", expected ", next, " at least");
    }
    if (range.first() >= blocks || range.count() > blocks - range.first()) {
      broken->Add(kBlocks, PlaceOf("plugged", i), range.count(),
                  " blocks from ", range.first(), " on, the usable region has ",
                  blocks);
      return virtio::CheckRingsOf(state, 1, broken);
    }
    plugged += range.count();
    next = range.first() + range.count() + 1;
  }
  // All blocks are within the region, so their number times their size fits.
  if (plugged * config.block_size() != config.plugged_size()) {
    broken->Add(kSize, "config.plugged_size", config.plugged_size(), ", ",
                plugged, " blocks are plugged");
  }
  virtio::CheckRingsOf(state, 1, broken);
}

}  // namespace

const DeviceType& MemType() {
  static const auto& type = *new DeviceType{
      MemState::descriptor(),
      {{"VIRTIO_MEM_F_ACPI_PXM", 0}},
      JoinRules({&kAlignment, &kSize, &kBlocks}, {&virtio::RingRules()}),
      &CheckAs<MemState, &Check>};
  return type;
}

}  // namespace devstate
