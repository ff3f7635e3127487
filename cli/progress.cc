// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "cli/terminal.h"

namespace devstate {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);

std::string Amount(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, kUnits[unit]);
}

class ProgressSource : public ByteSource {
 public:
  ProgressSource(std::shared_ptr<ByteSource> source, std::string label,
                 std::optional<uint64_t> total)
      : source_(std::move(source)), progress_(std::move(label), total) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    absl::StatusOr<size_t> read = source_->Read(buffer, size);
    if (!read.ok() || *read == 0) {
      progress_.Clear();
    } else {
      progress_.Update(bytes_ += *read);
    }
    return read;
  }

 private:
  const std::shared_ptr<ByteSource> source_;
  Progress progress_;
  uint64_t bytes_ = 0;
};

}  // namespace

std::string ProgressText(absl::string_view label, uint64_t bytes,
                         std::optional<uint64_t> total,
                         absl::Duration elapsed) {
  std::string text =
      absl::StrCat(label, "  ", Amount(static_cast<double>(bytes)));
  if (elapsed > absl::ZeroDuration()) {
    absl::StrAppend(
        &text, "  ",
        Amount(static_cast<double>(bytes) / absl::ToDoubleSeconds(elapsed)),
        "/s");
  }
  if (total.has_value() && *total > 0) {
    // A file may have grown since it was measured.
    const double part =
        static_cast<double>(bytes) / static_cast<double>(*total);
    absl::StrAppendFormat(&text, "  %.0f %%", 100 * std::min(part, 1.0));
  }
  return text;
}

Progress::Progress(std::string label, std::optional<uint64_t> total)
    : label_(std::move(label)),
      total_(total),
      unit_(Unit::kBytes),
      visible_(IsSmartTerminal(STDERR_FILENO)),
      start_(absl::Now()),
      drawn_(start_) {}

Progress::Progress(std::string label, Unit unit)
    : label_(std::move(label)),
      unit_(unit),
      visible_(IsSmartTerminal(STDERR_FILENO)),
      start_(absl::Now()),
      drawn_(start_) {}

void Progress::Update(uint64_t done) {
  if (!visible_) return;
  const absl::Time now = absl::Now();
  if (now - drawn_ < kRedraw) return;
  drawn_ = now;
  on_screen_ = true;
  // Back to the start of the line, then what is left of a longer text goes.
  absl::FPrintF(stderr, "\r%s\x1b[K",
                unit_ == Unit::kBytes
                    ? ProgressText(label_, done, total_, now - start_)
                    : absl::StrCat(label_, "  ", done));
  std::fflush(stderr);
}

void Progress::Clear() {
  if (!on_screen_) return;
  on_screen_ = false;
  absl::FPrintF(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

std::shared_ptr<ByteSource> WithProgress(std::shared_ptr<ByteSource> source,
                                         std::string label,
                                         std::optional<uint64_t> total) {
  return std::make_shared<ProgressSource>(std::move(source), std::move(label),
                                          total);
}

bool ShowsOutput() { return isatty(STDOUT_FILENO) != 0; }

absl::Status ProgressSink::Write(absl::string_view bytes) {
  const absl::Status written = sink_.Write(bytes);
  if (!written.ok()) {
    progress_.Clear();
    return written;
  }
  progress_.Update(bytes_ += bytes.size());
  return written;
}

}  // namespace devstate
