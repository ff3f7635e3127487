// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The members of BasicPackedInflight. Included by packed_inflight.h alone.

#ifndef DEVSTATE_RECOVERY_PACKED_INFLIGHT_DEFINITIONS_H_
#define DEVSTATE_RECOVERY_PACKED_INFLIGHT_DEFINITIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/recovery/packed_inflight.h"

namespace devstate::recovery {

template <typename Stores>
void BasicPackedInflight<Stores>::Clear(uint32_t entries,
                                        virtqueue::PackedPlace place) {
  next_.resize(entries);
  links_.resize(entries);
  for (uint32_t i = 0; i < entries; ++i) {
    SetInflight(i, 0);
    next_[i] = static_cast<uint16_t>(i + 1);
    StoreAt(i, offsetof(PackedInflightEntry, next), next_[i]);
  }
  used_.used_idx = used_.old_used_idx = place.index;
  used_.used_wrap_counter = used_.old_used_wrap_counter = place.wrap;
  StoreUsed();
  heads_ = {0, static_cast<uint16_t>(entries), 0, 0};
  StoreHeads();
}

template <typename Stores>
template <typename IsAvailable>
absl::StatusOr<std::vector<InflightRequest>>
BasicPackedInflight<Stores>::Recover(uint32_t ring_size,
                                     IsAvailable is_available,
                                     virtqueue::PackedPlace* place) {
  if (ring_size > capacity_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a ring of ", ring_size,
        " descriptors, and memory for the requests of ", capacity_));
  }
  ring_size_ = ring_size;
  heads_ = header().heads;
  used_ = header().used;
  if (heads_.version == 0) {
    Clear(ring_size, *place);
    return std::vector<InflightRequest>();
  }
  if (heads_.version != kInflightVersion) {
    return absl::UnimplementedError(
        absl::StrCat("memory of requests in flight of version ", heads_.version,
                     ", this is ", kInflightVersion));
  }
  if (heads_.desc_num < ring_size || heads_.desc_num > capacity_) {
    return DamagedInflight(absl::StrCat(heads_.desc_num, " entries for ",
                                        ring_size, " descriptors"));
  }
  if (used_.used_idx >= ring_size || used_.old_used_idx >= ring_size ||
      used_.used_wrap_counter > 1 || used_.old_used_wrap_counter > 1) {
    return DamagedInflight(absl::StrCat("the places ", used_.used_idx, " and ",
                                        used_.old_used_idx, " in a ring of ",
                                        ring_size));
  }
  // The wrap counters count: one answer may be as long as the whole ring.
  const virtqueue::PackedPlace now = {used_.used_idx,
                                      used_.used_wrap_counter != 0};
  const virtqueue::PackedPlace old = {used_.old_used_idx,
                                      used_.old_used_wrap_counter != 0};
  if (now != old && !is_available(old)) {
    heads_.old_free_head = heads_.free_head;
    used_.old_used_idx = used_.used_idx;
    used_.old_used_wrap_counter = used_.used_wrap_counter;
    *place = now;
  } else {
    heads_.free_head = heads_.old_free_head;
    used_.used_idx = used_.old_used_idx;
    used_.used_wrap_counter = used_.old_used_wrap_counter;
    *place = old;
  }
  next_.resize(heads_.desc_num);
  links_.resize(heads_.desc_num);
  std::vector<bool> seen(heads_.desc_num);
  absl::Status status = WalkFree(&seen);
  if (!status.ok()) return status;
  const std::vector<bool> is_free = seen;
  std::vector<InflightRequest> requests;
  for (uint16_t i = 0; i < heads_.desc_num; ++i) {
    const uint8_t inflight = entry(i).inflight;
    if (inflight > 1) {
      return DamagedInflight(
          absl::StrCat("entry ", i, " has the state ", uint32_t{inflight}));
    }
    if (inflight == 0 || is_free[i]) continue;
    status = ReadRequest(i, &seen, &requests);
    if (!status.ok()) return status;
  }
  uint32_t descriptors = 0;
  for (const InflightRequest& request : requests) {
    descriptors += request.chain.descriptors.size();
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) {
      return DamagedInflight(
          absl::StrCat("entry ", i, " is neither free nor in flight"));
    }
  }
  if (descriptors > ring_size) {
    return DamagedInflight(absl::StrCat(
        descriptors, " descriptors in flight in a ring of ", ring_size));
  }
  status = SortByCounter(&requests);
  if (!status.ok()) return status;

  for (uint32_t i = 0; i < heads_.desc_num; ++i) {
    if (is_free[i]) SetInflight(i, 0);
  }
  // In the order of Finish(): cut off in between, it is found published again.
  StoreHeads();
  StoreUsed();
  counter_ = requests.empty() ? 0 : requests.back().counter + 1;
  return requests;
}

