// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Envelopes: streams of devices.opaque.v1, which hold a state in a format of
// which devstate knows nothing. docs/devices.md has the schema.

#ifndef DEVSTATE_FOREIGN_STATES_OPAQUE_ENVELOPE_H_
#define DEVSTATE_FOREIGN_STATES_OPAQUE_ENVELOPE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devices/opaque/v1/opaque.pb.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/verdict.pb.h"

namespace devstate::opaque {

// What an envelope says of its bytes. A label has no pieces.
using Label = ::devices::opaque::v1::OpaqueState;

// Returns "an envelope of passt 1.2" for people.
std::string LabelText(const Label& label);

// Writes `state` into an envelope. Size and digest of `label` are set to those
// of the state, which is read twice.
//
// Errors: ABORTED if its bytes are not the same each time, those of `state` and
// `output`.
//
// Requires: the label keeps the bounds of the schema.
absl::Status WriteEnvelope(const OpenSource& state, Label label,
                           const WriterOptions& options, ByteSink* output);

// Returns whether the header of a stream says that it is an envelope. Errors
// are those of the stream's reader.
absl::StatusOr<bool> IsEnvelope(const OpenSource& stream);

// An envelope that was read.
struct OpenedEnvelope {
  Label label;
  // Of the stream and its content, not of who may read the bytes.
  Verdict verdict;
  // Not OK if the verdict refuses it, or if it could not be read to its end.
  absl::Status status;
};

// Reads an envelope, verifies all of it, and writes its bytes to `output`. They
// count only if the status is OK.
OpenedEnvelope OpenEnvelope(ByteSource* stream, ByteSink* output);

}  // namespace devstate::opaque

#endif  // DEVSTATE_FOREIGN_STATES_OPAQUE_ENVELOPE_H_
