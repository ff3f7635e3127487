// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints, and what becomes of them when the back-end dies.

#include <poll.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "devstate/compat/json_text.h"
#include "devstate/proxy/checkpoint.h"
#include "devstate/proxy/proxy.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {
namespace {

// Until the first attempt after something has changed, and until the next one
// where the front-end has something half done.
constexpr absl::Duration kMomentPause = absl::Milliseconds(50);
constexpr absl::Duration kWatchPause = absl::Seconds(1);
// Between two looks at a back-end that starts.
constexpr int kStartPauseMilliseconds = 2;

}  // namespace

void Proxy::StartClock() {
  if (options_.checkpoint_interval == absl::ZeroDuration()) return;
  watch_at_ = Deadline::After(kWatchPause);
  checkpoint_at_ = Deadline::After(options_.checkpoint_interval);
}

void Proxy::StopClock() {
  watch_at_ = checkpoint_at_ = Deadline::Never();
  watch_.Look(DeviceSetup(), absl::Now());  // forgets all rings
  checkpoint_.reset();
  checkpoint_forgotten_ = false;
  no_checkpoint_.clear();
}

void Proxy::ForgetCheckpoint() {
  checkpoint_forgotten_ = checkpoint_forgotten_ || checkpoint_.has_value();
  checkpoint_.reset();
}

void Proxy::CheckpointSoon() {
  if (checkpoint_at_.never()) return;
  checkpoint_at_ = Deadline::After(kMomentPause);
}

absl::Status Proxy::ServeClock() {
  if (watch_at_.Expired()) {
    watch_at_ = Deadline::After(kWatchPause);
    for (const std::string& line : watch_.Look(setup_, absl::Now())) Log(line);
  }
  if (!checkpoint_at_.Expired()) return absl::OkStatus();
  const absl::Status moment = CheckMoment();
  // A back-end that hangs would not stop its rings either.
  if (exchange_.has_value() || absl::IsUnavailable(moment) ||
      watch_.waits(absl::Now(), kWatchPause)) {
    checkpoint_at_ = Deadline::After(kMomentPause);
    return absl::OkStatus();
  }
  checkpoint_at_ = Deadline::After(options_.checkpoint_interval);
  if (moment.ok() && !setup_.any_ring_started()) return absl::OkStatus();
  return moment.ok() ? TakeCheckpoint() : LoseCheckpoint(moment);
}

absl::Status Proxy::TakeCheckpoint() {
  const absl::Status in_order = CheckOneAtATime(spec_);
  if (!in_order.ok()) return LoseCheckpoint(in_order);
  // Nobody else has the turn, because no transfer is under way.
  turn_.Take();
  const absl::Time taken = absl::Now();
  ExchangeOptions options;
  options.limits = options_.exchange_limits;
  Exchange exchange(options, &setup_, backend_.get(), stop_.fd());
  const absl::StatusOr<std::unique_ptr<TemporaryFile>> saved =
      exchange.Checkpoint();
  turn_.Return();
  if (!exchange.report().old_serves()) {
    // One that no longer answers is as one that has died.
    if (checkpoint_.has_value()) backend_->Kill();
    return absl::Status(
        saved.status().code(),
        absl::StrCat("back-end: checkpoint: ", saved.status().message()));
  }
  if (!saved.ok()) return LoseCheckpoint(saved.status());
  absl::StatusOr<Checkpoint> checkpoint = MakeCheckpoint(
      [&] { return (*saved)->Open(); }, taken);
  if (!checkpoint.ok()) return LoseCheckpoint(checkpoint.status());
  if (!checkpoint_.has_value()) {
    Log(absl::StrCat("a back-end that dies can be started again from now on; "
                     "a checkpoint takes ",
                     absl::FormatDuration(absl::Milliseconds(
                         exchange.report().stopped_milliseconds()))));
  }
  checkpoint_ = *std::move(checkpoint);
  checkpoint_forgotten_ = false;
  no_checkpoint_.clear();
  return absl::OkStatus();
}

