// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/gpio/check_gpio.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "devices/gpio/v1/gpio.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::gpio::v1::GpioState;
using ::devices::gpio::v1::Line;

constexpr int kIrqBit = 0;
constexpr uint32_t kEventQueue = 1;
constexpr uint32_t kDirectionOut = 1;
constexpr uint32_t kDirectionIn = 2;

constexpr DeviceRule kLine = {"gpio-line", "The device has no such line.",
                              "Save config.ngpio and the lines of one device."};
constexpr DeviceRule kNames = {
    "gpio-names", "The names are not those of the device's lines.",
    "Save a name for each line, an empty one where it has none, or no names."};
constexpr DeviceRule kValue = {
    "gpio-value", "A line has a value and is no output.",
    "Save the value of output lines alone. That of an input is the host's."};
constexpr DeviceRule kIrq = {
    "gpio-irq", "A line has an interrupt that it cannot have.",
    "Save the type of the interrupt of input lines alone, and a pending edge "
    "only while no buffer is there to report it with."};
constexpr DeviceRule kIrqBuffer = {
    "gpio-irq-buffer",
    "Lines and the buffers that wait for their interrupts do not fit.",
    "Save irq_head of each line with the head of its buffer. The guest waits "
    "for ever for an interrupt whose buffer has no line."};

void CheckLine(const GpioState& state, const Line& line,
               const std::string& path, BrokenRules* broken) {
  if (line.number() >= state.config().ngpio()) {
    broken->Add(kLine, path + ".number", line.number(), ", the device has ",
                state.config().ngpio(), " lines");
  }
  if (line.has_value() && line.direction() != kDirectionOut) {
    broken->Add(kValue, path + ".value", "it is set, the direction is ",
                line.direction());
  }
  if (line.irq_type() != 0 && line.direction() != kDirectionIn) {
    broken->Add(kIrq, path + ".irq_type", line.irq_type(),
                ", the direction is ", line.direction());
  }
  if (line.irq_pending() && (line.irq_type() == 0 || line.has_irq_head())) {
    broken->Add(kIrq, path + ".irq_pending", "it is set, and the line has ",
                line.irq_type() == 0 ? "no interrupt" : "a buffer for it");
  }
}

void CheckIrqBuffers(const GpioState& state, BrokenRules* broken) {
  // The heads of the event queue, and whether a line has it.
  std::map<uint32_t, bool> heads;
  for (const auto& buffer : state.parked()) {
    if (buffer.vring() == kEventQueue) heads.emplace(buffer.head(), false);
  }
  for (int i = 0; i < state.lines_size(); ++i) {
    const Line& line = state.lines(i);
    if (!line.has_irq_head()) continue;
    const std::string path = PlaceOf("lines", i) + ".irq_head";
    const auto head = heads.find(line.irq_head());
    if (line.irq_type() == 0) {
      broken->Add(kIrqBuffer, path, line.irq_head(),
                  " for a line without interrupt");
    } else if (head == heads.end()) {
      broken->Add(kIrqBuffer, path, line.irq_head(),
                  " is no parked buffer of queue ", kEventQueue);
    } else if (head->second) {
      broken->Add(kIrqBuffer, path, line.irq_head(),
                  " is the buffer of another line");
    }
    if (head != heads.end()) head->second = true;
  }
  for (const auto& [head, has_line] : heads) {
    if (has_line) continue;
    broken->Add(kIrqBuffer, "parked", "the buffer with head ", head,
                " is of no line");
  }
}

virtio::QueueUse UseOf(uint32_t queue) {
  return {queue != kEventQueue, queue == kEventQueue};
}

void Check(const GpioState& state, BrokenRules* broken) {
  const std::string& names = state.config().names();
  const auto count = std::count(names.begin(), names.end(), '\0');
  if (!names.empty() &&
      (names.back() != '\0' ||
       count != static_cast<int64_t>(state.config().ngpio()))) {
    broken->Add(kNames, "config.names", count, " names for ",
                state.config().ngpio(), " lines");
  }
  for (int i = 0; i < state.lines_size(); ++i) {
    CheckLine(state, state.lines(i), PlaceOf("lines", i), broken);
  }
  CheckIrqBuffers(state, broken);
  const bool has_irq = (state.acked_features() >> kIrqBit & 1) != 0;
  virtio::CheckRingsOf(state, has_irq ? 2 : 1, UseOf, broken);
}

}  // namespace

const DeviceType& GpioType() {
  static const auto& type =
      *new DeviceType{GpioState::descriptor(),
                      {{"VIRTIO_GPIO_F_IRQ", kIrqBit}},
                      JoinRules({&kLine, &kNames, &kValue, &kIrq, &kIrqBuffer},
                                {&virtio::RingRules()}),
                      &CheckAs<GpioState, &Check>};
  return type;
}

}  // namespace devstate
