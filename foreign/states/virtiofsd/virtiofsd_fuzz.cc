// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes, as a state of virtiofsd and as a devstate stream. What is taken
// must come back as the same bytes; anything else is refused without harm.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "devstate/foreign/states/virtiofsd/virtiofsd.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/test_streams.h"

namespace {

using ::devstate::ForeignFormat;
using ::devstate::ForeignReport;
using ::devstate::WriterOptions;
using ::devstate::testing::Opening;
using ::devstate::testing::StringSink;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ForeignFormat& format = devstate::virtiofsd::Format();
  const std::string input(reinterpret_cast<const char*>(data), size);
  StringSink stream;
  const absl::StatusOr<ForeignReport> imported =
      format.import_state(Opening(input), WriterOptions(), &stream);
  if (!imported.ok() || imported->refused()) {
    Require(stream.written.empty());
  } else {
    Require(format.recognise(input.substr(0, 64)));
    StringSink back;
    const absl::StatusOr<ForeignReport> exported =
        format.export_state(Opening(stream.written), imported->version, &back);
    Require(exported.ok() && !exported->refused());
    Require(back.written == input);
  }
  StringSink state;
  const absl::StatusOr<ForeignReport> exported =
      format.export_state(Opening(input), "V1", &state);
  if (!exported.ok() || exported->refused()) Require(state.written.empty());
  return 0;
}
