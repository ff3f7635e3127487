// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The CBOR of crosvm as JSON.

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_STATE_JSON_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_STATE_JSON_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/serializer/byte_stream.h"
#include "nlohmann/json.hpp"

namespace devstate::crosvm {

// What has the device's own state: of a vhost-user device, and of one in
// crosvm's own process.
inline constexpr absl::string_view kBackendKey = "backend";
inline constexpr absl::string_view kInnerDeviceKey = "inner_device";

// What is seen of a state while it is read.
struct StateFacts {
  // The keys of the map, in their order.
  std::vector<std::string> root_keys;
  // Those of the map under kBackendKey or kInnerDeviceKey.
  std::set<std::string> device_keys;
  // Not set for what is no number.
  absl::optional<uint64_t> acked_features;
  absl::optional<uint64_t> acked_protocol_features;
  // The size of the input, in bytes.
  uint64_t bytes = 0;
};

// Reads CBOR to its end and writes it as JSON to `output`, unless that is null.
// Byte strings become text in hexadecimal. Takes a buffer of memory whatever
// the size of the input. A StreamError for what is no CBOR with text keys, each
// once in its map, and the errors of source and sink.
absl::StatusOr<StateFacts> ReadStateJson(ByteSource& input, ByteSink* output);

// The most bytes of JSON that ParseState() holds. A number takes up to 20 bytes
// of memory for each of the two that it has there at least.
inline constexpr size_t kMaxStateJson = size_t{16} << 20;

struct ParsedState {
  StateFacts facts;
  // What ReadStateJson() writes.
  nlohmann::json json;
};

// Reads CBOR to its end. Errors are those of ReadStateJson(), and a StreamError
// for one beyond the limit.
absl::StatusOr<ParsedState> ParseState(ByteSource& input);

}  // namespace devstate::crosvm

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_STATE_JSON_H_
