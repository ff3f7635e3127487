// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/third_party/libmd/sha256_hash.h"

#include <sha2.h>

#include <cstdint>

namespace devstate {

struct Sha256Hash::Context {
  SHA2_CTX hash;
};

Sha256Hash::Sha256Hash() : context_(std::make_unique<Context>()) {
  SHA256Init(&context_->hash);
}

Sha256Hash::~Sha256Hash() = default;

void Sha256Hash::Add(absl::string_view bytes) {
  SHA256Update(&context_->hash, reinterpret_cast<const uint8_t*>(bytes.data()),
               bytes.size());
}

std::string Sha256Hash::Finish() {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256Final(reinterpret_cast<uint8_t*>(&digest[0]), &context_->hash);
  return digest;
}

}  // namespace devstate
