// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device as an author would write it. With SLOTS_DEVICE_WRONG_BOUND its
// Prepare() takes an index too many, and its Commit() has no slot for that.

#include <cstdint>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "devstate/backend/device_fuzz.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "fuzz/device/slots.devstate.h"

namespace devstate::test::slots {
namespace {

struct Table {
  uint32_t size = 8;
  std::map<uint32_t, uint64_t> values;
};

class StagedSlots : public StagedState<SlotsStateCodec> {
 public:
  explicit StagedSlots(Table* table) : table_(*table) {}

  absl::Status OnRoot(const SlotsState& root) override {
    staged_.size = root.size();
    return absl::OkStatus();
  }
  absl::Status OnSlots(SlotsBatch& batch) override {
    SlotRow row;
    while (batch.Next(&row)) {
      // Which is for the device to refuse: the reader sees a batch at a time.
      if (!staged_.values.emplace(row.index, row.value).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("slot ", row.index, " is there twice"));
      }
    }
    return absl::OkStatus();
  }
  absl::Status Prepare() override {
#ifdef SLOTS_DEVICE_WRONG_BOUND
    const uint32_t last = staged_.size;
#else
    const uint32_t last = staged_.size - 1;
#endif
    if (staged_.values.empty() || staged_.values.rbegin()->first <= last) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("slot ", staged_.values.rbegin()->first, " of ",
                     staged_.size, ": there is none"));
  }
  absl::Status Commit() override {
    table_ = Table();
    table_.size = staged_.size;
    for (uint32_t i = 0; i < staged_.size; ++i) {
      const auto value = staged_.values.find(i);
      if (value != staged_.values.end()) table_.values.insert(*value);
    }
    return absl::OkStatus();
  }

 private:
  Table& table_;
  Table staged_;
};

class SlotsDevice : public StateDevice<SlotsStateCodec> {
 public:
  absl::Status SaveState(SlotsStateWriter& writer) override {
    SlotsState root;
    root.set_size(table_.size);
    DS_RETURN_IF_ERROR(writer.Begin(root));
    for (const auto& [index, value] : table_.values) {
      SlotRow row;
      row.index = index;
      row.value = value;
      DS_RETURN_IF_ERROR(writer.AddSlots(row));
    }
    return absl::OkStatus();
  }
  std::unique_ptr<StagedState<SlotsStateCodec>> StageLoad() override {
    return std::make_unique<StagedSlots>(&table_);
  }

 private:
  Table table_;
};

std::unique_ptr<StateDevice<SlotsStateCodec>> MakeDevice() {
  return std::make_unique<SlotsDevice>();
}

}  // namespace
}  // namespace devstate::test::slots

DEVSTATE_FUZZ_DEVICE(devstate::test::slots::SlotsStateCodec,
                     devstate::test::slots::MakeDevice)