template <typename Stores>
absl::Status BasicPackedInflight<Stores>::WalkFree(std::vector<bool>* seen) {
  uint16_t index = heads_.free_head;
  // The last free entry leads to one behind all.
  while (index != heads_.desc_num) {
    if (index > heads_.desc_num || (*seen)[index]) {
      return DamagedInflight(absl::StrCat("the free entries lead to ", index));
    }
    (*seen)[index] = true;
    next_[index] = entry(index).next;
    index = next_[index];
  }
  return absl::OkStatus();
}

template <typename Stores>
absl::Status BasicPackedInflight<Stores>::ReadRequest(
    uint16_t index, std::vector<bool>* seen,
    std::vector<InflightRequest>* requests) {
  const PackedInflightEntry first = entry(index);
  if (first.num == 0 || first.num > heads_.desc_num) {
    return DamagedInflight(
        absl::StrCat("entry ", index, " is the first of ", first.num));
  }
  InflightRequest& request = requests->emplace_back();
  request.counter = first.counter;
  request.entry = index;
  uint16_t at = index;
  for (uint16_t i = 0; i < first.num; ++i) {
    if (at >= heads_.desc_num || (*seen)[at]) {
      return DamagedInflight(
          absl::StrCat("the chain of entry ", index, " leads to ", at));
    }
    (*seen)[at] = true;
    const PackedInflightEntry part = entry(at);
    request.chain.descriptors.push_back({part.addr, part.len, part.flags});
    request.chain.id = part.id;
    links_[index] = {at, first.num};
    next_[at] = part.next;
    at = part.next;
  }
  if (links_[index].last != first.last) {
    return DamagedInflight(absl::StrCat("the chain of entry ", index,
                                        " ends at ", links_[index].last,
                                        ", not at ", first.last));
  }
  return absl::OkStatus();
}

template <typename Stores>
uint16_t BasicPackedInflight<Stores>::Take(const virtqueue::Chain& chain) {
  const uint16_t first = heads_.free_head;
  StoreAt(first, offsetof(PackedInflightEntry, counter), counter_++);
  SetInflight(first, 1);
  uint16_t at = first;
  uint16_t last = first;
  for (const virtqueue::Descriptor& descriptor : chain.descriptors) {
    StoreAt(at, offsetof(PackedInflightEntry, addr), descriptor.address);
    StoreAt(at, offsetof(PackedInflightEntry, len), descriptor.length);
    StoreAt(at, offsetof(PackedInflightEntry, flags), descriptor.flags);
    StoreAt(at, offsetof(PackedInflightEntry, id), chain.id);
    last = at;
    at = next_[at];
  }
  links_[first] = {last, static_cast<uint16_t>(chain.descriptors.size())};
  StoreAt(first, offsetof(PackedInflightEntry, num), links_[first].num);
  StoreAt(first, offsetof(PackedInflightEntry, last), last);
  // Until here the entries are free ones: it is in flight by this store.
  heads_.free_head = heads_.old_free_head = at;
  StoreHeads();
  return first;
}

template <typename Stores>
void BasicPackedInflight<Stores>::Answer(uint16_t entry) {
  const Links& links = links_[entry];
  next_[links.last] = heads_.free_head;
  StoreAt(links.last, offsetof(PackedInflightEntry, next), heads_.free_head);
  heads_.free_head = entry;
  StoreHeads();
  const virtqueue::PackedPlace place = virtqueue::Advance(
      {used_.used_idx, used_.used_wrap_counter != 0}, links.num, ring_size_);
  used_.used_idx = place.index;
  used_.used_wrap_counter = place.wrap;
  StoreUsed();
}

template <typename Stores>
void BasicPackedInflight<Stores>::Finish(uint16_t entry) {
  SetInflight(entry, 0);
  heads_.old_free_head = heads_.free_head;
  StoreHeads();
  used_.old_used_idx = used_.used_idx;
  used_.old_used_wrap_counter = used_.used_wrap_counter;
  StoreUsed();
}

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_PACKED_INFLIGHT_DEFINITIONS_H_
