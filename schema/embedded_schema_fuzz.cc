// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any descriptor set as the one that a stream embeds. A schema that is loaded
// is the one that the header is about.

#include <cstdint>
#include <string>

#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;

std::string ZstdFrame(const std::string& bytes) {
  std::string frame(Compressor::Bound(bytes.size()), '\0');
  const auto size =
      Compressor().Compress(bytes, /*level=*/1, frame.data(), frame.size());
  frame.resize(size.ok() ? *size : 0);
  return frame;
}

void Run(const std::string& bytes) {
  StreamHeader header;
  if (!Parse(bytes, &header)) return;
  // The set is in the input as it is, so that mutations reach it.
  const std::string set = header.descriptor_set;
  SchemaLoadOptions options;
  options.root = header.root_message;
  const auto parsed = ParseDescriptorSet("fuzz", set, options);
  // Nor would they find a hash.
  if (parsed.ok()) header.fingerprint = Fingerprint(parsed->root());
  header.descriptor_set = ZstdFrame(set);
  const auto schema = LoadEmbeddedSchema(SchemaOf(header));
  if (!schema.ok()) {
    Promise(schema.status().message().find('\n') == absl::string_view::npos,
            "an error is one line", schema.status().ToString());
    return;
  }
  Promise(parsed.ok(), "what is embedded is a schema anywhere",
          parsed.status().ToString());
  Promise(header.fingerprint == Fingerprint(schema->root()),
          "the schema has the header's fingerprint");
  Promise(schema->root().full_name() == header.root_message,
          "the schema has the header's root");
  Promise(schema->model().version() == header.schema_version,
          "the schema has the header's version");
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
