// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a state is by its first bytes.

#ifndef DEVSTATE_CLI_STATE_KIND_H_
#define DEVSTATE_CLI_STATE_KIND_H_

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "serializer/stream_format.h"

namespace devstate {

enum class StateKind {
  kDevstate,
  // A back-end's own format, or nothing at all.
  kOpaque,
};

// As many bytes as RecognizeState() looks at.
inline constexpr size_t kStateHeadSize = kStreamMagic.size();

// `head` is the start of the state: kStateHeadSize bytes, or all if it has
// fewer.
inline StateKind RecognizeState(absl::string_view head) {
  return absl::StartsWith(head, kStreamMagic) ? StateKind::kDevstate
                                              : StateKind::kOpaque;
}

// "devstate", "opaque".
inline absl::string_view StateKindName(StateKind kind) {
  return kind == StateKind::kDevstate ? "devstate" : "opaque";
}

}  // namespace devstate

#endif  // DEVSTATE_CLI_STATE_KIND_H_
