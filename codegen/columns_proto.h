// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_COLUMNS_PROTO_H_
#define DEVSTATE_CODEGEN_COLUMNS_PROTO_H_

#include "devstate/schema/schema_model.h"
#include "google/protobuf/io/printer.h"

namespace devstate {

// Prints the .proto file of the …Columns messages that are derived from the
// records of `model`: message M becomes MColumns with the same field numbers.
// docs/stream_format.md, "Columns", has the rule.
void PrintColumnsProto(const SchemaModel& model,
                       google::protobuf::io::Printer& printer);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_COLUMNS_PROTO_H_
