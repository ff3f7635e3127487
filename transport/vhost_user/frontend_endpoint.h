// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The front-end's part: connects to any back-end's socket, negotiates, saves
// its state and loads it. SET and CHECK are SET_DEVICE_STATE_FD and
// CHECK_DEVICE_STATE.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_FRONTEND_ENDPOINT_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_FRONTEND_ENDPOINT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/payloads.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// One message as it passed. It owns nothing.
struct MessageEvent {
  bool sent = false;  // by the front-end; else received by it
  uint32_t request = 0;
  uint32_t flags = 0;
  const std::string* payload = nullptr;  // valid during the call
  size_t fds = 0;
};

struct FrontendEndpointOptions {
  // The longest time to connect. Default: 10 s.
  absl::Duration connect_timeout = absl::Seconds(10);
  // The longest wait for each reply except CHECK's. Default: 30 s.
  absl::Duration reply_timeout = absl::Seconds(30);
  // The longest wait for CHECK's reply. Longer than the back-end's own, so that
  // the back-end's error is heard instead of ours. Default: 90 s.
  absl::Duration check_timeout = absl::Seconds(90);
  // The bounds of a transfer. Default: see TransferLimits.
  TransferLimits limits;
  // Protocol features that Negotiate() acknowledges where they are offered,
  // besides those of its own. Default: none.
  uint64_t protocol_features = 0;
  std::string file_folder;  // see CreateChannel(). Default: empty.
  // The callback for each message. Default: none.
  std::function<void(const MessageEvent&)> observer;
  // The text for an answer to CHECK_DEVICE_STATE in errors. Default: a number.
  std::function<std::string(uint64_t reply)> check_reply_text;
  // The callback after each piece, with the bytes of this transfer so far.
  // Default: none.
  std::function<void(uint64_t bytes)> progress;
};

// The features that a back-end offers, acknowledged or not.
struct BackendOffer {
  uint64_t features = 0;
  // 0 if `features` lacks VHOST_USER_F_PROTOCOL_FEATURES, because the back-end
  // is not asked then.
  uint64_t protocol_features = 0;
};

struct TransferResult {
  ChannelKind channel = ChannelKind::kPipe;  // the one that was used
  bool own_channel = false;                  // the back-end's FD
  uint64_t bytes = 0;
  uint64_t set_reply = 0;
  bool checked = false;
  uint64_t check_reply = 0;  // 0: the back-end says that all went well
  // UNAVAILABLE if the back-end closed the channel early on load. CHECK was
  // sent nevertheless, because its answer is the only reason there is.
  absl::Status transfer;

  bool ok() const { return transfer.ok() && checked && check_reply == 0; }
};

class FrontendEndpoint;

// A save as a byte source. Its end is reached only after CHECK_DEVICE_STATE was
// answered with 0. Reading it into another endpoint's LoadState() couples two
// back-ends directly, with no more than one buffer in between.
class SaveSource : public ByteSource {
 public:
  // Reads as ByteSource says. FAILED_PRECONDITION if CHECK_DEVICE_STATE was not
  // answered with 0.
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;
  const TransferResult& result() const { return result_; }

 private:
  friend class FrontendEndpoint;
  explicit SaveSource(FrontendEndpoint* endpoint) : endpoint_(endpoint) {}
  absl::Status CheckOnce();

  FrontendEndpoint* const endpoint_;
  std::shared_ptr<FdSource> source_;
  bool check_first_ = false;
  absl::Status failure_;
  TransferResult result_;
};

// Speaks to one back-end and judges its replies strictly. The header has flags
// of exactly 0x5 and the request's own number; the payload has 8 bytes. SET is
// answered with exactly 0x100 and no FD, 0 and one FD, or an error and no FD. A
// reply that breaks this ends the connection with INVALID_ARGUMENT.
//
// Other errors: UNAVAILABLE (the back-end is gone), DEADLINE_EXCEEDED, ABORTED
// (Stop()), FAILED_PRECONDITION (refused by the back-end, or not allowed now).
//
// Thread-safety: none, except Stop().
class FrontendEndpoint {
 public:
  static absl::StatusOr<std::unique_ptr<FrontendEndpoint>> Connect(
      const std::string& socket_path, FrontendEndpointOptions options = {});
  static absl::StatusOr<std::unique_ptr<FrontendEndpoint>> FromSocket(
      FileDescriptor socket, FrontendEndpointOptions options = {});

  // Takes a connection on which `protocol_features` are negotiated already and
  // no answer is due. It may be a duplicate of a socket that goes on being used
  // in between.
  static absl::StatusOr<std::unique_ptr<FrontendEndpoint>> FromNegotiated(
      FileDescriptor socket, uint64_t protocol_features,
      FrontendEndpointOptions options = {});

  // Asks for the back-end's offer and acknowledges nothing.
  absl::StatusOr<BackendOffer> GetOffer();

  // Returns the answer to GET_QUEUE_NUM, for a connection that will not
  // Negotiate(). Acknowledges MQ alone, without which the question is not
  // allowed. FAILED_PRECONDITION if `offer` lacks MQ.
  absl::StatusOr<uint64_t> GetQueueNum(const BackendOffer& offer);

