// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the sources of Proxy share.

#ifndef DEVSTATE_PROXY_PROXY_INTERNAL_H_
#define DEVSTATE_PROXY_PROXY_INTERNAL_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace devstate::proxy {

// How long rings must have been partly enabled to be no middle of a sequence.
inline constexpr absl::Duration kSettling = absl::Seconds(1);
// How long an exchange waits until the front-end has nothing half done.
inline constexpr absl::Duration kExchangePatience = absl::Seconds(5);
// The bound of a question and of an answer at the control socket.
inline constexpr absl::Duration kControlTimeout = absl::Seconds(1);

// Returns the error of a peer with its name.
inline absl::Status Of(absl::string_view peer, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(peer, ": ", status.message()));
}

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_PROXY_INTERNAL_H_
