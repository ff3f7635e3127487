// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A whole back-end: a device with greetings, which move with its VM.

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devstate/backend/backend.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "hello.devstate.h"

namespace {

using example::HelloStateCodec;

struct Greetings {
  uint64_t said = 0;
  std::vector<std::string> texts;
};

// A state that was read and is not in force yet.
class Staged : public devstate::StagedState<HelloStateCodec> {
 public:
  explicit Staged(Greetings* device) : device_(*device) {}

  absl::Status OnRoot(const example::HelloState& root) override {
    loaded_.said = root.said();
    return absl::OkStatus();
  }
  absl::Status OnGreetings(example::GreetingsBatch& batch) override {
    example::GreetingRow row;
    while (batch.Next(&row)) loaded_.texts.emplace_back(row.text);
    return absl::OkStatus();
  }
  absl::Status Prepare() override { return absl::OkStatus(); }
  absl::Status Commit() override {
    device_ = std::move(loaded_);
    for (const std::string& text : device_.texts) std::cout << text << "\n";
    std::cout << "loaded, said " << device_.said << " times" << std::endl;
    return absl::OkStatus();
  }

 private:
  Greetings& device_;
  Greetings loaded_;
};

class Device : public devstate::StateDevice<HelloStateCodec> {
 public:
  explicit Device(Greetings greetings) : greetings_(std::move(greetings)) {}

  absl::Status SaveState(example::HelloStateWriter& writer) override {
    example::HelloState root;
    root.set_said(greetings_.said);
    absl::Status status = writer.Begin(root);
    for (const std::string& text : greetings_.texts) {
      if (status.ok()) status = writer.AddGreetings({text});
    }
    return status;
  }
  std::unique_ptr<devstate::StagedState<HelloStateCodec>> StageLoad() override {
    return std::make_unique<Staged>(&greetings_);
  }

 private:
  Greetings greetings_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string flag = "--socket-path=";
  if (argc < 2 || std::string(argv[1]).rfind(flag, 0) != 0) return 2;
  Device device(Greetings{1, {argv + 2, argv + argc}});
  devstate::StateOptions state;
  state.report = [](const devstate::StateReport& report) {
    if (report.event == devstate::StateReport::Event::kVerified) {
      std::cerr << report.verdict_line << "\n";
    } else if (!report.status.ok()) {
      std::cerr << report.status << "\n";
    }
  };
  devstate::StateHandler<HelloStateCodec> handler(&device, std::move(state));
  devstate::vhost_user::BackendEndpointOptions options;
  options.socket_path = argv[1] + flag.size();
  auto endpoint = devstate::vhost_user::BackendEndpoint::Create(
      &handler, std::move(options));
  if (endpoint.ok()) std::cout << "listening" << std::endl;
  const absl::Status status =
      endpoint.ok() ? (*endpoint)->Serve() : endpoint.status();
  std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
