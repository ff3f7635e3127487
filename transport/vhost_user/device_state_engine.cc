// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The session decides, and this carries out its actions in order. All decisions
// are made on the control thread. The worker reports by completions with an id,
// so that one of an abandoned transfer is recognised and dropped.

#include "devstate/transport/vhost_user/device_state_engine.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::vhost_user {
namespace {

// The stream's own total deadline comes first, because its error says more;
// the engine's is for a handler that does not touch its stream any more.
constexpr absl::Duration kStuckHandlerGrace = absl::Milliseconds(200);

absl::Status Watch(int epoll, int fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    return ErrnoStatus(errno, "epoll_ctl");
  }
  return absl::OkStatus();
}

absl::Status AbandonedError() {
  return absl::AbortedError("abandoned by the front-end");
}

bool HasTransfer(SessionState state) {
  switch (state) {
    case SessionState::kUnnegotiated:
    case SessionState::kUnnegotiatedRunning:
    case SessionState::kRunning:
    case SessionState::kIdle:
      return false;
    default:
      return true;
  }
}

// Whether `event` ends a transfer by the front-end's will (rule 2 of
// session.md).
bool Abandons(SessionEvent event) {
  switch (event) {
    case SessionEvent::kNotNegotiated:
    case SessionEvent::kRingsStarted:
    case SessionEvent::kSetSave:
    case SessionEvent::kSetSaveStored:
    case SessionEvent::kSetLoad:
    case SessionEvent::kSetLoadStored:
    case SessionEvent::kSetUnfit:
    case SessionEvent::kDisconnected:
      return true;
    default:
      return false;
  }
}

// Whether rounds may begin in `state`, which is given up by it: nothing is
// under way.
bool MayBeginRounds(SessionState state) {
  switch (state) {
    case SessionState::kRunning:
    case SessionState::kIdle:
    case SessionState::kSaved:
    case SessionState::kFailed:
      return true;
    default:
      return false;
  }
}

absl::Status CheckAttached(const FileDescriptor& fd) {
  if (fd.valid()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "SET_DEVICE_STATE_FD: no file descriptor attached");
}

// As AdmitChannel(), for a state in rounds.
absl::StatusOr<Channel> AdmitForRounds(FileDescriptor fd, ChannelUse use,
                                       int control_fd) {
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(fd), use, control_fd));
  if (!channel.info.stored()) return channel;
  return absl::FailedPreconditionError(
      "SET_DEVICE_STATE_FD: rounds need a pipe or a socket, because a file has "
      "no reader while it is written");
}

// The answer to CHECK for `result`; only success is 0.
uint64_t CheckValue(const LoadResult& result) {
  if (result.status.ok()) return 0;
  return result.reply != 0 ? result.reply
                           : static_cast<uint64_t>(result.status.code());
}

absl::string_view DirectionName(TransferDirection direction) {
  return direction == TransferDirection::kSave ? "save" : "load";
}

}  // namespace

absl::string_view TransferStageName(TransferReport::Stage stage) {
  switch (stage) {
    case TransferReport::Stage::kRefused:
      return "refused";
    case TransferReport::Stage::kAccepted:
      return "accepted";
    case TransferReport::Stage::kTransferred:
      return "transferred";
    case TransferReport::Stage::kChecked:
      return "checked";
    case TransferReport::Stage::kAbandoned:
      return "abandoned";
  }
  return "unknown";
}

absl::StatusOr<std::unique_ptr<DeviceStateEngine>> DeviceStateEngine::Create(
    DeviceStateHandler* handler, DeviceStateEngineOptions options) {
  DS_ASSIGN_OR_RETURN(auto worker, TransferWorker::Create(handler));
  FileDescriptor poll(::epoll_create1(EPOLL_CLOEXEC));
  if (!poll.valid()) return ErrnoStatus(errno, "epoll_create1");
  FileDescriptor timer(
      ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer.valid()) return ErrnoStatus(errno, "timerfd_create");
  DS_RETURN_IF_ERROR(Watch(poll.get(), timer.get()));
  DS_RETURN_IF_ERROR(Watch(poll.get(), worker->fd()));
  return std::unique_ptr<DeviceStateEngine>(
      new DeviceStateEngine(std::move(options), std::move(worker),
                            std::move(poll), std::move(timer)));
}

