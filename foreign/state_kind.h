// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The kind of a state: a devstate stream, a state in a foreign format, or
// opaque.

#ifndef DEVSTATE_FOREIGN_STATE_KIND_H_
#define DEVSTATE_FOREIGN_STATE_KIND_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"

namespace devstate {

// The kind of a state by its first bytes.
struct Recognised {
  bool is_stream = false;
  // The foreign format; null for a devstate stream and for an unknown one.
  const ForeignFormat* format = nullptr;
};

// Recognises a state by its first bytes. This is cheap and may be wrong,
// because some foreign formats have no magic. Errors are those of the source.
absl::StatusOr<Recognised> Recognise(const OpenSource& input);

// Returns "devstate" by the first bytes, the name of a foreign format if the
// whole is one of its states, even a refused one, or else "opaque". Memory as
// check() of the format takes it.
absl::StatusOr<absl::string_view> KindOf(const OpenSource& input);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_STATE_KIND_H_
