// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a manifest. What is taken is printed as bytes and as JSON and
// taken again as the same; its back-end migrates to itself unless it saves what
// it does not load.

#include <cstdint>
#include <string>

#include "devstate/compat/release/judge_manifests.h"
#include "devstate/compat/release/manifest.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;

void CheckTakenAgain(const LoadedManifest& manifest, const std::string& bytes) {
  const auto again = ParseManifest("again", bytes);
  Promise(again.ok(), "a manifest is taken again", again.status().ToString());
  Promise(again->manifest.SerializeAsString() ==
              manifest.manifest.SerializeAsString(),
          "a manifest stays the same");
}

void Run(const std::string& bytes) {
  const auto manifest = ParseManifest("fuzz", bytes);
  if (!manifest.ok()) {
    Promise(manifest.status().message().find('\n') == absl::string_view::npos,
            "an error is one line", manifest.status().ToString());
    return;
  }
  Promise(manifest->schemas.size() ==
              static_cast<size_t>(manifest->manifest.versions_size()),
          "every version has a schema");
  CheckTakenAgain(*manifest, manifest->manifest.SerializeAsString());
  std::string json;
  const auto printed =
      google::protobuf::util::MessageToJsonString(manifest->manifest, &json);
  if (printed.ok()) CheckTakenAgain(*manifest, json);

  const LoadedSchema* saved = manifest->NewestSaved();
  const LoadedSchema* loaded = manifest->NewestLoaded();
  if (saved == nullptr || loaded == nullptr) return;
  for (const Direction direction :
       {MigrationDirection(*manifest, *manifest), Direction::kDowngrade}) {
    const DirectionVerdict verdict =
        JudgeManifests(*manifest, *manifest, direction);
    // Without a form of its own it has none in common with anybody.
    if (saved == loaded && manifest->manifest.stream_formats_size() > 0 &&
        manifest->manifest.compressions_size() > 0) {
      Promise(verdict.level == VERDICT_LEVEL_IDENTICAL,
              "a back-end loads what it saves");
    }
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