  // Sends the messages of QEMU's connect sequence up to SET_OWNER.
  // FAILED_PRECONDITION if the back-end does not offer device state; the
  // connection stays usable.
  absl::Status Negotiate();

  // Acknowledges virtio features. May come before or after a load.
  absl::Status SetFeatures(uint64_t features);
  // Start a ring without a kick FD, or stop it and return its base.
  absl::Status StartRing(uint8_t ring);
  absl::StatusOr<uint32_t> StopRing(uint8_t ring);
  // Stops a ring as GET_VRING_BASE_SKIP_DRAIN does, which needs its protocol
  // feature. FAILED_PRECONDITION without that.
  absl::StatusOr<uint32_t> StopRingWithoutDrain(uint8_t ring);

  // Asks for memory for the requests in flight of so many queues, and gives
  // such memory back to a back-end. Both need the protocol feature
  // INFLIGHT_SHMFD: FAILED_PRECONDITION without it. A back-end that keeps no
  // track returns a size of 0 and no descriptor.
  absl::StatusOr<InflightMemory> GetInflight(uint16_t queues,
                                             uint16_t queue_size);
  absl::Status SetInflight(InflightMemory memory);

  // Writes the back-end's state to `out`. Returns a value whatever
  // CHECK_DEVICE_STATE says (see TransferResult::ok). The bytes in `out` count
  // only if the result is ok.
  absl::StatusOr<TransferResult> SaveState(ChannelKind kind, ByteSink& out);

  // Opens a save that the caller reads. Only one may be open at a time, and the
  // endpoint must outlive it.
  absl::StatusOr<std::unique_ptr<SaveSource>> OpenSave(ChannelKind kind);

  // Gives everything in `in` to the back-end. If `in` fails, the transfer is
  // abandoned without CHECK_DEVICE_STATE, so that nothing is put into force.
  absl::StatusOr<TransferResult> LoadState(ChannelKind kind, ByteSource& in);

  // --- Rounds (docs/rounds.md) ---
  // For back-ends that offer kProtocolFRounds, where the options ask for it.
  // Their errors are FAILED_PRECONDITION if it was not negotiated or the
  // back-end refuses.

  bool has_rounds() const {
    return (protocol_features_ & kProtocolFRounds) != 0;
  }
  // Begins a save or load in rounds on `channel`, the back-end's end of a pipe
  // or socket pair, which it always uses. The device of a save may run.
  absl::Status BeginRounds(TransferDirection direction, FileDescriptor channel);
  // Has the next round written, or waits until this round was loaded and
  // prepared. Somebody must read the channel of a save meanwhile. `last`
  // returns at once, and its end is that of the channel and Check(). Requires:
  // all rings are stopped before the last round of a save.
  absl::StatusOr<RoundReply> Round(uint32_t number, bool last);
  // Asks CHECK_DEVICE_STATE. Between two rounds it gives them up, and is
  // answered with an error.
  absl::StatusOr<TransferResult> Check();

  // Ends every wait with ABORTED. Async-signal-safe and thread-safe.
  void Stop() { stop_.Signal(); }

  uint64_t features() const { return features_; }
  uint64_t protocol_features() const { return protocol_features_; }

 private:
  friend class SaveSource;
  FrontendEndpoint(FileDescriptor socket, FrontendEndpointOptions options,
                   WakeEvent stop)
      : options_(std::move(options)),
        stop_(std::move(stop)),
        connection_(std::move(socket)) {}

  absl::Status Send(const Message& message);
  absl::StatusOr<Message> Call(const Message& message, size_t reply_size,
                               absl::Duration timeout);
  absl::StatusOr<uint64_t> CallU64(uint32_t request);
  absl::Status SendU64(uint32_t request, uint64_t value);
  // Sends, and waits for the acknowledgement where that is negotiated.
  absl::Status SendAcknowledged(Message request);
  absl::StatusOr<uint32_t> StopRingWith(uint32_t request, uint8_t ring);
  absl::Status CheckAllowed() const;
  absl::Status CheckNegotiatedState() const;
  // Sends SET_DEVICE_STATE_FD with `remote` and closes it. Returns the
  // back-end's channel, or an empty FD if the other end of `remote` is to be
  // used.
  absl::StatusOr<FileDescriptor> SetDeviceStateFd(
      TransferDirection direction, FileDescriptor remote,
      TransferResult* result, uint32_t phase = kTransferPhaseStopped);
  absl::Status CheckDeviceState(TransferResult* result);
  absl::StatusOr<std::shared_ptr<FdSink>> OpenSink(FileDescriptor fd,
                                                   TransferResult* result);
  // Copies to the end of `in` and closes `sink`. A failure of the sink is
  // stored in `result`, one of `in` is returned.
  absl::Status Copy(ByteSource& in, FdSink& sink, TransferResult* result);
  absl::Status Break(absl::Status why);

  const FrontendEndpointOptions options_;
  const WakeEvent stop_;
  Connection connection_;
  absl::Status broken_;
  uint64_t features_ = 0;
  uint64_t protocol_features_ = 0;
  std::set<uint8_t> running_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_FRONTEND_ENDPOINT_H_
