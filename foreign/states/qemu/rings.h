// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The queues of a device in QEMU, and the rings of a portable state.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_RINGS_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_RINGS_H_

#include <cstdint>
#include <map>
#include <string>

#include "devices/virtio/v1/vring.pb.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "google/protobuf/repeated_field.h"

namespace devstate::qemu {

using Vrings = google::protobuf::RepeatedPtrField<devices::virtio::v1::Vring>;
using Requests =
    google::protobuf::RepeatedPtrField<devices::virtio::v1::InflightRequest>;

// Adds the queues that are set up to `vrings`. `requests` are those that were
// taken and not answered.
//
// QEMU does not save how far it has answered a split ring, because guest memory
// says it. That position is what `requests` leave.
void AddRings(const VirtioState& state, const Requests& requests,
              Vrings* vrings, FindingList* findings);

// Sets the positions of the queues to those of `vrings`. Adds a finding that
// refuses for what differs otherwise: the queues that are set up, and their
// sizes.
void SetRings(const Vrings& vrings, VirtioState* state, FindingList* findings);

// A request in flight as QEMU saves it: the bytes of a structure in the memory
// of the source.
struct Element {
  std::string bytes;

  // Return parts of it, as a little-endian processor has them.
  uint32_t head() const;
  uint32_t out_count() const;
  uint32_t in_count() const;
  // Returns the length of the i-th piece that the device reads.
  uint64_t out_length(uint32_t i) const;
};

void VisitElement(FieldsIn& fields, Element* element);
void VisitElement(FieldsOut& fields, Element* element);

// Adds `element`, of the queue `queue`, to `requests`, as the one after all of
// that queue that are there. Adds a finding that refuses if the ring is packed.
void AddRequest(const VirtioState& state, uint32_t queue,
                const Element& element, Requests* requests,
                FindingList* findings);

}  // namespace devstate::qemu

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_RINGS_H_
