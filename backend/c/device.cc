// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The device level of the C interface, on the core that C++ devices have.
// Options and functions are copied and checked first, so that the rest sees no
// struct of another version of the header.

#include "devstate/backend/c/device.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/backend/c/engine.h"
#include "devstate/backend/c/error.h"
#include "devstate/backend/c/judge.h"
#include "devstate/backend/c/options.h"
#include "devstate/backend/c/sized.h"
#include "devstate/backend/c/state_reader.h"
#include "devstate/backend/c/state_schema.h"
#include "devstate/backend/c/state_writer.h"
#include "devstate/backend/c/stream.h"
#include "devstate/backend/state_transfer.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

static_assert(DEVSTATE_IDENTICAL == kIdenticalLevel);
static_assert(DEVSTATE_LOSSY == kLossyLevel);
static_assert(DEVSTATE_REFUSED == kRefusedLevel);

std::vector<std::string> ToStrings(const char* const* strings) {
  std::vector<std::string> result;
  for (; *strings != nullptr; ++strings) result.push_back(*strings);
  return result;
}

// Sets `memory` to `size` bytes of zeros, which the caller frees.
absl::Status Allocate(size_t size, void** memory) {
  *memory = std::calloc(1, size);
  if (*memory != nullptr) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("no memory for the ", size, " bytes of staged_size"));
}

// A device in C, and the codec of its schema.
class Device : public TransferDevice {
 public:
  Device(std::shared_ptr<const StateSchema> schema,
         const devstate_device_ops& ops, void* device)
      : schema_(std::move(schema)), ops_(ops), device_(device) {}

  const SchemaInfo& Schema() const override { return schema_->info(); }
  bool Takes(const Chunk& chunk) const override {
    return StateReader::Takes(*schema_, chunk);
  }
  std::optional<std::vector<std::string>> UsedFeatures() const override {
    if (ops_.features == nullptr) return std::nullopt;
    const char* const* features = ops_.features(device_);
    if (features == nullptr) return std::nullopt;
    return ToStrings(features);
  }

  std::shared_ptr<RecordWriter> MakeWriter(
      ByteSink* sink, const WriterOptions& options) const override {
    return std::make_shared<StateWriter>(schema_, sink, options);
  }
  absl::Status SaveState(RecordWriter& writer) override {
    auto& own = static_cast<StateWriter&>(writer);
    devstate_writer handle = {nullptr, nullptr, &own};
    DS_RETURN_IF_ERROR(CallDevice("save", ops_.save, device_, &handle));
    return own.Finish();
  }

  absl::StatusOr<std::optional<std::vector<std::string>>> FindFeatures(
      const WriterOptions& options) override {
    if (!schema_->records_have_features()) return std::nullopt;
    NullSink nowhere;
    std::set<std::string> features;
    StateWriter finder(schema_, &nowhere, options);
    finder.FindFeatures(&features);
    DS_RETURN_IF_ERROR(SaveState(finder));
    return std::vector<std::string>(features.begin(), features.end());
  }

  std::shared_ptr<RecordReader> MakeReader(
      ByteSource* source, const Limits& limits) const override {
    return std::make_shared<StateReader>(schema_, source, limits);
  }
  void StageLoad() override {
    void* staged = nullptr;
    stage_status_ =
        ops_.stage == nullptr
            ? Allocate(ops_.staged_size, &staged)
            : CallDevice("stage", ops_.stage, device_, &staged);
    if (stage_status_.ok()) staged_ = staged;
  }
  absl::Status ReadState(RecordReader& reader) override {
    DS_RETURN_IF_ERROR(stage_status_);
    auto& own = static_cast<StateReader&>(reader);
    while (true) {
      DS_ASSIGN_OR_RETURN(const devstate_batch* batch, own.Next());
      if (batch == nullptr) return absl::OkStatus();
      DS_RETURN_IF_ERROR(CallDevice("batch", ops_.batch, *staged_, batch));
    }
  }
  absl::Status Prepare() override {
    if (ops_.prepare == nullptr) return absl::OkStatus();
    return CallDevice("prepare", ops_.prepare, *staged_);
  }
  absl::Status Commit() override {
    if (ops_.commit_to != nullptr) {
      return CallDevice("commit_to", ops_.commit_to, device_, *staged_);
    }
    return CallDevice("commit", ops_.commit, *staged_);
  }
  void Unstage() override {
    if (!staged_.has_value()) return;
    if (ops_.unstage != nullptr) ops_.unstage(*staged_);
    if (ops_.stage == nullptr) std::free(*staged_);
    staged_.reset();
  }

