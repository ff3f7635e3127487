// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/iommu/check_iommu.h"

#include <cstdint>

#include "devices/iommu/v1/iommu.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckIommuTest
    : public testing::DeviceCheckTest<::devices::iommu::v1::IommuState> {
 protected:
  CheckIommuTest() : DeviceCheckTest(IommuType(), "iommu") {}
};

TEST_F(CheckIommuTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckIommuTest, MappingOfAnUnknownDomainIsRefused) {
  state_.mutable_mappings(0)->set_domain(3);
  EXPECT_THAT(Check(), Breaks("iommu-domain", "mappings[0].domain"));
}

TEST_F(CheckIommuTest, EndpointOfAnUnknownDomainIsRefused) {
  state_.mutable_endpoints(1)->set_domain(3);
  EXPECT_THAT(Check(), Breaks("iommu-domain", "endpoints[1].domain"));
}

TEST_F(CheckIommuTest, DomainOutOfRangeIsRefused) {
  state_.mutable_config()->mutable_domain_range()->set_end(1);
  EXPECT_THAT(Check(), Breaks("iommu-domain", "domains[1].id"));
}

TEST_F(CheckIommuTest, LastAddressBelowTheFirstIsRefused) {
  state_.mutable_mappings(0)->set_high(0xfff);
  EXPECT_THAT(Check(), Breaks("iommu-range", "mappings[0].high"));
}

TEST_F(CheckIommuTest, MappingAboveAllAddressesIsRefused) {
  state_.mutable_mappings(1)->set_phys(0xfffffffffffff000);
  EXPECT_THAT(Check(), Breaks("iommu-range", "mappings[1].phys"));
}

TEST_F(CheckIommuTest, MappingOutOfTheInputRangeIsRefused) {
  state_.mutable_config()->mutable_input_range()->set_start(0x2000);
  EXPECT_THAT(Check(), Breaks("iommu-range", "mappings[0]"));
}

TEST_F(CheckIommuTest, MappingOfHalfAPageIsRefused) {
  state_.mutable_mappings(0)->set_high(0x17ff);
  EXPECT_THAT(Check(), Breaks("iommu-granule", "mappings[0]"));
}

TEST_F(CheckIommuTest, OverlapIsRefused) {
  state_.mutable_mappings(0)->set_high(0x2fff);
  EXPECT_THAT(Check(), Breaks("iommu-overlap", "mappings[1].low"));
}

TEST_F(CheckIommuTest, MappingsOutOfOrderAreRefused) {
  state_.mutable_mappings()->SwapElements(0, 1);
  EXPECT_THAT(Check(), Breaks("iommu-overlap", "mappings[1].low"));
}

TEST_F(CheckIommuTest, MappingOfADomainThatBypassesIsRefused) {
  state_.mutable_mappings(0)->set_domain(2);
  EXPECT_THAT(Check(), Breaks("iommu-bypass", "mappings[0].domain"));
}

TEST_F(CheckIommuTest, DeviceMemoryNeedsItsFeature) {
  state_.set_acked_features(state_.acked_features() & ~uint64_t{32});
  EXPECT_THAT(Check(), Breaks("iommu-mmio", "mappings[2].flags"));
}

TEST_F(CheckIommuTest, BypassNeedsItsFeature) {
  state_.set_acked_features(state_.acked_features() & ~uint64_t{64});
  EXPECT_THAT(Check(), Breaks("feature-not-negotiated", "domains[1].bypass"));
}

TEST_F(CheckIommuTest, EndpointIsInOneDomain) {
  state_.mutable_endpoints(1)->set_id(8);
  EXPECT_THAT(Check(), Breaks("not-unique", "endpoints"));
}

TEST_F(CheckIommuTest, ParkedRequestIsRefused) {
  state_.mutable_parked(0)->set_vring(0);
  EXPECT_THAT(Check(), Breaks("request-ring", "parked[0]"));
}

TEST_F(CheckIommuTest, LastPageOfAllIsAccepted) {
  state_.mutable_config()->clear_input_range();
  auto& mapping = *state_.mutable_mappings(2);
  mapping.set_low(0xfffffffffffff000);
  mapping.set_high(UINT64_MAX);
  EXPECT_THAT(Check(), BreaksNothing());
}

}  // namespace
}  // namespace devstate
