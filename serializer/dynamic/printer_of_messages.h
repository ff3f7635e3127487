// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_PRINTER_OF_MESSAGES_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_PRINTER_OF_MESSAGES_H_

#include "absl/status/status.h"
#include "devstate/serializer/dynamic/state_printer.h"

namespace devstate {

// Makes messages of all records, which protobuf prints: what StatePrinter is
// held against.
class PrinterOfMessages : public StatePrinter {
 public:
  using StatePrinter::StatePrinter;

  absl::Status OnColumns(const FieldModel& field,
                         BatchDecoder& batch) override {
    return DynamicStateVisitor::OnColumns(field, batch);
  }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_PRINTER_OF_MESSAGES_H_
