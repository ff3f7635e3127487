// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/blk_backend/blk_queue.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/virtqueue/chain_buffers.h"

namespace devstate::blk::examples {

using vhost_user::RingStop;

absl::StatusOr<std::unique_ptr<BlkQueue>> BlkQueue::Start(
    const Shared& shared, vhost_user::RingSetup setup,
    std::unique_ptr<recovery::TrackedQueue> queue,
    virtqueue::GuestMemory memory) {
  DS_ASSIGN_OR_RETURN(WakeEvent wake, WakeEvent::Create());
  std::unique_ptr<BlkQueue> started(
      new BlkQueue(shared, std::move(setup), std::move(queue),
                   std::move(memory), std::move(wake)));
  started->thread_ = std::thread([self = started.get()] { self->Run(); });
  return started;
}

BlkQueue::BlkQueue(const Shared& shared, vhost_user::RingSetup setup,
                   std::unique_ptr<recovery::TrackedQueue> queue,
                   virtqueue::GuestMemory memory, WakeEvent wake)
    : shared_(shared),
      queue_(std::move(queue)),
      wake_(std::move(wake)),
      kick_(std::move(setup.kick)),
      enabled_(setup.enabled),
      call_(std::move(setup.call)),
      memory_(std::move(memory)) {}

BlkQueue::~BlkQueue() {
  if (thread_.joinable()) Stop(RingStop::kKeep);
}

void BlkQueue::Enable(bool enabled) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    enabled_ = enabled;
  }
  wake_.Signal();
}

void BlkQueue::SetCall(FileDescriptor call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  call_ = std::move(call);
}

void BlkQueue::SetMemory(virtqueue::GuestMemory memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  memory_ = std::move(memory);
}

StoppedRing BlkQueue::Stop(RingStop stop) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = stop;
  }
  wake_.Signal();
  thread_.join();
  return {queue_->Ring(enabled_), queue_->Requests(), queue_->base()};
}

void BlkQueue::Run() {
  for (const virtqueue::Chain& chain : queue_->TakeResubmissions()) {
    Submit(chain);
  }
  // The process before this one may have ended between an answer and its
  // notification, and the driver's kick may have gone to it.
  Notify();
  TakeAll();
  pollfd entries[2] = {{kick_.get(), POLLIN, 0}, {wake_.fd(), POLLIN, 0}};
  bool dropped = false;
  while (true) {
    AnswerDone();
    std::optional<RingStop> stop;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop = stop_;
    }
    if (stop.has_value()) {
      if (*stop == RingStop::kKeep && !dropped) {
        submitted_ -= shared_.pool->Drop(this);
        dropped = true;
      }
      if (submitted_ == 0) return;
    } else {
      TakeAll();
    }
    if (::poll(entries, 2, -1) < 0) continue;  // EINTR
    uint64_t count;
    if (entries[0].revents != 0 &&
        ::read(kick_.get(), &count, sizeof(count)) <= 0 && errno != EAGAIN) {
      entries[0].fd = -1;  // nothing will ever come of it
    }
    if (entries[1].revents != 0) wake_.Clear();
  }
}

void BlkQueue::TakeAll() {
  while (!broken_) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!enabled_ || stop_.has_value()) return;
    }
    const absl::StatusOr<std::optional<virtqueue::Chain>> chain =
        queue_->Take();
    if (!chain.ok()) return Break(chain.status());
    if (!chain->has_value()) return;
    Submit(**chain);
  }
}

void BlkQueue::Submit(const virtqueue::Chain& chain) {
  virtqueue::GuestMemory memory;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    memory = memory_;
  }
  absl::StatusOr<virtqueue::ChainBuffers> buffers =
      virtqueue::FindBuffers(chain, memory);
  if (!buffers.ok()) return Break(buffers.status());
  ++submitted_;
  // The job holds the memory, which stays mapped for it.
  shared_.pool->Add(this, [this, id = chain.id, memory = std::move(memory),
                           buffers = *std::move(buffers)] {
    const absl::StatusOr<uint32_t> written =
        RunBlkRequest(buffers, shared_.target());
    const std::lock_guard<std::mutex> lock(mutex_);
    if (written.ok()) {
      done_.push_back({id, *written});
    } else {
      failure_ = written.status();
      ++failed_;
    }
    // With the lock: the queue may be gone as soon as all is done.
    wake_.Signal();
  });
}

void BlkQueue::Break(const absl::Status& why) {
  if (!broken_) {
    shared_.log(
        absl::StrCat("the driver must reset the device: ", why.message()));
  }
  broken_ = true;
}

void BlkQueue::AnswerDone() {
  std::vector<Answer> answers;
  absl::Status failure;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    answers.swap(done_);
    failure = failure_;
    submitted_ -= answers.size() + std::exchange(failed_, 0);
  }
  if (!failure.ok()) Break(failure);
  if (answers.empty()) return;
  queue_->Complete(answers);
  if (queue_->WantsNotification()) Notify();
}

void BlkQueue::Notify() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t one = 1;
  // The event's counter cannot overflow: the driver wakes up at the first.
  if (call_.valid() && ::write(call_.get(), &one, sizeof(one)) < 0) return;
}

}  // namespace devstate::blk::examples
