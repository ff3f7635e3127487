// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/byte_functions.h"

#include "absl/strings/str_cat.h"
#include "devstate/backend/c/error.h"

namespace devstate::c {

int WriteTo(void* context, const void* data, size_t size) {
  return Report(static_cast<ByteSink*>(context)->Write(
      {static_cast<const char*>(data), size}));
}

ptrdiff_t ReadFrom(void* context, void* data, size_t size) {
  // A source takes no read of nothing, which is no end.
  if (size == 0) {
    return Report(absl::InvalidArgumentError("a read of 0 bytes"));
  }
  const absl::StatusOr<size_t> read =
      static_cast<ByteSource*>(context)->Read(static_cast<char*>(data), size);
  return read.ok() ? static_cast<ptrdiff_t>(*read) : Report(read.status());
}

absl::Status FunctionSink::Write(absl::string_view bytes) {
  return CallDevice("write", write_, context_,
                    static_cast<const void*>(bytes.data()), bytes.size());
}

absl::StatusOr<size_t> FunctionSource::Read(char* buffer, size_t size) {
  ClearError();
  const ptrdiff_t read = read_(context_, buffer, size);
  if (read < 0) return FromDevice(static_cast<int>(read), "read");
  if (static_cast<size_t>(read) > size) {
    return absl::InvalidArgumentError(
        absl::StrCat("read() returned ", read, " for ", size, " bytes"));
  }
  return static_cast<size_t>(read);
}

}  // namespace devstate::c
