// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// passt's migration state, versions 1 and 2, to foreign.passt.v1.
// docs/foreign_states.md has the bytes and what is checked.

#ifndef DEVSTATE_FOREIGN_STATES_PASST_PASST_H_
#define DEVSTATE_FOREIGN_STATES_PASST_PASST_H_

#include "devstate/foreign/foreign_format.h"

namespace devstate::passt {

// Returns "passt", for the table of foreign formats. It cannot be written.
const ForeignFormat& Format();

}  // namespace devstate::passt

#endif  // DEVSTATE_FOREIGN_STATES_PASST_PASST_H_
