// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The exchange of a back-end for another one under a running guest.
// docs/proxy.md has its stages, docs/session.md the order of the messages.

#ifndef DEVSTATE_PROXY_EXCHANGE_H_
#define DEVSTATE_PROXY_EXCHANGE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/backend.h"
#include "devstate/proxy/device_setup.h"
#include "devstate/proxy/translation.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"

namespace devstate::proxy {

// The bounds of an exchange's waits.
struct ExchangeLimits {
  // The longest time until the new back-end listens and has answered once,
  // while the guest runs. Default: 10 s.
  absl::Duration start_timeout = absl::Seconds(10);
  // The longest wait for an answer of the new one, but for those that have a
  // limit of their own. Default: 5 s.
  absl::Duration reply_timeout = absl::Seconds(5);
  // The longest wait for an answer of the old one, which may work on requests or
  // end what it prepared first, and again until guest memory shows that the
  // requests are done. Default: 60 s, because an old back-end that is overdue is
  // lost.
  absl::Duration drain_timeout = absl::Seconds(60);
  // The bound of a save or load. Default: 30 s.
  absl::Duration transfer_timeout = absl::Seconds(30);
  // How long the old one may prepare for the save while the guest runs, where
  // it offers LOG_ALL. Default: 50 ms.
  absl::Duration announce = absl::Milliseconds(50);
};

struct ExchangeOptions {
  // The format of what the new one reads. Automatic: that of the old one.
  BackendFormat format;
  bool without_state = false;
  bool dry_run = false;
  ExchangeLimits limits;
};

// Writes down how long a stage took.
void AddStage(const char* name, absl::Duration time, ExchangeReport* report);

// One exchange. Any failure before the new back-end serves leaves the old one
// serving. Blocks; every wait has a bound. Thread-safety: none.
class Exchange {
 public:
  // Requires: the arguments outlive the exchange; no answer of `old_backend` is
  // due. `cancel_fd` ends every wait.
  Exchange(const ExchangeOptions& options, DeviceSetup* setup,
           Backend* old_backend, int cancel_fd)
      : options_(options),
        setup_(*setup),
        old_(*old_backend),
        cancel_fd_(cancel_fd) {}

  // Requires: `next` is ready; it took `start` to be so.
  // Returns the new back-end, which serves. Null after a dry run that went
  // well. FAILED_PRECONDITION if the state was refused.
  absl::StatusOr<std::unique_ptr<Backend>> Run(std::unique_ptr<Backend> next,
                                               absl::Duration start);

  // Saves the state of the old back-end, which goes on. `report().old_serves`
  // says whether it does. UNIMPLEMENTED if requests were under way when it had
  // stopped its rings: it works on several, so a new one could not tell which
  // are done.
  absl::StatusOr<std::unique_ptr<TemporaryFile>> Checkpoint();

  // Gives `next`, which is ready, what one that died has left: `state`, and the
  // requests in the rings that are not done. Returns it when it serves.
  // `start` as of Run().
  absl::StatusOr<std::unique_ptr<Backend>> Recover(
      std::unique_ptr<Backend> next, absl::Duration start,
      const TemporaryFile& state);
  // Returns how many requests Recover() leaves to be done.
  uint64_t repeated_requests() const { return repeated_requests_; }

  // What Run() did. `old_serves` is false if the old one could not go on
  // either.
  const ExchangeReport& report() const { return report_; }
  // Returns whether the new one refused the state, so that another attempt may
  // do better.
  bool load_refused() const { return load_refused_; }

 private:
  // Runs a stage and records its time.
  absl::Status Stage(const char* name,
                     const std::function<absl::Status()>& run);
  // Returns why there can be no state to move.
  absl::Status CheckState() const;
  absl::Status Prepare();
  absl::Status Negotiate();
  absl::Status Announce();
  // Waits until each started ring's used index is its base.
  absl::Status Drain(absl::Duration timeout);
  absl::Status Save();
  absl::Status Translate();
  absl::Status Load(const TemporaryFile& state);
  // Sets the base of each ring to what is done in guest memory.
  absl::Status FindBases();
  // Starts the rings at `backend` and wakes both sides of each.
  absl::Status StartRings(Backend& backend);
  absl::Status ResumeOld();
  void ReportStop();
  // Lets the old one go on after `status`, as far as it was touched.
  absl::Status Resume(absl::Status status);
  absl::Status StopAndSave();
  // Ends the new back-end after a failure. Returns that, with how its process
  // has ended if it did so by itself.
  absl::Status EndNew(absl::Status failure);
  absl::Status MoveState();
  // Lets the new one serve.
  absl::Status StartNew();

  // Sends a request. Returns the payload of its answer, which has 8 bytes but
  // for that of SET_LOG_BASE. Empty if no answer is due.
  absl::StatusOr<std::string> Call(Backend& backend,
                                   const vhost_user::Message& request,
                                   bool reply_due);
  // Send requests and take the answers that are due.
  absl::Status Send(Backend& backend, const ReplayStep& step);
  absl::Status Send(Backend& backend, const std::vector<ReplayStep>& steps);
  absl::StatusOr<uint64_t> Ask(Backend& backend, uint32_t request);
  absl::Duration ReplyTimeout(const Backend& backend) const;
  absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> Endpoint(
      Backend& backend) const;

  const ExchangeOptions& options_;
  DeviceSetup& setup_;
  Backend& old_;
  const int cancel_fd_;
  std::unique_ptr<Backend> new_;
  std::unique_ptr<TemporaryFile> saved_;
  std::unique_ptr<TemporaryFile> translated_;
  bool announced_ = false;
  bool stopped_ = false;
  bool new_started_ = false;
  bool load_refused_ = false;
  bool worked_ahead_ = false;
  uint64_t repeated_requests_ = 0;
  absl::Time stopped_at_;
  ExchangeReport report_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_EXCHANGE_H_
