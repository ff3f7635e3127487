// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_UNKNOWN_COLUMNS_H_
#define DEVSTATE_COMPAT_GATE_UNKNOWN_COLUMNS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/message_writer.h"

namespace devstate {

// The columns of a batch that the reader's record, or a message in it, does not
// have.
enum class UnknownColumns {
  kNone,
  // Only fields that the writer declares ignorable.
  kIgnorable,
  // Others, or bytes that are not a columns message at all.
  kOthers,
};

// Finds such columns. Looks at field numbers only, not at values.
UnknownColumns FindUnknownColumns(absl::string_view columns,
                                  const MessageModel& written,
                                  const MessageModel& read);

// Copies the columns that the reader has and adds the paths of the others, from
// `path`, to `dropped`. Requires: only ignorable columns are unknown.
void CopyKnownColumns(absl::string_view columns, const MessageModel& written,
                      const MessageModel& read, const std::string& path,
                      MessageWriter* out, std::vector<std::string>* dropped);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_UNKNOWN_COLUMNS_H_
