// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_COMPRESS_H_
#define DEVSTATE_SCHEMA_COMPRESS_H_

#include <string>

namespace devstate {

// `bytes` as one zstd frame at the highest level: made once, at build time.
std::string ZstdCompress(const std::string& bytes);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_COMPRESS_H_
