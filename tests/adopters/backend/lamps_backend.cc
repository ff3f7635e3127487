// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A back-end with lamps, which stay lit when its VM moves:
//
//   lamps_backend SOCKET [NAME PERCENT RED]...

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devstate/backend/backend.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "lamps.devstate.h"

namespace {

using lamps::LampsStateCodec;

struct Lamp {
  std::string name;
  uint32_t percent;
  uint32_t red;
};
using Lamps = std::vector<Lamp>;

// A state that was read and is not in force yet.
class Staged : public devstate::StagedState<LampsStateCodec> {
 public:
  explicit Staged(Lamps* device) : device_(*device) {}

  absl::Status OnRoot(const lamps::LampsState& root) override {
    std::cout << "switched " << root.switched() << " times\n";
    return absl::OkStatus();
  }
  absl::Status OnLamps(lamps::LampsBatch& batch) override {
    lamps::LampRow row;
    while (batch.Next(&row)) {
      loaded_.push_back(
          {std::string(row.name), row.percent, row.color ? row.color->red : 0});
    }
    return absl::OkStatus();
  }
  absl::Status Prepare() override { return absl::OkStatus(); }
  absl::Status Commit() override {
    device_ = std::move(loaded_);
    for (const Lamp& lamp : device_) {
      std::cout << lamp.name << " at " << lamp.percent << " %, red " << lamp.red
                << "\n";
    }
    std::cout << "loaded" << std::endl;
    return absl::OkStatus();
  }

 private:
  Lamps& device_;
  Lamps loaded_;
};

class Device : public devstate::StateDevice<LampsStateCodec> {
 public:
  explicit Device(Lamps lamps) : lamps_(std::move(lamps)) {}

  absl::Status SaveState(lamps::LampsStateWriter& writer) override {
    lamps::LampsState root;
    root.set_switched(lamps_.size());
    absl::Status status = writer.Begin(root);
    for (const Lamp& lamp : lamps_) {
      if (!status.ok()) break;
      lamps::LampRow row;
      row.name = lamp.name;
      row.percent = lamp.percent;
      row.color = lamps::ColorRow{lamp.red, 0, 0};
      status = writer.AddLamps(row);
    }
    return status;
  }
  std::unique_ptr<devstate::StagedState<LampsStateCodec>> StageLoad() override {
    return std::make_unique<Staged>(&lamps_);
  }

 private:
  Lamps lamps_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  Lamps lit;
  for (int i = 2; i + 2 < argc; i += 3) {
    lit.push_back({argv[i], static_cast<uint32_t>(std::stoul(argv[i + 1])),
                   static_cast<uint32_t>(std::stoul(argv[i + 2]))});
  }
  Device device(std::move(lit));
  devstate::StateHandler<LampsStateCodec> handler(&device);
  devstate::vhost_user::BackendEndpointOptions options;
  options.socket_path = argv[1];
  auto endpoint = devstate::vhost_user::BackendEndpoint::Create(
      &handler, std::move(options));
  if (endpoint.ok()) std::cout << "listening" << std::endl;
  const absl::Status status =
      endpoint.ok() ? (*endpoint)->Serve() : endpoint.status();
  std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