 private:
  const std::shared_ptr<const StateSchema> schema_;
  const devstate_device_ops ops_;
  void* const device_;
  absl::Status stage_status_;
  // What stage() made, which may be null, or `staged_size` bytes.
  std::optional<void*> staged_;
};

// The judge of one device. Made when it is asked for, unless the options name
// other versions.
class Judge {
 public:
  Judge(std::shared_ptr<const StateSchema> schema, const JudgeOptions& options)
      : schema_(std::move(schema)), options_(options) {}

  absl::StatusOr<StateJudge*> Get() {
    if (judge_ == nullptr) {
      DS_ASSIGN_OR_RETURN(DescribedSchema* const schema, schema_->Described());
      DS_ASSIGN_OR_RETURN(judge_, schema->MakeJudge(options_));
      // The caller's, for which it is not asked again.
      options_.released_folder = options_.manifest = nullptr;
    }
    return judge_.get();
  }

 private:
  const std::shared_ptr<const StateSchema> schema_;
  JudgeOptions options_;
  std::unique_ptr<StateJudge> judge_;
};

void ReportTo(const devstate_device_ops& ops, void* device,
              const TransferReport& made) {
  const std::string text(made.status.message());
  const bool load = made.event != TransferEvent::kSaved;
  devstate_report report = {};
  report.event = !load                                    ? DEVSTATE_SAVED
                 : made.event == TransferEvent::kVerified ? DEVSTATE_VERIFIED
                                                          : DEVSTATE_COMMITTED;
  report.code = CodeOf(made.status);
  // The gate's refusal, whose status says no more than that.
  if (load && made.verdict.level == DEVSTATE_REFUSED &&
      report.code == DEVSTATE_EINVAL) {
    report.code = DEVSTATE_EREFUSED;
  }
  report.text = text.c_str();
  report.level = static_cast<devstate_level>(made.verdict.level);
  report.rule = made.verdict.rule.c_str();
  report.line = made.verdict_line.c_str();
  report.check_reply = made.check_reply;
  report.saved_version = made.saved_version;
  report.stream_bytes = made.stream_bytes;
  report.decoded_bytes = made.decoded_bytes;
  report.records = made.records;
  ops.report(device, &report);
}

absl::StatusOr<SaveVersion> ReadSaveVersion(
    const devstate_state_options& options) {
  switch (options.save_choice) {
    case DEVSTATE_SAVE_OWN:
      return SaveVersion{SaveVersion::Choice::kOwn, 0};
    case DEVSTATE_SAVE_LOWEST:
      return SaveVersion{SaveVersion::Choice::kLowest, 0};
    case DEVSTATE_SAVE_PINNED:
      return SaveVersion{SaveVersion::Choice::kPinned, options.save_version};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("devstate_state_options.save_choice is ",
                   options.save_choice, ": take a value of its type"));
}

// What a device's options are for transfers and for judges.
struct ReadOptions {
  TransferOptions transfer;
  JudgeOptions judge;
};

absl::StatusOr<ReadOptions> ReadStateOptions(
    const devstate_state_options* given) {
  DS_ASSIGN_OR_RETURN(const devstate_state_options read,
                      ReadSized(given, "devstate_state_options"));
  ReadOptions options;
  DS_ASSIGN_OR_RETURN(options.transfer.writer, ReadWriteOptions(read.write));
  DS_ASSIGN_OR_RETURN(options.transfer.limits, ReadLimits(read.limits));
  DS_ASSIGN_OR_RETURN(options.transfer.save_version, ReadSaveVersion(read));
  if (read.load_report_file != nullptr) {
    options.transfer.load_report_file = read.load_report_file;
  }
  if (read.manifest != nullptr && read.released_folder != nullptr) {
    return absl::InvalidArgumentError(
        "devstate_state_options: set released_folder or manifest, not both");
  }
  if (read.accept > DEVSTATE_LOSSY) {
    return absl::InvalidArgumentError(
        absl::StrCat("devstate_state_options.accept is ", read.accept,
                     ": LOSSY is the worst that can be loaded"));
  }
  if (read.accept != 0) options.judge.accept = static_cast<int>(read.accept);
  options.judge.limits = options.transfer.limits;
  options.judge.released_folder = read.released_folder;
  options.judge.manifest = read.manifest;
  return options;
}

