// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_STREAM_PUSH_READER_H_
#define DEVSTATE_SERIALIZER_STREAM_PUSH_READER_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/push_source.h"

namespace devstate {

// Reads a stream whose bytes are pushed in pieces of any size, for a caller
// that may not block and has no thread to spare. It adds no memory to that of
// the reader that it drives:
//
//   PushSource source;
//   FsStateReader reader(&source);
//   StreamPushReader push(&source, [&] { return reader.Read(visitor); });
//
// Checks, errors and what the visitor gets are those of the reader, however the
// bytes are cut. A chunk is handed on as soon as its last byte has come.
// Thread-safety: none.
class StreamPushReader {
 public:
  // Reads on, from where it was, to the end of the source. Called for each
  // piece until it has returned OK, or an error that is not NeedsMoreBytes().
  using Read = std::function<absl::Status()>;

  // Requires: `source` outlives the reader.
  StreamPushReader(PushSource* source, Read read)
      : source_(*source), read_(std::move(read)) {}

  // Takes the next piece, which may be empty. OK says only that nothing was
  // wrong so far. After an error every further call returns it again, and the
  // pieces are dropped.
  //
  // Requires: not after Finish().
  absl::Status Push(absl::string_view piece);

  // Says that the stream ends here. OK if it was complete and nothing was
  // wrong, and only then.
  absl::Status Finish();

 private:
  PushSource& source_;
  const Read read_;
  absl::Status status_;
  bool finished_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_PUSH_READER_H_
