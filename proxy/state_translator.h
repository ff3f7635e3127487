// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_STATE_TRANSLATOR_H_
#define DEVSTATE_PROXY_STATE_TRANSLATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/proxy/translation.h"
#include "devstate/proxy/turn.h"
#include "devstate/transport/vhost_user/device_state_handler.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"

namespace devstate::proxy {

struct TranslatorOptions {
  // What the front-end gets. Default: kPortable.
  StateForm form = StateForm::kPortable;
  // What the back-end takes. Attach() says what it is.
  LoadRules rules;
  // The bound of a transfer with the back-end.
  absl::Duration timeout = absl::Minutes(5);
};

// Answers transfers of state for a back-end that it asks itself. A load reaches
// the back-end at its commit, after the state was verified, judged and
// converted. States lie in nameless files meanwhile.
class StateTranslator : public vhost_user::DeviceStateHandler {
 public:
  // Requires: `turn` outlives the translator.
  StateTranslator(TranslatorOptions options, Turn* turn)
      : options_(std::move(options)), turn_(turn) {}

  // Names the back-end of the transfers to come, by its socket, what is
  // negotiated with it, and what it is. The descriptor stays the caller's and
  // must stay open. Thread-safe.
  void Attach(int backend_fd, uint64_t protocol_features, opaque::Label own);

  absl::Status Save(ByteSink& sink) override;
  vhost_user::LoadResult Load(ByteSource& source) override;
  vhost_user::LoadResult Commit() override;
  void Discard() override { staged_.reset(); }

  // Ends the waits for the back-end, now and from now on. Thread-safe.
  void Stop();
  // Returns why the connection to the back-end can be used no more; OK if it
  // can. Thread-safe.
  absl::Status broken() const;
  // Returns the lines to log since the last call. Thread-safe.
  std::vector<std::string> TakeLines();

 private:
  using Endpoint = vhost_user::FrontendEndpoint;
  using Transfer =
      std::function<absl::StatusOr<vhost_user::TransferResult>(Endpoint&)>;

  absl::StatusOr<std::unique_ptr<Endpoint>> OpenEndpoint() const;
  // Runs a transfer in this thread's turn. A back-end's refusal is
  // FAILED_PRECONDITION, with its answer to CHECK_DEVICE_STATE in `reply`.
  absl::Status Run(const Transfer& transfer, uint64_t* reply);
  absl::StatusOr<std::unique_ptr<TemporaryFile>> SaveBackend();
  absl::StatusOr<BackendFormat> ResolveFormat(const OpenSource& state);
  opaque::Label own() const;
  void Log(std::string line);
  void LogFindings(const Translation& translation);

  const TranslatorOptions options_;
  Turn* const turn_;
  std::unique_ptr<TemporaryFile> staged_;
  mutable std::mutex mutex_;  // guards what follows
  int backend_fd_ = -1;
  uint64_t protocol_features_ = 0;
  opaque::Label own_;
  std::unique_ptr<Endpoint> endpoint_;
  bool stopped_ = false;
  absl::Status broken_;
  std::vector<std::string> lines_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_STATE_TRANSLATOR_H_
