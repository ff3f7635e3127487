// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_BACKEND_LABEL_H_
#define DEVSTATE_PROXY_BACKEND_LABEL_H_

#include <string>

#include "devstate/foreign/states/opaque/envelope.h"
#include "devstate/proxy/backend.h"

namespace devstate::proxy {

// Returns what is known of a back-end for the envelopes of its states. Without
// a name in `spec`, the implementation is the program of the command.
opaque::Label LabelOf(const BackendSpec& spec, const std::string& device);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_BACKEND_LABEL_H_
