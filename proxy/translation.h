// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States between the format of a back-end that stays as it is and what travels.
// Nothing is written before the whole input was verified.

#ifndef DEVSTATE_PROXY_TRANSLATION_H_
#define DEVSTATE_PROXY_TRANSLATION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/verdict.pb.h"

namespace devstate::proxy {

// The format that a back-end reads and writes.
struct BackendFormat {
  // It is that of what the back-end itself saves. The others do not count then.
  bool automatic = true;
  const ForeignFormat* foreign = nullptr;  // null: devstate streams
  std::string version;  // of the foreign format; empty: the newest
};

// Parses "auto", "devstate", "virtiofsd" or "virtiofsd:V1". INVALID_ARGUMENT
// lists what there is.
absl::StatusOr<BackendFormat> ParseBackendFormat(absl::string_view text);

// Returns the format of a state that a back-end has saved. FAILED_PRECONDITION
// if it is none of the known.
absl::StatusOr<BackendFormat> FormatOf(const OpenSource& state);

struct Translation {
  // Not OK if nothing was written.
  absl::Status status;
  // The verdict, with the findings. Empty if the state was not judged.
  Verdict verdict;
  // What was or would have been done: "virtiofsd V2, to devices.fs.v1". Of what
  // was refused for being no stream, the remedy.
  std::string what;

  // Returns the answer to CHECK_DEVICE_STATE.
  uint64_t check_reply() const;
};

// Writes a back-end's state as it shall travel. A devstate stream is verified
// and stays as it is. A state in a foreign format that converts back, too,
// becomes a stream of its portable schema. Any other stays as it is.
Translation ToFrontend(const OpenSource& state, ByteSink* output);

// Verifies and judges a state that came, and writes it in `format`. What is no
// devstate stream is refused unless `allow_raw`.
//
// Requires: `format` is not automatic.
Translation ToBackend(const OpenSource& state, const BackendFormat& format,
                      bool allow_raw, ByteSink* output);

// Copies to the end of `source`.
absl::Status CopyAll(ByteSource& source, ByteSink* output);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_TRANSLATION_H_