DeviceStateEngine::DeviceStateEngine(DeviceStateEngineOptions options,
                                     std::unique_ptr<TransferWorker> worker,
                                     FileDescriptor poll, FileDescriptor timer)
    : options_(std::move(options)),
      poll_fd_(std::move(poll)),
      timer_fd_(std::move(timer)),
      worker_(std::move(worker)) {}

DeviceStateEngine::~DeviceStateEngine() { Disconnected(); }

void DeviceStateEngine::SetNegotiated(bool device_state, bool rounds) {
  rounds_negotiated_ = device_state && rounds;
  if (!rounds_negotiated_) FeedRounds(RoundsEvent::kAbandoned);
  Feed(device_state ? SessionEvent::kNegotiated : SessionEvent::kNotNegotiated);
}

void DeviceStateEngine::SetRunning(bool any_ring_started) {
  Feed(any_ring_started ? SessionEvent::kRingsStarted
                        : SessionEvent::kRingsStopped);
  SettleAwaited();
}

void DeviceStateEngine::Disconnected() {
  rounds_negotiated_ = false;
  FeedRounds(RoundsEvent::kAbandoned);
  Feed(SessionEvent::kDisconnected);
  replies_.clear();
}

absl::StatusOr<DeviceStateEngine::Held> DeviceStateEngine::Prepare(
    uint32_t direction, uint32_t phase, FileDescriptor fd, int control_fd) {
  if (state() == SessionState::kUnnegotiated ||
      state() == SessionState::kUnnegotiatedRunning) {
    return absl::FailedPreconditionError(
        "SET_DEVICE_STATE_FD without the protocol feature DEVICE_STATE "
        "(bit 19)");
  }
  if (state() == SessionState::kRunning) {
    return absl::FailedPreconditionError(
        "SET_DEVICE_STATE_FD while rings are running");
  }
  if (direction > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("SET_DEVICE_STATE_FD: unknown direction ", direction));
  }
  const bool in_rounds = phase == kTransferPhaseRounds && rounds_negotiated_;
  if (phase != kTransferPhaseStopped && !in_rounds) {
    return absl::InvalidArgumentError(
        absl::StrCat("SET_DEVICE_STATE_FD: unknown phase ", phase));
  }
  DS_RETURN_IF_ERROR(CheckAttached(fd));
  Held held;
  held.direction = static_cast<TransferDirection>(direction);
  const bool save = held.direction == TransferDirection::kSave;
  if (options_.own_channel.has_value() && !in_rounds) {
    DS_ASSIGN_OR_RETURN(ChannelEnds ends, CreateChannel(*options_.own_channel,
                                                        options_.file_folder));
    fd = std::move(save ? ends.write_end : ends.read_end);
    held.remote = std::move(save ? ends.read_end : ends.write_end);
    held.own = true;
  }
  const auto admit = in_rounds ? &AdmitForRounds : &AdmitChannel;
  DS_ASSIGN_OR_RETURN(
      held.local,
      admit(std::move(fd), save ? ChannelUse::kWrite : ChannelUse::kRead,
            control_fd));
  return held;
}

absl::StatusOr<DeviceStateEngine::Rounds> DeviceStateEngine::PrepareRounds(
    FileDescriptor fd, int control_fd) {
  if (!MayBeginRounds(state())) {
    return absl::FailedPreconditionError(
        absl::StrCat("SET_DEVICE_STATE_FD: no rounds in the state \"",
                     SessionStateName(state()), "\" of the session"));
  }
  DS_RETURN_IF_ERROR(CheckAttached(fd));
  DS_ASSIGN_OR_RETURN(
      Channel channel,
      AdmitForRounds(std::move(fd), ChannelUse::kWrite, control_fd));
  Rounds rounds;
  rounds.channel = channel.info.kind;
  DS_ASSIGN_OR_RETURN(rounds.sink,
                      FdSink::Create(std::move(channel), options_.limits));
  return rounds;
}

