// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate proxy: between a front-end and a back-end that stays as it is.

#include "devstate/proxy/proxy.h"

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/verb.h"
#include "devstate/conformance/temporary_folder.h"
#include "devstate/handover.pb.h"
#include "devstate/proxy/handover.h"
#include "devstate/proxy/replacement.h"
#include "devstate/proxy/service_manager.h"
#include "devstate/proxy/translation.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate {
namespace {

struct ProxyFlags {
  std::string listen;
  uint32_t fd = 0;  // 0: none
  uint32_t take_over = 0;  // 0: begins anew
  std::string control;
  proxy::BackendSpec backend;
  std::string state = "portable";
  std::string backend_format = "auto";
  bool allow_raw = false;
  double checkpoint_seconds = 0;  // 0: none
  double timeout_seconds = 60;
  double transfer_timeout_seconds = 300;
};

// For the signal handler.
std::atomic<proxy::Proxy*> running_proxy{nullptr};

void StopProxy(int) {
  if (proxy::Proxy* running = running_proxy.load()) running->Stop();
}

void Log(absl::string_view line) {
  absl::FPrintF(stderr, "devstate proxy: %s\n", line);
}

absl::StatusOr<UnixListener> Listen(const ProxyFlags& flags) {
  if (flags.listen.empty() == (flags.fd == 0)) {
    return absl::InvalidArgumentError(
        "say where the front-end connects: either --listen or --fd");
  }
  if (flags.fd != 0) {
    return UnixListener::Adopt(FileDescriptor(static_cast<int>(flags.fd)));
  }
  return UnixListener::Listen(flags.listen);
}

absl::Status StartAndServe(proxy::Proxy& proxy,
                           const proxy::ServiceManager& manager) {
  DS_RETURN_IF_ERROR(proxy.Start());
  Log("ready");
  DS_RETURN_IF_ERROR(manager.NotifyReady());
  return proxy.Serve();
}

// Begins with nothing but a back-end.
absl::StatusOr<proxy::TakenOver> Begin(const ProxyFlags& flags) {
  proxy::TakenOver begun;
  begun.spec = flags.backend;
  DS_RETURN_IF_ERROR(proxy::CheckSpec(begun.spec));
  DS_ASSIGN_OR_RETURN(begun.listener, Listen(flags));
  if (flags.control.empty()) return begun;
  // Whoever may connect may start commands as this process.
  const mode_t mask = umask(0177);
  absl::StatusOr<UnixListener> bound = UnixListener::Listen(flags.control);
  umask(mask);
  DS_RETURN_IF_ERROR(bound.status());
  begun.control.emplace(*std::move(bound));
  return begun;
}

absl::Status Run(const ProxyFlags& flags) {
  const proxy::ServiceManager manager;
  proxy::TakenOver start;
  if (flags.take_over != 0) {
    const FileDescriptor fd(static_cast<int>(flags.take_over));
    DS_ASSIGN_OR_RETURN(const ProxyHandover handover,
                        proxy::ReadHandover(fd.get()));
    DS_ASSIGN_OR_RETURN(start, proxy::TakeOver(handover, fd.get()));
    if (handover.rehearsal()) return absl::OkStatus();
  } else {
    DS_ASSIGN_OR_RETURN(start, Begin(flags));
  }
  // Nobody else can connect to a back-end that listens in here.
  std::unique_ptr<TemporaryFolder> folder;
  if (start.folder.empty()) {
    DS_ASSIGN_OR_RETURN(folder, TemporaryFolder::Create("proxy"));
  } else {
    folder = TemporaryFolder::Adopt(start.folder);
  }
  proxy::ProxyOptions options;
  options.backend = start.spec;
  options.folder = folder->path();
  DS_ASSIGN_OR_RETURN(options.arguments, proxy::ProgramArguments());
  options.backend_socket = folder->File("back-end.sock");
  options.state = flags.state == "raw" ? proxy::StateForm::kRaw
                                       : proxy::StateForm::kPortable;
  DS_ASSIGN_OR_RETURN(options.translation.format,
                      proxy::ParseBackendFormat(flags.backend_format));
  options.translation.allow_raw = flags.allow_raw;
  options.checkpoint_interval = absl::Seconds(flags.checkpoint_seconds);
  if (flags.checkpoint_seconds > 0) {
    DS_RETURN_IF_ERROR(proxy::CheckOneAtATime(options.backend));
  }
  options.reply_timeout = absl::Seconds(flags.timeout_seconds);
  options.transfer_timeout = absl::Seconds(flags.transfer_timeout_seconds);
  options.log = Log;
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<proxy::Proxy> proxy,
      proxy::Proxy::Create(*std::move(start.listener), std::move(options),
                           std::move(start.control)));
  running_proxy = proxy.get();
  signal(SIGTERM, StopProxy);
  signal(SIGINT, StopProxy);
  // The program before this one has kept them for it.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  sigprocmask(SIG_UNBLOCK, &stops, nullptr);
  absl::Status status;
  if (flags.take_over != 0) {
    status = proxy->Continue(std::move(start));
    if (status.ok()) status = proxy->Serve();
  } else {
    status = StartAndServe(*proxy, manager);
  }
  running_proxy = nullptr;
  // A signal may come while the back-end starts.
  return absl::IsAborted(status) ? absl::OkStatus() : status;
}

