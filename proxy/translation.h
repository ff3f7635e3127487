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
#include "devstate/foreign/states/opaque/envelope.h"
#include "devstate/proxy/envelope_policy.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/verdict.pb.h"

namespace devstate::proxy {

// The format that a back-end reads and writes.
struct BackendFormat {
  // It is that of what the back-end itself saves. The others do not count then.
  bool automatic = true;
  const ForeignFormat* foreign = nullptr;  // null: devstate streams
  std::string version;  // of the foreign format; empty: the newest
  // Envelopes are states of its own, as of another proxy.
  bool envelopes = false;
};

// Parses "auto", "devstate", "virtiofsd" or "virtiofsd:V1". INVALID_ARGUMENT
// lists what there is.
absl::StatusOr<BackendFormat> ParseBackendFormat(absl::string_view text);

// Returns the format of a state that a back-end has saved. FAILED_PRECONDITION
// if it is none of the known.
absl::StatusOr<BackendFormat> FormatOf(const OpenSource& state);

// What becomes of a state on its way to the front-end.
enum class StateForm {
  // The bytes of the back-end, by the front-end's own transfer.
  kRaw,
  // A stream of the portable schema where devstate reads and writes the format,
  // else an envelope.
  kPortable,
  // An envelope.
  kEnvelope,
};

// What a back-end takes.
struct LoadRules {
  // What it reads. Automatic, for an envelope alone: what is in there.
  BackendFormat format;
  // Whether a state that is no devstate stream is taken. Default: no.
  bool allow_raw = false;
  // Whose envelopes are taken. Default: those of the same implementation in the
  // same or an older version.
  EnvelopePolicy policy;
  // What the back-end itself is.
  opaque::Label own;
};

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
// and stays as it is. `own` labels an envelope.
//
// Requires: `form` is not kRaw.
Translation ToFrontend(const OpenSource& state, StateForm form,
                       const opaque::Label& own, ByteSink* output);

// Verifies and judges a state that came, and writes it as the back-end reads
// it.
//
// Requires: `rules.format` is not automatic, unless the state is an envelope.
Translation ToBackend(const OpenSource& state, const LoadRules& rules,
                      ByteSink* output);

// Copies to the end of `source`.
absl::Status CopyAll(ByteSource& source, ByteSink* output);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_TRANSLATION_H_
