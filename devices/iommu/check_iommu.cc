// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/iommu/check_iommu.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/iommu/v1/iommu.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::iommu::v1::AddressRange;
using ::devices::iommu::v1::Domain;
using ::devices::iommu::v1::DomainRange;
using ::devices::iommu::v1::IommuState;
using ::devices::iommu::v1::Mapping;

constexpr int kMmioBit = 5;
constexpr uint32_t kEventQueue = 1;
constexpr uint32_t kFlagMmio = 4;

constexpr DeviceRule kDomain = {
    "iommu-domain",
    "A mapping or endpoint is of a domain that is not listed, or the number of "
    "a domain is out of range.",
    "Save all domains to which an endpoint is attached."};
constexpr DeviceRule kRange = {
    "iommu-range", "A mapping is of impossible addresses.",
    "Refuse VIRTIO_IOMMU_T_MAP outside of the input range, and save the last "
    "address, not the one after it."};
constexpr DeviceRule kGranule = {
    "iommu-granule", "A mapping is not of whole pages.",
    "Save config.page_size_mask of the device that made the mapping."};
constexpr DeviceRule kOverlap = {
    "iommu-overlap",
    "Mappings of a domain overlap, or are not in ascending order.",
    "Save the mappings of a domain from the lowest address on. Of two that "
    "overlap, one was unmapped."};
constexpr DeviceRule kBypass = {
    "iommu-bypass", "A domain that bypasses translation has a mapping.",
    "Drop the mappings of a domain when it becomes one that bypasses."};
constexpr DeviceRule kMmio = {
    "iommu-mmio", "A mapping is of device memory, which was not negotiated.",
    "Refuse the flag at VIRTIO_IOMMU_T_MAP."};

class MappingCheck {
 public:
  MappingCheck(const IommuState& state, BrokenRules* broken)
      : state_(state),
        granule_(state.config().page_size_mask() &
                 (~state.config().page_size_mask() + 1)),
        broken_(*broken) {
    for (const Domain& domain : state.domains()) {
      domains_[domain.id()].bypass = domain.bypass();
    }
  }

  bool HasDomain(uint32_t id) const { return domains_.count(id) != 0; }

  void Check(const Mapping& mapping, int index) {
    const std::string path = PlaceOf("mappings", index);
    const auto domain = domains_.find(mapping.domain());
    if (domain == domains_.end()) {
      broken_.Add(kDomain, path + ".domain", "there is no domain ",
                  mapping.domain());
      return;
    }
    if (domain->second.bypass) {
      broken_.Add(kBypass, path + ".domain", mapping.domain(), " bypasses");
    }
    if ((mapping.flags() & kFlagMmio) != 0 &&
        (state_.acked_features() >> kMmioBit & 1) == 0) {
      broken_.Add(kMmio, path + ".flags", "0x", absl::Hex(mapping.flags()),
                  " without VIRTIO_IOMMU_F_MMIO");
    }
    if (CheckAddresses(mapping, path)) {
      CheckOrder(mapping, path, &domain->second);
    }
  }

 private:
  struct DomainState {
    bool bypass = false;
    // The last address that is mapped so far.
    std::optional<uint64_t> end;
  };

  bool CheckAddresses(const Mapping& mapping, const std::string& path) {
    if (mapping.low() > mapping.high()) {
      broken_.Add(kRange, path + ".high", Hex(mapping.high()),
                  " is below low, ", Hex(mapping.low()));
      return false;
    }
    const uint64_t length = mapping.high() - mapping.low();
    if (mapping.phys() > UINT64_MAX - length) {
      broken_.Add(kRange, path + ".phys", Hex(mapping.phys()), " and ",
                  Hex(length), " more are above all addresses");
    }
    if (state_.config().has_input_range()) {
      const AddressRange& range = state_.config().input_range();
      if (mapping.low() < range.start() || mapping.high() > range.end()) {
        broken_.Add(kRange, path, Hex(mapping.low()), " to ",
                    Hex(mapping.high()), " is not within ", Hex(range.start()),
                    " to ", Hex(range.end()));
      }
    }
    // The address after the last may be 2^64, which is a multiple, too.
    const uint64_t beyond = mapping.high() + 1;
    if (granule_ != 0 &&
        ((mapping.low() | mapping.phys() | beyond) & (granule_ - 1)) != 0) {
      broken_.Add(kGranule, path, Hex(mapping.low()), " to ",
                  Hex(mapping.high()), " at ", Hex(mapping.phys()),
                  " is not of whole pages of ", granule_);
    }
    return true;
  }

  void CheckOrder(const Mapping& mapping, const std::string& path,
                  DomainState* domain) {
    if (domain->end.has_value() && mapping.low() <= *domain->end) {
      broken_.Add(kOverlap, path + ".low", Hex(mapping.low()),
                  ", and a mapping of domain ", mapping.domain(),
                  " before it ends at ", Hex(*domain->end));
    }
    domain->end = std::max(domain->end.value_or(0), mapping.high());
  }

  static std::string Hex(uint64_t address) {
    return absl::StrCat("0x", absl::Hex(address));
  }

  const IommuState& state_;
  // The least page. 0 if there is none.
  const uint64_t granule_;
  BrokenRules& broken_;
  std::unordered_map<uint32_t, DomainState> domains_;
};

virtio::QueueUse UseOf(uint32_t queue) {
  return {queue != kEventQueue, queue == kEventQueue};
}

void Check(const IommuState& state, BrokenRules* broken) {
  MappingCheck check(state, broken);
  if (state.config().has_domain_range()) {
    const DomainRange& range = state.config().domain_range();
    for (int i = 0; i < state.domains_size(); ++i) {
      const uint32_t id = state.domains(i).id();
      if (id >= range.start() && id <= range.end()) continue;
      broken->Add(kDomain, PlaceOf("domains", i) + ".id", id, " is not within ",
                  range.start(), " to ", range.end());
    }
  }
  for (int i = 0; i < state.mappings_size(); ++i) {
    check.Check(state.mappings(i), i);
  }
  for (int i = 0; i < state.endpoints_size(); ++i) {
    if (check.HasDomain(state.endpoints(i).domain())) continue;
    broken->Add(kDomain, PlaceOf("endpoints", i) + ".domain",
                "there is no domain ", state.endpoints(i).domain());
  }
  virtio::CheckRingsOf(state, 2, UseOf, broken);
}

}  // namespace

const DeviceType& IommuType() {
  static const auto& type = *new DeviceType{
      IommuState::descriptor(),
      {{"VIRTIO_IOMMU_F_INPUT_RANGE", 0},
       {"VIRTIO_IOMMU_F_DOMAIN_RANGE", 1},
       {"VIRTIO_IOMMU_F_BYPASS_CONFIG", 6}},
      JoinRules({&kDomain, &kRange, &kGranule, &kOverlap, &kBypass, &kMmio},
                {&virtio::RingRules()}),
      &CheckAs<IommuState, &Check>};
  return type;
}

}  // namespace devstate
