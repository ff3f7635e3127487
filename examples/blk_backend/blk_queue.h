// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_QUEUE_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/devices/virtio/ring_model.h"
#include "devstate/recovery/tracked_queue.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/virtqueue/guest_memory.h"
#include "examples/blk_backend/blk_request.h"
#include "examples/blk_backend/worker_pool.h"

namespace devstate::blk::examples {

// A ring that is stopped: where it stands, and what it has not answered.
struct StoppedRing {
  virtio::Ring ring;
  std::vector<virtio::Request> requests;
  uint32_t base = 0;  // of GET_VRING_BASE
};

// Serves one ring on a thread of its own; the pool's threads do the work. Takes
// as many requests as there are, and answers them in the order in which they
// are done. Thread-safety: all public methods are thread-safe.
class BlkQueue {
 public:
  // What all queues of a device share. `pool` and what `target` names outlive
  // the queues. `log` may be called on any thread.
  struct Shared {
    WorkerPool* pool = nullptr;
    // Returns what requests are carried out on now.
    std::function<BlkTarget()> target;
    std::function<void(absl::string_view line)> log;
  };

  // Starts a queue with what was in flight before. Takes the descriptors of
  // `setup`.
  static absl::StatusOr<std::unique_ptr<BlkQueue>> Start(
      const Shared& shared, vhost_user::RingSetup setup,
      std::unique_ptr<recovery::TrackedQueue> queue,
      virtqueue::GuestMemory memory);
  ~BlkQueue();  // stops, keeping what is in flight

  void Enable(bool enabled);
  void SetCall(FileDescriptor call);
  void SetMemory(virtqueue::GuestMemory memory);
  // Ends the thread. Afterwards nothing touches guest memory for this ring.
  StoppedRing Stop(vhost_user::RingStop stop);

 private:
  using Answer = recovery::TrackedQueue::Answer;

  BlkQueue(const Shared& shared, vhost_user::RingSetup setup,
           std::unique_ptr<recovery::TrackedQueue> queue,
           virtqueue::GuestMemory memory, WakeEvent wake);
  void Run();
  // Takes what the driver has made available.
  void TakeAll();
  // Gives a request to the pool. A request that makes no sense breaks the
  // queue: it takes nothing more, and the log says why.
  void Submit(const virtqueue::Chain& chain);
  void Break(const absl::Status& why);
  // Answers what is done.
  void AnswerDone();
  void Notify();

  const Shared shared_;
  const std::unique_ptr<recovery::TrackedQueue> queue_;
  const WakeEvent wake_;
  const FileDescriptor kick_;
  // Of the queue's thread.
  size_t submitted_ = 0;
  bool broken_ = false;

  std::mutex mutex_;  // guards what follows
  bool enabled_;
  FileDescriptor call_;
  virtqueue::GuestMemory memory_;
  std::vector<Answer> done_;
  absl::Status failure_;  // of a request without an answer
  size_t failed_ = 0;
  std::optional<vhost_user::RingStop> stop_;

  std::thread thread_;
};

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_QUEUE_H_
