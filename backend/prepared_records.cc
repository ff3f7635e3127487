// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/prepared_records.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// The part of all slots whose records may have left their groups. Each save
// encodes all of them.
constexpr uint64_t kMovedPart = 16;

// How many groups have the slots of one batch. Two cost 4 % more bytes than one,
// and of runs of 1000 changes they leave two thirds to encode at the stop; four
// cost another 6 %.
constexpr uint32_t kGroupsOfABatch = 2;

// The slots that a round adds with one call, and so with the device's lock held
// once.
constexpr size_t kSlotsOfACall = 4096;

}  // namespace

PreparedField::~PreparedField() = default;

absl::Status PreparedField::Prepare(const WriterOptions& options,
                                    const std::atomic<bool>& stop) {
  if (use_.load() != Use::kPrepare) {
    group_slots_ = std::max(1u, options.max_batch_records / kGroupsOfABatch);
    // Marks of changes that came while nothing was prepared.
    changed_.Take();
    use_.store(Use::kPrepare);
  }
  DS_RETURN_IF_ERROR(CheckSlots());
  Collect(any_order_);
  absl::Status result;
  for (size_t i = 0; i < groups_.size() && !stop.load(); ++i) {
    Group& group = groups_[i];
    if (group.current) continue;
    absl::StatusOr<std::vector<StoredChunk>> batches =
        Encode(SlotsOf(i), options);
    result.Update(batches.status());
    if (!batches.ok()) continue;
    group.batches = *std::move(batches);
    group.current = true;
  }
  return result;
}

absl::Status PreparedField::CheckSlots() const {
  const uint64_t slots = CountSlots();
  if (slots <= ChangedSlots::kMaxSlots && !changed_.overflowed()) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "field ", field_, " has ", slots, " slots and changes are marked in ",
      ChangedSlots::kMaxSlots, " at most: save it without preparation"));
}

void PreparedField::Forget() {
  use_.store(Use::kNone);
  groups_.clear();
  moved_count_ = 0;
  slots_ = 0;
  sent_a_round_ = false;
  sent_.clear();
}

void PreparedField::BeginRounds() {
  Forget();
  changed_.Take();
  use_.store(Use::kRounds);
}

absl::Status PreparedField::AddRound(RecordWriter& writer) {
  if (use_.load() != Use::kRounds) {
    return absl::FailedPreconditionError(
        absl::StrCat("field ", field_, ": a round without BeginRounds()"));
  }
  DS_RETURN_IF_ERROR(CheckSlots());
  std::vector<uint64_t> slots;
  if (sent_a_round_) {
    slots = changed_.Take();
  } else {
    slots.resize(CountSlots());
    std::iota(slots.begin(), slots.end(), uint64_t{0});
  }
  sent_a_round_ = true;
  if (!slots.empty() && sent_.size() <= slots.back()) {
    sent_.resize(slots.back() + 1);
  }
  for (size_t begin = 0; begin < slots.size(); begin += kSlotsOfACall) {
    DS_RETURN_IF_ERROR(
        AddChanges(Slots(slots).subspan(begin, kSlotsOfACall), writer));
  }
  return absl::OkStatus();
}

absl::Status PreparedField::AddChanges(Slots slots, RecordWriter& writer) {
  std::vector<uint64_t> empty;
  DS_RETURN_IF_ERROR(Add(slots, writer, empty));
  std::vector<uint64_t> gone;
  for (const uint64_t slot : empty) {
    if (sent_[slot]) gone.push_back(slot);
  }
  for (const uint64_t slot : slots) sent_[slot] = true;
  for (const uint64_t slot : empty) sent_[slot] = false;
  return gone.empty() ? absl::OkStatus() : Delete(gone, writer);
}

void PreparedField::Collect(bool may_move) {
  const std::vector<uint64_t> changed = changed_.Take();
  slots_ = std::max(slots_, CountSlots());
  if (!changed.empty()) slots_ = std::max(slots_, changed.back() + 1);
  groups_.resize((slots_ + group_slots_ - 1) / group_slots_);
  if (may_move && moved_count_ + CountNew(changed) > slots_ / kMovedPart) {
    MoveBack();
    may_move = false;
  }
  for (const uint64_t slot : changed) {
    Group& group = GroupOf(slot);
    if (group.HasMoved(slot)) continue;
    group.current = false;
    // What was never encoded has nothing to spoil.
    if (!may_move || group.batches.empty()) continue;
    group.moved.insert(
        std::upper_bound(group.moved.begin(), group.moved.end(), slot), slot);
    ++moved_count_;
  }
}

uint64_t PreparedField::CountNew(Slots changed) {
  return static_cast<uint64_t>(std::count_if(
      changed.begin(), changed.end(),
      [this](uint64_t slot) { return !GroupOf(slot).HasMoved(slot); }));
}

void PreparedField::MoveBack() {
  for (Group& group : groups_) {
    if (group.moved.empty()) continue;
    group.moved.clear();
    group.current = false;
  }
  moved_count_ = 0;
}

std::vector<uint64_t> PreparedField::SlotsOf(size_t group) const {
  const uint64_t begin = uint64_t{group} * group_slots_;
  std::vector<uint64_t> all(std::min<uint64_t>(group_slots_, slots_ - begin));
  std::iota(all.begin(), all.end(), begin);
  const std::vector<uint64_t>& moved = groups_[group].moved;
  std::vector<uint64_t> slots;
  slots.reserve(all.size());
  std::set_difference(all.begin(), all.end(), moved.begin(), moved.end(),
                      std::back_inserter(slots));
  return slots;
}

absl::Status PreparedField::AddAll(RecordWriter& writer) {
  if (use_.load() != Use::kPrepare || !writer.TakesStored(field_) ||
      !CheckSlots().ok()) {
    return AddUnprepared(writer);
  }
  Collect(false);
  const auto stale =
      std::count_if(groups_.begin(), groups_.end(),
                    [](const Group& group) { return !group.current; });
  // Where most is to be done again, a second thread gains more.
  if (static_cast<size_t>(stale) > groups_.size() / 2) {
    return AddUnprepared(writer);
  }
  std::vector<uint64_t> empty;
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (!groups_[i].current) {
      DS_RETURN_IF_ERROR(Add(SlotsOf(i), writer, empty));
      continue;
    }
    for (StoredChunk& batch : groups_[i].batches) {
      DS_RETURN_IF_ERROR(writer.AddStored(batch));
    }
  }
  std::vector<uint64_t> moved;
  moved.reserve(moved_count_);
  for (const Group& group : groups_) {
    moved.insert(moved.end(), group.moved.begin(), group.moved.end());
  }
  return moved.empty() ? absl::OkStatus() : Add(moved, writer, empty);
}

}  // namespace devstate
