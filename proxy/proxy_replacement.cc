// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A proxy's way into another program, and on from there.

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "devstate/proxy/proxy.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "proxy/proxy_internal.h"

namespace devstate::proxy {
namespace {

// A front-end that sets up something else during each of them goes on doing so.
constexpr int kMaxRehearsals = 5;

}  // namespace

absl::Status Proxy::Rehearse(const HandoverDraft& draft) {
  const absl::Duration timeout = options_.exchange_limits.start_timeout;
  // The front-end is served meanwhile.
  exchange_->start.reset();
  exchange_->give_up = Deadline::After(timeout + kExchangePatience);
  return exchange_->replacement->Rehearse(draft.message, timeout);
}

absl::Status Proxy::TryReplace() {
  Replacement& replacement = *exchange_->replacement;
  if (replacement.rehearsals() == 0) {
    exchange_->started = absl::Now();
    DS_ASSIGN_OR_RETURN(const HandoverDraft draft, Draft());
    return Rehearse(draft);
  }
  if (!exchange_->start.has_value()) {
    DS_ASSIGN_OR_RETURN(const bool rehearsed, replacement.TryRehearsed());
    if (!rehearsed) return absl::OkStatus();
    exchange_->start = absl::Now() - exchange_->started;
    exchange_->give_up = Deadline::After(kExchangePatience);
  }
  absl::Status moment = CheckQuiet();
  if (moment.ok() && setup_.transfers()) {
    moment = absl::UnavailableError("the front-end transfers the state");
  } else if (moment.ok() && backend_ != nullptr &&
             backend_->connection().mid_message()) {
    moment = absl::UnavailableError("the back-end has said half a message");
  } else if (moment.ok() && !leaving_.empty()) {
    moment = absl::UnavailableError("the last back-end has not ended yet");
  }
  if (!moment.ok()) {
    return exchange_->give_up.Expired() ? moment : absl::OkStatus();
  }
  DS_ASSIGN_OR_RETURN(HandoverDraft draft, Draft());
  ProxyHandover& message = draft.message;
  if (!replacement.IsRehearsed(message)) {
    // What was said since may be what the program does not know.
    if (replacement.rehearsals() < kMaxRehearsals) return Rehearse(draft);
    return absl::UnavailableError(absl::StrCat(
        "what would be handed over has changed during each of ", kMaxRehearsals,
        " rehearsals; try again"));
  }
  DS_ASSIGN_OR_RETURN(const uint32_t asker,
                      draft.Keep(exchange_->asker.get()));
  message.set_asker_fd(asker);
  message.mutable_report()->set_exchanged(true);
  message.mutable_report()->set_retried(
      static_cast<uint32_t>(replacement.rehearsals() - 1));
  AddStage("rehearse", *exchange_->start, message.mutable_report());
  message.set_ended_ns(absl::ToUnixNanos(absl::Now()));
  Log("another program takes over");
  return replacement.Execute(draft, stop_.fd());
}

absl::StatusOr<HandoverDraft> Proxy::Draft() const {
  HandoverDraft draft;
  ProxyHandover& message = draft.message;
  message.set_format(kHandoverFormat);
  DS_RETURN_IF_ERROR(
      draft.KeepListener(listener_, message.mutable_listener()));
  if (control_.has_value()) {
    DS_RETURN_IF_ERROR(
        draft.KeepListener(*control_, message.mutable_control()));
  }
  message.set_folder(options_.folder);
  message.set_backend_socket(spec_.socket);
  message.set_backend_command(spec_.command);
  message.set_implementation(spec_.implementation);
  message.set_implementation_version(spec_.implementation_version);
  if (backend_ != nullptr) {
    DS_ASSIGN_OR_RETURN(const uint32_t fd,
                        draft.Keep(backend_->connection().fd()));
    message.set_backend_fd(fd);
    message.set_backend_process(static_cast<uint32_t>(backend_->pid()));
  }
  if (frontend_.has_value()) {
    DS_ASSIGN_OR_RETURN(const uint32_t fd, draft.Keep(frontend_->fd()));
    message.set_frontend_fd(fd);
  }
  DS_RETURN_IF_ERROR(draft.KeepSetup(setup_));
  return draft;
}

absl::Status Proxy::Continue(TakenOver taken) {
  spec_ = std::move(taken.spec);
  backend_ = std::move(taken.backend);
  setup_ = std::move(taken.setup);
  if (taken.frontend.valid()) {
    frontend_.emplace(std::move(taken.frontend));
    DS_RETURN_IF_ERROR(OpenEngine());
    TellEngine();
    // The program before this one knew since when they are as they are.
    rings_settle_ = Deadline::After(kSettling);
    StartClock();
    CheckpointSoon();
  }
  Log(absl::StrCat("took over from another program, with ",
                   frontend_.has_value() ? "a front-end" : "no front-end"));
  if (!taken.asker.valid()) return absl::OkStatus();
  AddStage("take over", absl::Now() - taken.ended, &taken.report);
  const absl::Status answered = SendControl(
      taken.asker.get(), taken.report, Deadline::After(kControlTimeout));
  if (!answered.ok()) Log(answered.message());
  return absl::OkStatus();
}

}  // namespace devstate::proxy
