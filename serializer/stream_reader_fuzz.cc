// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a stream, its framing alone. However it is read or pushed, the
// chunks are the same, or the error. Of what is taken, no bit can be turned and
// nothing left out, and the writer makes the same chunks again.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "devstate/serializer/compression.h"
#include "devstate/serializer/stream_push_reader.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/serializer/test_streams.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

struct ReadChunk {
  Chunk::Header header;
  std::string payload;

  bool operator==(const ReadChunk& other) const {
    return header.type == other.header.type &&
           header.field == other.header.field &&
           header.records == other.header.records && payload == other.payload;
  }
};

struct Outcome {
  std::vector<ReadChunk> chunks;
  absl::Status status;
};

// Reads on, to the end of the source. The header is read before or now.
absl::Status ReadOn(StreamReader& reader, bool& has_header,
                    std::vector<ReadChunk>& chunks) {
  if (!has_header) {
    const absl::Status status = reader.ReadHeader().status();
    if (!status.ok()) return status;
    has_header = true;
  }
  while (true) {
    const auto chunk = reader.NextChunk();
    if (!chunk.ok()) return chunk.status();
    if (!chunk->has_value()) return absl::OkStatus();
    chunks.push_back({(*chunk)->header, std::string((*chunk)->payload)});
  }
}

Outcome Read(const std::string& bytes, size_t at_once) {
  Outcome outcome;
  StringSource source(bytes, at_once);
  StreamReader reader(&source);
  bool has_header = false;
  outcome.status = ReadOn(reader, has_header, outcome.chunks);
  if (outcome.status.ok()) {
    Promise(reader.offset() == bytes.size(), "all bytes are read");
  } else if (has_header) {
    Promise(reader.NextChunk().status() == outcome.status,
            "an error comes again");
  }
  return outcome;
}

Outcome Push(absl::string_view bytes, size_t at_once) {
  Outcome outcome;
  PushSource source;
  StreamReader reader(&source);
  bool has_header = false;
  StreamPushReader push(
      &source, [&] { return ReadOn(reader, has_header, outcome.chunks); });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(at_once, bytes.size()))) {
    push.Push(bytes.substr(0, at_once)).IgnoreError();
  }
  outcome.status = push.Finish();
  return outcome;
}

// Returns the stream of the same header and chunks.
std::string Rewrite(const std::string& bytes, const Outcome& outcome) {
  StringSource source(bytes);
  StreamReader reader(&source);
  const auto header = reader.ReadHeader();
  StringSink sink;
  WriterOptions options;
  options.compression = Compression::Raw();
  StreamWriter writer(&sink, options);
  absl::Status status = writer.WriteHeader(**header);
  for (const ReadChunk& chunk : outcome.chunks) {
    if (!status.ok()) break;
    writer.BeginChunk()->out().Append(chunk.payload);
    status = writer.EndChunk(chunk.header.type, chunk.header.field,
                             chunk.header.records);
  }
  if (status.ok()) status = writer.Finish();
  Promise(status.ok(), "what was read can be written", status.ToString());
  return sink.written;
}

bool IsKnown(const ReadChunk& chunk) {
  return chunk.header.flags == 0 && (chunk.header.type == ChunkType::kRoot ||
                                     chunk.header.type == ChunkType::kBatch);
}

void Run(const std::string& bytes) {
  const Outcome whole = Read(bytes, SIZE_MAX);
  const Outcome pieces = Read(bytes, 7);
  Promise(whole.status == pieces.status && whole.chunks == pieces.chunks,
          "the size of the pieces does not matter",
          whole.status.ToString() + "\n" + pieces.status.ToString());
  const Outcome pushed = Push(bytes, 1 + Checksum(bytes) % 50);
  Promise(whole.status == pushed.status && whole.chunks == pushed.chunks,
          "what is pushed is read the same",
          whole.status.ToString() + "\n" + pushed.status.ToString());
  if (!whole.status.ok()) {
    Promise(ReasonOf(whole.status) != ERROR_REASON_UNSPECIFIED,
            "a refusal has a reason", whole.status.ToString());
    return;
  }
  // One place of each, which follows from the bytes.
  const size_t place = Checksum(bytes) % bytes.size();
  std::string turned = bytes;
  turned[place] = static_cast<char>(turned[place] ^ 1 << place % 8);
  Promise(!Read(turned, SIZE_MAX).status.ok(), "a turned bit is found");
  Promise(ReasonOf(Read(bytes.substr(0, place), SIZE_MAX).status) !=
              ERROR_REASON_UNSPECIFIED,
          "a cut stream is refused");
  Promise(ReasonOf(Read(bytes + '\0', SIZE_MAX).status) ==
              ERROR_REASON_TRAILING_BYTES,
          "trailing bytes are refused");
  for (const ReadChunk& chunk : whole.chunks) {
    if (!IsKnown(chunk)) return;
  }
  const Outcome again = Read(Rewrite(bytes, whole), SIZE_MAX);
  Promise(again.status.ok() && again.chunks == whole.chunks,
          "what is written again reads the same", again.status.ToString());
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
