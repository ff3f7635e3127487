// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/vfio_device/counters_device.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "devstate/serializer/stream_pull_writer.h"
#include "devstate/serializer/stream_push_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::examples {
namespace {

using ::example::CountersState;
using ::example::CountersStateCodec;
using ::example::CountersStateWriter;

constexpr uint16_t kRegionRead = 9;
constexpr uint16_t kRegionWrite = 10;

// The registers fit a page.
constexpr uint32_t kCounters = 512;

// How a region is accessed. A write is followed by its data.
struct RegionAccess {
  uint64_t offset;
  uint32_t region;
  uint32_t count;
};

// The counters of a step of a save, and about what one takes in the stream.
constexpr size_t kStepRecords = 64;
constexpr uint64_t kRecordBytes = 12;

CountersState RootOf(const Counters& counters) {
  CountersState root;
  root.set_writes(counters.writes);
  return root;
}

WriterOptions WithoutThread() {
  WriterOptions options;
  options.use_second_thread = false;
  return options;
}

StateOptions Logged(std::function<void(const std::string&)> log) {
  StateOptions options;
  options.report = [log = std::move(log)](const StateReport& report) {
    if (report.event == StateReport::Event::kVerified) {
      log(report.verdict_line);
    }
  };
  return options;
}

class Staged : public StagedState<CountersStateCodec> {
 public:
  explicit Staged(Counters* device) : device_(*device) {}

  absl::Status OnRoot(const CountersState& root) override {
    loaded_.writes = root.writes();
    return absl::OkStatus();
  }
  absl::Status OnCounters(example::CountersBatch& batch) override {
    example::CounterRow row;
    while (batch.Next(&row)) loaded_.values[row.id] = row.value;
    return absl::OkStatus();
  }
  absl::Status Prepare() override {
    if (loaded_.values.empty() || loaded_.values.rbegin()->first < kCounters) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("a counter that the device has not");
  }
  absl::Status Commit() override {
    device_ = std::move(loaded_);
    return absl::OkStatus();
  }

 private:
  Counters& device_;
  Counters loaded_;
};

}  // namespace

// A save in steps: the whole state, or in rounds while the device works. The
// round that begins after the stop is the last.
class CountersDevice::Save {
 public:
  using Step = StreamPullWriter::Step;

  Save(const Counters& counters, bool running)
      : counters_(counters),
        in_rounds_(running),
        writer_(&sink_, WithoutThread()),
        pull_(&sink_, [this] { return WriteSome(); }) {
    for (const auto& [id, value] : counters.values) changed_.insert(id);
  }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) {
    return pull_.Pull(buffer, size);
  }
  void OnChange(uint32_t id) { changed_.insert(id); }
  void OnStop() { stopped_ = true; }

  vfio::PreCopyBytes Count() const {
    const uint64_t left = sink_.size() + round_.size() * kRecordBytes;
    const uint64_t changed = changed_.size() * kRecordBytes;
    // Header and root are written with the first round.
    if (rounds_ == 0) return {left + changed + 1, 0};
    if (rounds_ == 1) return {left, changed};
    return {0, left + changed};
  }

 private:
  absl::StatusOr<Step> WriteSome() {
    if (!in_round_) return BeginRound();
    const size_t size = std::min(round_.size(), kStepRecords);
    for (size_t i = 0; i < size; ++i) {
      const uint32_t id = round_.back();
      round_.pop_back();
      DS_RETURN_IF_ERROR(writer_.AddCounters({id, counters_.values.at(id)}));
    }
    if (!round_.empty()) return Step::kMore;
    in_round_ = false;
    if (last_) {
      DS_RETURN_IF_ERROR(writer_.Finish());
      return Step::kEnd;
    }
    DS_RETURN_IF_ERROR(writer_.EndRound());
    return Step::kMore;
  }

  absl::StatusOr<Step> BeginRound() {
    if (rounds_ != 0 && changed_.empty() && !stopped_) {
      return Step::kNothingNow;
    }
    ++rounds_;
    in_round_ = true;
    last_ = stopped_ || !in_rounds_;
    round_.assign(changed_.rbegin(), changed_.rend());
    changed_.clear();
    const CountersState root = RootOf(counters_);
    DS_RETURN_IF_ERROR(in_rounds_ ? writer_.BeginRound(root)
                                  : writer_.Begin(root));
    return Step::kMore;
  }

  const Counters& counters_;
  const bool in_rounds_;
  bool stopped_ = false;
  // What has changed since the current round began, and what it has to write.
  std::set<uint32_t> changed_;
  std::vector<uint32_t> round_;
  int rounds_ = 0;
  bool in_round_ = false;
  bool last_ = false;
  PullSink sink_;
  CountersStateWriter writer_;
  StreamPullWriter pull_;
};

