// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_QUIRKS_H_
#define DEVSTATE_COMPAT_GATE_QUIRKS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/serializer/stream_messages.h"
#include "google/protobuf/message.h"

namespace devstate {

// A writer whose states are known to be wrong, and the remedy.
struct Quirk {
  // The quirk's name in findings, short and stable: "acme-2.1-handles".
  std::string name;

  // The writers it is about: their name, and the first and last version, both
  // inclusive. An empty version is no limit. Versions are compared number by
  // number, so 1.9 is before 1.13.
  std::string implementation;
  std::string first_version;
  std::string last_version;
  // The fingerprint of the schema it is about. Default: empty, any schema.
  std::string fingerprint;

  // The text of the finding, which says what is wrong.
  std::string text;

  // The function that corrects a message in the writer's schema, before
  // anything else looks at it. If `record_field` is empty, it gets the singular
  // fields, else each record of that field of the root. It must be pure.
  // Default: none, the state is refused.
  std::string record_field;
  std::function<void(google::protobuf::Message*)> fix_up;
};

using QuirkTable = std::vector<Quirk>;

// Returns whether `quirk` is about the writer that `header` announces.
bool Applies(const Quirk& quirk, const StreamHeader& header);

// Returns a negative number, 0 or a positive number as version `a` is before,
// at or after `b`. Numbers within are compared as numbers, all else as text.
int CompareVersions(absl::string_view a, absl::string_view b);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_QUIRKS_H_
