// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-mem, which QEMU emulates itself. Machines of QEMU 8.0 and later send
// which blocks are plugged before guest memory, because the destination must
// know it by then. Those of older ones have it with the rest.

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/mem/v1/mem.pb.h"
#include "devstate/devices/mem/check_mem.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::mem::v1::BlockRange;
using ::devices::mem::v1::MemState;

// VIRTIO_MEM_F_ACPI_PXM (VIRTIO 1.3, section 5.15.3).
constexpr int kAcpiPxm = 0;
constexpr uint64_t kWordBits = 64;

struct MemFields {
  // Of the device, which the destination must have as well.
  uint64_t addr = 0;
  uint64_t region_size = 0;
  uint64_t block_size = 0;
  uint32_t node = 0;
  uint64_t usable_size = 0;
  uint64_t size = 0;
  uint64_t requested_size = 0;
  // A bit for each block, the lowest first.
  std::vector<uint64_t> plugged;
  // Whether they are in a part of their own.
  bool is_early = false;
};

void VisitDevice(FieldsIn& fields, MemFields* mem) {
  fields.U64("addr", &mem->addr);
  fields.U64("region_size", &mem->region_size);
  fields.U64("block_size", &mem->block_size);
  fields.U32("node", &mem->node);
}

void VisitPlugged(FieldsIn& fields, MemFields* mem) {
  if (!fields.ok()) return;
  if (mem->block_size == 0) {
    fields.Fail("a block size of 0");
    return;
  }
  const uint64_t blocks = mem->region_size / mem->block_size;
  const uint64_t words = blocks / kWordBits + (blocks % kWordBits != 0);
  if (words > fields.rest().size() / sizeof(uint64_t)) {
    fields.Fail(absl::StrCat("a region of ", blocks,
                             " blocks, of which the state has no bitmap"));
    return;
  }
  mem->plugged.resize(words);
  for (uint64_t& word : mem->plugged) {
    fields.U64("the bitmap of plugged blocks", &word);
  }
}

void VisitMem(FieldsIn& fields, const VirtioState&, MemFields* mem) {
  if (!mem->is_early) VisitDevice(fields, mem);
  fields.U64("usable_region_size", &mem->usable_size);
  if (!mem->is_early) fields.U64("size", &mem->size);
  fields.U64("requested_size", &mem->requested_size);
  if (!mem->is_early) VisitPlugged(fields, mem);
}

absl::Status ReadEarly(absl::string_view bytes, MemFields* mem) {
  FieldsIn fields(bytes);
  VisitDevice(fields, mem);
  fields.U64("size", &mem->size);
  VisitPlugged(fields, mem);
  if (fields.ok() && !fields.rest().empty()) {
    fields.Fail("the bitmap of plugged blocks is too long");
  }
  mem->is_early = true;
  return fields.status();
}

void AddPlugged(const MemFields& mem, MemState* portable) {
  BlockRange* range = nullptr;
  for (uint64_t block = 0; block < kWordBits * mem.plugged.size(); ++block) {
    if ((mem.plugged[block / kWordBits] >> block % kWordBits & 1) == 0) {
      range = nullptr;
      continue;
    }
    if (range == nullptr) {
      range = portable->add_plugged();
      range->set_first(block);
    }
    range->set_count(range->count() + 1);
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  MemFields mem;
  if (saved.early.has_value()) {
    DS_RETURN_IF_ERROR(ReadEarly(*saved.early, &mem));
  }
  DS_RETURN_IF_ERROR(ReadState(saved.virtio, VisitMem, nullptr, &state, &mem));
  AddObstacle(state, findings);
  auto& portable = static_cast<MemState&>(*message);
  portable.set_acked_features(state.Features());
  auto& config = *portable.mutable_config();
  config.set_block_size(mem.block_size);
  if (state.Has(kAcpiPxm)) config.set_node_id(mem.node);
  config.set_addr(mem.addr);
  config.set_region_size(mem.region_size);
  config.set_usable_region_size(mem.usable_size);
  config.set_plugged_size(mem.size);
  config.set_requested_size(mem.requested_size);
  AddPlugged(mem, &portable);
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

}  // namespace

const EmulatedType& EmulatedMem() {
  static const auto& type = *new EmulatedType{
      "virtio-mem", "devices.mem.v1", &MemState::default_instance(), &MemType(),
      Read,         nullptr};
  return type;
}

}  // namespace devstate::qemu
