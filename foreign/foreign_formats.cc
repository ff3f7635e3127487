// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/foreign_formats.h"

#include "devstate/foreign/states/crosvm/crosvm.h"
#include "devstate/foreign/states/passt/passt.h"
#include "devstate/foreign/states/virtiofsd/virtiofsd.h"

namespace devstate {

const std::vector<const ForeignFormat*>& ForeignFormats() {
  static const auto& formats = *new std::vector<const ForeignFormat*>{
      &crosvm::Format(), &passt::Format(), &virtiofsd::Format()};
  return formats;
}

const ForeignFormat* FindForeignFormat(absl::string_view name) {
  for (const ForeignFormat* format : ForeignFormats()) {
    if (format->name == name) return format;
  }
  return nullptr;
}

}  // namespace devstate
