// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/judge.h"

#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/backend/manifest_archive.h"
#include "devstate/backend/schema_judge.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/devstate.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/root_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate::c {
namespace {

using ::google::protobuf::Message;

static_assert(DEVSTATE_IDENTICAL == int{VERDICT_LEVEL_IDENTICAL});
static_assert(DEVSTATE_LOSSY == int{VERDICT_LEVEL_LOSSY});
static_assert(DEVSTATE_DAMAGED == int{VERDICT_LEVEL_DAMAGED});

absl::StatusOr<std::shared_ptr<const SchemaArchive>> ReadArchive(
    const JudgeOptions& options) {
  if (options.manifest != nullptr) return ManifestArchive(options.manifest);
  if (options.released_folder == nullptr) return nullptr;
  DS_ASSIGN_OR_RETURN(std::vector<LoadedSchema> schemas,
                      LoadSchemas(options.released_folder, {}));
  auto archive = std::make_shared<SchemaArchive>();
  DS_RETURN_IF_ERROR(archive->Add(std::move(schemas)));
  return archive;
}

class EmbeddedDescription : public DescribedSchema {
 public:
  explicit EmbeddedDescription(const SchemaInfo& schema) : schema_(schema) {}

  absl::Status CheckWrittenRoot(absl::string_view root) override {
    DS_ASSIGN_OR_RETURN(const LoadedSchema* loaded, Descriptors());
    return devstate::CheckWrittenRoot(root, loaded->root());
  }

  absl::StatusOr<std::string> ReadRoot(const Chunk& chunk) override {
    DS_ASSIGN_OR_RETURN(const LoadedSchema* loaded, Descriptors());
    RootFactory roots(loaded->root());
    const std::unique_ptr<Message> root = roots.New();
    DS_RETURN_IF_ERROR(ParseRootChunk(chunk, schema_, *root));
    return SerializeDeterministic(*root);
  }

  absl::StatusOr<std::unique_ptr<StateJudge>> MakeJudge(
      const JudgeOptions& options) override {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<const SchemaArchive> archive,
                        ReadArchive(options));
    GateOptions gate;
    gate.accept = static_cast<VerdictLevel>(options.accept);
    gate.limits = options.limits;
    return MakeSchemaJudge(
        schema_,
        [this]() -> absl::StatusOr<SchemaView> {
          DS_ASSIGN_OR_RETURN(const LoadedSchema* loaded, Descriptors());
          return SchemaView{&loaded->root(), &loaded->model()};
        },
        std::move(archive), gate, RootForm::kBytes);
  }

 private:
  // INVALID_ARGUMENT if the schema is not what its descriptors say.
  absl::StatusOr<const LoadedSchema*> Descriptors() {
    std::call_once(parsed_, [this] { descriptors_ = ParseDescriptors(); });
    DS_RETURN_IF_ERROR(descriptors_.status());
    return &*descriptors_;
  }

  absl::StatusOr<LoadedSchema> ParseDescriptors() const {
    const absl::StatusOr<std::string> bytes =
        ContentOfZstdFrame(schema_.descriptor_set, kMaxSchemaBytes);
    if (!bytes.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the descriptors of the generated schema: ",
                       bytes.status().message()));
    }
    SchemaLoadOptions options;
    options.root = std::string(schema_.root_message);
    return ParseDescriptorSet("the generated schema", *bytes, options);
  }

  const SchemaInfo& schema_;
  std::once_flag parsed_;
  absl::StatusOr<LoadedSchema> descriptors_;
};

std::unique_ptr<DescribedSchema> Describe(const SchemaInfo& schema) {
  return std::make_unique<EmbeddedDescription>(schema);
}

}  // namespace

const JudgeFunctions& LinkedJudge() {
  static constexpr JudgeFunctions kFunctions = {Describe, CheckReplyText};
  return kFunctions;
}

}  // namespace devstate::c
