// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: sources and sinks in memory, and streams made by hand. The
// checksums of these are right whatever else is wrong with them.

#ifndef DEVSTATE_SERIALIZER_TEST_STREAMS_H_
#define DEVSTATE_SERIALIZER_TEST_STREAMS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate::testing {

class StringSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    ++writes;
    if (!error.ok()) return error;
    written.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }

  std::string written;
  int writes = 0;
  // The status that every Write() returns, unless it is OK.
  absl::Status error;
};

class StringSource : public ByteSource {
 public:
  // Makes a source that returns at most `max_read` bytes at once.
  explicit StringSource(std::string bytes, size_t max_read = SIZE_MAX)
      : bytes_(std::move(bytes)), max_read_(max_read) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    ++reads;
    largest_read = std::max(largest_read, size);
    if (position_ == bytes_.size() && !error.ok()) return error;
    size = std::min({size, max_read_, bytes_.size() - position_});
    std::memcpy(buffer, bytes_.data() + position_, size);
    position_ += size;
    return size;
  }

  int reads = 0;
  size_t largest_read = 0;
  // The error that comes instead of the end, unless it is OK.
  absl::Status error;

 private:
  const std::string bytes_;
  const size_t max_read_;
  size_t position_ = 0;
};

// Returns bytes that do not compress.
inline std::string Noise(size_t size, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string noise(size, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  return noise;
}

// A stream that is built piece by piece.
class HandmadeStream {
 public:
  explicit HandmadeStream(const std::string& header = "",
                          uint16_t format_version = kFormatVersion) {
    StreamPrefix prefix;
    prefix.format_version = format_version;
    prefix.header_size = static_cast<uint32_t>(header.size());
    prefix.header_checksum = Checksum(header);
    bytes_.resize(kPrefixSize);
    EncodePrefix(prefix, &bytes_[0]);
    bytes_ += header;
    previous_ = prefix.prefix_checksum;
  }

  // Adds a raw chunk after `change` has changed its header.
  template <typename Change>
  HandmadeStream& Add(ChunkType type, uint32_t field, uint32_t records,
                      const std::string& payload, Change change) {
    ChunkHeader header;
    header.type = type;
    header.sequence = static_cast<uint32_t>(trailer_.chunks);
    header.field = field;
    header.records = records;
    header.stored_size = header.decoded_size =
        static_cast<uint32_t>(payload.size());
    header.payload_checksum = Checksum(payload);
    change(header);
    std::string encoded(kChunkHeaderSize, '\0');
    EncodeChunkHeader(header, previous_, &encoded[0]);
    previous_ = header.header_checksum;
    offsets_.push_back(bytes_.size());
    bytes_ += encoded + payload;
    order_.Add(header.type, header.field, header.records);
    ++trailer_.chunks;
    trailer_.records += header.records;
    trailer_.decoded_bytes += header.decoded_size;
    trailer_.stored_bytes += header.stored_size;
    return *this;
  }
  HandmadeStream& Add(ChunkType type, uint32_t field, uint32_t records,
                      const std::string& payload) {
    return Add(type, field, records, payload, [](ChunkHeader&) {});
  }
  HandmadeStream& AddRoot(const std::string& payload = "") {
    return Add(ChunkType::kRoot, 0, 0, payload);
  }
  HandmadeStream& AddBatch(uint32_t field, uint32_t records,
                           const std::string& payload = "") {
    return Add(ChunkType::kBatch, field, records, payload);
  }

  // Returns the trailer that would be right now, for tests that want another.
  StreamTrailer Trailer() const {
    StreamTrailer trailer = trailer_;
    trailer.digest = previous_;
    trailer.rounds = order_.rounds();
    return trailer;
  }
  std::string Finish() { return Finish(Trailer()); }
  std::string Finish(const StreamTrailer& trailer) {
    Add(ChunkType::kTrailer, 0, 0, Serialize(trailer));
    return bytes_;
  }
  const std::string& bytes() const { return bytes_; }
  // Returns the offsets at which the chunks start.
  const std::vector<size_t>& offsets() const { return offsets_; }

 private:
  std::string bytes_;
  StreamTrailer trailer_;
  ChunkOrder order_;
  uint64_t previous_ = 0;
  std::vector<size_t> offsets_;
};

// Returns why the stream was refused; unspecified for other errors.
inline ErrorReason ReasonOf(const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail ? detail->reason : ERROR_REASON_UNSPECIFIED;
}

}  // namespace devstate::testing

#endif  // DEVSTATE_SERIALIZER_TEST_STREAMS_H_
