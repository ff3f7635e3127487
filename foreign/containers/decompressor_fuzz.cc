// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a file with gzip or zstd. However it is read, the content is the
// same, or an error.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "devstate/foreign/containers/decompressor.h"
#include "devstate/serializer/test_streams.h"

namespace devstate {
namespace {

// More than a small input is expanded to would only take time.
constexpr size_t kMost = size_t{1} << 20;

std::string Content(FileKind kind, const std::string& bytes, size_t at_once) {
  const std::shared_ptr<ByteSource> source = Decompressed(
      kind, std::make_shared<testing::StringSource>(bytes, at_once));
  std::string content;
  std::string buffer(4096, '\0');
  while (content.size() < kMost) {
    const auto got = source->Read(&buffer[0], buffer.size());
    if (!got.ok()) return "error";
    if (*got == 0) break;
    content.append(buffer, 0, *got);
  }
  return content.substr(0, kMost);
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const devstate::FileKind kind :
       {devstate::FileKind::kGzip, devstate::FileKind::kZstd}) {
    if (devstate::Content(kind, bytes, SIZE_MAX) !=
        devstate::Content(kind, bytes, 7)) {
      std::abort();
    }
  }
  return 0;
}
