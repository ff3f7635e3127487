// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The thread that calls the handler, so that the control channel stays free.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_TRANSFER_WORKER_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_TRANSFER_WORKER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/third_party/pthread/background_thread.h"
#include "devstate/transport/io/fd_stream.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/device_state_handler.h"

namespace devstate::vhost_user {

// Runs jobs one after the other on one thread. The thread is started with the
// first job, because a daemon may fork before that, and has all signals
// blocked. A job whose stream was cancelled before its turn never reaches the
// handler. Thread-safety: one thread, the control thread, calls all methods.
class TransferWorker {
 public:
  // Requires: `handler` outlives the worker.
  static absl::StatusOr<std::unique_ptr<TransferWorker>> Create(
      DeviceStateHandler* handler);
  // Runs the jobs that were posted, then joins. Cancel the streams first.
  ~TransferWorker();

  struct Completion {
    uint64_t id = 0;
    LoadResult result = absl::OkStatus();
    // Of a round that was saved.
    uint64_t dirty_bytes = 0;
    // Not 0: the load goes on, and has come to the end of this round.
    uint32_t loaded_round = 0;
    // Whether the load has failed and its source, which may wait for another
    // request, is read to its end. Another completion follows.
    bool draining = false;
  };

  // Post a job, whose completion carries `id`. RESOURCE_EXHAUSTED when the
  // thread cannot be started; then nothing was posted.
  absl::Status Save(uint64_t id, std::shared_ptr<FdSink> sink);
  absl::Status SaveRound(uint64_t id, std::shared_ptr<FdSink> sink, bool last);
  absl::Status Load(uint64_t id, std::shared_ptr<FdSource> source);
  absl::Status Commit(uint64_t id);
  // Posts a discard of the load that is staged by then, if there is one. It has
  // no completion. Without a thread nothing is staged.
  void Discard();
  // Posts the end of the rounds that are under way by then, if there are any.
  void EndRounds();

  // Returns the descriptor that is readable while a completion waits.
  int fd() const { return completed_.fd(); }
  std::optional<Completion> TakeCompletion();

 private:
  enum class JobKind {
    kSave,
    kSaveRound,
    kSaveLastRound,
    kLoad,
    kCommit,
    kDiscard,
    kEndRounds,
    kQuit
  };
  struct Job {
    JobKind kind;
    uint64_t id = 0;
    std::shared_ptr<FdSink> sink = nullptr;
    std::shared_ptr<FdSource> source = nullptr;
  };

  TransferWorker(DeviceStateHandler* handler, WakeEvent completed)
      : handler_(handler), completed_(std::move(completed)) {}
  absl::Status Post(Job job);
  void Run();
  void Complete(Completion completion);
  absl::Status RunSave(FdSink& sink);
  absl::StatusOr<uint64_t> RunSaveRound(FdSink& sink, bool last);
  LoadResult RunLoad(uint64_t id, FdSource& source);
  LoadResult RunCommit();
  void RunEndRounds();

  DeviceStateHandler* const handler_;
  const WakeEvent completed_;
  BackgroundThread thread_;
  // Worker thread only: a Load without its end, and rounds without theirs.
  bool staged_ = false;
  bool in_rounds_ = false;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Job> jobs_;
  std::deque<Completion> completions_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_TRANSFER_WORKER_H_
