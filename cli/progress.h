// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PROGRESS_H_
#define DEVSTATE_CLI_PROGRESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Returns "saving  12.3 MiB  45.6 MiB/s", and "  27 %" with a total. `elapsed`
// is the time since the start.
std::string ProgressText(absl::string_view label, uint64_t bytes,
                         std::optional<uint64_t> total, absl::Duration elapsed);

// One line on standard error that tells how far a transfer is. If standard
// error is not a smart terminal, there is none. Redrawn at most ten times a
// second, and removed with the object. Thread-safety: none.
class Progress {
 public:
  // What is counted: bytes, or anything else.
  enum class Unit { kBytes, kItems };

  // `total` is in bytes, if it is known.
  explicit Progress(std::string label,
                    std::optional<uint64_t> total = std::nullopt);
  Progress(std::string label, Unit unit);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows `done`, counted from the start.
  void Update(uint64_t done);
  // Removes the line, for other output.
  void Clear();

 private:
  const std::string label_;
  const std::optional<uint64_t> total_;
  const Unit unit_;
  const bool visible_;
  const absl::Time start_;
  absl::Time drawn_;  // last time; the start at first, so no short transfer
                      // flickers
  bool on_screen_ = false;
};

// Returns a source with the bytes of `source` and a Progress for how far it was
// read. The Progress lasts until the end, an error, or the end of the object.
std::shared_ptr<ByteSource> WithProgress(
    std::shared_ptr<ByteSource> source, std::string label,
    std::optional<uint64_t> total = std::nullopt);

// Returns whether a Progress would stand in the middle of what is shown on
// standard output.
bool ShowsOutput();

// Hands bytes on to another sink, with a Progress for how many there were.
class ProgressSink : public ByteSink {
 public:
  // Requires: `sink` outlives this object.
  ProgressSink(ByteSink& sink, std::string label)
      : sink_(sink), progress_(std::move(label)) {}

  absl::Status Write(absl::string_view bytes) override;

 private:
  ByteSink& sink_;
  Progress progress_;
  uint64_t bytes_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_PROGRESS_H_
