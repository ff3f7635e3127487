// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_CPP_TABLE_H_
#define DEVSTATE_CODEGEN_CPP_TABLE_H_

#include "devstate/schema/schema_model.h"
#include "google/protobuf/io/printer.h"

namespace devstate {

// Prints comments in a row struct that say what the field's annotations allow.
void PrintBoundsComments(const FieldModel& field,
                         google::protobuf::io::Printer& printer);

// Prints the RecordTable of `type` (serializer/record_table.h), as the
// definition of its row's Table().
void PrintTable(const MessageModel& type,
                google::protobuf::io::Printer& printer);

// Prints the keys of the root's records (schema/record_key.h) as the function
// FsState_KeyOf(), in the anonymous namespace.
void PrintKeys(const SchemaModel& model,
               google::protobuf::io::Printer& printer);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_CPP_TABLE_H_
