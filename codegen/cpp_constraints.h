// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_CPP_CONSTRAINTS_H_
#define DEVSTATE_CODEGEN_CPP_CONSTRAINTS_H_

#include "devstate/schema/schema_model.h"
#include "google/protobuf/io/printer.h"

namespace devstate {

// Comments in a row struct that say what the field's annotations allow.
void PrintConstraintComments(const FieldModel& field,
                             google::protobuf::io::Printer& printer);

// Constants for the constraints of all fields of `type`.
void PrintConstraints(const MessageModel& type,
                      google::protobuf::io::Printer& printer);

// Statements that check them: at the end of a builder's Validate(), and of a
// reader's Decode(), when the field's columns are there.
void PrintValidateConstraints(const MessageModel& type, const FieldModel& field,
                              google::protobuf::io::Printer& printer);
void PrintCheckConstraints(const MessageModel& type, const FieldModel& field,
                           google::protobuf::io::Printer& printer);

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_CPP_CONSTRAINTS_H_
