// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/transfer_worker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::vhost_user {

absl::StatusOr<std::unique_ptr<TransferWorker>> TransferWorker::Create(
    DeviceStateHandler* handler) {
  DS_ASSIGN_OR_RETURN(WakeEvent completed, WakeEvent::Create());
  return std::unique_ptr<TransferWorker>(
      new TransferWorker(handler, std::move(completed)));
}

TransferWorker::~TransferWorker() {
  if (!thread_.started()) return;
  [[maybe_unused]] const absl::Status posted = Post({JobKind::kQuit});
  thread_.Join();
}

absl::Status TransferWorker::Post(Job job) {
  if (!thread_.started()) {
    const int error = thread_.Start("devstate", [this] { Run(); });
    if (error != 0) {
      return absl::ResourceExhaustedError(
          ErrnoStatus(error, "cannot start the transfer's thread").message());
    }
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  posted_.notify_one();
  return absl::OkStatus();
}

absl::Status TransferWorker::Save(uint64_t id, std::shared_ptr<FdSink> sink) {
  return Post({JobKind::kSave, id, std::move(sink)});
}

absl::Status TransferWorker::SaveRound(uint64_t id,
                                       std::shared_ptr<FdSink> sink,
                                       bool last) {
  return Post({last ? JobKind::kSaveLastRound : JobKind::kSaveRound, id,
               std::move(sink)});
}

absl::Status TransferWorker::Load(uint64_t id,
                                  std::shared_ptr<FdSource> source) {
  return Post({JobKind::kLoad, id, nullptr, std::move(source)});
}

absl::Status TransferWorker::Commit(uint64_t id) {
  return Post({JobKind::kCommit, id});
}

void TransferWorker::Discard() {
  if (!thread_.started()) return;
  [[maybe_unused]] const absl::Status posted = Post({JobKind::kDiscard});
}

void TransferWorker::EndRounds() {
  if (!thread_.started()) return;
  [[maybe_unused]] const absl::Status posted = Post({JobKind::kEndRounds});
}

std::optional<TransferWorker::Completion> TransferWorker::TakeCompletion() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (completions_.empty()) return std::nullopt;
  Completion completion = std::move(completions_.front());
  completions_.pop_front();
  if (completions_.empty()) completed_.Clear();
  return completion;
}

void TransferWorker::Run() {
  while (true) {
    Job job{JobKind::kQuit};
    {
      std::unique_lock<std::mutex> lock(mutex_);
      posted_.wait(lock, [this] { return !jobs_.empty(); });
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    Completion completion;
    completion.id = job.id;
    switch (job.kind) {
      case JobKind::kSave:
        completion.result = RunSave(*job.sink);
        break;
      case JobKind::kSaveRound:
      case JobKind::kSaveLastRound: {
        const absl::StatusOr<uint64_t> dirty =
            RunSaveRound(*job.sink, job.kind == JobKind::kSaveLastRound);
        completion.result = dirty.status();
        completion.dirty_bytes = dirty.value_or(0);
        break;
      }
      case JobKind::kLoad:
        completion.result = RunLoad(job.id, *job.source);
        break;
      case JobKind::kCommit:
        completion.result = RunCommit();
        break;
      case JobKind::kDiscard:
        if (std::exchange(staged_, false)) handler_->Discard();
        continue;
      case JobKind::kEndRounds:
        RunEndRounds();
        continue;
      case JobKind::kQuit:
        return;
    }
    Complete(std::move(completion));
  }
}

void TransferWorker::Complete(Completion completion) {
  const std::lock_guard<std::mutex> lock(mutex_);
  completions_.push_back(std::move(completion));
  completed_.Signal();
}

absl::Status TransferWorker::RunSave(FdSink& sink) {
  if (sink.cancelled()) return absl::AbortedError("cancelled before its turn");
  absl::Status status = handler_->Save(sink);
  if (status.ok()) return sink.Finish();
  // The reader must not wait for the end of a state that will not come.
  sink.Cancel("the save failed");
  return status;
}

absl::StatusOr<uint64_t> TransferWorker::RunSaveRound(FdSink& sink, bool last) {
  if (sink.cancelled()) {
    RunEndRounds();
    return absl::AbortedError("cancelled before its turn");
  }
  in_rounds_ = true;
  const absl::StatusOr<uint64_t> dirty = handler_->SaveRound(sink, last);
  if (!dirty.ok()) {
    in_rounds_ = false;
    sink.Cancel("the round failed");
    return dirty;
  }
  if (!last) return dirty;
  in_rounds_ = false;
  DS_RETURN_IF_ERROR(sink.Finish());
  return dirty;
}

void TransferWorker::RunEndRounds() {
  if (std::exchange(in_rounds_, false)) handler_->EndRounds();
}

LoadResult TransferWorker::RunLoad(uint64_t id, FdSource& source) {
  if (source.cancelled()) {
    return absl::AbortedError("cancelled before its turn");
  }
  staged_ = true;
  LoadResult result = handler_->LoadRounds(source, [this, id](uint32_t round) {
    Completion completion;
    completion.id = id;
    completion.loaded_round = round;
    Complete(std::move(completion));
  });
  if (!result.status.ok()) {
    Completion completion;
    completion.id = id;
    completion.result = result;
    completion.draining = true;
    Complete(std::move(completion));
  }
  const absl::StatusOr<uint64_t> rest = source.Drain();
  source.Cancel("the load is over");
  if (!result.status.ok()) return result;
  DS_RETURN_IF_ERROR(rest.status());
  if (*rest != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("channel: ", *rest, " bytes after the end of the state"));
  }
  return absl::OkStatus();
}

LoadResult TransferWorker::RunCommit() {
  if (!staged_) return absl::InternalError("commit without a load");
  LoadResult result = handler_->Commit();
  if (result.status.ok()) staged_ = false;
  return result;
}

}  // namespace devstate::vhost_user
