// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The messages between the runner of the stream cases and an implementation
// (docs/implementing.md, "The runner").

#ifndef DEVSTATE_CONFORMANCE_STREAM_PROTOCOL_H_
#define DEVSTATE_CONFORMANCE_STREAM_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::conformance {

struct StreamRequest {
  // The action: "verify", "decode", "check", "encode" or "fingerprint".
  std::string action;
  std::string stream;
  // The FileDescriptorSet; empty: the schema that the stream carries.
  std::string schema;
  // The full name of the root message; empty without a schema.
  std::string root;
};

struct StreamAnswer {
  enum class Kind {
    kWhole,
    kValue,
    kStream,
    kFingerprint,
    kRefused,
    // The implementation cannot do it, as `text` says.
    kSkipped,
    // Something else went wrong.
    kError,
  };
  Kind kind = Kind::kError;
  // The JSON of the root message for kValue.
  std::string value;
  // The stream for kStream.
  std::string stream;
  // The fingerprint in hexadecimal and the canonical form, for kFingerprint.
  std::string fingerprint;
  std::string canonical;
  // The word of docs/stream_format.md and the place, for kRefused.
  std::string reason;
  std::optional<uint64_t> offset;
  std::optional<uint32_t> chunk;
  // The text for people.
  std::string text;
};

std::string RequestText(const StreamRequest& request);
// Parses a request. INVALID_ARGUMENT if it is none.
absl::StatusOr<StreamRequest> ParseRequest(absl::string_view text);

std::string AnswerText(const StreamAnswer& answer);
// Parses an answer. INVALID_ARGUMENT if it is none.
absl::StatusOr<StreamAnswer> ParseAnswer(absl::string_view text);

// Returns the next text of `source`; none at its end. DATA_LOSS if it ends
// within a text, RESOURCE_EXHAUSTED above 64 MiB.
absl::StatusOr<std::optional<std::string>> ReadText(ByteSource& source);
absl::Status WriteText(absl::string_view text, ByteSink& sink);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_STREAM_PROTOCOL_H_
