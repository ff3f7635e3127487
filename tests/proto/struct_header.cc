// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Apart from the test, whose classes have the names of the structs.

#include "tests/proto/struct_header.h"

#include "devstate/serializer/stream_messages.h"

namespace devstate::testing {

std::string MakeStructHeader(const std::string& schema,
                             const std::string& feature) {
  StreamHeader header;
  header.schema = schema;
  header.used_features = {feature};
  header.conversions.emplace_back();
  return Serialize(header);
}

std::string RewriteStructHeader(const std::string& header) {
  StreamHeader read;
  return Parse(header, &read) ? Serialize(read) : "";
}

}  // namespace devstate::testing
