// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/codegen/c_states.h"

#include <algorithm>
#include <cstring>
#include <ostream>

#include "absl/strings/str_replace.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_messages.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

// devstate_read_fn; `context` is an absl::string_view that gets shorter.
ptrdiff_t TakeFrom(void* context, void* data, size_t size) {
  auto& rest = *static_cast<absl::string_view*>(context);
  size = std::min(size, rest.size());
  std::memcpy(data, rest.data(), size);
  rest.remove_prefix(size);
  return static_cast<ptrdiff_t>(size);
}

}  // namespace

bool operator==(const Outcome& a, const Outcome& b) {
  return a.reason == b.reason && a.text == b.text;
}

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.reason << ": " << outcome.text;
}

Outcome OutcomeOf(const absl::Status& status) {
  Outcome outcome;
  if (const auto detail = GetErrorDetail(status)) {
    outcome.reason = ReasonName(detail->reason);
  }
  outcome.text =
      absl::StrReplaceAll(std::string(status.message()), {{"\n", "\\n"}});
  return outcome;
}

Outcome ReadInC(const devstate_schema& schema, absl::string_view stream,
                const std::function<void(const devstate_batch&)>& take) {
  devstate_reader* reader =
      devstate_reader_open(&schema, &TakeFrom, &stream, nullptr);
  EXPECT_NE(reader, nullptr) << devstate_error();
  if (reader == nullptr) return {"", devstate_error()};
  const devstate_batch* batch;
  int more;
  while ((more = devstate_reader_next(reader, &batch)) == 1) take(*batch);
  Outcome outcome;
  if (more != 0) {
    EXPECT_EQ(more, devstate_error_code());
    outcome = {devstate_error_reason(), devstate_error()};
    EXPECT_EQ(devstate_reader_next(reader, &batch), more);
    EXPECT_EQ(devstate_error(), outcome.text);
  }
  EXPECT_EQ(batch, nullptr);
  devstate_reader_free(reader);
  return outcome;
}

Outcome ReadInC(const devstate_schema& schema, absl::string_view stream) {
  return ReadInC(schema, stream, [](const devstate_batch&) {});
}

int AppendTo(void* context, const void* data, size_t size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                             size);
  return 0;
}

}  // namespace devstate::testing
