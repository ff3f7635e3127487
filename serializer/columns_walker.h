// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For generated code: walks the columns of a …Columns message.

#ifndef DEVSTATE_SERIALIZER_COLUMNS_WALKER_H_
#define DEVSTATE_SERIALIZER_COLUMNS_WALKER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/message_reader.h"

namespace devstate {

class ColumnsWalker {
 public:
  // Requires: `columns` and `context` outlive the walker.
  ColumnsWalker(absl::string_view columns, DecodeContext& context)
      : reader_(columns), context_(context) {}

  // Moves to the next column. Returns false after the last. Columns must be
  // length-delimited fields in ascending order, each once.
  absl::StatusOr<bool> Next();

  uint32_t number() const { return field_.number; }
  absl::string_view bytes() const { return field_.bytes; }

  // Returns the error for a column that the schema does not have.
  absl::Status UnknownColumn() const;

 private:
  MessageReader reader_;
  MessageReader::Field field_;
  DecodeContext& context_;
};

// Returns `status` with the name of the field that it is about before its
// message.
absl::Status InField(absl::string_view field, absl::Status status);
// Returns `status`, which is about a field of a message, with the name of the
// field that holds this message before it.
absl::Status InMessage(absl::string_view field, absl::Status status);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COLUMNS_WALKER_H_
