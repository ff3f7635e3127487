// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs on the engine's worker thread, except for what its header says is
// thread-safe. The back-end is spoken to in turn with the thread that forwards.

#include "devstate/proxy/state_translator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/compat/rules.h"
#include "devstate/compat/verdict.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/proxy/backend_call.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"

namespace devstate::proxy {
namespace {

// More findings than this say nothing new.
constexpr int kLoggedFindings = 20;

}  // namespace

void StateTranslator::Attach(int backend_fd, uint64_t protocol_features,
                             opaque::Label own) {
  const std::lock_guard<std::mutex> lock(mutex_);
  backend_fd_ = backend_fd;
  protocol_features_ = protocol_features;
  own_ = std::move(own);
}

opaque::Label StateTranslator::own() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return own_;
}

absl::StatusOr<std::unique_ptr<StateTranslator::Endpoint>>
StateTranslator::OpenEndpoint() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return ShareConnection(backend_fd_, protocol_features_, options_.timeout);
}

absl::Status StateTranslator::Run(const Transfer& transfer, uint64_t* reply) {
  turn_->Take();
  absl::StatusOr<vhost_user::TransferResult> result =
      absl::AbortedError("stopped");
  // Between two messages nothing of the socket is read ahead, so a duplicate
  // takes over and hands back.
  absl::StatusOr<std::unique_ptr<Endpoint>> endpoint = OpenEndpoint();
  if (!endpoint.ok()) {
    turn_->ReturnWithSignal();
    return endpoint.status();
  }
  Endpoint* running = endpoint->get();
  bool stopped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    endpoint_ = *std::move(endpoint);
    stopped = stopped_;
  }
  if (!stopped) result = transfer(*running);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    endpoint_.reset();
    // A refusal leaves the connection between two messages. Anything else may
    // have left it within one.
    if (!result.ok() && !absl::IsFailedPrecondition(result.status()) &&
        broken_.ok()) {
      broken_ = result.status();
    }
  }
  turn_->ReturnWithSignal();
  DS_RETURN_IF_ERROR(result.status());
  if (result->ok()) return absl::OkStatus();
  if (!result->checked || result->check_reply == 0) return result->transfer;
  *reply = result->check_reply;
  return absl::FailedPreconditionError(
      absl::StrCat("the back-end answered CHECK_DEVICE_STATE with ",
                   CheckReplyText(result->check_reply)));
}

absl::StatusOr<std::unique_ptr<TemporaryFile>> StateTranslator::SaveBackend() {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<TemporaryFile> file,
                      TemporaryFile::Create());
  uint64_t reply = 0;
  DS_RETURN_IF_ERROR(Run(
      [&](Endpoint& endpoint) {
        return endpoint.SaveState(ChannelKind::kPipe, *file);
      },
      &reply));
  return file;
}

absl::Status StateTranslator::Save(ByteSink& sink) {
  const auto save = [&]() -> absl::Status {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> saved,
                        SaveBackend());
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> translated,
                        TemporaryFile::Create());
    const Translation translation = ToFrontend(
        [&] { return saved->Open(); }, options_.form, own(), translated.get());
    LogFindings(translation);
    DS_RETURN_IF_ERROR(translation.status);
    DS_RETURN_IF_ERROR(CopyAll(*translated->Open(), &sink));
    Log(absl::StrCat("saved: ", translation.what, ", ", saved->size(),
                     " bytes, ", translated->size(), " to the front-end"));
    return absl::OkStatus();
  };
  const absl::Status status = save();
  if (!status.ok()) Log(absl::StrCat("save failed: ", status.message()));
  return status;
}

absl::StatusOr<BackendFormat> StateTranslator::ResolveFormat(
    const OpenSource& state) {
  const BackendFormat& format = options_.rules.format;
  if (!format.automatic) return format;
  DS_ASSIGN_OR_RETURN(const Recognised recognised, Recognise(state));
  // It is handed on or refused, but not converted.
  if (!recognised.is_stream && recognised.format == nullptr) {
    return BackendFormat{/*automatic=*/false, nullptr, ""};
  }
  if (recognised.is_stream) {
    DS_ASSIGN_OR_RETURN(const bool envelope, opaque::IsEnvelope(state));
    if (envelope) return format;
  }
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> own, SaveBackend());
  return FormatOf([&] { return own->Open(); });
}

vhost_user::LoadResult StateTranslator::Load(ByteSource& source) {
  Translation translation;
  const auto load = [&]() -> absl::Status {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> arrived,
                        TemporaryFile::Create());
    DS_RETURN_IF_ERROR(CopyAll(source, arrived.get()));
    const OpenSource open = [&] { return arrived->Open(); };
    LoadRules rules = options_.rules;
    rules.own = own();
    DS_ASSIGN_OR_RETURN(rules.format, ResolveFormat(open));
    DS_ASSIGN_OR_RETURN(staged_, TemporaryFile::Create());
    translation = ToBackend(open, rules, staged_.get());
    LogFindings(translation);
    DS_RETURN_IF_ERROR(translation.status);
    Log(absl::StrCat("accepted: ", translation.what, ", ", arrived->size(),
                     " bytes, ", staged_->size(), " to the back-end"));
    return absl::OkStatus();
  };
  absl::Status status = load();
  if (status.ok()) return status;
  Log(absl::StrCat(
      "load refused, the back-end is as it was: ", status.message(),
      translation.what.empty() ? "" : "; ", translation.what));
  if (!translation.status.ok()) return {status, translation.check_reply()};
  return status;
}

vhost_user::LoadResult StateTranslator::Commit() {
  uint64_t reply = 0;
  const std::shared_ptr<ByteSource> source = staged_->Open();
  absl::Status status = Run(
      [&](Endpoint& endpoint) {
        return endpoint.LoadState(ChannelKind::kPipe, *source);
      },
      &reply);
  if (status.ok()) {
    Log("loaded by the back-end");
    staged_.reset();
    return status;
  }
  Log(absl::StrCat("load failed: ", status.message()));
  return {status, reply};
}

void StateTranslator::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_ = true;
  if (endpoint_ != nullptr) endpoint_->Stop();
}

absl::Status StateTranslator::broken() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return broken_;
}

std::vector<std::string> StateTranslator::TakeLines() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(lines_, {});
}

void StateTranslator::Log(std::string line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  lines_.push_back(std::move(line));
}

void StateTranslator::LogFindings(const Translation& translation) {
  int logged = 0;
  for (const Finding& finding : translation.verdict.findings()) {
    if (logged == kLoggedFindings) {
      Log(absl::StrCat(translation.verdict.findings_size() - logged,
                       " more findings"));
      return;
    }
    ++logged;
    Log(absl::StrCat(LevelName(finding.level()), " [", finding.rule(), "] ",
                     finding.path(), ": ", finding.text(),
                     " (devstate explain ", finding.rule(), ")"));
  }
}

}  // namespace devstate::proxy