absl::Status Proxy::LoseCheckpoint(const absl::Status& why) {
  checkpoint_.reset();
  if (no_checkpoint_ == why.message()) return absl::OkStatus();
  no_checkpoint_ = std::string(why.message());
  Log(absl::StrCat("a back-end that dies cannot be started again: ",
                   no_checkpoint_));
  return absl::OkStatus();
}

bool Proxy::TryRecover() {
  if (!checkpoint_.has_value() || !frontend_.has_value() ||
      backend_ == nullptr || !backend_->IsGone()) {
    return false;
  }
  DropNext();
  if (exchange_.has_value()) {
    RefuseExchange(absl::UnavailableError("the old back-end has died"));
  }
  // Once only: those ids are given out from now on. So a request that ends
  // every back-end does not end one after the other.
  const Checkpoint checkpoint = *std::move(checkpoint_);
  checkpoint_.reset();
  const std::string end = backend_->Kill();
  Log(absl::StrCat("the back-end ", end.empty() ? "closed its connection" : end,
                   "; it is started again"));
  RecoveryReport report;
  report.set_checkpoint_age_milliseconds(
      absl::ToDoubleMilliseconds(absl::Now() - checkpoint.taken));
  report.set_kept_inodes(checkpoint.ids.inodes);
  report.set_kept_handles(checkpoint.ids.handles);
  report.set_next_inode(checkpoint.ids.next_inode);
  report.set_next_handle(checkpoint.ids.next_handle);
  const absl::Status recovered = Recover(*checkpoint.state, &report);
  report.set_recovered(recovered.ok());
  report.set_refusal(std::string(recovered.message()));
  const absl::StatusOr<std::string> json = JsonText(report, JsonStyle());
  Log(absl::StrCat("recovery: ", json.ok() ? *json : report.refusal()));
  if (!recovered.ok()) return false;
  Log(absl::StrCat(
      "the guest keeps ", report.kept_inodes(), " files and ",
      report.kept_handles(), " open ones of ",
      absl::FormatDuration(absl::Trunc(
          absl::Milliseconds(report.checkpoint_age_milliseconds()),
          absl::Milliseconds(1))),
      " ago; ", report.repeated_requests(),
      " requests are done again and may have been done; what was opened since "
      "gives errors until it is opened anew"));
  // The next one should know what the guest does from here on.
  CheckpointSoon();
  return true;
}

absl::Status Proxy::Recover(const TemporaryFile& state,
                            RecoveryReport* report) {
  const bool mine = awaited_.has_value();
  if (!mine && !turn_.TryTake()) {
    return absl::UnavailableError("the state was being transferred");
  }
  const absl::Time start = absl::Now();
  absl::StatusOr<std::unique_ptr<Backend>> next = StartAgain();
  if (next.ok()) {
    ExchangeOptions options;
    options.limits = options_.exchange_limits;
    Exchange exchange(options, &setup_, backend_.get(), stop_.fd());
    next = exchange.Recover(*std::move(next), absl::Now() - start,
                            state);
    *report->mutable_stages() = exchange.report().stages();
    report->set_repeated_requests(exchange.repeated_requests());
  }
  if (!next.ok()) {
    if (!mine) turn_.Return();
    return next.status();
  }
  backend_ = *std::move(next);
  backend_deadline_ = Deadline::Never();
  if (translator_ != nullptr) AttachTranslator();
  if (!mine) turn_.Return();
  // What the dead one has not answered, or not got.
  if (mine) {
    vhost_user::Message request = *std::move(awaited_);
    awaited_.reset();
    return ForwardRequest(std::move(request));
  }
  if (!held_.has_value() || !turn_.TryTake()) return absl::OkStatus();
  vhost_user::Message request = *std::move(held_);
  held_.reset();
  return ForwardRequest(std::move(request));
}

absl::StatusOr<std::unique_ptr<Backend>> Proxy::StartAgain() const {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Backend> next,
                      Backend::Start(spec_, options_.backend_socket));
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool ready, next->TryReady());
    if (ready) return next;
    pollfd stop = {stop_.fd(), POLLIN, 0};
    if (::poll(&stop, 1, kStartPauseMilliseconds) > 0) {
      return absl::AbortedError("stopped while a back-end was starting");
    }
  }
}

}  // namespace devstate::proxy
