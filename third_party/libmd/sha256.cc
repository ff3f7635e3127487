// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/third_party/libmd/sha256.h"

#include <sha2.h>

#include <cstdint>

namespace devstate {

std::string Sha256(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA2_CTX hash;
  SHA256Init(&hash);
  SHA256Update(&hash, reinterpret_cast<const uint8_t*>(bytes.data()),
               bytes.size());
  SHA256Final(reinterpret_cast<uint8_t*>(&digest[0]), &hash);
  return digest;
}

}  // namespace devstate
