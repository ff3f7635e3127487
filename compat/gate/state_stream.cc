// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/state_stream.h"

#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/test_streams.h"
#include "gtest/gtest.h"

namespace devstate {
namespace testing {

std::string WriteStream(const LoadedSchema& schema, const SchemaInfo& info,
                        const google::protobuf::Message& root) {
  WriterOptions options;
  options.compression = Compression::Raw();
  StringSink sink;
  DynamicStateWriter writer(&sink, schema.model(), info, options);
  const absl::Status status = WriteWholeState(root, schema.model(), writer);
  EXPECT_TRUE(status.ok()) << status;
  return sink.written;
}

}  // namespace testing
}  // namespace devstate
