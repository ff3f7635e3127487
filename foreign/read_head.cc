// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/read_head.h"

#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<std::string> ReadHead(ByteSource& source, size_t size) {
  std::string head(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source.Read(&head[filled], size - filled));
    if (got == 0) break;
    filled += got;
  }
  head.resize(filled);
  return head;
}

}  // namespace devstate
