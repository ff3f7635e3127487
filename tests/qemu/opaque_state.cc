// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/qemu/opaque_state.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Header: magic, size, seed. Chunk: number, length, checksum of both and of
// the bytes; 8 bytes each. The chunk of length 0 is the trailer; its number
// counts the others.
constexpr uint64_t kMagic = 0x3151415045544f44;
constexpr size_t kChunk = 32 << 10;

uint64_t Mix(uint64_t value) {
  value ^= value >> 32;
  value *= 0xd6e8feb86659fd93;
  value ^= value >> 29;
  return value;
}

uint64_t Checksum(uint64_t number, const char* bytes, size_t size) {
  uint64_t sum = Mix(number * 31 + size + 1);
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + at, std::min<size_t>(8, size - at));
    sum = Mix(sum ^ word) + at;
  }
  return sum;
}

void Fill(uint64_t seed, uint64_t number, std::string* bytes) {
  uint64_t value = Mix(seed ^ (number << 20));
  for (size_t at = 0; at < bytes->size(); at += 8) {
    value = value * 6364136223846793005 + 1442695040888963407;
    std::memcpy(&(*bytes)[at], &value, std::min<size_t>(8, bytes->size() - at));
  }
}

absl::Status WriteWords(ByteSink& sink, uint64_t a, uint64_t b, uint64_t c) {
  const uint64_t words[3] = {a, b, c};
  return sink.Write({reinterpret_cast<const char*>(words), sizeof(words)});
}

// Counts, so that an error can name the place.
class Reader {
 public:
  explicit Reader(ByteSource& source) : source_(source) {}

  absl::Status ReadFully(char* buffer, size_t size) {
    size_t have = 0;
    while (have < size) {
      DS_ASSIGN_OR_RETURN(const size_t got,
                          source_.Read(buffer + have, size - have));
      if (got == 0) {
        return absl::DataLossError(absl::StrCat("the state ends at offset ",
                                                offset_ + have,
                                                " without its trailer"));
      }
      have += got;
    }
    offset_ += size;
    return absl::OkStatus();
  }
  uint64_t offset() const { return offset_; }

 private:
  ByteSource& source_;
  uint64_t offset_ = 0;
};

}  // namespace

absl::Status WriteOpaqueState(const OpaqueState& state, ByteSink& sink) {
  DS_RETURN_IF_ERROR(WriteWords(sink, kMagic, state.size, state.seed));
  std::string bytes;
  uint64_t number = 0;
  for (uint64_t left = state.size; left > 0; left -= bytes.size()) {
    bytes.resize(std::min<uint64_t>(left, kChunk));
    Fill(state.seed, number, &bytes);
    DS_RETURN_IF_ERROR(
        WriteWords(sink, number, bytes.size(),
                   Checksum(number, bytes.data(), bytes.size())));
    DS_RETURN_IF_ERROR(sink.Write(bytes));
    ++number;
  }
  return WriteWords(sink, number, 0, Checksum(number, nullptr, 0));
}

absl::StatusOr<OpaqueState> ReadOpaqueState(ByteSource& source) {
  Reader reader(source);
  uint64_t header[3];
  DS_RETURN_IF_ERROR(
      reader.ReadFully(reinterpret_cast<char*>(header), sizeof(header)));
  if (header[0] != kMagic) return absl::DataLossError("no magic at offset 0");
  const OpaqueState state = {header[1], header[2]};
  uint64_t total = 0;
  std::string bytes;
  std::string expected;
  for (uint64_t number = 0;; ++number) {
    const uint64_t offset = reader.offset();
    uint64_t words[3];
    DS_RETURN_IF_ERROR(
        reader.ReadFully(reinterpret_cast<char*>(words), sizeof(words)));
    if (words[1] > kChunk) {
      return absl::DataLossError(absl::StrCat("chunk ", number, " at offset ",
                                              offset, ": ", words[1],
                                              " bytes long, at most ", kChunk));
    }
    bytes.resize(words[1]);
    if (!bytes.empty()) {
      DS_RETURN_IF_ERROR(reader.ReadFully(&bytes[0], bytes.size()));
    }
    if (words[0] != number ||
        words[2] != Checksum(number, bytes.data(), bytes.size())) {
      return absl::DataLossError(absl::StrCat("chunk ", number, " at offset ",
                                              offset, ": wrong checksum"));
    }
    if (bytes.empty()) break;
    total += bytes.size();
    expected.resize(bytes.size());
    Fill(state.seed, number, &expected);
    if (bytes != expected) {
      return absl::DataLossError(
          absl::StrCat("chunk ", number, " at offset ", offset,
                       ": not what the header's seed gives"));
    }
  }
  if (total != state.size) {
    return absl::DataLossError(absl::StrCat("the header says ", state.size,
                                            " bytes, the chunks have ", total));
  }
  return state;
}

}  // namespace devstate
