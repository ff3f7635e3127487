// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a state is: a devstate stream, a state in a foreign format, or opaque.

#ifndef DEVSTATE_CLI_STATE_KIND_H_
#define DEVSTATE_CLI_STATE_KIND_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"

namespace devstate {

// What a state is by its first bytes.
struct Recognised {
  bool is_stream = false;
  // Null if it is a devstate stream, or in none of the foreign formats.
  const ForeignFormat* format = nullptr;
};

// Cheap, and wrong now and then: some foreign formats have no magic. Errors are
// those of the source.
absl::StatusOr<Recognised> Recognise(const OpenSource& input);

// "devstate" by the first bytes, the name of a foreign format if the whole is
// one of its states, be it refused, or else "opaque". Memory as check() of the
// format takes it.
absl::StatusOr<absl::string_view> KindOf(const OpenSource& input);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STATE_KIND_H_