absl::StatusOr<devstate_device_ops> ReadOps(const devstate_device_ops* given) {
  DS_ASSIGN_OR_RETURN(const devstate_device_ops ops,
                      ReadSized(given, "devstate_device_ops"));
  const bool stages = ops.stage != nullptr && ops.unstage != nullptr;
  if (ops.save == nullptr || ops.batch == nullptr ||
      (!stages && ops.staged_size == 0) ||
      (ops.commit == nullptr && ops.commit_to == nullptr)) {
    return absl::InvalidArgumentError(
        "devstate_device_ops: set save, batch, stage and unstage or "
        "staged_size, and commit or commit_to");
  }
  if ((ops.stage != nullptr && ops.staged_size != 0) ||
      (ops.commit != nullptr && ops.commit_to != nullptr)) {
    return absl::InvalidArgumentError(
        "devstate_device_ops: set stage or staged_size, not both, and commit "
        "or commit_to, not both");
  }
  return ops;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateTransfer>> MakeDeviceHandler(
    const devstate_schema* schema, const devstate_device_ops* given_ops,
    void* device, const devstate_state_options* given_options) {
  DS_ASSIGN_OR_RETURN(const devstate_device_ops ops, ReadOps(given_ops));
  DS_ASSIGN_OR_RETURN(ReadOptions options, ReadStateOptions(given_options));
  DS_ASSIGN_OR_RETURN(auto state_schema, StateSchema::Make(schema));
  if (ops.report != nullptr) {
    options.transfer.report = [ops, device](const TransferReport& report) {
      ReportTo(ops, device, report);
    };
  }
  const auto judge = std::make_shared<Judge>(state_schema, options.judge);
  // What is wrong with released versions is said here.
  if (options.judge.released_folder != nullptr ||
      options.judge.manifest != nullptr) {
    DS_RETURN_IF_ERROR(judge->Get().status());
  }
  return std::make_unique<StateTransfer>(
      std::make_unique<Device>(std::move(state_schema), ops, device),
      std::move(options.transfer), [judge] { return judge->Get(); });
}

}  // namespace devstate::c

devstate_engine* devstate_engine_new(
    const devstate_schema* schema, const devstate_device_ops* ops, void* device,
    const devstate_state_options* state_options,
    const devstate_engine_options* options) {
  auto handler =
      devstate::c::MakeDeviceHandler(schema, ops, device, state_options);
  if (!handler.ok()) {
    devstate::c::Report(handler.status());
    return nullptr;
  }
  devstate::StateTransfer* const records = handler->get();
  devstate_engine* engine =
      devstate::c::MakeEngine(*std::move(handler), device, options);
  if (engine != nullptr) engine->records = records;
  return engine;
}

void devstate_report_to_stderr(void* /*device*/,
                               const devstate_report* report) {
  if (report->event == DEVSTATE_VERIFIED) {
    std::fprintf(stderr, "%s\n", report->line);
  } else if (report->code != DEVSTATE_OK) {
    std::fprintf(stderr, "%s\n", report->text);
  }
}

int devstate_engine_pre_check(devstate_engine* engine, uint32_t version) {
  if (engine->records == nullptr) {
    return devstate::c::Report(absl::FailedPreconditionError(
        "devstate_engine_pre_check() of a device of bytes, which has no "
        "versions"));
  }
  const absl::StatusOr<devstate::StateVerdict> verdict =
      engine->records->PreCheck(version);
  if (!verdict.ok()) return devstate::c::Report(verdict.status());
  if (verdict->level >= DEVSTATE_REFUSED) {
    devstate::c::Report(absl::FailedPreconditionError(verdict->text),
                        DEVSTATE_EREFUSED);
  }
  return verdict->level;
}

int devstate_check_reply_text(uint64_t reply, char* text, size_t size) {
  const auto judge = devstate::c::FindJudge();
  return std::snprintf(text, size, "%s",
                       judge.ok()
                           ? (*judge)->check_reply_text(reply).c_str()
                           : absl::StrCat("0x", absl::Hex(reply)).c_str());
}

int devstate_load_judge(void) {
  return devstate::c::Report(devstate::c::FindJudge().status());
}
