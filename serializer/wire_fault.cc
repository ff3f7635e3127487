// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/wire_fault.h"

#include "absl/strings/str_cat.h"

namespace devstate {

ErrorReason RefusalReason(WireFault fault) {
  switch (fault) {
    case WireFault::kUnknownField:
    case WireFault::kWireType:
    case WireFault::kUnnamedEnumValue:
      return ERROR_REASON_UNKNOWN_CONTENT;
    case WireFault::kOutOfRange:
    case WireFault::kNotUtf8:
    case WireFault::kMerged:
    case WireFault::kTwice:
    case WireFault::kKeyTwice:
    case WireFault::kRecord:
      break;
  }
  return ERROR_REASON_MALFORMED;
}

std::string FaultText(const WireFinding& found) {
  switch (found.fault) {
    case WireFault::kUnknownField:
      return absl::StrCat(found.path,
                          " is a field that the schema does not have");
    case WireFault::kWireType:
      return absl::StrCat(found.path, " is written as ", found.written,
                          ", the schema has ", found.read);
    case WireFault::kUnnamedEnumValue:
      return absl::StrCat(found.path, " has the value ", found.written,
                          ", which ", found.read, " does not name");
    case WireFault::kOutOfRange:
      return absl::StrCat(found.path, " has the value ", found.written,
                          ", which does not fit ", found.read);
    case WireFault::kNotUtf8:
      return absl::StrCat(found.path, " is not valid UTF-8");
    case WireFault::kMerged:
    case WireFault::kTwice:
      return absl::StrCat(found.path, " occurs ", found.written,
                          ", allowed is once");
    case WireFault::kKeyTwice:
      return absl::StrCat(found.path, " has a key more than once");
    case WireFault::kRecord:
      break;
  }
  return absl::StrCat(found.path, ": records outside of a batch");
}

}  // namespace devstate
