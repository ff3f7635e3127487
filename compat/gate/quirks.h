// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_QUIRKS_H_
#define DEVSTATE_COMPAT_GATE_QUIRKS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/stream.pb.h"
#include "google/protobuf/message.h"

namespace devstate {

// A writer whose states are known to be wrong, and what to do about them.
struct Quirk {
  // Short and stable, for findings: "acme-2.1-handles".
  std::string name;

  // Whose states: the writer's name, and the first and last version of it, both
  // inclusive. An empty version is no limit. Versions are compared number by
  // number: 1.9 is before 1.13.
  std::string implementation;
  std::string first_version;
  std::string last_version;
  // Only those of this schema, if it is not empty.
  std::string fingerprint;

  // What is wrong, for the finding.
  std::string text;

  // Corrects the singular fields (`record_field` is empty) or a record of the
  // root's field `record_field`, in the writer's schema, before anything else
  // looks at it. A pure function. None: the state is refused.
  std::string record_field;
  std::function<void(google::protobuf::Message*)> fix_up;
};

using QuirkTable = std::vector<Quirk>;

// Whether `quirk` is about what `header` announces.
bool Applies(const Quirk& quirk, const StreamHeader& header);

// Negative, 0 or positive as version `a` is before, at or behind `b`. Numbers
// within are compared as numbers, all else as text.
int CompareVersions(absl::string_view a, absl::string_view b);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_QUIRKS_H_