void DeviceStateEngine::SetDeviceStateFd(uint32_t direction, uint32_t phase,
                                         FileDescriptor fd, int control_fd) {
  if (phase == kTransferPhaseRounds && rounds_negotiated_ &&
      direction == static_cast<uint32_t>(TransferDirection::kSave)) {
    refused_direction_ = TransferDirection::kSave;
    absl::StatusOr<Rounds> rounds = PrepareRounds(std::move(fd), control_fd);
    if (!rounds.ok()) return RefuseDeviceStateFd(rounds.status());
    return FeedRounds(RoundsEvent::kSet, &*rounds);
  }
  FeedRounds(RoundsEvent::kAbandoned);
  absl::StatusOr<Held> held =
      Prepare(direction, phase, std::move(fd), control_fd);
  refused_direction_ =
      direction == 1 ? TransferDirection::kLoad : TransferDirection::kSave;
  if (!held.ok()) return RefuseDeviceStateFd(held.status());
  const bool save = held->direction == TransferDirection::kSave;
  const bool stored = held->local.info.stored();
  if (save) {
    Feed(stored && held->own ? SessionEvent::kSetSaveStored
                             : SessionEvent::kSetSave,
         &*held);
  } else {
    Feed(stored ? SessionEvent::kSetLoadStored : SessionEvent::kSetLoad,
         &*held);
  }
}

void DeviceStateEngine::RefuseDeviceStateFd(absl::Status why) {
  FeedRounds(RoundsEvent::kAbandoned);
  refusal_ = std::move(why);
  Feed(SessionEvent::kSetUnfit);
}

RoundsEvent DeviceStateEngine::JudgeRound(uint32_t round, bool last) {
  const auto unfit = [this](absl::string_view why) {
    refusal_ = absl::FailedPreconditionError(
        absl::StrCat("DEVICE_STATE_ROUND: ", why));
    return RoundsEvent::kRoundUnfit;
  };
  if (!rounds_negotiated_) return unfit("rounds were not negotiated");
  if (state() == SessionState::kLoading || state() == SessionState::kLoaded) {
    awaited_round_ = round;
    return RoundsEvent::kAwaitRound;
  }
  if (rounds_session_.state() == RoundsState::kNone) {
    return unfit("there is no transfer in rounds");
  }
  if (round != rounds_.written + 1) {
    return unfit(
        absl::StrCat("round ", round, " after ", rounds_.written, " rounds"));
  }
  if (last && state() == SessionState::kRunning) {
    return unfit("the last round while rings are running");
  }
  return last ? RoundsEvent::kLastRound : RoundsEvent::kRound;
}

void DeviceStateEngine::Round(uint32_t round, bool last) {
  FeedRounds(JudgeRound(round, last));
  SettleAwaited();
}

void DeviceStateEngine::RefuseRound(absl::Status why) {
  refusal_ = std::move(why);
  FeedRounds(RoundsEvent::kRoundUnfit);
}

void DeviceStateEngine::FeedRounds(RoundsEvent event, Rounds* incoming) {
  const RoundsState before = rounds_session_.state();
  start_failure_ = absl::OkStatus();
  const RoundsActions actions = rounds_session_.Handle(event);
  const bool failed =
      event == RoundsEvent::kWorkFailed || event == RoundsEvent::kDeadline;
  if ((actions & kGiveUpRounds) != 0 && !failed) {
    failure_ = absl::AbortedError("the rounds were given up");
    Report(TransferReport::Stage::kAbandoned, failure_.status);
  }
  ExecuteRounds(actions, incoming);
  const RoundsState now = rounds_session_.state();
  if ((now == RoundsState::kWriting) == (before == RoundsState::kWriting)) {
    return;
  }
  SetDeadline(now == RoundsState::kWriting
                  ? Deadline::After(options_.limits.total + kStuckHandlerGrace)
                  : Deadline::Never());
  if (!start_failure_.ok()) {
    failure_ = start_failure_;
    FeedRounds(RoundsEvent::kWorkFailed);
  }
}

