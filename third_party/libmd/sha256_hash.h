// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_THIRD_PARTY_LIBMD_SHA256_HASH_H_
#define DEVSTATE_THIRD_PARTY_LIBMD_SHA256_HASH_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate {

// The SHA-256 of bytes that come one after the other. Thread-safety: none.
class Sha256Hash {
 public:
  Sha256Hash();
  ~Sha256Hash();

  void Add(absl::string_view bytes);
  // Returns the SHA-256 of all bytes: 32 bytes. The last call.
  std::string Finish();

 private:
  // Users of this header need none of libmd's.
  struct Context;
  const std::unique_ptr<Context> context_;
};

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_LIBMD_SHA256_HASH_H_
