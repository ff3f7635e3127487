// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_C_CODE_H_
#define DEVSTATE_CODEGEN_C_CODE_H_

#include "devstate/schema/schema_model.h"
#include "google/protobuf/io/printer.h"

namespace devstate {

// Prints FILE.devstate-c.h: the messages as structs, the enums, and typed faces
// of the functions of backend/c/devstate.h.
void PrintCHeader(const SchemaModel& model,
                  google::protobuf::io::Printer& printer);

// Prints FILE.devstate-c.c: the tables of backend/c/devstate_table.h.
void PrintCSource(const SchemaModel& model,
                  google::protobuf::io::Printer& printer);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_C_CODE_H_
