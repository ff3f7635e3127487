// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/save_profile.h"

namespace devstate {
namespace {

GateOptions WithWriter(GateOptions options, const SchemaView* writer) {
  options.writer = writer;
  options.quirks = nullptr;
  options.accept = LOSSY;
  options.check_records = false;
  return options;
}

}  // namespace

SaveProfile::SaveProfile(const SchemaInfo& own, const SchemaView& target,
                         const SchemaInfo& target_info, const GateOptions& gate,
                         const WriterOptions& writer)
    : info_(target_info),
      own_(GeneratedSchema(own.root_message)),
      header_(MakeHeader(own, writer)),
      gate_(target, WithWriter(gate, &own_)) {
  // What asks for newer readers is what is written, not what is written from.
  header_.clear_min_reader();
}

absl::Status SaveProfile::Begin() { return gate_.OnHeader(header_); }

}  // namespace devstate
