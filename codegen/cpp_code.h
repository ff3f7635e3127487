// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_CPP_CODE_H_
#define DEVSTATE_CODEGEN_CPP_CODE_H_

#include "devstate/schema/schema_model.h"
#include "google/protobuf/io/printer.h"

namespace devstate {

// Prints FILE.devstate.h: row structs, column builders and readers, the typed
// writer, visitor and reader of the root, and the schema's constants.
void PrintHeader(const SchemaModel& model,
                 google::protobuf::io::Printer& printer);

// Prints FILE.devstate.cc.
void PrintSource(const SchemaModel& model,
                 google::protobuf::io::Printer& printer);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_CPP_CODE_H_
