// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A vhost-user back-end with an opaque state and faults on demand, for the
// tests under QEMU. Its log, one line an event on standard output, is what the
// tests look at.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "tests/qemu/opaque_state.h"

namespace devstate {
namespace {

constexpr char kUsage[] =
    "opaque_backend --socket-path=PATH [--device=fs|net] [--size=BYTES]\n"
    "    [--seed=N] [--channel=given|pipe|socketpair|memfd|file]\n"
    "    [--device-state=on|off] [--timeout-ms=N] [--queue-pairs=N]\n"
    "    [--fault=NAME[:COUNT]] for the first COUNT transfers (default: all):\n"
    "    refuse-save, refuse-load, die-on-set, die-midway, die-on-check, "
    "stuck\n";

// Features of a network device that a Linux guest uses with several queues.
constexpr uint64_t kNetMq = uint64_t{1} << 22;
constexpr uint64_t kVersion1 = uint64_t{1} << 32;

std::atomic<vhost_user::BackendEndpoint*> g_endpoint{nullptr};

void OnSignal(int) {
  vhost_user::BackendEndpoint* endpoint = g_endpoint.load();
  if (endpoint != nullptr) endpoint->Stop();
}

void Log(absl::string_view line) {
  std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(stdout);
}

// Ends the process as a crash would: nothing is cleaned up.
[[noreturn]] void Die() {
  Log("dying on purpose");
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

class OpaqueDevice : public vhost_user::DeviceStateHandler {
 public:
  OpaqueDevice(OpaqueState state, std::string fault, int fault_count)
      : state_(state), fault_(std::move(fault)), faults_left_(fault_count) {}

  absl::Status Save(ByteSink& sink) override {
    const bool faulty = TakeFault();
    Log(absl::StrCat("save size=", state_.size, " seed=", state_.seed));
    if (faulty && fault_ == "die-midway") {
      DieAfter half(sink, state_.size / 2);
      return WriteOpaqueState(state_, half);
    }
    DS_RETURN_IF_ERROR(WriteOpaqueState(state_, sink));
    if (faulty && fault_ == "stuck") stuck_.WaitForNotification();
    if (faulty && fault_ == "refuse-save") {
      return absl::InternalError("refused on purpose");
    }
    return absl::OkStatus();
  }

  vhost_user::LoadResult Load(ByteSource& source) override {
    const bool faulty = TakeFault();
    if (faulty && fault_ == "stuck") stuck_.WaitForNotification();
    if (faulty && fault_ == "die-midway") {
      std::string some(1000, '\0');
      source.Read(&some[0], some.size()).IgnoreError();
      Die();
    }
    if (faulty && fault_ == "refuse-load") {
      return absl::FailedPreconditionError("refused on purpose");
    }
    DS_ASSIGN_OR_RETURN(staged_, ReadOpaqueState(source));
    return absl::OkStatus();
  }

  vhost_user::LoadResult Commit() override {
    state_ = staged_;
    Log(absl::StrCat("committed size=", state_.size, " seed=", state_.seed));
    return absl::OkStatus();
  }

  void Discard() override { Log("discarded"); }

  const std::string& fault() const { return fault_; }
  bool fault_is_left() const { return faults_left_ > 0; }
  void Unstick() { stuck_.Notify(); }

 private:
  // Passes bytes on and kills the process at the limit.
  class DieAfter : public ByteSink {
   public:
    DieAfter(ByteSink& sink, uint64_t limit) : sink_(sink), left_(limit) {}
    absl::Status Write(absl::string_view bytes) override {
      if (bytes.size() > left_) Die();
      left_ -= bytes.size();
      return sink_.Write(bytes);
    }

   private:
    ByteSink& sink_;
    uint64_t left_;
  };

  bool TakeFault() {
    if (faults_left_ <= 0) return false;
    --faults_left_;
    return true;
  }

  OpaqueState state_;
  OpaqueState staged_;
  const std::string fault_;
  std::atomic<int> faults_left_;
  absl::Notification stuck_;
};

bool ParseFlags(int argc, char** argv,
                std::map<std::string, std::string>* flags) {
  for (int i = 1; i < argc; ++i) {
    const std::pair<std::string, std::string> flag =
        absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    const auto known = flags->find(flag.first);
    if (known == flags->end()) {
      std::fprintf(stderr, "unknown flag %s\n%s", argv[i], kUsage);
      return false;
    }
    known->second = flag.second;
  }
  return true;
}

void LogReport(const OpaqueDevice& device,
               const vhost_user::TransferReport& report) {
  Log(absl::StrCat(
      "report stage=", vhost_user::TransferStageName(report.stage),
      " direction=",
      report.direction == vhost_user::TransferDirection::kSave ? "save"
                                                               : "load",
      " channel=", ChannelKindName(report.channel),
      " own=", report.own_channel ? 1 : 0, " bytes=", report.bytes, " reply=0x",
      absl::Hex(report.reply), " status=", report.status.ToString()));
  // Before the reply is sent.
  if (!device.fault_is_left()) return;
  if (device.fault() == "die-on-set" &&
      report.stage == vhost_user::TransferReport::Stage::kAccepted) {
    Die();
  }
}

int Main(int argc, char** argv) {
  std::map<std::string, std::string> flags = {
      {"--socket-path", ""},    {"--device", "fs"},
      {"--size", "0"},          {"--seed", "0"},
      {"--channel", "given"},   {"--fault", ""},
      {"--device-state", "on"}, {"--timeout-ms", "60000"},
      {"--queue-pairs", "1"}};
  if (!ParseFlags(argc, argv, &flags)) return 2;
  OpaqueState state;
  int64_t timeout_ms = 0;
  uint64_t queue_pairs = 0;
  int fault_count = 1 << 30;
  const std::pair<std::string, std::string> fault =
      absl::StrSplit(flags["--fault"], absl::MaxSplits(':', 1));
  if (!absl::SimpleAtoi(flags["--size"], &state.size) ||
      !absl::SimpleAtoi(flags["--seed"], &state.seed) ||
      !absl::SimpleAtoi(flags["--timeout-ms"], &timeout_ms) ||
      !absl::SimpleAtoi(flags["--queue-pairs"], &queue_pairs) ||
      (!fault.second.empty() &&
       !absl::SimpleAtoi(fault.second, &fault_count))) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  OpaqueDevice device(state, fault.first,
                      fault.first.empty() ? 0 : fault_count);

  vhost_user::BackendEndpointOptions options;
  options.socket_path = flags["--socket-path"];
  if (flags["--device-state"] == "off") {
    options.device.protocol_features &= ~vhost_user::kProtocolFDeviceState;
  }
  if (flags["--device"] == "net") {
    options.device.queue_num = queue_pairs;
    options.device.protocol_features |= vhost_user::kProtocolFRarp;
    if (queue_pairs > 1) {
      options.device.features |= kNetMq | kVersion1;
      options.device.protocol_features |= vhost_user::kProtocolFMq;
    }
  }
  if (flags["--channel"] != "given") {
    const auto kind = ParseChannelKind(flags["--channel"]);
    if (!kind.ok()) {
      std::fprintf(stderr, "%s\n",
                   std::string(kind.status().message()).c_str());
      return 2;
    }
    options.transfer.own_channel = *kind;
  }
  const absl::Duration timeout = absl::Milliseconds(timeout_ms);
  options.transfer.limits.total = timeout;
  options.transfer.limits.idle = timeout;
  options.transfer.check_timeout = timeout;
  options.log = Log;
  options.transfer.report =
      [&device](const vhost_user::TransferReport& report) {
        LogReport(device, report);
      };
  options.device.on_features = [](uint64_t features) {
    Log(absl::StrCat("features 0x", absl::Hex(features)));
    return absl::OkStatus();
  };
  options.on_request = [&device](uint32_t request) {
    Log(vhost_user::RequestName(request));
    if (request == vhost_user::kCheckDeviceState &&
        device.fault() == "die-on-check")
      Die();
  };
  auto endpoint =
      vhost_user::BackendEndpoint::Create(&device, std::move(options));
  if (!endpoint.ok()) {
    std::fprintf(stderr, "%s\n",
                 std::string(endpoint.status().message()).c_str());
    return 1;
  }
  g_endpoint.store(endpoint->get());
  ::signal(SIGTERM, OnSignal);
  ::signal(SIGINT, OnSignal);
  Log("listening");
  const absl::Status status = (*endpoint)->Serve();
  g_endpoint.store(nullptr);
  device.Unstick();
  Log(absl::StrCat("bye: ", status.ToString()));
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace devstate

int main(int argc, char** argv) { return devstate::Main(argc, argv); }