class CountersDevice::Load {
 public:
  explicit Load(StateHandler<CountersStateCodec>* handler)
      : handler_(*handler),
        push_(&source_, [this] { return handler_.Load(source_).status; }) {}

  // An error is one of Finish(), too.
  void Write(absl::string_view bytes) { push_.Push(bytes).IgnoreError(); }
  absl::Status Finish() {
    absl::Status status = push_.Finish();
    if (status.ok()) status = handler_.Commit().status;
    if (!status.ok()) handler_.Discard();
    return status;
  }

 private:
  StateHandler<CountersStateCodec>& handler_;
  PushSource source_;
  StreamPushReader push_;
};

CountersDevice::CountersDevice(std::function<void(const std::string&)> log)
    : handler_(this, Logged(std::move(log))) {}

CountersDevice::~CountersDevice() = default;

absl::StatusOr<std::string> CountersDevice::AccessRegion(
    uint16_t command, absl::string_view payload) {
  RegionAccess access;
  const bool write = command == kRegionWrite;
  if (!write && command != kRegionRead) {
    return absl::UnimplementedError("the device does not know the command");
  }
  if (payload.size() != sizeof(access) + (write ? sizeof(uint64_t) : 0)) {
    return absl::InvalidArgumentError("not an access of 8 bytes");
  }
  std::memcpy(&access, payload.data(), sizeof(access));
  const uint64_t id = access.offset / sizeof(uint64_t);
  if (access.region != 0 || access.count != sizeof(uint64_t) ||
      access.offset % sizeof(uint64_t) != 0 || id >= kCounters) {
    return absl::InvalidArgumentError("not an access of a counter");
  }
  const uint32_t counter = static_cast<uint32_t>(id);
  std::string answer(payload.substr(0, sizeof(access)));
  if (!write) {
    const auto found = counters_.values.find(counter);
    const uint64_t value = found == counters_.values.end() ? 0 : found->second;
    answer.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return answer;
  }
  if (!running_) return absl::FailedPreconditionError("the device is stopped");
  std::memcpy(&counters_.values[counter], payload.data() + sizeof(access),
              sizeof(uint64_t));
  ++counters_.writes;
  if (save_ != nullptr) save_->OnChange(counter);
  return answer;
}

absl::Status CountersDevice::Start() {
  running_ = true;
  return absl::OkStatus();
}

absl::Status CountersDevice::Stop() {
  running_ = false;
  return absl::OkStatus();
}

void CountersDevice::Reset() {
  counters_ = {};
  running_ = true;
}

absl::Status CountersDevice::BeginSave(bool running) {
  save_ = std::make_unique<Save>(counters_, running);
  return absl::OkStatus();
}

absl::Status CountersDevice::StopInSave() {
  save_->OnStop();
  return Stop();
}

absl::StatusOr<size_t> CountersDevice::ReadData(char* buffer, size_t size) {
  return save_->Read(buffer, size);
}

vfio::PreCopyBytes CountersDevice::CountPreCopy() const {
  return save_->Count();
}

void CountersDevice::EndSave() { save_ = nullptr; }

absl::Status CountersDevice::BeginLoad() {
  load_ = std::make_unique<Load>(&handler_);
  return absl::OkStatus();
}

void CountersDevice::WriteData(absl::string_view bytes) { load_->Write(bytes); }

absl::Status CountersDevice::FinishLoad() {
  return std::exchange(load_, nullptr)->Finish();
}

void CountersDevice::DiscardLoad() {
  load_ = nullptr;
  handler_.Discard();
}

absl::Status CountersDevice::SaveState(CountersStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.Begin(RootOf(counters_)));
  for (const auto& [id, value] : counters_.values) {
    DS_RETURN_IF_ERROR(writer.AddCounters({id, value}));
  }
  return absl::OkStatus();
}

std::unique_ptr<StagedState<CountersStateCodec>> CountersDevice::StageLoad() {
  return std::make_unique<Staged>(&counters_);
}

}  // namespace devstate::examples