void DeviceStateEngine::ExecuteRounds(RoundsActions actions, Rounds* incoming) {
  if ((actions & kFailOpenRound) != 0) AnswerRound(AbandonedError());
  if ((actions & kGiveUpRounds) != 0) {
    rounds_.sink->Cancel(failure_.status.ok() ? AbandonedError().message()
                                              : failure_.status.message());
    worker_->EndRounds();
    active_id_ = 0;
    rounds_ = {};
  }
  if (incoming != nullptr) {
    rounds_ = std::move(*incoming);
    failure_ = absl::OkStatus();
    set_stream(rounds_.sink);
  }
  if ((actions & kStartRound) != 0) {
    active_id_ = ++last_id_;
    start_failure_ =
        worker_->SaveRound(active_id_, rounds_.sink, /*last=*/false);
  }
  if ((actions & kAcceptRounds) != 0) {
    held_ = {};
    held_.local.info.kind = rounds_.channel;
    Report(TransferReport::Stage::kAccepted, absl::OkStatus(), kSetStateNoFd);
    AnswerSet(kSetStateNoFd);
  }
  if ((actions & kHandOver) != 0) {
    Held held;
    held.local.info.kind = rounds_.channel;
    held.rounds_sink = std::move(rounds_.sink);
    Feed(SessionEvent::kSetSave, &held);
    rounds_ = {};
  }
  if ((actions & kPassRound) != 0) AnswerRound(absl::OkStatus());
  if ((actions & kFailRound) != 0) {
    absl::Status why = std::exchange(refusal_, absl::OkStatus());
    if (why.ok()) why = failure_.status;
    AnswerRound(why.ok() ? AbandonedError() : std::move(why));
  }
}

void DeviceStateEngine::SettleAwaited() {
  if (rounds_session_.state() != RoundsState::kAwaiting) return;
  if (state() == SessionState::kLoaded ||
      (state() == SessionState::kLoading && loaded_rounds_ >= awaited_round_)) {
    FeedRounds(RoundsEvent::kLoaded);
  } else if (state() != SessionState::kLoading || !load_failure_.ok()) {
    refusal_ = load_failure_;
    FeedRounds(RoundsEvent::kLoadOver);
  }
}

void DeviceStateEngine::AnswerRound(absl::Status status) {
  DeviceStateReply reply;
  reply.request = kDeviceStateRound;
  reply.round = {CheckValue(status), progress(), rounds_.dirty_bytes};
  replies_.push_back(std::move(reply));
}

void DeviceStateEngine::CheckDeviceState() {
  FeedRounds(RoundsEvent::kAbandoned);
  // The reason of a refused SET_DEVICE_STATE_FD is worth more than that nothing
  // ran.
  if (!HasTransfer(state()) && failure_.status.ok()) {
    failure_ =
        absl::FailedPreconditionError("CHECK_DEVICE_STATE without a transfer");
  }
  Feed(SessionEvent::kCheck);
}

void DeviceStateEngine::RefuseCheck(absl::Status why) {
  FeedRounds(RoundsEvent::kAbandoned);
  const uint64_t value = CheckValue(why);
  Report(TransferReport::Stage::kChecked, std::move(why), value);
  replies_.push_back({kCheckDeviceState, value, FileDescriptor()});
}

