// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/diff_cases.h"
#include "devstate/compat/diff_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::AnnotationsChanges;
using ::devstate::testing::BoundsChanges;
using ::devstate::testing::CheckChanges;
using ::devstate::testing::PresenceAndCardinalityChanges;
using ::devstate::testing::TypesChanges;
using ::devstate::testing::TypesInColumnsChanges;

TEST(FieldDiffTest, Types) { CheckChanges(TypesChanges()); }

TEST(FieldDiffTest, TypesInColumns) { CheckChanges(TypesInColumnsChanges()); }

TEST(FieldDiffTest, PresenceAndCardinality) {
  CheckChanges(PresenceAndCardinalityChanges());
}

TEST(FieldDiffTest, Bounds) { CheckChanges(BoundsChanges()); }

TEST(FieldDiffTest, Annotations) { CheckChanges(AnnotationsChanges()); }

}  // namespace
}  // namespace devstate
