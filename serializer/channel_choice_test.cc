// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/internal/channel_choice.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace devstate {
namespace {

// A writer of chunks and a pipe of 1 MiB that takes so many bytes a second, in
// a time of their own.
class Pipe {
 public:
  static constexpr double kCapacity = 1024 * 1024;
  static constexpr double kChunk = 70000;
  // Nanoseconds for a byte before compression, and what is left of it.
  static constexpr double kCompress = 4.5;
  static constexpr double kCompressed = 0.38;
  static constexpr double kRaw = 1.0;

  explicit Pipe(double bytes_per_second) : rate_(bytes_per_second / 1e9) {}

  // Changes the rate from here on.
  void SetRate(double bytes_per_second) { rate_ = bytes_per_second / 1e9; }

  void Write(bool compressed) {
    Pass(kChunk * (compressed ? kCompress : kRaw));
    decoded_ += kChunk;
    const double stored = kChunk * (compressed ? kCompressed : 1);
    if (waiting_ + stored > kCapacity) {
      const double blocked = (waiting_ + stored - kCapacity) / rate_;
      blocked_ += blocked;
      Pass(blocked);
    }
    written_ += stored;
    waiting_ += stored;
  }
  // Returns the time at which all is through.
  double End() { return now_ + waiting_ / rate_; }
  ChannelChoice::Sample sample() const {
    return {static_cast<int64_t>(now_), static_cast<int64_t>(blocked_),
            static_cast<uint64_t>(decoded_), static_cast<uint64_t>(written_),
            static_cast<uint64_t>(waiting_)};
  }

 private:
  void Pass(double time) {
    now_ += time;
    waiting_ = std::max(0.0, waiting_ - time * rate_);
  }

  double rate_;
  double now_ = 0;
  double blocked_ = 0;
  double decoded_ = 0;
  double written_ = 0;
  double waiting_ = 0;
};

constexpr int kChunks = 480;

double TimeOf(double rate, bool compressed) {
  Pipe pipe(rate);
  for (int i = 0; i < kChunks; ++i) pipe.Write(compressed);
  return pipe.End();
}

double TimeOfChoice(double rate) {
  Pipe pipe(rate);
  ChannelChoice choice;
  for (int i = 0; i < kChunks; ++i)
    pipe.Write(choice.Compresses(pipe.sample()));
  return pipe.End();
}

TEST(ChannelChoice, IsNearlyAsFastAsTheBetterWayAtAnyRate) {
  for (const double megabytes :
       {1., 5., 25., 60., 118., 200., 230., 300., 590., 1180., 5000.}) {
    const double best =
        std::min(TimeOf(megabytes * 1e6, true), TimeOf(megabytes * 1e6, false));
    EXPECT_LE(TimeOfChoice(megabytes * 1e6), best / 0.96)
        << megabytes << " MB/s";
  }
}

TEST(ChannelChoice, FollowsAChannelThatChanges) {
  Pipe pipe(5e9);
  ChannelChoice choice;
  const auto compressed = [&] {
    int count = 0;
    for (int i = 0; i < kChunks; ++i) {
      const bool compresses = choice.Compresses(pipe.sample());
      count += compresses ? 1 : 0;
      pipe.Write(compresses);
    }
    return count;
  };
  EXPECT_LE(compressed(), kChunks / 20);
  pipe.SetRate(25e6);
  EXPECT_GE(compressed(), kChunks * 9 / 10);
  pipe.SetRate(5e9);
  EXPECT_LE(compressed(), kChunks / 4);
}

TEST(ChannelChoice, CompressesUntilItHasMeasured) {
  ChannelChoice choice;
  EXPECT_TRUE(choice.Compresses({0, 0, 0, 0, 0}));
  EXPECT_TRUE(choice.Compresses({1000, 0, 100000, 40000, 0}));
}

}  // namespace
}  // namespace devstate
