// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_FOREIGN_FORMATS_H_
#define DEVSTATE_FOREIGN_FOREIGN_FORMATS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"

namespace devstate {

// Returns every foreign format. A new one is one more package next to
// foreign/states/virtiofsd and one more line in foreign_formats.cc.
const std::vector<const ForeignFormat*>& ForeignFormats();

// Returns the format of this name; null if there is none.
const ForeignFormat* FindForeignFormat(absl::string_view name);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_FOREIGN_FORMATS_H_
