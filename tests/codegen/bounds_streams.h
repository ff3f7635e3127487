// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States of bounds.proto by a writer that knows no bounds.

#ifndef DEVSTATE_TESTS_CODEGEN_BOUNDS_STREAMS_H_
#define DEVSTATE_TESTS_CODEGEN_BOUNDS_STREAMS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/codegen/bounds.devstate.h"

namespace devstate::test::bounds {

// The version of the schema.
inline constexpr uint32_t kVersion = 3;

// Returns a stream with one batch of the root's field number `field`.
std::string StreamOfBatch(uint32_t field, uint32_t records,
                          const std::string& payload,
                          uint32_t version = kVersion);

// Returns a stream with records, in text format, of the root's field `field`.
std::string StreamOfRecords(const std::string& field,
                            const std::vector<std::string>& texts,
                            uint32_t version = kVersion);

// Returns a record in which nothing that is required is missing.
Required CompleteRecord();

// Takes every state.
class Nobody : public BoundsVisitor {
 public:
  absl::Status OnRoot(const Bounds&) override { return {}; }
  absl::Status OnNumbers(NumbersBatch&) override { return {}; }
  absl::Status OnIdentified(IdentifiedBatch&) override { return {}; }
  absl::Status OnPowers(PowersBatch&) override { return {}; }
  absl::Status OnRequired(RequiredBatch&) override { return {}; }
  absl::Status OnPlaces(PlacesBatch&) override { return {}; }
  absl::Status OnGated(GatedBatch&) override { return {}; }
  absl::Status OnNewer(NewerBatch&) override { return {}; }
  absl::Status OnColors(ColorsBatch&) override { return {}; }
};

}  // namespace devstate::test::bounds

#endif  // DEVSTATE_TESTS_CODEGEN_BOUNDS_STREAMS_H_
