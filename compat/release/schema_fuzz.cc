// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a schema: the text of a .proto file or a descriptor set. What is
// taken is embeddable and comes back with the same fingerprint, is linted, and
// is identical to itself.

#include <cstdint>
#include <string>

#include "devstate/compat/diff.h"
#include "devstate/compat/release/lint.h"
#include "devstate/schema/annotations.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/schema_loader.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;

void Check(const LoadedSchema& schema) {
  for (const Finding& finding : LintSchema(schema)) {
    Promise(!finding.rule().empty() && !finding.text().empty(),
            "a finding says what it is");
  }
  if (!CheckAnnotations(schema.model()).ok()) return;
  for (const Direction direction :
       {Direction::kUpgrade, Direction::kDowngrade}) {
    const DirectionVerdict verdict =
        CompareSchemas(schema.model(), schema.model(), direction);
    Promise(verdict.level == VERDICT_LEVEL_IDENTICAL,
            "a schema is identical to itself");
  }
  const auto again = ParseDescriptorSet(
      "again", EmbeddableDescriptorSet(schema.root()).SerializeAsString(),
      {/*import_paths=*/{}, schema.root().full_name()});
  Promise(again.ok(), "what is embedded is a schema",
          again.status().ToString());
  Promise(Fingerprint(again->root()) == Fingerprint(schema.root()),
          "what is embedded is the same schema");
}

void Run(const std::string& bytes) {
  const auto as_text = ParseSchema("fuzz.proto", bytes, {});
  if (as_text.ok()) Check(*as_text);
  const auto as_set = ParseDescriptorSet("fuzz.binpb", bytes, {});
  if (as_set.ok()) Check(*as_set);
  for (const absl::Status& status : {as_text.status(), as_set.status()}) {
    Promise(status.message().find('\n') == absl::string_view::npos,
            "an error is one line", status.ToString());
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
