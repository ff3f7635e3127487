// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "serializer/internal/sealing_thread.h"

#include <signal.h>

#include <utility>

#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// The owner goes to sleep and wakes up only every few chunks: schedulers move a
// thread to an idle core only for work that is worth it.
constexpr size_t kMaxWaitingBytes = 512 * 1024;
constexpr size_t kResumeBytes = 128 * 1024;

}  // namespace

std::unique_ptr<SealingThread> SealingThread::Start(ChunkSealer* sealer,
                                                    size_t min_output) {
  std::unique_ptr<SealingThread> thread(new SealingThread(sealer, min_output));
  // pthread_create, because std::thread would throw at RLIMIT_NPROC. The
  // process's signals are for its own threads.
  sigset_t all;
  sigset_t old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  const int error =
      ::pthread_create(&thread->thread_, nullptr, &ThreadMain, thread.get());
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (error != 0) return nullptr;
  thread->has_thread_ = true;
  // For who looks at the process from outside.
  ::pthread_setname_np(thread->thread_, "devstate-zstd");
  return thread;
}

SealingThread::~SealingThread() { Join(); }

void SealingThread::Join() {
  if (!std::exchange(has_thread_, false)) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    quit_ = true;
  }
  added_.notify_one();
  ::pthread_join(thread_, nullptr);
}

absl::Status SealingThread::Add(const ChunkHeader& header, ByteBuffer& payload,
                                ByteBuffer& out) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (waiting_bytes_ + payload.size() > kMaxWaitingBytes) {
      sealed_.wait(lock, [this] {
        return waiting_bytes_ <= kResumeBytes || !status_.ok();
      });
    }
    DS_RETURN_IF_ERROR(status_);
    waiting_bytes_ += payload.size();
    jobs_.push_back({header, std::move(payload)});
    if (free_.empty()) {
      payload = ByteBuffer();
    } else {
      payload = std::move(free_.back());
      free_.pop_back();
    }
    std::swap(ready_, out);
  }
  added_.notify_one();
  return absl::OkStatus();
}

absl::Status SealingThread::Finish(ByteBuffer& out) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    sealed_.wait(lock, [this] { return jobs_.empty() || !status_.ok(); });
    DS_RETURN_IF_ERROR(status_);
  }
  Join();
  std::swap(ready_, out);
  out.Append(collected_.view());
  collected_.clear();
  return absl::OkStatus();
}

void* SealingThread::ThreadMain(void* self) {
  static_cast<SealingThread*>(self)->Run();
  return nullptr;
}

void SealingThread::Run() {
  while (true) {
    Job* job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      added_.wait(lock, [this] { return !jobs_.empty() || quit_; });
      if (quit_) return;
      job = &jobs_.front();
    }
    absl::Status status =
        sealer_.Seal(job->header, job->payload.view(), collected_);
    const bool ok = status.ok();
    bool wanted;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_bytes_ -= job->payload.size();
      free_.push_back(std::move(job->payload));
      jobs_.pop_front();
      status_ = std::move(status);
      if (collected_.size() >= min_output_ && ready_.empty()) {
        std::swap(collected_, ready_);
      }
      wanted = waiting_bytes_ <= kResumeBytes || !ok;
    }
    if (wanted) sealed_.notify_one();
    if (!ok) return;
  }
}

}  // namespace devstate
