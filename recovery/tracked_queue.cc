// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/tracked_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::recovery {

using virtqueue::Chain;
using virtqueue::RingPosition;
using virtqueue::Used;

uint32_t BaseOf(const virtio::Ring& ring) {
  if (const auto* split = std::get_if<virtio::SplitPosition>(&ring.position)) {
    return split->last_avail_idx;
  }
  const auto& packed = std::get<virtio::PackedPosition>(ring.position);
  return virtqueue::PackedBase(
      {{static_cast<uint16_t>(packed.avail_idx), packed.avail_wrap},
       {static_cast<uint16_t>(packed.used_idx), packed.used_wrap}});
}

absl::StatusOr<std::unique_ptr<TrackedQueue>> TrackedQueue::Open(
    const TrackedQueueSetup& setup, const virtqueue::GuestMemory& memory) {
  DS_ASSIGN_OR_RETURN(
      std::unique_ptr<virtqueue::Virtqueue> ring,
      virtqueue::OpenVirtqueue(*setup.setup, setup.packed, memory));
  std::unique_ptr<TrackedQueue> queue(
      new TrackedQueue(setup.ring, std::move(ring)));
  queue->UseRegion(setup.region);
  DS_RETURN_IF_ERROR(queue->Recover(setup));
  return queue;
}

void TrackedQueue::UseRegion(std::shared_ptr<const InflightRegion> region) {
  if (region == nullptr || ring_ >= region->queues() ||
      region->packed() != queue_->packed()) {
    return;
  }
  char* const memory = region->queue(static_cast<uint16_t>(ring_));
  if (region->packed()) {
    packed_.emplace(memory, region->queue_size());
  } else {
    split_.emplace(memory, region->queue_size());
  }
  region_ = std::move(region);
}

absl::Status TrackedQueue::Recover(const TrackedQueueSetup& setup) {
  bool fresh = true;
  std::vector<InflightRequest> found;
  RingPosition position = queue_->position();
  if (packed_.has_value()) {
    DS_ASSIGN_OR_RETURN(found, packed_->Recover(
                                   queue_->size(),
                                   [this](virtqueue::PackedPlace place) {
                                     return queue_->IsAvailable(place);
                                   },
                                   &position.used));
    fresh = packed_->fresh();
  } else if (split_.has_value()) {
    DS_ASSIGN_OR_RETURN(found,
                        split_->Recover(queue_->size(), position.used.index));
    fresh = split_->fresh();
  }
  if (fresh) {
    DS_RETURN_IF_ERROR(Adopt(setup.loaded));
    if (split_.has_value()) split_->Begin();
    if (packed_.has_value()) packed_->Begin();
    return absl::OkStatus();
  }

  // A front-end that could not ask a dead back-end for its base does not know
  // it: what was taken is what was answered and what is in flight.
  uint32_t taken = 0;
  for (InflightRequest& request : found) {
    if (!queue_->packed()) {
      DS_ASSIGN_OR_RETURN(request.chain, queue_->Reread(request.entry));
    }
    taken += queue_->packed() ? request.chain.descriptors.size() : 1;
    DS_RETURN_IF_ERROR(Remember(request.chain, request.entry));
    resubmissions_.push_back(std::move(request.chain));
  }
  if (queue_->packed()) {
    position.avail = virtqueue::Advance(position.used, taken, queue_->size());
  } else {
    position.avail.index = static_cast<uint16_t>(position.used.index + taken);
  }
  queue_->Seek(position);
  return absl::OkStatus();
}