void Define(Command& verb) {
  auto flags = std::make_shared<ProxyFlags>();
  verb.AddOption("--listen", &flags->listen,
                 "Unix socket to listen on for the front-end")
      .Value("PATH");
  verb.AddOption("--fd", &flags->fd,
                 "The same as a descriptor that listens already, from 3 on")
      .InRange(3, 65535);
  verb.AddOption("--backend", &flags->backend.socket,
                 "The socket of a back-end that runs")
      .Value("PATH");
  verb.AddOption("--command", &flags->backend.command,
                 "Command that starts the back-end, with {socket} for the path "
                 "to listen at or {fd} for a descriptor that listens")
      .Value("COMMAND");
  verb.AddOption("--control", &flags->control,
                 "Unix socket to listen on for devstate upgrade")
      .Value("PATH");
  verb.AddOption(proxy::kTakeOverOption, &flags->take_over,
                 "Descriptor of what the program before this one left; "
                 "devstate upgrade --itself passes it")
      .InRange(3, 65535);
  verb.AddOption("--state", &flags->state,
                 "What the front-end gets of a state: a devstate stream where "
                 "devstate reads and writes the format, or the back-end's "
                 "bytes")
      .OneOf({"portable", "raw"})
      .ShowDefault();
  verb.AddOption("--backend-format", &flags->backend_format,
                 "What the back-end reads: auto for what it saves itself, "
                 "devstate, virtiofsd or virtiofsd:V1 and the like")
      .ShowDefault();
  verb.AddFlag("--allow-raw", &flags->allow_raw,
               "Load also what is no devstate stream, from a source without a "
               "proxy");
  verb.AddOption("--checkpoint", &flags->checkpoint_seconds,
                 "Seconds between two checkpoints of the state of a file "
                 "system, from which a back-end that dies is started again; "
                 "default: none")
      .InRange(0.1, 86400.0);
  verb.AddOption("--timeout", &flags->timeout_seconds,
                 "Seconds until a back-end that does not answer is given up")
      .InRange(0.1, 86400.0)
      .ShowDefault();
  verb.AddOption("--transfer-timeout", &flags->transfer_timeout_seconds,
                 "The same for the requests that transfer state")
      .InRange(0.1, 86400.0)
      .ShowDefault();
  verb.footer =
      "Serves one front-end after another until SIGTERM. The log, with what\n"
      "the back-end prints, is on standard error.\n" +
      ExitCodesText({{kExitOk, "ended by SIGTERM or SIGINT"},
                     {kExitUsageOrIo, "cannot start"}}) +
      "Example: devstate proxy --listen /run/fs0.sock --command 'virtiofsd "
      "--fd {fd} --shared-dir /srv'";
  verb.run = [flags] {
    const absl::Status status = Run(*flags);
    if (status.ok()) return kExitOk;
    absl::FPrintF(stderr, "devstate: %s\n", status.message());
    return kExitUsageOrIo;
  };
}

const VerbRegistration kRegistration(
    "proxy", "Stand between a front-end and a back-end that stays as it is",
    Define);

}  // namespace
}  // namespace devstate
