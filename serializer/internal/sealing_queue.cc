// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/internal/sealing_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {
namespace {

// Enough for the thread never to run out of work while the owner hands chunks
// to a sink that blocks.
constexpr size_t kMaxWaitingBytes = 512 * 1024;

// What a chunk that waits counts for. Never 0: a payload may be empty.
size_t SizeOf(const ByteBuffer& payload) {
  return kChunkHeaderSize + payload.size();
}

}  // namespace

std::unique_ptr<SealingQueue> SealingQueue::Start(ChunkSealer* sealer,
                                                  Compressor* compressor,
                                                  size_t min_output) {
  std::unique_ptr<SealingQueue> queue(
      new SealingQueue(sealer, compressor, min_output));
  const int error = queue->thread_.Start("devstate-zstd",
                                         [self = queue.get()] { self->Run(); });
  return error == 0 ? std::move(queue) : nullptr;
}

SealingQueue::~SealingQueue() { Join(); }

void SealingQueue::Join() {
  if (!thread_.started()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    quit_ = true;
  }
  added_.notify_one();
  thread_.Join();
}

absl::Status SealingQueue::Add(const ChunkHeader& header, ByteBuffer& payload,
                               ByteBuffer& out) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const size_t size = SizeOf(payload);
    DS_RETURN_IF_ERROR(
        WorkOff(lock, kMaxWaitingBytes - std::min(size, kMaxWaitingBytes)));
    waiting_bytes_ += size;
    Job job;
    if (!free_.empty()) {
      job = std::move(free_.back());
      free_.pop_back();
    }
    job.header = header;
    job.done = false;
    std::swap(job.payload, payload);
    jobs_.push_back(std::move(job));
    std::swap(ready_, out);
  }
  added_.notify_one();
  return absl::OkStatus();
}

absl::Status SealingQueue::Finish(ByteBuffer& out) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    DS_RETURN_IF_ERROR(WorkOff(lock, 0));
  }
  Join();
  std::swap(ready_, out);
  out.Append(collected_.view());
  collected_.clear();
  return absl::OkStatus();
}

absl::Status SealingQueue::WorkOff(std::unique_lock<std::mutex>& lock,
                                   size_t waiting_bytes) {
  while (waiting_bytes_ > waiting_bytes && status_.ok()) {
    if (taken_ < jobs_.size()) {
      CompressOne(lock, owners_compressor_);
    } else {
      sealed_.wait(lock);
    }
  }
  return status_;
}

void SealingQueue::CompressOne(std::unique_lock<std::mutex>& lock,
                               Compressor& compressor) {
  const size_t ahead = taken_++;
  Job& job = jobs_[ahead];
  if (sealer_.MayCompress(job.payload.size(), ahead)) {
    lock.unlock();
    job.status = sealer_.Compress(job.payload.view(), compressor, job.frame);
    lock.lock();
  }
  job.done = true;
  SealDone();
}

void SealingQueue::SealDone() {
  while (!jobs_.empty() && jobs_.front().done && status_.ok()) {
    Job& job = jobs_.front();
    const absl::string_view payload = job.payload.view();
    if (sealer_.MayCompress(payload.size())) status_ = std::move(job.status);
    if (!status_.ok()) return;
    sealer_.Seal(job.header, payload, job.frame.view(), collected_);
    waiting_bytes_ -= SizeOf(job.payload);
    free_.push_back(std::move(job));
    jobs_.pop_front();
    --taken_;
  }
  if (collected_.size() >= min_output_ && ready_.empty()) {
    std::swap(collected_, ready_);
  }
}

void SealingQueue::Run() {
  Compressor compressor;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    added_.wait(lock, [this] { return taken_ < jobs_.size() || quit_; });
    if (quit_ || !status_.ok()) return;
    CompressOne(lock, compressor);
    sealed_.notify_one();
  }
}

}  // namespace devstate
