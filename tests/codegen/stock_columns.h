// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Columns by stock protobuf alone: what somebody would write in another
// language from docs/stream_format.md, "Columns". It shares no code with the
// serializer, and takes its time.

#ifndef DEVSTATE_TESTS_CODEGEN_STOCK_COLUMNS_H_
#define DEVSTATE_TESTS_CODEGEN_STOCK_COLUMNS_H_

#include <memory>
#include <vector>

#include "google/protobuf/message.h"

namespace devstate::testing {

using Messages = std::vector<std::unique_ptr<google::protobuf::Message>>;

// The `count` records, of the type of `record`, that `columns` holds, a parsed
// …Columns message.
Messages DecodeStock(const google::protobuf::Message& columns,
                     const google::protobuf::Message& record, size_t count);

// Fills `columns` with `records`, every number column PLAIN.
void EncodeStock(const std::vector<const google::protobuf::Message*>& records,
                 google::protobuf::Message* columns);

// Whether `message` or a message in it has a field that its type does not know.
bool HasUnknownFields(const google::protobuf::Message& message);

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_CODEGEN_STOCK_COLUMNS_H_
