// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_WAKE_RING_H_
#define DEVSTATE_PROXY_WAKE_RING_H_

#include "devstate/proxy/device_setup.h"

namespace devstate::proxy {

// Makes the eventfd of a kick or a call readable. Does nothing if there is
// none, if it is so full that a write would wait, or if it is another kind of
// descriptor: a write to a file or a pipe of the front-end's may wait for ever.
void Wake(const RingEvent& event);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_WAKE_RING_H_
