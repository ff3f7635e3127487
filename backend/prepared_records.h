// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Records that are encoded, compressed and hashed, or sent in rounds, while the
// device runs, so that a save has little left to do. docs/rounds.md is the
// guide.

#ifndef DEVSTATE_BACKEND_PREPARED_RECORDS_H_
#define DEVSTATE_BACKEND_PREPARED_RECORDS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "devstate/backend/changed_slots.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/batch_store.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/stored_chunk.h"
#include "devstate/serializer/writer_options.h"

namespace devstate {

// The records of one field without their types. See PreparedRecords.
//
// Threads: Changed() and CountChanged() are for any thread at any time. All
// else is called by one thread at a time: Prepare() by the thread that
// StateHandler starts for it, and what a save calls when that thread has ended.
class PreparedField {
 public:
  virtual ~PreparedField();

  PreparedField(const PreparedField&) = delete;
  PreparedField& operator=(const PreparedField&) = delete;

  // Notes that the record in a slot is another one now, is new, or is gone.
  // Called after the change, with or without the device's lock. Takes no lock,
  // and costs a load unless saves are being prepared or there are rounds.
  void Changed(uint64_t slot) {
    if (use_.load(std::memory_order_relaxed) != Use::kNone) changed_.Mark(slot);
  }

  // Encodes all records for streams with these options, or what has changed
  // since the last call. Returns early when `stop` is set. An error is that of
  // a record; the save that comes tries it again.
  absl::Status Prepare(const WriterOptions& options,
                       const std::atomic<bool>& stop);
  // Drops everything that is prepared, and ends rounds.
  void Forget();

  // Begins a state in rounds: nothing of it was sent. Drops everything that is
  // prepared.
  void BeginRounds();
  // Returns how many slots have changed since the last round.
  uint64_t CountChanged() const { return changed_.Count(); }

 protected:
  using Slots = absl::Span<const uint64_t>;

  PreparedField(uint32_t field, bool any_order)
      : field_(field), any_order_(any_order) {}

  // Adds all records of the field to `writer`, prepared ones where they are
  // current.
  absl::Status AddAll(RecordWriter& writer);
  // Adds all records, or those that have changed since the last call, to the
  // round that `writer` has begun. RESOURCE_EXHAUSTED for more slots than
  // ChangedSlots has. Requires: BeginRounds().
  absl::Status AddRound(RecordWriter& writer);

 private:
  // What changes are marked for.
  enum class Use { kNone, kPrepare, kRounds };

  // The batches of half as many slots as a batch has records.
  struct Group {
    std::vector<StoredChunk> batches;
    // Whether the batches are what is in the slots, but those that have moved.
    bool current = false;
    // The slots that have left the group, in ascending order. Their records
    // have changed before and so may change again. Each save encodes them.
    std::vector<uint64_t> moved;

    bool HasMoved(uint64_t slot) const {
      return std::binary_search(moved.begin(), moved.end(), slot);
    }
  };

  virtual uint64_t CountSlots() const = 0;
  // Adds the records of the slots, and appends those without one to `empty`.
  virtual absl::Status Add(Slots slots, RecordWriter& writer,
                           std::vector<uint64_t>& empty) = 0;
  virtual absl::Status Delete(Slots slots, RecordWriter& writer) = 0;
  virtual absl::Status AddUnprepared(RecordWriter& writer) = 0;
  virtual absl::StatusOr<std::vector<StoredChunk>> Encode(
      Slots slots, const WriterOptions& options) = 0;

  // RESOURCE_EXHAUSTED if there are more slots than can be marked.
  absl::Status CheckSlots() const;
  // Adds the records of some slots to a round, and deletes what was in them.
  absl::Status AddChanges(Slots slots, RecordWriter& writer);
  // Takes the changes since the last call. If `may_move`, changed records leave
  // their groups.
  void Collect(bool may_move);
  // How many of the slots have not left their groups.
  uint64_t CountNew(Slots changed);
  // Puts all that has moved back into the groups.
  void MoveBack();
  Group& GroupOf(uint64_t slot) { return groups_[slot / group_slots_]; }
  // The slots of a group without those that have left it.
  std::vector<uint64_t> SlotsOf(size_t group) const;