absl::Status TrackedQueue::Adopt(std::vector<virtio::Request> requests) {
  std::sort(requests.begin(), requests.end(),
            [](const virtio::Request& a, const virtio::Request& b) {
              return a.sequence < b.sequence;
            });
  for (const virtio::Request& request : requests) {
    Chain chain;
    if (queue_->packed()) {
      chain.id = static_cast<uint16_t>(request.head);
      for (const virtio::Descriptor& descriptor : request.descriptors) {
        chain.descriptors.push_back({descriptor.address, descriptor.length,
                                     static_cast<uint16_t>(descriptor.flags)});
      }
    } else {
      DS_ASSIGN_OR_RETURN(chain,
                          queue_->Reread(static_cast<uint16_t>(request.head)));
    }
    if (chain.descriptors.size() != request.descriptor_count) {
      return absl::InvalidArgumentError(absl::StrCat(
          "ring ", ring_, ": request ", request.head, " has ",
          chain.descriptors.size(), " descriptors, its state says ",
          request.descriptor_count));
    }
    DS_RETURN_IF_ERROR(Record(chain));
    resubmissions_.push_back(std::move(chain));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Chain>> TrackedQueue::Take() {
  DS_RETURN_IF_ERROR(broken_);
  absl::StatusOr<std::optional<Chain>> chain = queue_->Take();
  if (chain.ok() && !chain->has_value()) return std::nullopt;
  broken_ = chain.ok() ? Record(**chain) : chain.status();
  if (broken_.ok()) return chain;
  return broken_ = absl::Status(
             broken_.code(),
             absl::StrCat("ring ", ring_, ": ", broken_.message()));
}

absl::Status TrackedQueue::Record(const Chain& chain) {
  DS_RETURN_IF_ERROR(Remember(chain, 0));
  if (split_.has_value()) split_->Take(chain.id);
  if (packed_.has_value()) inflight_[chain.id].entry = packed_->Take(chain);
  return absl::OkStatus();
}

absl::Status TrackedQueue::Remember(const Chain& chain, uint16_t entry) {
  if (inflight_.count(chain.id) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("chain ", chain.id, " is in flight already"));
  }
  const uint32_t count = chain.descriptors.size();
  if (queue_->packed() && descriptors_ + count > queue_->size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "chain ", chain.id, ": with it ", descriptors_ + count,
        " descriptors are in flight in a ring of ", queue_->size()));
  }
  descriptors_ += count;
  InFlight& inflight = inflight_[chain.id];
  inflight.sequence = sequence_++;
  inflight.entry = entry;
  inflight.count = static_cast<uint16_t>(count);
  if (queue_->packed()) inflight.descriptors = chain.descriptors;
  return absl::OkStatus();
}

Used TrackedQueue::Forget(const Answer& answer) {
  const auto found = inflight_.find(answer.id);
  const Used used = {answer.id, found->second.count, answer.written};
  descriptors_ -= found->second.count;
  inflight_.erase(found);
  return used;
}

void TrackedQueue::Complete(const std::vector<Answer>& answers) {
  if (answers.empty()) return;
  if (queue_->packed()) {
    for (const Answer& answer : answers) {
      const uint16_t entry = inflight_[answer.id].entry;
      if (packed_.has_value()) packed_->Answer(entry);
      queue_->Publish({Forget(answer)});
      if (packed_.has_value()) packed_->Finish(entry);
    }
    return;
  }
  std::vector<Used> batch;
  batch.reserve(answers.size());
  for (const Answer& answer : answers) {
    if (split_.has_value()) split_->AddToBatch(answer.id);
    batch.push_back(Forget(answer));
  }
  queue_->Publish(batch);
  if (split_.has_value()) split_->Finish(queue_->position().used.index);
}

virtio::Ring TrackedQueue::Ring(bool enabled) const {
  virtio::Ring ring;
  ring.index = ring_;
  ring.enabled = enabled;
  const RingPosition position = queue_->position();
  if (queue_->packed()) {
    virtio::PackedPosition packed;
    packed.size = queue_->size();
    packed.avail_idx = position.avail.index;
    packed.avail_wrap = position.avail.wrap;
    packed.used_idx = position.used.index;
    packed.used_wrap = position.used.wrap;
    ring.position = packed;
  } else {
    virtio::SplitPosition split;
    split.size = queue_->size();
    split.last_avail_idx = position.avail.index;
    split.used_idx = position.used.index;
    ring.position = split;
  }
  return ring;
}

std::vector<virtio::Request> TrackedQueue::Requests() const {
  std::vector<virtio::Request> requests;
  requests.reserve(inflight_.size());
  for (const auto& [id, inflight] : inflight_) {
    virtio::Request& request = requests.emplace_back();
    request.ring = ring_;
    request.head = id;
    request.sequence = inflight.sequence;
    request.descriptor_count = inflight.count;
    for (const virtqueue::Descriptor& descriptor : inflight.descriptors) {
      request.descriptors.push_back(
          {descriptor.address, descriptor.length, descriptor.flags});
    }
  }
  std::sort(requests.begin(), requests.end(),
            [](const virtio::Request& a, const virtio::Request& b) {
              return a.sequence < b.sequence;
            });
  return requests;
}

}  // namespace devstate::recovery
