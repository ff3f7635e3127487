// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/compress.h"

#include "zstd.h"

namespace devstate {

std::string ZstdCompress(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(&out[0], out.size(), bytes.data(),
                                    bytes.size(), ZSTD_maxCLevel());
  // Cannot fail with that much room; an empty set is one that readers can do
  // without.
  out.resize(ZSTD_isError(size) ? 0 : size);
  return out;
}

}  // namespace devstate
