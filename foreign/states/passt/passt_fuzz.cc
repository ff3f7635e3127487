// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a state of passt. What is taken becomes a whole stream; anything
// else is refused and writes nothing.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "devstate/foreign/states/passt/passt.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/test_streams.h"

namespace devstate {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void Run(const std::string& bytes) {
  const ForeignFormat& format = passt::Format();
  testing::StringSink stream;
  const absl::StatusOr<ForeignReport> report =
      format.import_state(testing::Opening(bytes), WriterOptions(), &stream);
  if (!report.ok() || report->refused()) {
    Require(stream.written.empty());
    return;
  }
  Require(format.recognise(bytes.substr(0, 64)));
  Require(testing::IsWholeStream(stream.written));
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