void DeviceStateEngine::Dispatch() {
  while (auto completion = worker_->TakeCompletion()) {
    if (completion->id != active_id_) continue;  // cancelled meanwhile
    if (completion->draining) {
      load_failure_ = completion->result.status;
      SettleAwaited();
      continue;
    }
    if (completion->loaded_round != 0) {
      loaded_rounds_ = completion->loaded_round;
      SettleAwaited();
      continue;
    }
    const absl::Status status = completion->result.status;
    if (!status.ok()) failure_ = std::move(completion->result);
    if (rounds_session_.state() == RoundsState::kWriting) {
      if (status.ok()) ++rounds_.written;
      rounds_.dirty_bytes = completion->dirty_bytes;
      if (!status.ok()) Report(TransferReport::Stage::kTransferred, status);
      FeedRounds(status.ok() ? RoundsEvent::kWorkOk : RoundsEvent::kWorkFailed);
      continue;
    }
    if (state() != SessionState::kCommitting) {
      Report(TransferReport::Stage::kTransferred, status);
    }
    Feed(status.ok() ? SessionEvent::kWorkOk : SessionEvent::kWorkFailed);
  }
  if (deadline_.Expired() && rounds_session_.state() == RoundsState::kWriting) {
    failure_ = absl::DeadlineExceededError(
        absl::StrCat("round ", rounds_.written + 1, " not finished ",
                     absl::FormatDuration(options_.limits.total), " after ",
                     "DEVICE_STATE_ROUND"));
    FeedRounds(RoundsEvent::kDeadline);
  } else if (deadline_.Expired()) {
    const bool check = HasCheckDeadline(state());
    failure_ = absl::DeadlineExceededError(absl::StrCat(
        DirectionName(held_.direction), " not finished ",
        absl::FormatDuration(check ? options_.check_timeout
                                   : options_.limits.total),
        " after ", check ? "CHECK_DEVICE_STATE" : "SET_DEVICE_STATE_FD"));
    Feed(SessionEvent::kDeadline);
  }
  SettleAwaited();
}

Message ToMessage(DeviceStateReply reply) {
  Message message =
      MakeReply(reply.request, reply.request == kDeviceStateRound
                                   ? RoundReplyPayload(reply.round)
                                   : U64Payload(reply.value));
  if (reply.fd.valid()) message.fds.push_back(std::move(reply.fd));
  return message;
}

