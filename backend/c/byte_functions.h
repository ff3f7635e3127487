// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Byte streams of the library as functions of devstate.h, and the reverse.

#ifndef DEVSTATE_BACKEND_C_BYTE_FUNCTIONS_H_
#define DEVSTATE_BACKEND_C_BYTE_FUNCTIONS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/devstate.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::c {

// devstate_write_fn; `context` is a ByteSink.
int WriteTo(void* context, const void* data, size_t size);
// devstate_read_fn; `context` is a ByteSource.
ptrdiff_t ReadFrom(void* context, void* data, size_t size);

class FunctionSink : public ByteSink {
 public:
  FunctionSink(devstate_write_fn write, void* context)
      : write_(write), context_(context) {}
  absl::Status Write(absl::string_view bytes) override;

 private:
  const devstate_write_fn write_;
  void* const context_;
};

class FunctionSource : public ByteSource {
 public:
  FunctionSource(devstate_read_fn read, void* context)
      : read_(read), context_(context) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

 private:
  const devstate_read_fn read_;
  void* const context_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_BYTE_FUNCTIONS_H_
