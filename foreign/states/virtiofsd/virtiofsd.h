// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtiofsd's migration state, V1 and V2, from and to devices.fs.v1.
// docs/foreign_states.md has the mapping, field by field.

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_VIRTIOFSD_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_VIRTIOFSD_H_

#include "devstate/foreign/foreign_format.h"

namespace devstate::virtiofsd {

// Returns "virtiofsd", for the table of foreign formats. A state that
// import_state() accepts and export_state() writes back in its own version is
// the same bytes.
const ForeignFormat& Format();

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_VIRTIOFSD_H_
