// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Who may load the bytes of an envelope. docs/proxy.md has the text form.

#ifndef DEVSTATE_PROXY_ENVELOPE_POLICY_H_
#define DEVSTATE_PROXY_ENVELOPE_POLICY_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/states/opaque/envelope.h"

namespace devstate::proxy {

// Compares the implementation that saved a state with the one that shall load
// it. Thread-safety: const methods are thread-safe.
class EnvelopePolicy {
 public:
  // Takes what the same implementation has saved in the same or an older
  // version: "same" and "newer".
  EnvelopePolicy() = default;

  // Parses the lines of a policy, of which one must hold. INVALID_ARGUMENT
  // names the line.
  static absl::StatusOr<EnvelopePolicy> Parse(absl::string_view text);

  // Returns OK if `own` may load what `source` labels. INVALID_ARGUMENT, with
  // the broken rule of docs/devices.md, if it may not.
  absl::Status Check(const opaque::Label& source,
                     const opaque::Label& own) const;

 private:
  bool Takes(const opaque::Label& source, const opaque::Label& own) const;

  bool same_ = true;
  bool newer_ = true;
  // Implementations and their versions, of which an empty one is any.
  std::vector<std::pair<std::string, std::string>> listed_;
};

// Returns whether version `a` came before version `b`. Nothing if the two
// cannot be compared: they are compared number by number, and what stands
// between the numbers must be the same in both.
std::optional<bool> IsOlderVersion(absl::string_view a, absl::string_view b);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_ENVELOPE_POLICY_H_
