// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_STREAM_PULL_WRITER_H_
#define DEVSTATE_SERIALIZER_STREAM_PULL_WRITER_H_

#include <cstddef>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/internal/byte_buffer.h"

namespace devstate {

// A sink that keeps what is written until it is taken. Thread-safety: none.
class PullSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override;

  // Returns the bytes that are kept.
  size_t size() const { return buffer_.size() - begin_; }
  // Moves the first of them, `size` at most, to `buffer`. Returns how many.
  size_t Take(char* buffer, size_t size);

 private:
  ByteBuffer buffer_;
  size_t begin_ = 0;
};

// Hands out a stream in pieces of the sizes that a caller asks for, while it is
// written, without a thread. The save is a sequence of steps:
//
//   PullSink sink;
//   FsStateWriter writer(&sink);
//   StreamPullWriter pull(&sink, [&] { return device.WriteSome(writer); });
//
// It holds what a step has written and nobody has taken, so steps should be
// small: Begin(), some hundred records, Finish(). With a step that writes the
// whole state, as StateDevice::SaveState() does, it holds the whole stream.
// Thread-safety: none.
class StreamPullWriter {
 public:
  enum class Step {
    kMore,        // the next step writes more
    kNothingNow,  // a later call of Pull() may find more to write
    kEnd,         // all is written
  };
  // Writes a part of the stream, which may be nothing, to the sink.
  using WriteStep = std::function<absl::StatusOr<Step>()>;

  // Requires: `sink` outlives the writer.
  StreamPullWriter(PullSink* sink, WriteStep step)
      : sink_(*sink), step_(std::move(step)) {}

  // Fills `buffer` with the next `size` bytes. Returns how many there were,
  // which is less only where there is nothing now, or at the end.
  //
  // Errors are those of a step. After one every further call returns it again.
  absl::StatusOr<size_t> Pull(char* buffer, size_t size);

  // Returns whether everything was written and taken.
  bool at_end() const { return last_ == Step::kEnd && sink_.size() == 0; }

 private:
  PullSink& sink_;
  const WriteStep step_;
  Step last_ = Step::kMore;
  absl::Status status_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_PULL_WRITER_H_
