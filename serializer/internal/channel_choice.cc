// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/internal/channel_choice.h"

#include <algorithm>

namespace devstate {
namespace {

// The time below which a measurement says nothing.
constexpr int64_t kMinNanoseconds = 250 * 1000;

// The time and the bytes that count for half of an average. A reader may have
// to wait for a processor for some milliseconds, and a second thread of the
// writer works in bursts of up to 512 KiB.
constexpr double kHalfNanoseconds = 5e6;
constexpr double kHalfBytes = 1024 * 1024;

// The part of its time that a writer may be in calls of the channel without
// counting as waiting for it.
constexpr double kMaxWriting = 0.2;

// How much better the other way has to be.
constexpr double kGain = 1.05;

// The raw bytes of a probe. They are what it costs on a slow channel.
constexpr uint64_t kProbeBytes = 256 * 1024;

constexpr uint32_t kMaxUntilProbe = 1024;

void Average(double measured, double weight, double& average) {
  average += weight * (measured - average);
}

uint64_t Taken(const ChannelChoice::Sample& sample) {
  return sample.written - sample.waiting;
}

}  // namespace

bool ChannelChoice::KeepsUp(const Sample& sample) const {
  return sample.waiting <= sample.written - last_.written;
}

double ChannelChoice::CostOf(const Way& way) const {
  return std::max(way.nanoseconds, way.stored * channel_);
}

void ChannelChoice::LearnWriter(const Sample& sample, Way& way) const {
  const auto decoded = static_cast<double>(sample.decoded - last_.decoded);
  if (decoded == 0) return;
  const auto time = static_cast<double>(sample.nanoseconds - last_.nanoseconds);
  const auto writing = static_cast<double>(sample.writing_nanoseconds -
                                           last_.writing_nanoseconds);
  // While the writer waits for the channel its second thread gets ahead, so
  // that the time without the waiting says nothing either.
  if (writing >= kMaxWriting * time) return;
  Average(time / decoded, decoded / (decoded + kHalfBytes), way.nanoseconds);
}

bool ChannelChoice::IsInProbe(const Sample& sample) const {
  return probing_ && sample.written < probe_.end;
}

bool ChannelChoice::Probes(const Sample& sample, bool keeps_up) {
  if (!probing_) {
    if (until_probe_ > 0) {
      --until_probe_;
      return false;
    }
    // A channel that is slower than a compressor is slower than none. But the
    // first time its reader may only have waited for a processor.
    if (!keeps_up && probed_) return false;
    probed_ = true;
    probing_ = true;
    probe_ = {};
    return true;
  }
  // The first raw chunk waits for compressed ones that are on their way, which
  // is not the channel's time.
  if (probe_.end == 0) {
    probe_ = {sample.nanoseconds, Taken(sample), sample.written + kProbeBytes};
  }
  if (Taken(sample) < probe_.end) return IsInProbe(sample);
  channel_ = static_cast<double>(sample.nanoseconds - probe_.start) /
             static_cast<double>(Taken(sample) - probe_.taken);
  probing_ = false;
  until_probe_ = next_until_probe_;
  next_until_probe_ = std::min(2 * next_until_probe_, kMaxUntilProbe);
  return false;
}

void ChannelChoice::LearnCompressed(const Sample& sample) {
  const auto decoded = static_cast<double>(sample.decoded - last_.decoded);
  if (decoded > 0) {
    const auto written = static_cast<double>(sample.written - last_.written);
    Average(std::min(written / decoded, 1.0), decoded / (decoded + kHalfBytes),
            compressed_.stored);
  }
  LearnWriter(sample, compressed_);
}

void ChannelChoice::LearnRaw(const Sample& sample) {
  LearnWriter(sample, raw_);
  const auto time = static_cast<double>(sample.nanoseconds - last_.nanoseconds);
  const auto taken = static_cast<double>(Taken(sample) - Taken(last_));
  if (taken <= 0) return;
  const double measured = time / taken;
  // A channel that waits for its writer takes no longer than that.
  if (KeepsUp(sample)) {
    channel_ = std::min(channel_, measured);
  } else {
    Average(measured, time / (time + kHalfNanoseconds), channel_);
  }
}

bool ChannelChoice::Compresses(const Sample& sample) {
  if (!started_) {
    started_ = true;
    last_ = sample;
    return true;
  }
  // A probe starts behind its first chunk, however short that took.
  const bool starts_probe = probing_ && probe_.end == 0;
  if (!starts_probe &&
      (sample.nanoseconds - last_.nanoseconds < kMinNanoseconds ||
       sample.written == last_.written)) {
    return compresses_ && !IsInProbe(sample);
  }
  bool probes = false;
  if (compresses_) {
    if (!probing_) LearnCompressed(sample);
    probes = Probes(sample, KeepsUp(sample));
  } else {
    LearnRaw(sample);
  }
  last_ = sample;
  const double compressed = CostOf(compressed_);
  const double raw = CostOf(raw_);
  if (!probing_ &&
      (compresses_ ? raw * kGain < compressed : compressed * kGain < raw)) {
    compresses_ = !compresses_;
  }
  return compresses_ && !probes;
}

}  // namespace devstate
