// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Lamps, which stay lit when their VM moves.

#ifndef LAMPS_LAMPS_DEVICE_H_
#define LAMPS_LAMPS_DEVICE_H_

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "devstate/backend/backend.h"
#include "lamps.devstate.h"

namespace lamps {

struct LitLamp {
  std::string name;
  uint32_t percent;
  std::optional<ColorRow> color;
};

struct Lamps {
  // How often any of them was switched.
  uint64_t switched = 0;
  std::vector<LitLamp> lit;
};

// A state that was read and is not in force yet.
class StagedLamps : public devstate::StagedState<LampsStateCodec> {
 public:
  explicit StagedLamps(Lamps* device) : device_(*device) {}

  absl::Status OnRoot(const LampsState& root) override {
    loaded_.switched = root.switched();
    return absl::OkStatus();
  }
  absl::Status OnLamps(LampsBatch& batch) override {
    LampRow row;
    while (batch.Next(&row)) {
      loaded_.lit.push_back({std::string(row.name), row.percent, row.color});
    }
    return absl::OkStatus();
  }
  absl::Status Prepare() override { return absl::OkStatus(); }
  absl::Status Commit() override {
    device_ = std::move(loaded_);
    std::cout << "switched " << device_.switched << " times\n";
    for (const LitLamp& lamp : device_.lit) {
      std::cout << lamp.name << " at " << lamp.percent << " %, red "
                << (lamp.color ? lamp.color->red : 0) << "\n";
    }
    std::cout << "loaded" << std::endl;
    return absl::OkStatus();
  }

 private:
  Lamps& device_;
  Lamps loaded_;
};

class LampsDevice : public devstate::StateDevice<LampsStateCodec> {
 public:
  explicit LampsDevice(Lamps lamps) : lamps_(std::move(lamps)) {}

  absl::Status SaveState(LampsStateWriter& writer) override {
    LampsState root;
    root.set_switched(lamps_.switched);
    absl::Status status = writer.Begin(root);
    for (const LitLamp& lamp : lamps_.lit) {
      if (!status.ok()) break;
      LampRow row;
      row.name = lamp.name;
      row.percent = lamp.percent;
      row.color = lamp.color;
      status = writer.AddLamps(row);
    }
    return status;
  }
  std::unique_ptr<devstate::StagedState<LampsStateCodec>> StageLoad() override {
    return std::make_unique<StagedLamps>(&lamps_);
  }

 private:
  Lamps lamps_;
};

}  // namespace lamps

#endif  // LAMPS_LAMPS_DEVICE_H_
