// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/merge_codec.h"

#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<MergeCodec::Content> MergeCodec::Decode(
    const Chunk& chunk, const Limits& limits, uint32_t schema_version) {
  DS_RETURN_IF_ERROR(DecodeRecords(chunk, field_name_, record_size_, key_,
                                   limits, schema_version, columns_));
  Content content;
  if (has_key()) content.keys = columns_.Keys(key_, chunk.header.records);
  if (chunk.header.type != ChunkType::kDeletions) {
    content.sizes.resize(chunk.header.records);
    Measure(content.sizes);
  }
  return content;
}

absl::StatusOr<std::vector<std::string>> MergeCodec::Rewrite(
    const Chunk& chunk, const Limits& limits, uint32_t schema_version,
    const std::vector<bool>& keep, MessageWriter& out) {
  DS_RETURN_IF_ERROR(DecodeRecords(chunk, field_name_, record_size_, key_,
                                   limits, schema_version, columns_));
  std::vector<std::string> keys = columns_.Keys(key_, keep.size());
  Copy(keep, out);
  return keys;
}

}  // namespace devstate
