// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/rings.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/states/qemu/refusals.h"

namespace devstate::qemu {
namespace {

using ::devices::virtio::v1::InflightRequest;
using ::devices::virtio::v1::PackedRing;
using ::devices::virtio::v1::SplitRing;
using ::devices::virtio::v1::Vring;

// The structure has an index, two counts, and for each direction the addresses
// and the pieces {address in QEMU, length} of 1024 descriptors.
constexpr size_t kMostPieces = 1024;
constexpr size_t kOutCount = 4;
constexpr size_t kInCount = 8;
constexpr size_t kAddresses = 16;
constexpr size_t kInPieces = kAddresses + 2 * kMostPieces * 8;
constexpr size_t kOutPieces = kInPieces + kMostPieces * 16;
constexpr size_t kElement = kOutPieces + kMostPieces * 16;
static_assert(kElement == 49168);

constexpr int kIndirectBit = 28;

uint32_t CountOf(const Requests& requests, uint32_t queue) {
  uint32_t count = 0;
  for (const InflightRequest& request : requests) {
    count += request.vring() == queue;
  }
  return count;
}

}  // namespace

void AddRings(const VirtioState& state, const Requests& requests,
              Vrings* vrings, FindingList* findings) {
  for (size_t i = 0; i < state.queues.size(); ++i) {
    const VirtioQueue& queue = state.queues[i];
    if (queue.descriptors == 0) continue;
    const auto index = static_cast<uint32_t>(i);
    Vring& vring = *vrings->Add();
    vring.set_index(index);
    vring.set_enabled(state.IsEnabled(i));
    if (!state.Has(kRingPackedBit)) {
      SplitRing& ring = *vring.mutable_split();
      ring.set_size(queue.size);
      ring.set_last_avail_idx(queue.last_avail_idx);
      ring.set_used_idx((queue.last_avail_idx - CountOf(requests, index)) &
                        0xffff);
      continue;
    }
    const PackedQueue position = state.Packed(i);
    PackedRing& ring = *vring.mutable_packed();
    ring.set_size(queue.size);
    ring.set_avail_idx(position.last_avail_idx);
    ring.set_avail_wrap_counter(position.last_avail_wrap != 0);
    ring.set_used_idx(position.used_idx);
    ring.set_used_wrap_counter(position.used_wrap != 0);
    if (position.in_use != 0 && CountOf(requests, index) == 0) {
      AddRefusal(findings, absl::StrCat("queue ", i), position.in_use,
                 " descriptors were taken and not answered, and QEMU does not "
                 "save which: let the device answer them and save again");
    }
  }
}

void SetRings(const Vrings& vrings, VirtioState* state, FindingList* findings) {
  std::set<uint32_t> set;
  for (const Vring& vring : vrings) {
    const uint32_t i = vring.index();
    const std::string path = absl::StrCat("queue ", i);
    set.insert(i);
    if (i >= state->queues.size() || state->queues[i].descriptors == 0) {
      AddRefusal(
          findings, path,
          "it is set up in the state and not in the file: take a file of "
          "the same guest, which has its rings");
      continue;
    }
    VirtioQueue& queue = state->queues[i];
    const uint32_t size =
        vring.has_packed() ? vring.packed().size() : vring.split().size();
    if (size != queue.size) {
      AddRefusal(findings, path, "its size is ", size, " in the state and ",
                 queue.size, " in the file: take a file of the same guest");
    }
    if (vring.has_packed()) {
      const PackedRing& ring = vring.packed();
      PackedQueue position;
      position.last_avail_idx = static_cast<uint16_t>(ring.avail_idx());
      position.last_avail_wrap = ring.avail_wrap_counter() ? 1 : 0;
      position.used_idx = static_cast<uint16_t>(ring.used_idx());
      position.used_wrap = ring.used_wrap_counter() ? 1 : 0;
      position.in_use = state->Packed(i).in_use;
      state->SetPacked(i, position);
    } else {
      queue.last_avail_idx =
          static_cast<uint16_t>(vring.split().last_avail_idx());
    }
  }
  for (size_t i = 0; i < state->queues.size(); ++i) {
    if (state->queues[i].descriptors == 0 ||
        set.count(static_cast<uint32_t>(i)) != 0) {
      continue;
    }
    AddRefusal(
        findings, absl::StrCat("queue ", i),
        "it is set up in the file and not in the state: take a file of the "
        "same guest");
  }
}

uint32_t Element::head() const {
  return static_cast<uint32_t>(LittleEndian(bytes, 0, 4));
}

uint32_t Element::out_count() const {
  return static_cast<uint32_t>(LittleEndian(bytes, kOutCount, 4));
}

uint32_t Element::in_count() const {
  return static_cast<uint32_t>(LittleEndian(bytes, kInCount, 4));
}

uint64_t Element::out_length(uint32_t i) const {
  return LittleEndian(bytes, kOutPieces + size_t{i} * 16 + 8, 8);
}

void VisitElement(FieldsIn& fields, Element* element) {
  fields.Raw("a request in flight", kElement, &element->bytes);
  if (element->out_count() > kMostPieces || element->in_count() > kMostPieces ||
      element->head() > 0xffff) {
    fields.Fail(absl::StrCat(
        "a request with head ", element->head(), " and ", element->out_count(),
        " and ", element->in_count(),
        " pieces: it is of a big-endian machine, or the file is damaged"));
  }
}

void VisitElement(FieldsOut& fields, Element* element) {
  fields.Raw("a request in flight", kElement, &element->bytes);
}

void AddRequest(const VirtioState& state, uint32_t queue,
                const Element& element, Requests* requests,
                FindingList* findings) {
  if (state.Has(kRingPackedBit)) {
    AddRefusal(
        findings, absl::StrCat("queue ", queue),
        "a request is in flight in a packed ring, and QEMU does not save "
        "its descriptors: let the device answer it and save again");
    return;
  }
  uint64_t sequence = 0;
  for (const InflightRequest& request : *requests) {
    if (request.vring() == queue && request.sequence() >= sequence) {
      sequence = request.sequence() + 1;
    }
  }
  InflightRequest& request = *requests->Add();
  request.set_vring(queue);
  request.set_head(element.head());
  request.set_sequence(sequence);
  // Of an indirect chain the ring has one descriptor, and QEMU saves the
  // pieces.
  request.set_descriptor_count(
      state.Has(kIndirectBit) ? 1 : element.out_count() + element.in_count());
}

}  // namespace devstate::qemu
