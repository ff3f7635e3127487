// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-iommu, which QEMU emulates itself. Its domains and their mappings are
// trees: the number of nodes, then each with a mark in front, and a mark that
// there is none left.

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/iommu/v1/iommu.pb.h"
#include "devstate/devices/iommu/check_iommu.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::iommu::v1::Domain;
using ::devices::iommu::v1::Endpoint;
using ::devices::iommu::v1::IommuState;
using ::devices::iommu::v1::Mapping;

// Bits of the features (VIRTIO 1.3, section 5.13.3).
constexpr int kInputRange = 0;
constexpr int kDomainRange = 1;
constexpr int kBypassConfig = 6;

struct MappingFields {
  uint64_t low = 0;
  uint64_t high = 0;
  uint64_t phys = 0;
  uint32_t flags = 0;
};

struct DomainFields {
  uint64_t key = 0;
  uint32_t id = 0;
  std::vector<MappingFields> mappings;
  std::vector<uint32_t> endpoints;
  uint8_t bypass = 0;
};

struct IommuFields {
  std::vector<DomainFields> domains;
  uint8_t bypass = 0;
};

// Returns whether another node follows.
bool More(FieldsIn& fields) {
  uint8_t mark = 0;
  fields.U8("whether a node follows", &mark);
  if (mark > 1) {
    fields.Fail(
        absl::StrCat("the mark of a node is ", mark, ", expected 0 or 1"));
  }
  return fields.ok() && mark == 1;
}

// Fails unless a tree has as many nodes as it says.
void CheckCount(FieldsIn& fields, absl::string_view what, uint32_t said,
                size_t found) {
  if (said == found) return;
  fields.Fail(absl::StrCat("a tree of ", what, " says ", said,
                           " nodes, and has ", found));
}

void VisitDomain(FieldsIn& fields, DomainFields* domain) {
  uint32_t count = 0;
  fields.U64("a domain's key", &domain->key);
  fields.U32("a domain's number", &domain->id);
  fields.U32("the number of mappings", &count);
  while (More(fields)) {
    MappingFields& mapping = domain->mappings.emplace_back();
    fields.U64("low", &mapping.low);
    fields.U64("high", &mapping.high);
    fields.U64("phys_addr", &mapping.phys);
    fields.U32("flags", &mapping.flags);
  }
  CheckCount(fields, "mappings", count, domain->mappings.size());
  while (More(fields)) {
    fields.U32("an endpoint", &domain->endpoints.emplace_back());
  }
  fields.U8("whether the domain bypasses", &domain->bypass);
}

void VisitIommu(FieldsIn& fields, const VirtioState&, IommuFields* iommu) {
  uint32_t count = 0;
  fields.U32("the number of domains", &count);
  while (More(fields)) {
    VisitDomain(fields, &iommu->domains.emplace_back());
  }
  CheckCount(fields, "domains", count, iommu->domains.size());
  fields.U8("config.bypass", &iommu->bypass);
}

void ReadConfig(const VirtioState& state, const IommuFields& iommu,
                IommuState* portable, FindingList* findings) {
  const auto number = [&](size_t at, size_t size) {
    return LittleEndian(state.config, at, size);
  };
  auto& config = *portable->mutable_config();
  config.set_page_size_mask(number(0, 8));
  if (config.page_size_mask() == 0) {
    AddRefusal(findings, "config",
               "QEMU has no configuration space to save as long as no driver "
               "has looked at it: start the guest's driver and save again");
  }
  if (state.Has(kInputRange)) {
    config.mutable_input_range()->set_start(number(8, 8));
    config.mutable_input_range()->set_end(number(16, 8));
  }
  if (state.Has(kDomainRange)) {
    auto& range = *config.mutable_domain_range();
    range.set_start(static_cast<uint32_t>(number(24, 4)));
    range.set_end(static_cast<uint32_t>(number(28, 4)));
  }
  config.set_probe_size(static_cast<uint32_t>(number(32, 4)));
  if (state.Has(kBypassConfig)) config.set_bypass(iommu.bypass);
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  IommuFields iommu;
  DS_RETURN_IF_ERROR(
      ReadState(saved.virtio, VisitIommu, nullptr, &state, &iommu));
  AddObstacle(state, findings);
  auto& portable = static_cast<IommuState&>(*message);
  portable.set_acked_features(state.Features());
  ReadConfig(state, iommu, &portable, findings);
  for (const DomainFields& fields : iommu.domains) {
    Domain& domain = *portable.add_domains();
    domain.set_id(fields.id);
    domain.set_bypass(fields.bypass != 0);
    for (const MappingFields& mapped : fields.mappings) {
      Mapping& mapping = *portable.add_mappings();
      mapping.set_domain(fields.id);
      mapping.set_low(mapped.low);
      mapping.set_high(mapped.high);
      mapping.set_phys(mapped.phys);
      mapping.set_flags(mapped.flags);
    }
    for (const uint32_t id : fields.endpoints) {
      Endpoint& endpoint = *portable.add_endpoints();
      endpoint.set_id(id);
      endpoint.set_domain(fields.id);
    }
  }
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

}  // namespace

const EmulatedType& EmulatedIommu() {
  static const auto& type = *new EmulatedType{"virtio-iommu",
                                              "devices.iommu.v1",
                                              &IommuState::default_instance(),
                                              &IommuType(),
                                              Read,
                                              nullptr};
  return type;
}

}  // namespace devstate::qemu
