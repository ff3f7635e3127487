// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device of vfio-user whose registers are counters. Its state moves while it
// works: docs/vfio.md.

#ifndef DEVSTATE_EXAMPLES_VFIO_DEVICE_COUNTERS_DEVICE_H_
#define DEVSTATE_EXAMPLES_VFIO_DEVICE_COUNTERS_DEVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "counters.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/transport/vfio/migration_device.h"

namespace devstate::examples {

struct Counters {
  uint64_t writes = 0;
  std::map<uint32_t, uint64_t> values;
};

// Thread-safety: none.
class CountersDevice : public vfio::MigrationDevice,
                       public StateDevice<example::CountersStateCodec> {
 public:
  // `log` gets the line of each load.
  explicit CountersDevice(std::function<void(const std::string&)> log);
  ~CountersDevice() override;

  // Answers REGION_READ and REGION_WRITE of 8 bytes in region 0: counter N is
  // at 8 * N, and a write sets it. A stopped device refuses writes.
  absl::StatusOr<std::string> AccessRegion(uint16_t command,
                                           absl::string_view payload);

  const Counters& counters() const { return counters_; }

  bool HasPreCopy() const override { return true; }
  absl::Status Start() override;
  absl::Status Stop() override;
  void Reset() override;
  absl::Status BeginSave(bool running) override;
  absl::Status StopInSave() override;
  absl::StatusOr<size_t> ReadData(char* buffer, size_t size) override;
  vfio::PreCopyBytes CountPreCopy() const override;
  void EndSave() override;
  absl::Status BeginLoad() override;
  void WriteData(absl::string_view bytes) override;
  absl::Status FinishLoad() override;
  void DiscardLoad() override;

  absl::Status SaveState(example::CountersStateWriter& writer) override;
  std::unique_ptr<StagedState<example::CountersStateCodec>> StageLoad()
      override;

 private:
  class Save;
  class Load;

  bool running_ = true;
  Counters counters_;
  StateHandler<example::CountersStateCodec> handler_;
  std::unique_ptr<Save> save_;
  std::unique_ptr<Load> load_;
};

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_VFIO_DEVICE_COUNTERS_DEVICE_H_