  const uint32_t field_;
  const bool any_order_;
  std::atomic<Use> use_{Use::kNone};
  ChangedSlots changed_;
  uint64_t slots_ = 0;
  uint32_t group_slots_ = 0;
  std::vector<Group> groups_;
  // How many slots have left their groups.
  uint64_t moved_count_ = 0;
  // Whether there was a round, and the slots whose records the rounds so far
  // leave behind.
  bool sent_a_round_ = false;
  std::vector<bool> sent_;
};

// The records of one field of a device's state, a member of the device.
// StateDevice::Prepared() returns it, SaveState() calls Save(), and whatever
// changes a record calls Changed().
//
// Each record has a slot, a number that stays the same while the record exists:
// an index, or an id that is small. A slot has one record or none. Slots that
// have none cost time and memory as well.
template <typename Codec>
class PreparedRecords : public PreparedField {
 public:
  using Writer = typename Codec::Writer;

  struct Options {
    // Returns a number above all slots that have a record. If it is above
    // ChangedSlots::kMaxSlots, nothing is prepared.
    std::function<uint64_t()> count_slots;
    // Adds the records of those slots that have one, in this order, and appends
    // the others to `empty`. Called while the device runs as well, on another
    // thread, so it takes the lock that changes are made with.
    std::function<absl::Status(absl::Span<const uint64_t> slots, Writer& writer,
                               std::vector<uint64_t>& empty)>
        add;
    // Adds all records, for saves that are not prepared.
    std::function<absl::Status(Writer& writer)> add_all;
    // Deletes, with the writer's Delete…(), the records that were in these
    // slots. Only a slot whose records all have the same key can be asked for
    // that. Default: null, for devices without rounds.
    std::function<absl::Status(absl::Span<const uint64_t> slots,
                               Writer& writer)>
        remove;
    // Whether readers take the records in any order, as they have to of states
    // in rounds. Then a record that changes while saves are prepared is kept
    // apart from those that do not, so that a few records which change all the
    // time do not spoil the batches of all others. Default: false, records are
    // saved in the order of their slots.
    bool any_order = false;
  };

  // `field` is the number of the field in the root message.
  PreparedRecords(uint32_t field, Options options)
      : PreparedField(field, options.any_order), options_(std::move(options)) {}

  // Adds all records, for SaveState(), which does not hold the lock that the
  // functions of the options take. States that are not this device's own
  // version, or come in rounds, are encoded as if nothing were prepared.
  absl::Status Save(Writer& writer) { return AddAll(writer); }
  // Adds what belongs to the round that the writer has begun, for SaveRound(),
  // which does not hold the lock either. Requires: Options::remove.
  absl::Status SaveRound(Writer& writer) { return AddRound(writer); }

 private:
  uint64_t CountSlots() const override { return options_.count_slots(); }
  absl::Status Add(Slots slots, RecordWriter& writer,
                   std::vector<uint64_t>& empty) override {
    return options_.add(slots, static_cast<Writer&>(writer), empty);
  }
  absl::Status Delete(Slots slots, RecordWriter& writer) override {
    return options_.remove(slots, static_cast<Writer&>(writer));
  }
  absl::Status AddUnprepared(RecordWriter& writer) override {
    return options_.add_all(static_cast<Writer&>(writer));
  }
  absl::StatusOr<std::vector<StoredChunk>> Encode(
      Slots slots, const WriterOptions& options) override;

  const Options options_;
};

// Writes to nowhere what `add` adds to a `Writer`, and returns its batches.
template <typename Codec>
absl::StatusOr<std::vector<StoredChunk>> PreparedRecords<Codec>::Encode(
    Slots slots, const WriterOptions& options) {
  NullSink nowhere;
  BatchStore store(Codec::Schema(), options);
  Writer writer(&nowhere, options);
  writer.SetFilter(&store);
  absl::Status status = writer.Begin(typename Codec::Root());
  std::vector<uint64_t> empty;
  if (status.ok()) status = options_.add(slots, writer, empty);
  if (status.ok()) status = writer.Finish();
  if (!status.ok()) return status;
  return store.Take();
}

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_PREPARED_RECORDS_H_
