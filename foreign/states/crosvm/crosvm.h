// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of a vhost-user device of crosvm, which is CBOR with the names of
// its fields. docs/foreign_states.md has its form.

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_H_

#include "devstate/foreign/foreign_format.h"

namespace devstate::crosvm {

// Returns "crosvm", for the table of foreign formats. It can be shown, and has
// no portable schema.
const ForeignFormat& Format();

}  // namespace devstate::crosvm

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_CROSVM_H_
