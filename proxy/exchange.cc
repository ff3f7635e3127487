// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The order of the stages is what keeps the guest whole. Nothing of the old
// back-end is touched before the new one has agreed to all that was negotiated.
// SET_VRING_ADDR makes a back-end read the used index, so it comes after the
// old one has stopped and drained.

#include "devstate/proxy/exchange.h"

#include <poll.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "devstate/compat/verdict.h"
#include "devstate/proxy/backend_call.h"
#include "devstate/proxy/guest_memory.h"
#include "devstate/proxy/wake_ring.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/deadline.h"

namespace devstate::proxy {
namespace {

using vhost_user::Message;
using vhost_user::RequestName;

// Between two looks at a used index, of which nobody is told.
constexpr absl::Duration kDrainPause = absl::Microseconds(500);
// From the end of a connection to that of the process.
constexpr absl::Duration kEnding = absl::Milliseconds(100);

// Waits, or returns ABORTED because `cancel_fd` became readable.
absl::Status Pause(absl::Duration duration, int cancel_fd) {
  pollfd entry = {cancel_fd, POLLIN, 0};
  const timespec time = absl::ToTimespec(duration);
  if (::ppoll(&entry, 1, &time, nullptr) > 0) {
    return absl::AbortedError("stopped during an exchange");
  }
  return absl::OkStatus();
}

absl::Status Refused(const vhost_user::TransferResult& result,
                     absl::string_view what) {
  if (result.ok()) return absl::OkStatus();
  if (!result.checked || result.check_reply == 0) return result.transfer;
  return absl::FailedPreconditionError(
      absl::StrCat(what, " answered CHECK_DEVICE_STATE with ",
                   CheckReplyText(result.check_reply),
                   "; the log has what it "
                   "printed"));
}

}  // namespace

void AddStage(const char* name, absl::Duration time, ExchangeReport* report) {
  ExchangeStage& stage = *report->add_stages();
  stage.set_name(name);
  stage.set_milliseconds(absl::ToDoubleMilliseconds(time));
}

absl::Status Exchange::Stage(const char* name,
                             const std::function<absl::Status()>& run) {
  const absl::Time start = absl::Now();
  const absl::Status status = run();
  AddStage(name, absl::Now() - start, &report_);
  return status.ok() ? status
                     : absl::Status(status.code(),
                                    absl::StrCat(name, ": ", status.message()));
}

absl::StatusOr<std::unique_ptr<Backend>> Exchange::Run(
    std::unique_ptr<Backend> next, absl::Duration start) {
  new_ = std::move(next);
  AddStage("start", start, &report_);
  report_.set_old_serves(true);
  absl::Status status = Prepare();
  if (status.ok()) status = MoveState();
  const bool exchanged = status.ok() && !options_.dry_run;
  if (exchanged) {
    status = Stage("rings", [&] { return StartNew(); });
  }
  report_.set_exchanged(status.ok());
  if (exchanged && status.ok()) {
    report_.set_old_serves(false);
  } else {
    // Two back-ends never have rings at a time.
    status = Resume(EndNew(std::move(status)));
  }
  ReportStop();
  if (!status.ok()) {
    report_.set_refusal(std::string(status.message()));
    return status;
  }
  if (!exchanged) return std::unique_ptr<Backend>();
  return std::move(new_);
}

absl::Status Exchange::Resume(absl::Status status) {
  if (!stopped_ && !announced_) return status;
  const absl::Status resumed = Stage("resume", [&] { return ResumeOld(); });
  if (resumed.ok()) return status;
  report_.set_old_serves(false);
  report_.set_exchanged(false);
  return absl::Status(
      resumed.code(),
      status.ok()
          ? std::string(resumed.message())
          : absl::StrCat(status.message(), "; then ", resumed.message()));
}

void Exchange::ReportStop() {
  if (!stopped_) return;
  report_.set_stopped_milliseconds(
      absl::ToDoubleMilliseconds(absl::Now() - stopped_at_));
}

absl::StatusOr<std::unique_ptr<TemporaryFile>> Exchange::Checkpoint() {
  report_.set_old_serves(true);
  DS_RETURN_IF_ERROR(setup_.CheckMovable());
  DS_RETURN_IF_ERROR(CheckState());
  DS_RETURN_IF_ERROR(Resume(StopAndSave()));
  ReportStop();
  if (!worked_ahead_) return std::move(saved_);
  return absl::UnimplementedError(
      "it works on several requests at a time, so those that are done cannot "
      "be told from the others");
}

absl::StatusOr<std::unique_ptr<Backend>> Exchange::Recover(
    std::unique_ptr<Backend> next, absl::Duration start,
    const TemporaryFile& state) {
  new_ = std::move(next);
  AddStage("start", start, &report_);
  // Rings that the front-end has disabled stay so.
  const absl::Status movable = setup_.CheckMovable();
  if (setup_.transfers() || absl::IsFailedPrecondition(movable)) return movable;
  DS_RETURN_IF_ERROR(Stage("negotiate", [&] { return Negotiate(); }));
  DS_RETURN_IF_ERROR(FindBases());
  DS_RETURN_IF_ERROR(Stage("load", [&] { return Load(state); }));
  DS_RETURN_IF_ERROR(Stage("rings", [&] { return StartNew(); }));
  return std::move(new_);
}

absl::Status Exchange::FindBases() {
  for (const auto& [index, ring] : setup_.rings()) {
    if (!ring.started) continue;
    DS_ASSIGN_OR_RETURN(const uint16_t used, UsedIndex(setup_, ring));
    DS_ASSIGN_OR_RETURN(const uint16_t available,
                        AvailableIndex(setup_, ring));
    repeated_requests_ += static_cast<uint16_t>(available - used);
    setup_.SetBase(index, used);
  }
  return absl::OkStatus();
}

absl::Status Exchange::StartNew() {
  DS_ASSIGN_OR_RETURN(const std::vector<ReplayStep> log, setup_.Log());
  DS_RETURN_IF_ERROR(Send(*new_, log));
  new_started_ = true;
  return StartRings(*new_);
}

absl::Status Exchange::CheckState() const {
  if (options_.without_state ||
      (setup_.protocol_features() & vhost_user::kProtocolFDeviceState) != 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      "the back-end does not offer device state, so a new one would begin "
      "without any; say so if that is right for the device");
}

absl::Status Exchange::Prepare() {
  DS_RETURN_IF_ERROR(setup_.CheckMovable());
  DS_RETURN_IF_ERROR(CheckState());
  return Stage("negotiate", [&] { return Negotiate(); });
}

absl::Status Exchange::Negotiate() {
  Offer offer;
  DS_ASSIGN_OR_RETURN(offer.features, Ask(*new_, vhost_user::kGetFeatures));
  if ((offer.features & vhost_user::kVhostUserFProtocolFeatures) != 0) {
    DS_ASSIGN_OR_RETURN(offer.protocol_features,
                        Ask(*new_, vhost_user::kGetProtocolFeatures));
  }
  // Before anything is acknowledged that was not offered.
  DS_RETURN_IF_ERROR(setup_.CheckCovered(offer));
  DS_RETURN_IF_ERROR(Send(*new_, setup_.ProtocolFeatures()));
  if ((setup_.protocol_features() & vhost_user::kProtocolFMq) != 0) {
    DS_ASSIGN_OR_RETURN(offer.queues, Ask(*new_, vhost_user::kGetQueueNum));
  }
  if ((setup_.protocol_features() & vhost_user::kProtocolFConfigureMemSlots) !=
      0) {
    DS_ASSIGN_OR_RETURN(offer.memory_slots,
                        Ask(*new_, vhost_user::kGetMaxMemSlots));
  }
  DS_RETURN_IF_ERROR(setup_.CheckCovered(offer));
  DS_ASSIGN_OR_RETURN(const std::vector<ReplayStep> introduction,
                      setup_.Introduction());
  DS_RETURN_IF_ERROR(Send(*new_, introduction));
  DS_ASSIGN_OR_RETURN(const std::vector<ReplayStep> memory, setup_.Memory());
  return Send(*new_, memory);
}

absl::Status Exchange::StopAndSave() {
  const bool with_state = !options_.without_state;
  if (with_state) {
    DS_RETURN_IF_ERROR(Stage("announce", [&] { return Announce(); }));
  }
  if (setup_.any_ring_started()) {
    stopped_ = true;
    stopped_at_ = absl::Now();
    DS_RETURN_IF_ERROR(
        Stage("stop", [&] { return Send(old_, setup_.StopRings()); }));
    DS_RETURN_IF_ERROR(
        Stage("drain", [&] { return Drain(options_.limits.drain_timeout); }));
  }
  if (!with_state) return absl::OkStatus();
  return Stage("save", [&] { return Save(); });
}

absl::Status Exchange::MoveState() {
  DS_RETURN_IF_ERROR(StopAndSave());
  if (options_.without_state) return absl::OkStatus();
  DS_RETURN_IF_ERROR(Stage("translate", [&] { return Translate(); }));
  const absl::Status loaded = Stage("load", [&] { return Load(*translated_); });
  load_refused_ = absl::IsFailedPrecondition(loaded);
  return loaded;
}

absl::Status Exchange::Announce() {
  const uint64_t features = setup_.features().value_or(0);
  if ((setup_.offered().features & vhost_user::kVhostFLogAll) == 0 ||
      features == 0 || (features & vhost_user::kVhostFLogAll) != 0) {
    return absl::OkStatus();
  }
  announced_ = true;
  DS_RETURN_IF_ERROR(
      Send(old_, setup_.Features(features | vhost_user::kVhostFLogAll)));
  return Pause(options_.limits.announce, cancel_fd_);
}

absl::Status Exchange::Drain(absl::Duration timeout) {
  // A back-end with a thread pool answers GET_VRING_BASE before the requests
  // that it has taken are done. The guest's memory says when they are.
  const Deadline deadline = Deadline::After(timeout);
  for (const auto& [index, ring] : setup_.rings()) {
    if (!ring.started) continue;
    while (true) {
      DS_ASSIGN_OR_RETURN(const uint16_t used, UsedIndex(setup_, ring));
      const uint16_t base = static_cast<uint16_t>(ring.base.value_or(0));
      if (used == base) break;
      worked_ahead_ = true;
      if (deadline.Expired()) {
        return absl::DeadlineExceededError(absl::StrCat(
            "ring ", index, ": ", static_cast<uint16_t>(base - used),
            " requests are not done after ", absl::FormatDuration(timeout)));
      }
      DS_RETURN_IF_ERROR(Pause(kDrainPause, cancel_fd_));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>>
Exchange::Endpoint(Backend& backend) const {
  return ShareConnection(backend.connection().fd(), setup_.protocol_features(),
                         options_.limits.transfer_timeout);
}

absl::Status Exchange::Save() {
  DS_ASSIGN_OR_RETURN(saved_, TemporaryFile::Create());
  DS_ASSIGN_OR_RETURN(const auto endpoint, Endpoint(old_));
  DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                      endpoint->SaveState(ChannelKind::kPipe, *saved_));
  report_.set_state_bytes(saved_->size());
  return Refused(result, "the old back-end");
}

absl::Status Exchange::Translate() {
  DS_ASSIGN_OR_RETURN(translated_, TemporaryFile::Create());
  const OpenSource open = [this] { return saved_->Open(); };
  BackendFormat format = options_.format;
  if (format.automatic) {
    const absl::StatusOr<BackendFormat> own = FormatOf(open);
    if (!own.ok()) {
      // In no known format, or in a newer version of one. The new back-end may
      // read it for all that.
      report_.set_state("in no known format, as it is");
      return CopyAll(*saved_->Open(), translated_.get());
    }
    format = *own;
  }
  LoadRules rules;
  rules.format = format;
  rules.allow_raw = true;
  const Translation translation = ToBackend(open, rules, translated_.get());
  report_.set_state(translation.what);
  return translation.status;
}

absl::Status Exchange::Load(const TemporaryFile& state) {
  DS_ASSIGN_OR_RETURN(const auto endpoint, Endpoint(*new_));
  const std::shared_ptr<ByteSource> source = state.Open();
  DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                      endpoint->LoadState(ChannelKind::kPipe, *source));
  return Refused(result, "the new back-end");
}

absl::Status Exchange::StartRings(Backend& backend) {
  DS_ASSIGN_OR_RETURN(const std::vector<ReplayStep> rings, setup_.StartRings());
  DS_RETURN_IF_ERROR(Send(backend, rings));
  // Without acknowledgements an answer says that it has done all before.
  if ((setup_.protocol_features() & vhost_user::kProtocolFReplyAck) == 0) {
    DS_RETURN_IF_ERROR(Ask(backend, vhost_user::kGetFeatures).status());
  }
  // A kick that came while nobody listened is lost, and so is the interrupt of
  // what was done in between. One too many does no harm.
  for (const auto& [index, ring] : setup_.rings()) {
    if (!ring.started) continue;
    Wake(ring.kick);
    Wake(ring.call);
  }
  return absl::OkStatus();
}

absl::Status Exchange::EndNew(absl::Status failure) {
  if (new_ == nullptr) return failure;
  // A process that dies closes its connection before it can be waited for.
  const std::optional<std::string> end =
      absl::IsUnavailable(failure) ? new_->AwaitEnd(kEnding) : std::nullopt;
  new_->Kill();
  if (!end.has_value()) return failure;
  return absl::Status(
      failure.code(),
      absl::StrCat(failure.message(), "; the new back-end ", *end));
}

absl::Status Exchange::ResumeOld() {
  // Takes the announcement back, if it was made.
  if (setup_.features().has_value()) {
    DS_RETURN_IF_ERROR(Send(old_, setup_.Features(*setup_.features())));
  }
  if (!stopped_) return absl::OkStatus();
  // The old one would know nothing of what the new one has done.
  if (new_started_) DS_RETURN_IF_ERROR(Drain(absl::ZeroDuration()));
  return StartRings(old_);
}

absl::StatusOr<std::string> Exchange::Call(Backend& backend,
                                           const Message& request,
                                           bool reply_due) {
  DS_ASSIGN_OR_RETURN(Message reply,
                      CallBackend(backend, request, reply_due,
                                  ReplyTimeout(backend), cancel_fd_));
  // virtiofsd answers SET_LOG_BASE with the request itself, others with a
  // number or nothing. QEMU looks at none of it.
  if (reply_due && request.request != vhost_user::kSetLogBase) {
    DS_RETURN_IF_ERROR(CheckNumber(reply));
  }
  return std::move(reply.payload);
}

absl::Status Exchange::Send(Backend& backend, const ReplayStep& step) {
  const uint32_t request = step.request.request;
  const bool reply_due = IsReplyDue(step.request, setup_.protocol_features()) &&
                         request != vhost_user::kSetProtocolFeatures;
  DS_ASSIGN_OR_RETURN(const std::string reply,
                      Call(backend, step.request, reply_due));
  if (!reply_due) return absl::OkStatus();
  if (step.acknowledged && vhost_user::ReadU64(reply, 0) != 0) {
    return absl::InternalError(absl::StrCat(RequestName(request),
                                            ": refused with ",
                                            vhost_user::ReadU64(reply, 0)));
  }
  if (request == vhost_user::kGetVringBase) {
    setup_.SetBase(vhost_user::ReadU32(step.request.payload, 0),
                   vhost_user::ReadU32(reply, 4));
  }
  return absl::OkStatus();
}

absl::Status Exchange::Send(Backend& backend,
                            const std::vector<ReplayStep>& steps) {
  for (const ReplayStep& step : steps) {
    DS_RETURN_IF_ERROR(Send(backend, step));
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Exchange::Ask(Backend& backend, uint32_t request) {
  return AskBackend(backend, request, ReplyTimeout(backend), cancel_fd_);
}

absl::Duration Exchange::ReplyTimeout(const Backend& backend) const {
  return &backend == &old_ ? options_.limits.drain_timeout
                           : options_.limits.reply_timeout;
}

}  // namespace devstate::proxy
