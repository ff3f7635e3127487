// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A point of the monotonic clock by which something must have happened.

#ifndef DEVSTATE_TRANSPORT_IO_DEADLINE_H_
#define DEVSTATE_TRANSPORT_IO_DEADLINE_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace devstate {

// A deadline. It is monotonic, because a step of the wall clock during a
// migration must neither end nor prolong a wait. Thread-safety: a value type,
// thread-safe as a const object.
class Deadline {
 public:
  static Deadline Never() { return Deadline(Clock::time_point::max()); }

  // Returns a deadline after `duration`. absl::InfiniteDuration(), or anything
  // beyond a year, never expires. Zero or less has expired already.
  static Deadline After(absl::Duration duration) {
    if (duration > absl::Hours(24 * 365)) return Never();
    if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
    return Deadline(Clock::now() + absl::ToChronoNanoseconds(duration));
  }

  static Deadline Earlier(Deadline a, Deadline b) {
    return Deadline(std::min(a.at_, b.at_));
  }

  bool never() const { return at_ == Clock::time_point::max(); }
  bool Expired() const { return !never() && Clock::now() >= at_; }

  // Returns the time left, never negative; absl::InfiniteDuration() for
  // Never().
  absl::Duration Remaining() const {
    if (never()) return absl::InfiniteDuration();
    return std::max(absl::ZeroDuration(), absl::FromChrono(at_ - Clock::now()));
  }

  // Returns the milliseconds left for poll(), or -1 for Never(). They are
  // rounded up so that a wait never spins shortly before its end, and capped at
  // an hour, because callers loop.
  int PollTimeout() const {
    if (never()) return -1;
    const absl::Duration left = std::min(Remaining(), absl::Hours(1));
    return static_cast<int>(
        absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
  }

  friend bool operator<(Deadline a, Deadline b) { return a.at_ < b.at_; }

 private:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_DEADLINE_H_
