// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Exchanges that are asked for at the control socket.

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "devstate/compat/json_text.h"
#include "devstate/proxy/proxy.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "proxy/proxy_internal.h"

namespace devstate::proxy {
namespace {

constexpr absl::Duration kRetryPause = absl::Seconds(1);

}  // namespace

absl::Status Proxy::ServeControl() {
  if (!asker_.has_value()) {
    FileDescriptor socket = Accept(*control_);
    if (socket.valid()) {
      asker_ =
          Asker{std::move(socket), Deadline::After(kControlTimeout), {}, {}};
    }
    return absl::OkStatus();
  }
  absl::StatusOr<bool> whole =
      asker_->reader.TryRead(asker_->socket.get(), &asker_->request);
  if (whole.ok() && !*whole) {
    if (!asker_->deadline.Expired()) return absl::OkStatus();
    whole = absl::DeadlineExceededError("control socket: nothing in time");
  }
  if (whole.ok()) {
    Log("an exchange is asked for");
    exchange_ = PendingExchange();
    exchange_->asker = std::move(asker_->socket);
    exchange_->request = std::move(asker_->request);
    exchange_->give_up = Deadline::After(kExchangePatience);
    exchange_->not_before = Deadline::After(absl::ZeroDuration());
    const absl::Status read = ReadRequest();
    if (!read.ok()) RefuseExchange(read);
  } else {
    Log(whole.status().message());
  }
  asker_.reset();
  return absl::OkStatus();
}

absl::Status Proxy::CheckQuiet() const {
  if (frontend_waits() || (frontend_.has_value() && frontend_->mid_message())) {
    return absl::UnavailableError("a request of the front-end is not answered");
  }
  if (engine_ != nullptr) {
    switch (engine_->state()) {
      case vhost_user::SessionState::kUnnegotiated:
      case vhost_user::SessionState::kUnnegotiatedRunning:
      case vhost_user::SessionState::kRunning:
      case vhost_user::SessionState::kIdle:
        break;
      default:
        return absl::UnavailableError("the front-end transfers the state");
    }
  }
  if (turn_.IsTaken()) {
    return absl::UnavailableError("the state is being transferred");
  }
  return absl::OkStatus();
}

absl::Status Proxy::CheckMoment() const {
  DS_RETURN_IF_ERROR(CheckQuiet());
  if (setup_.partly_enabled() && !rings_settle_.Expired()) {
    return absl::UnavailableError(
        "the front-end is starting or stopping rings; try again");
  }
  return setup_.CheckMovable();
}

absl::Status Proxy::TryExchange() {
  if (!exchange_->not_before.Expired()) return absl::OkStatus();
  if (exchange_->replacement != nullptr) {
    const absl::Status status = TryReplace();
    if (!status.ok()) RefuseExchange(status);
    return absl::OkStatus();
  }
  const absl::StatusOr<bool> now = PrepareExchange();
  if (now.ok()) return *now ? RunExchange() : absl::OkStatus();
  RefuseExchange(now.status());
  return absl::OkStatus();
}

absl::Status Proxy::ReadRequest() {
  const ExchangeRequest& request = exchange_->request;
  if (request.itself()) {
    std::vector<std::string> arguments = options_.arguments;
    if (arguments.empty()) {
      return absl::FailedPreconditionError(
          "this proxy is part of another program, which must be exchanged "
          "instead");
    }
    if (!request.program().empty()) arguments[0] = request.program();
    exchange_->replacement =
        std::make_unique<Replacement>(std::move(arguments));
    return absl::OkStatus();
  }
  exchange_->spec.socket = request.socket();
  exchange_->spec.command = request.command();
  exchange_->spec.implementation = request.implementation();
  exchange_->spec.implementation_version = request.implementation_version();
  exchange_->spec.start_timeout = options_.exchange_limits.start_timeout;
  DS_RETURN_IF_ERROR(CheckSpec(exchange_->spec));
  DS_RETURN_IF_ERROR(CheckSameDirectory(spec_, exchange_->spec));
  ExchangeOptions& options = exchange_->options;
  options.without_state = request.without_state();
  options.dry_run = request.dry_run();
  options.limits = options_.exchange_limits;
  if (request.backend_format().empty()) return absl::OkStatus();
  DS_ASSIGN_OR_RETURN(options.format,
                      ParseBackendFormat(request.backend_format()));
  return absl::OkStatus();
}

absl::StatusOr<bool> Proxy::PrepareExchange() {
  const absl::Status moment = CheckMoment();
  const bool later = absl::IsUnavailable(moment);
  if (!moment.ok() && (!later || exchange_->give_up.Expired())) return moment;
  if (!frontend_.has_value() || exchange_->start.has_value()) return !later;
  // The start may take its time: the front-end is served meanwhile.
  if (exchange_->next == nullptr) {
    exchange_->started = absl::Now();
    DS_ASSIGN_OR_RETURN(
        exchange_->next,
        Backend::Start(exchange_->spec, options_.backend_socket));
    exchange_->give_up =
        Deadline::After(exchange_->spec.start_timeout + kExchangePatience);
  }
  const absl::StatusOr<bool> ready = exchange_->next->TryReady();
  if (!ready.ok()) return Of("start", ready.status());
  if (!*ready) return false;
  exchange_->start = absl::Now() - exchange_->started;
  exchange_->give_up = Deadline::After(kExchangePatience);
  return !later;
}

absl::Status Proxy::RunExchange() {
  if (!frontend_.has_value()) return ReplaceIdle();
  // Nobody else has the turn, because no transfer is under way.
  turn_.Take();
  Exchange exchange(exchange_->options, &setup_, backend_.get(), stop_.fd());
  absl::StatusOr<std::unique_ptr<Backend>> next =
      exchange.Run(std::move(exchange_->next), *exchange_->start);
  exchange_->start.reset();
  turn_.Return();
  ExchangeReport report = exchange.report();
  report.set_retried(exchange_->retried);
  // A file that was deleted a moment ago is forgotten by the guest soon.
  if (exchange.load_refused() && report.old_serves() &&
      exchange_->retried < exchange_->request.retries()) {
    Log(absl::StrCat("exchange refused, another attempt follows: ",
                     report.refusal()));
    ++exchange_->retried;
    exchange_->not_before = Deadline::After(kRetryPause);
    exchange_->give_up = Deadline::After(kRetryPause + kExchangePatience);
    return absl::OkStatus();
  }
  if (next.ok() && *next != nullptr) {
    leaving_.push_back(std::exchange(backend_, *std::move(next)));
    spec_ = exchange_->spec;
    checkpoint_.reset();
    CheckpointSoon();
    backend_deadline_ = Deadline::Never();
    if (translator_ != nullptr) AttachTranslator();
    Log(absl::StrCat("back-end exchanged, process ", backend_->pid()));
    EndLeaving();
  }
  AnswerExchange(report);
  if (report.exchanged() || report.old_serves()) return absl::OkStatus();
  return absl::Status(next.status().code(),
                      absl::StrCat("back-end: neither the new nor the old one "
                                   "goes on: ",
                                   report.refusal()));
}

absl::Status Proxy::ReplaceIdle() {
  DropNext();
  const bool dry_run = exchange_->options.dry_run;
  absl::StatusOr<std::unique_ptr<Backend>> next =
      Backend::Open(exchange_->spec, options_.backend_socket, stop_.fd());
  ExchangeReport report;
  report.set_exchanged(next.ok());
  report.set_old_serves(!next.ok() || dry_run);
  report.set_refusal(std::string(next.status().message()));
  if (next.ok() && !dry_run) {
    spec_ = exchange_->spec;
    if (backend_ != nullptr) leaving_.push_back(std::move(backend_));
    // One that runs anyway is connected to with the next front-end.
    if (spec_.socket.empty()) backend_ = *std::move(next);
  }
  AnswerExchange(report);
  return absl::OkStatus();
}

void Proxy::DropNext() {
  if (!exchange_.has_value()) return;
  if (exchange_->next != nullptr) exchange_->next->Kill();
  exchange_->next.reset();
  exchange_->start.reset();
}

void Proxy::EndLeaving() {
  for (auto old = leaving_.begin(); old != leaving_.end();) {
    const std::optional<std::string> end = (*old)->TryClose();
    if (end.has_value()) {
      if (!end->empty()) Log(absl::StrCat("the old back-end ", *end));
      old = leaving_.erase(old);
    } else {
      ++old;
    }
  }
}

void Proxy::RefuseExchange(const absl::Status& why) {
  ExchangeReport report;
  report.set_old_serves(backend_ != nullptr);
  report.set_refusal(std::string(why.message()));
  AnswerExchange(report);
}

void Proxy::AnswerExchange(const ExchangeReport& report) {
  const absl::StatusOr<std::string> json = JsonText(report, JsonStyle());
  Log(absl::StrCat("exchange: ", json.ok() ? *json : report.refusal()));
  const absl::Status sent = SendControl(exchange_->asker.get(), report,
                                        Deadline::After(kControlTimeout));
  if (!sent.ok()) Log(sent.message());
  DropNext();
  exchange_.reset();
}

}  // namespace devstate::proxy
