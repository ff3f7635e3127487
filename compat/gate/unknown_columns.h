// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_UNKNOWN_COLUMNS_H_
#define DEVSTATE_COMPAT_GATE_UNKNOWN_COLUMNS_H_

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Whether the columns of a batch have one for a field that `record`, or a
// message in it, does not have. Looks at field numbers only, not at values.
// True for what is no columns message at all.
bool HasUnknownColumns(absl::string_view columns,
                       const google::protobuf::Descriptor& record);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_UNKNOWN_COLUMNS_H_
