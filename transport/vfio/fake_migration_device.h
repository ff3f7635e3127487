// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VFIO_FAKE_MIGRATION_DEVICE_H_
#define DEVSTATE_TRANSPORT_VFIO_FAKE_MIGRATION_DEVICE_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "devstate/transport/vfio/migration_device.h"

namespace devstate::vfio {

// For tests: a device whose state is a string, which counts the calls that come
// in a wrong order.
class FakeMigrationDevice : public MigrationDevice {
 public:
  bool HasPreCopy() const override { return pre_copy; }

  absl::Status Start() override {
    Expect(!running_ && !saving_ && !loading_);
    if (!fault.ok()) return fault;
    running_ = true;
    return absl::OkStatus();
  }
  absl::Status Stop() override {
    Expect(running_ && !saving_);
    if (!fault.ok()) return fault;
    running_ = false;
    return absl::OkStatus();
  }
  void Reset() override {
    Expect(!saving_ && !loading_);
    running_ = true;
  }

  absl::Status BeginSave(bool running) override {
    Expect(running == running_ && !saving_ && !loading_);
    if (!fault.ok()) return fault;
    saving_ = true;
    unread_ = state;
    dirty_ = 0;
    return absl::OkStatus();
  }
  absl::Status StopInSave() override {
    Expect(running_ && saving_);
    if (!fault.ok()) return fault;
    running_ = false;
    return absl::OkStatus();
  }
  absl::StatusOr<size_t> ReadData(char* buffer, size_t size) override {
    Expect(saving_);
    if (!fault.ok()) return fault;
    size = std::min(size, unread_.size());
    std::memcpy(buffer, unread_.data(), size);
    unread_.erase(0, size);
    dirty_ = std::min(dirty_, unread_.size());
    return size;
  }
  PreCopyBytes CountPreCopy() const override {
    return {unread_.size() - dirty_, dirty_};
  }
  void EndSave() override {
    Expect(saving_);
    saving_ = false;
  }

  absl::Status BeginLoad() override {
    Expect(!running_ && !saving_ && !loading_);
    if (!fault.ok()) return fault;
    loading_ = true;
    staged_.clear();
    return absl::OkStatus();
  }
  void WriteData(absl::string_view bytes) override {
    Expect(loading_);
    staged_.append(bytes.data(), bytes.size());
  }
  absl::Status FinishLoad() override {
    Expect(loading_);
    loading_ = false;
    if (staged_.empty() || staged_[0] == '!') {
      return absl::DataLossError("a state that is no state");
    }
    state = staged_;
    return absl::OkStatus();
  }
  void DiscardLoad() override {
    Expect(loading_);
    loading_ = false;
  }

  // Changes the state of a device that is saved while it works.
  void Change(absl::string_view bytes) {
    state.append(bytes.data(), bytes.size());
    unread_.append(bytes.data(), bytes.size());
    dirty_ += bytes.size();
  }

  bool running() const { return running_; }
  bool saving() const { return saving_; }
  bool loading() const { return loading_; }

  std::string state = "the state of a device";
  bool pre_copy = true;
  // The error of each call that can fail, unless it is OK.
  absl::Status fault;
  int breaches = 0;

 private:
  void Expect(bool right) { breaches += right ? 0 : 1; }

  bool running_ = true;
  bool saving_ = false;
  bool loading_ = false;
  std::string unread_;
  size_t dirty_ = 0;
  std::string staged_;
};

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_FAKE_MIGRATION_DEVICE_H_
