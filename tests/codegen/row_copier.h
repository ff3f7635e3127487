// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For fuzz targets: visitors that write the rows they read, as they are. What a
// reader takes and the writer does not is a broken promise.

#ifndef DEVSTATE_TESTS_CODEGEN_ROW_COPIER_H_
#define DEVSTATE_TESTS_CODEGEN_ROW_COPIER_H_

#include "absl/status/status.h"
#include "fuzz/promise.h"

namespace devstate::fuzz {

inline void PromiseWritten(const absl::Status& status) {
  if (status.ok()) return;
  Promise(false, "what was read can be written", status.ToString());
}

}  // namespace devstate::fuzz

// A method of the visitor, by the name of the batch.
#define DEVSTATE_COPY(Name)                                    \
  absl::Status On##Name(Name##Batch& batch) override {         \
    typename Name##Batch::Row row;                             \
    while (batch.Next(&row)) {                                 \
      ::devstate::fuzz::PromiseWritten(writer.Add##Name(row)); \
    }                                                          \
    return absl::OkStatus();                                   \
  }

// The visitor `RowCopier` of a root message; `...` are DEVSTATE_COPY().
#define DEVSTATE_ROW_COPIER(Root, ...)                      \
  struct RowCopier : Root##Visitor {                        \
    RowCopier(::devstate::ByteSink* sink,                   \
              const ::devstate::WriterOptions& options)     \
        : writer(sink, options) {}                          \
    absl::Status OnRoot(const Root& root) override {        \
      ::devstate::fuzz::PromiseWritten(writer.Begin(root)); \
      return absl::OkStatus();                              \
    }                                                       \
    __VA_ARGS__                                             \
    Root##Writer writer;                                    \
  };

#endif  // DEVSTATE_TESTS_CODEGEN_ROW_COPIER_H_
