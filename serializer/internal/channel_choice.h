// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_CHANNEL_CHOICE_H_
#define DEVSTATE_SERIALIZER_INTERNAL_CHANNEL_CHOICE_H_

#include <cstdint>

namespace devstate {

// Chooses whether the next chunks are compressed, by which way they are through
// a channel earlier. A channel that keeps up with a compressor may be faster
// than it, which only raw chunks can tell. Thread-safety: none.
class ChannelChoice {
 public:
  // The state of a writer and its channel before a chunk. All but `waiting`
  // only grows.
  struct Sample {
    // A steady clock, and how long the writer was in calls of the channel.
    int64_t nanoseconds = 0;
    int64_t writing_nanoseconds = 0;
    // Payload bytes of all chunks, before compression.
    uint64_t decoded = 0;
    // Bytes handed to the channel, and those of them that nobody has taken.
    uint64_t written = 0;
    uint64_t waiting = 0;
  };

  // Returns whether the next chunk is to be compressed. At first chunks are.
  bool Compresses(const Sample& sample);

 private:
  // What a way to store chunks takes, for each byte before compression.
  struct Way {
    // Time of the writer, in nanoseconds.
    double nanoseconds;
    // Bytes of the channel.
    double stored;
  };

  // Some raw chunks among compressed ones, to see how fast they are taken.
  struct Probe {
    int64_t start = 0;
    // The bytes that were taken at the start, and those at which it is over; 0:
    // it has not started yet.
    uint64_t taken = 0;
    uint64_t end = 0;
  };

  // Take what has happened since the last sample, with chunks of either kind.
  void LearnCompressed(const Sample& sample);
  void LearnRaw(const Sample& sample);
  // Takes what the writer needed.
  void LearnWriter(const Sample& sample, Way& way) const;
  // Returns whether the next chunk belongs to a probe that has begun.
  bool IsInProbe(const Sample& sample) const;
  // Returns whether nothing is left of what waited at the last sample.
  bool KeepsUp(const Sample& sample) const;
  // Begins and ends a probe. Returns whether the next chunk belongs to one.
  bool Probes(const Sample& sample, bool keeps_up);
  // Returns how long a byte takes: in the writer or in the channel, whichever
  // is longer.
  double CostOf(const Way& way) const;

  bool started_ = false;
  bool compresses_ = true;
  Sample last_;
  // Without a measurement, those of zstd 1 and of none on a table of inodes.
  Way compressed_ = {4.5, 0.4};
  Way raw_ = {1.0, 1.0};
  // What the channel takes for a byte of raw chunks, in nanoseconds. It counts
  // as slow until something is known.
  double channel_ = 1000;
  bool probing_ = false;
  bool probed_ = false;
  Probe probe_;
  // The samples until the next probe, and how many they are to be after it.
  uint32_t until_probe_ = 0;
  uint32_t next_until_probe_ = 16;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_CHANNEL_CHOICE_H_