std::optional<DeviceStateReply> DeviceStateEngine::TakeReply() {
  if (replies_.empty()) return std::nullopt;
  DeviceStateReply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

void DeviceStateEngine::Feed(SessionEvent event, Held* incoming) {
  const SessionState before = session_.state();
  start_failure_ = absl::OkStatus();
  const SessionActions actions = session_.Handle(event);
  if (HasTransfer(before) && Abandons(event)) {
    // If a deadline of ours ended the transfer, that is why it is given up.
    Report(TransferReport::Stage::kAbandoned,
           failure_.status.ok() ? AbandonedError() : failure_.status);
  }
  Execute(actions, before, incoming);
  UpdateDeadline(before, incoming != nullptr);
  if (!start_failure_.ok()) {
    failure_ = start_failure_;
    // Nobody else closes the channel, and the front-end may wait for its end
    // without a deadline.
    CancelStream(failure_.status.message());
    Feed(SessionEvent::kWorkFailed);
  }
}

void DeviceStateEngine::Execute(SessionActions actions, SessionState before,
                                Held* incoming) {
  if ((actions & kFailOpenSet) != 0) AnswerSet(kSetStateRefused);
  if ((actions & kFailOpenCheck) != 0) AnswerCheck(AbandonedError());
  if ((actions & kCancel) != 0) {
    // After a deadline failure_ already says more.
    CancelStream(failure_.status.ok() ? AbandonedError().message()
                                      : failure_.status.message());
    held_.local.fd.Reset();
    held_.remote.Reset();
    active_id_ = 0;
  }
  if ((actions & kDiscard) != 0) worker_->Discard();
  if (incoming != nullptr) {
    held_ = std::move(*incoming);
    failure_ = absl::OkStatus();
    loaded_rounds_ = 0;
    load_failure_ = absl::OkStatus();
    set_stream(nullptr);
  }
  if ((actions & kStart) != 0) start_failure_ = StartTransfer();
  if ((actions & kCommit) != 0) {
    active_id_ = ++last_id_;
    start_failure_ = worker_->Commit(active_id_);
  }
  // The answer to DEVICE_STATE_ROUND stands for this.
  const bool accepted_before = held_.rounds_sink != nullptr;
  if ((actions & kAcceptSet) != 0 && !accepted_before) {
    Report(TransferReport::Stage::kAccepted, absl::OkStatus(),
           held_.own ? 0 : kSetStateNoFd);
    AnswerSet(held_.own ? 0 : kSetStateNoFd);
  }
  if ((actions & kRefuseSet) != 0) RefuseSet();
  if ((actions & kPassCheck) != 0) AnswerCheck(absl::OkStatus());
  if ((actions & kFailCheck) != 0) {
    AnswerCheck(OwesReply(before) && failure_.status.ok() ? AbandonedError()
                                                          : failure_);
    // A CHECK_DEVICE_STATE without a new request gets its own reason.
    if (session_.state() == SessionState::kIdle) failure_ = absl::OkStatus();
  }
}

void DeviceStateEngine::CancelStream(absl::string_view why) {
  if (const auto current = stream()) current->Cancel(why);
}

absl::Status DeviceStateEngine::StartTransfer() {
  active_id_ = ++last_id_;
  if (held_.rounds_sink != nullptr) {
    set_stream(held_.rounds_sink);
    return worker_->SaveRound(active_id_, held_.rounds_sink, /*last=*/true);
  }
  if (held_.direction == TransferDirection::kSave) {
    DS_ASSIGN_OR_RETURN(
        auto sink, FdSink::Create(std::move(held_.local), options_.limits));
    set_stream(sink);
    return worker_->Save(active_id_, std::move(sink));
  }
  DS_ASSIGN_OR_RETURN(
      auto source, FdSource::Create(std::move(held_.local), options_.limits));
  set_stream(source);
  return worker_->Load(active_id_, std::move(source));
}

void DeviceStateEngine::AnswerSet(uint64_t value) {
  DeviceStateReply reply{kSetDeviceStateFd, value, FileDescriptor()};
  if (value == 0) reply.fd = std::move(held_.remote);
  replies_.push_back(std::move(reply));
}

void DeviceStateEngine::RefuseSet() {
  if (!refusal_.ok()) failure_ = std::exchange(refusal_, absl::OkStatus());
  Report(TransferReport::Stage::kRefused, failure_.status, kSetStateRefused);
  AnswerSet(kSetStateRefused);
}

void DeviceStateEngine::AnswerCheck(const LoadResult& result) {
  const uint64_t value = CheckValue(result);
  Report(TransferReport::Stage::kChecked, result.status, value);
  replies_.push_back({kCheckDeviceState, value, FileDescriptor()});
}

void DeviceStateEngine::UpdateDeadline(SessionState before, bool new_transfer) {
  const SessionState now = session_.state();
  if (HasCheckDeadline(now)) {
    if (HasCheckDeadline(before)) return;
    SetDeadline(Deadline::After(options_.check_timeout));
  } else if (HasTransferDeadline(now)) {
    if (!new_transfer) return;
    SetDeadline(Deadline::After(options_.limits.total + kStuckHandlerGrace));
  } else if (!deadline_.never() &&
             rounds_session_.state() != RoundsState::kWriting) {
    SetDeadline(Deadline::Never());
  }
}

void DeviceStateEngine::SetDeadline(Deadline deadline) {
  deadline_ = deadline;
  itimerspec when = {};
  if (!deadline_.never()) {
    // Zero would disarm it.
    when.it_value =
        absl::ToTimespec(std::max(absl::Nanoseconds(1), deadline_.Remaining()));
  }
  ::timerfd_settime(timer_fd_.get(), 0, &when, nullptr);
}

void DeviceStateEngine::Report(TransferReport::Stage stage, absl::Status status,
                               uint64_t reply) {
  if (!options_.report) return;
  TransferReport report;
  report.stage = stage;
  report.direction = stage == TransferReport::Stage::kRefused
                         ? refused_direction_
                         : held_.direction;
  report.channel = held_.local.info.kind;
  report.own_channel = held_.own;
  report.bytes = progress();
  report.reply = reply;
  report.status = std::move(status);
  options_.report(report);
}

uint64_t DeviceStateEngine::progress() const {
  const auto current = stream();
  return current != nullptr ? current->bytes() : 0;
}

std::shared_ptr<FdStream> DeviceStateEngine::stream() const {
  const std::lock_guard<std::mutex> lock(stream_mutex_);
  return stream_;
}

void DeviceStateEngine::set_stream(std::shared_ptr<FdStream> stream) {
  const std::lock_guard<std::mutex> lock(stream_mutex_);
  stream_ = std::move(stream);
}

}  // namespace devstate::vhost_user
