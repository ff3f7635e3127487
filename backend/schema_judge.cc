// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/schema_judge.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/backend/schema_versions.h"
#include "devstate/compat/gate/constraints.h"
#include "devstate/compat/gate/load_report.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/compat/save_profile.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/root_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Message;

static_assert(kIdenticalLevel == int{VERDICT_LEVEL_IDENTICAL});
static_assert(kLossyLevel == int{VERDICT_LEVEL_LOSSY});
static_assert(kRefusedLevel == int{VERDICT_LEVEL_REFUSED});

StateVerdict ToStateVerdict(Verdict verdict) {
  const Finding* const finding = DecidingFinding(verdict);
  StateVerdict result;
  result.level = verdict.level();
  if (finding != nullptr) result.rule = finding->rule();
  result.text = VerdictText(verdict);
  result.whole = std::make_shared<const Verdict>(std::move(verdict));
  return result;
}

class GateJudge : public LoadJudge {
 public:
  GateJudge(const SchemaView& reader, const GateOptions& options, RootForm form)
      : gate_(reader, options), form_(form) {}

  absl::Status OnHeader(const StreamHeader& header) override {
    return gate_.OnHeader(header);
  }
  absl::StatusOr<Chunk> Filter(const Chunk& chunk) override {
    DS_ASSIGN_OR_RETURN(Chunk result, gate_.Filter(chunk));
    if (form_ == RootForm::kMessage || result.header.type != ChunkType::kRoot) {
      return result;
    }
    if (const std::shared_ptr<Message> root = gate_.TakeRoot()) {
      root_ = SerializeDeterministic(*root);
      result.payload = root_;
    }
    return result;
  }
  std::shared_ptr<Message> TakeRoot() override {
    return form_ == RootForm::kMessage ? gate_.TakeRoot() : nullptr;
  }
  absl::Status OnEnd() override { return gate_.OnEnd(); }
  StateVerdict Judge(const absl::Status& outcome) const override {
    return ToStateVerdict(gate_.Judge(outcome));
  }

 private:
  StreamGate gate_;
  const RootForm form_;
  std::string root_;
};

class ProfileJudge : public SaveJudge {
 public:
  ProfileJudge(const SchemaView& own, const SchemaView& target,
               const SchemaInfo& target_info, const GateOptions& options,
               const WriterOptions& writer)
      : profile_(own, target, target_info, options.archive, options.steps,
                 writer) {}

  absl::Status Begin() override { return profile_.Begin(); }
  const SchemaInfo& schema() const override { return profile_.schema(); }
  absl::StatusOr<absl::string_view> FilterRoot(
      absl::string_view root) override {
    return profile_.FilterRoot(root);
  }
  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override {
    return profile_.FilterBatch(batch);
  }
  StateVerdict verdict() const override {
    return ToStateVerdict(profile_.verdict());
  }

 private:
  SaveProfile profile_;
};

class SchemaJudge : public StateJudge {
 public:
  SchemaJudge(const SchemaInfo& schema, SchemaViewSource view,
              std::shared_ptr<const SchemaArchive> archive,
              const GateOptions& options, RootForm form)
      : schema_(schema),
        view_(std::move(view)),
        archive_(std::move(archive)),
        options_(options),
        form_(form) {}

  absl::StatusOr<std::unique_ptr<LoadJudge>> MakeLoadJudge() override {
    DS_ASSIGN_OR_RETURN(const SchemaView view, view_());
    return std::make_unique<GateJudge>(view, options_, form_);
  }

  StateVerdict JudgeFailure(const StateVerdict& before,
                            const absl::Status& failure) const override {
    return ToStateVerdict(JudgeLoad(ToVerdict(before), failure));
  }
  std::string LogLine(const StateVerdict& verdict,
                      const StreamHeader& header) const override {
    return VerdictLogLine(ToVerdict(verdict), header, schema_);
  }
  uint64_t CheckReply(const StateVerdict& verdict,
                      const absl::Status& outcome) const override {
    return CheckReplyValue(ToVerdict(verdict), outcome);
  }
  std::string LoadReportJson(const StateVerdict& verdict,
                             const StreamHeader& header) const override {
    return devstate::LoadReportJson(ToVerdict(verdict), header, schema_);
  }

  // The writers do it for records.
  absl::Status CheckRoot(const StreamHeader& header,
                         absl::string_view root) override {
    DS_ASSIGN_OR_RETURN(const SchemaView view, view_());
    if (!roots_.has_value()) roots_.emplace(*view.root);
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> message,
                        roots_->Parse(root));
    StreamFindings findings;
    ConstraintChecker(view.model, schema_.version,
                      std::set<std::string>(header.used_features.begin(),
                                            header.used_features.end()))
        .CheckRoot(*message, &findings);
    if (findings.level() < VERDICT_LEVEL_REFUSED) return absl::OkStatus();
    const Finding first = findings.Sorted().front();
    return absl::InvalidArgumentError(absl::StrCat(
        first.path(), ": ", first.written(), ", allowed is ", first.read(),
        ": no reader would load it [", first.rule(), "]"));
  }

  std::vector<uint32_t> OlderVersions() const override {
    return devstate::OlderVersions(options_.archive, schema_);
  }
  absl::StatusOr<std::unique_ptr<SaveJudge>> MakeSaveJudge(
      uint32_t version, const WriterOptions& writer) override {
    DS_ASSIGN_OR_RETURN(const SchemaView target,
                        FindVersion(options_.archive, schema_, version));
    DS_ASSIGN_OR_RETURN(const SchemaView own, view_());
    return std::make_unique<ProfileJudge>(own, target, FactsOf(version, target),
                                          options_, writer);
  }

 private:
  // Compressing a version's descriptors is not for every downtime.
  const SchemaInfo& FactsOf(uint32_t version, const SchemaView& schema) {
    std::unique_ptr<SchemaFacts>& facts = facts_[version];
    if (facts == nullptr) facts = std::make_unique<SchemaFacts>(*schema.root);
    return facts->info();
  }

  const SchemaInfo& schema_;
  const SchemaViewSource view_;
  // Of the options.
  const std::shared_ptr<const SchemaArchive> archive_;
  const GateOptions options_;
  const RootForm form_;
  std::optional<RootFactory> roots_;
  // The facts of versions that were written or tried.
  std::map<uint32_t, std::unique_ptr<SchemaFacts>> facts_;
};

}  // namespace

Verdict ToVerdict(const StateVerdict& verdict) {
  if (verdict.whole != nullptr) return *verdict.whole;
  Verdict result;
  result.set_level(static_cast<VerdictLevel>(verdict.level));
  return result;
}

std::unique_ptr<StateJudge> MakeSchemaJudge(
    const SchemaInfo& schema, SchemaViewSource view,
    std::shared_ptr<const SchemaArchive> archive, GateOptions options,
    RootForm form) {
  options.archive = archive.get();
  return std::make_unique<SchemaJudge>(schema, std::move(view),
                                       std::move(archive), options, form);
}

}  // namespace devstate
