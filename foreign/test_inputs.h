// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_TEST_INPUTS_H_
#define DEVSTATE_FOREIGN_TEST_INPUTS_H_

#include <memory>
#include <string>
#include <utility>

#include "devstate/foreign/foreign_format.h"
#include "devstate/serializer/test_streams.h"

namespace devstate::testing {

// Returns an input whose content is `bytes` each time it is opened.
inline OpenSource Opening(std::string bytes) {
  return [bytes = std::move(
              bytes)]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    return std::make_shared<StringSource>(bytes);
  };
}

}  // namespace devstate::testing

#endif  // DEVSTATE_FOREIGN_TEST_INPUTS_H_
