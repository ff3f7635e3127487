// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/nvme/check_nvme.h"

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "devices/nvme/v1/nvme.pb.h"
#include "devstate/devices/rules/broken_rules.h"

namespace devstate {
namespace {

using ::devices::nvme::v1::NvmeState;
using ::devices::nvme::v1::Registers;

constexpr DeviceRule kStatus = {
    "nvme-status", "The status does not fit the configuration.",
    "Save after a change of CC.EN has shown in CSTS.RDY, and no controller "
    "that has failed. Without CC.EN there are no queues and no events."};
constexpr DeviceRule kAdmin = {
    "nvme-admin-queue", "The admin queues are not those of the registers.",
    "Save queue 0 of both kinds as AQA, ASQ and ACQ say."};
constexpr DeviceRule kCompletion = {
    "nvme-completion-queue",
    "A submission queue is answered in a completion queue that it cannot have.",
    "Save all completion queues. The driver would wait for ever for what is "
    "answered elsewhere."};
constexpr DeviceRule kSize = {
    "nvme-queue-size", "A queue is larger than the controller allows.",
    "Save registers.cap as the driver has read it. A destination with less "
    "cannot take the queues."};
constexpr DeviceRule kPosition = {
    "nvme-position", "A position is not one of its queue.",
    "Save size and positions of a queue at one moment."};
constexpr DeviceRule kAddress = {
    "nvme-address", "A queue or doorbell does not begin with a page.",
    "Save the addresses that the driver gave. The controller would write to "
    "other memory of the guest."};
constexpr DeviceRule kEvent = {
    "nvme-event", "An event waits for a request, and a request for an event.",
    "Report events before the state is saved. The driver would never hear of "
    "them."};

bool IsEnabled(const Registers& registers) {
  return (registers.cc() & 1) != 0;
}

uint64_t PageSize(const Registers& registers) {
  return uint64_t{1} << (12 + (registers.cc() >> 7 & 15));
}

void CheckStatus(const NvmeState& state, BrokenRules* broken) {
  const Registers& registers = state.registers();
  const bool enabled = IsEnabled(registers);
  if (((registers.csts() & 1) != 0) != enabled) {
    broken->Add(kStatus, "registers.csts", "CSTS.RDY is ",
                registers.csts() & 1, ", CC.EN is ", registers.cc() & 1);
  }
  if ((registers.csts() >> 1 & 1) != 0) {
    broken->Add(kStatus, "registers.csts", "the controller has failed");
  }
  const bool used =
      state.submission_queues_size() + state.completion_queues_size() +
          state.event_requests_size() + state.events_size() !=
      0;
  if (used && !enabled) {
    broken->Add(kStatus, "registers.cc",
                "the controller is off, and has queues or events");
  }
}

// Of both kinds of queues.
template <typename Queue>
void CheckQueue(const Registers& registers, const Queue& queue,
                const std::string& place, BrokenRules* broken) {
  // Both are one less than the size.
  constexpr uint32_t kMaxAdmin = 4096;
  const auto most = static_cast<uint32_t>(registers.cap() & 0xffff) + 1;
  const uint32_t limit = queue.id() == 0 ? kMaxAdmin : most;
  if (queue.size() > limit) {
    broken->Add(kSize, place + ".size", queue.size(), ", at most ", limit);
  }
  if (queue.head() >= queue.size()) {
    broken->Add(kPosition, place + ".head", queue.head(), " of ",
                queue.size());
  }
  if (queue.tail() >= queue.size()) {
    broken->Add(kPosition, place + ".tail", queue.tail(), " of ",
                queue.size());
  }
  if (queue.address() % PageSize(registers) != 0) {
    broken->Add(kAddress, place + ".address", "0x",
                absl::Hex(queue.address()), " in pages of ",
                PageSize(registers));
  }
}

// Compares queue 0 of one kind, or null, with the registers.
template <typename Queue>
void CheckAdmin(const Queue* queue, const char* place, uint32_t size,
                uint64_t address, BrokenRules* broken) {
  if (queue == nullptr) {
    broken->Add(kAdmin, place, "there is no queue 0");
  } else if (queue->size() != size || queue->address() != address) {
    broken->Add(kAdmin, place, queue->size(), " entries at 0x",
                absl::Hex(queue->address()), ", the registers say ", size,
                " at 0x", absl::Hex(address));
  }
}

template <typename Queues>
auto Find0(const Queues& queues) -> decltype(&queues.Get(0)) {
  for (const auto& queue : queues) {
    if (queue.id() == 0) return &queue;
  }
  return nullptr;
}

void CheckQueues(const NvmeState& state, BrokenRules* broken) {
  const Registers& registers = state.registers();
  std::set<uint32_t> completion_queues;
  for (int i = 0; i < state.completion_queues_size(); ++i) {
    const auto& queue = state.completion_queues(i);
    CheckQueue(registers, queue, PlaceOf("completion_queues", i), broken);
    completion_queues.insert(queue.id());
  }
  for (int i = 0; i < state.submission_queues_size(); ++i) {
    const auto& queue = state.submission_queues(i);
    const std::string place = PlaceOf("submission_queues", i);
    CheckQueue(registers, queue, place, broken);
    const uint32_t answers = queue.completion_queue();
    if (completion_queues.count(answers) == 0 ||
        (answers == 0) != (queue.id() == 0)) {
      broken->Add(kCompletion, place + ".completion_queue", answers,
                  queue.id() == 0 ? " of the admin queue" : "");
    }
  }
  if (!IsEnabled(registers)) return;
  const uint32_t aqa = registers.aqa();
  CheckAdmin(Find0(state.submission_queues()), "submission_queues",
             (aqa & 0xfff) + 1, registers.asq(), broken);
  CheckAdmin(Find0(state.completion_queues()), "completion_queues",
             (aqa >> 16 & 0xfff) + 1, registers.acq(), broken);
}

void Check(const NvmeState& state, BrokenRules* broken) {
  CheckStatus(state, broken);
  CheckQueues(state, broken);
  const uint64_t page = PageSize(state.registers());
  const auto& shadow = state.shadow_doorbells();
  if (shadow.doorbells() % page != 0 || shadow.event_indices() % page != 0) {
    broken->Add(kAddress, "shadow_doorbells", "0x",
                absl::Hex(shadow.doorbells()), " and 0x",
                absl::Hex(shadow.event_indices()), " in pages of ", page);
  }
  if (state.event_requests_size() == 0) return;
  for (int i = 0; i < state.events_size(); ++i) {
    const uint32_t type = state.events(i).type();
    if (type < 32 && (state.masked_event_types() >> type & 1) != 0) continue;
    broken->Add(kEvent, PlaceOf("events", i), "type ", type,
                " is not masked, and ", state.event_requests_size(),
                " requests wait");
  }
}

}  // namespace

const DeviceType& NvmeType() {
  static const auto& type = *new DeviceType{
      NvmeState::descriptor(),
      {},
      {&kStatus, &kAdmin, &kCompletion, &kSize, &kPosition, &kAddress,
       &kEvent},
      &CheckAs<NvmeState, &Check>};
  return type;
}

}  // namespace devstate
