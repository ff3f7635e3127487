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
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/compat/json_text.h"
#include "devstate/conformance/temporary_folder.h"
#include "devstate/handover.pb.h"
#include "devstate/proxy/capabilities.h"
#include "devstate/proxy/envelope_policy.h"
#include "devstate/proxy/handover.h"
#include "devstate/proxy/replacement.h"
#include "devstate/proxy/translation.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/service_manager.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate {
namespace {

struct ProxyFlags {
  std::string listen;
  uint32_t fd = 0;  // 0: none
  uint32_t take_over = 0;  // 0: begins anew
  std::string control;
  proxy::BackendSpec backend;
  std::string device;
  std::string state = "portable";
  std::string backend_format = "auto";
  bool allow_raw = false;
  std::string policy;
  std::vector<std::string> features_like;
  bool print_capabilities = false;
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

absl::Status StartAndServe(proxy::Proxy& proxy, const ServiceManager& manager) {
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

// Returns what a file parses to. Errors name the file.
template <typename Parsed>
absl::StatusOr<Parsed> ParseFile(
    const std::string& name,
    absl::StatusOr<Parsed> (*parse)(absl::string_view text)) {
  absl::StatusOr<std::string> text = ReadInput(name);
  absl::StatusOr<Parsed> parsed =
      text.ok() ? parse(*text) : absl::StatusOr<Parsed>(text.status());
  if (parsed.ok()) return parsed;
  return absl::Status(parsed.status().code(),
                      absl::StrCat(name, ": ", parsed.status().message()));
}

absl::Status SetTranslation(const ProxyFlags& flags,
                            proxy::TranslatorOptions* translation) {
  translation->form = flags.state == "raw"        ? proxy::StateForm::kRaw
                      : flags.state == "envelope" ? proxy::StateForm::kEnvelope
                                                  : proxy::StateForm::kPortable;
  proxy::LoadRules& rules = translation->rules;
  DS_ASSIGN_OR_RETURN(rules.format,
                      proxy::ParseBackendFormat(flags.backend_format));
  rules.allow_raw = flags.allow_raw;
  if (flags.policy.empty()) return absl::OkStatus();
  DS_ASSIGN_OR_RETURN(rules.policy,
                      ParseFile(flags.policy, &proxy::EnvelopePolicy::Parse));
  return absl::OkStatus();
}

// Asks the back-end what it offers, and prints that.
absl::Status PrintCapabilities(const ProxyFlags& flags) {
  DS_RETURN_IF_ERROR(proxy::CheckSpec(flags.backend));
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> folder,
                      TemporaryFolder::Create("proxy"));
  DS_ASSIGN_OR_RETURN(const BackendCapabilities capabilities,
                      proxy::ReadCapabilities(
                          flags.backend, folder->File("back-end.sock"),
                          flags.device, absl::Seconds(flags.timeout_seconds)));
  JsonStyle style;
  style.indented = true;
  style.all_fields = true;
  DS_ASSIGN_OR_RETURN(const std::string json, JsonText(capabilities, style));
  absl::PrintF("%s", json);
  return absl::OkStatus();
}

// Returns what the flags say. Reads the files that they name.
absl::StatusOr<proxy::ProxyOptions> Options(const ProxyFlags& flags,
                                            const proxy::BackendSpec& backend) {
  proxy::ProxyOptions options;
  options.backend = backend;
  options.device = flags.device;
  DS_RETURN_IF_ERROR(SetTranslation(flags, &options.translation));
  options.checkpoint_interval = absl::Seconds(flags.checkpoint_seconds);
  // After an exchange the proxy may have a back-end without checkpoints.
  if (flags.checkpoint_seconds > 0 && flags.take_over == 0) {
    DS_RETURN_IF_ERROR(proxy::CheckOneAtATime(options.backend));
  }
  for (const std::string& file : flags.features_like) {
    DS_ASSIGN_OR_RETURN(const BackendCapabilities capabilities,
                        ParseFile(file, &proxy::ParseCapabilities));
    options.offer.Restrict(capabilities);
  }
  options.reply_timeout = absl::Seconds(flags.timeout_seconds);
  options.transfer_timeout = absl::Seconds(flags.transfer_timeout_seconds);
  options.log = Log;
  return options;
}

// Says whether this program would take over.
absl::Status Rehearse(const ProxyFlags& flags, const ProxyHandover& handover,
                      const proxy::TakenOver& start, int fd) {
  DS_ASSIGN_OR_RETURN(const proxy::ProxyOptions options,
                      Options(flags, start.spec));
  // A file of --features-like may say less than when the guest was offered it.
  for (const HandedRequest& handed : handover.set_up()) {
    vhost_user::Message request;
    request.request = handed.request();
    request.payload = handed.payload();
    DS_RETURN_IF_ERROR(options.offer.CheckAcknowledged(request));
  }
  return proxy::EndRehearsal(fd);
}

absl::Status Run(const ProxyFlags& flags) {
  if (flags.print_capabilities) return PrintCapabilities(flags);
  const ServiceManager manager;
  proxy::TakenOver start;
  if (flags.take_over != 0) {
    const FileDescriptor fd(static_cast<int>(flags.take_over));
    DS_ASSIGN_OR_RETURN(const ProxyHandover handover,
                        proxy::ReadHandover(fd.get()));
    DS_ASSIGN_OR_RETURN(start, proxy::TakeOver(handover, fd.get()));
    if (handover.rehearsal()) return Rehearse(flags, handover, start, fd.get());
  } else {
    DS_ASSIGN_OR_RETURN(start, Begin(flags));
  }
  DS_ASSIGN_OR_RETURN(proxy::ProxyOptions options, Options(flags, start.spec));
  // Nobody else can connect to a back-end that listens in here.
  std::unique_ptr<TemporaryFolder> folder;
  if (start.folder.empty()) {
    DS_ASSIGN_OR_RETURN(folder, TemporaryFolder::Create("proxy"));
  } else {
    folder = TemporaryFolder::Adopt(start.folder);
  }
  options.folder = folder->path();
  DS_ASSIGN_OR_RETURN(options.arguments, proxy::ProgramArguments());
  options.backend_socket = folder->File("back-end.sock");
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
                 "What the front-end gets of a state: a stream of the portable "
                 "schema where devstate reads and writes the format, else an "
                 "envelope; always an envelope; or the back-end's bytes")
      .OneOf({"portable", "envelope", "raw"})
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
  verb.AddOption("--implementation", &flags->backend.implementation,
                 "Name of the back-end's implementation, for envelopes; "
                 "default: the program of --command")
      .Value("NAME");
  verb.AddOption("--implementation-version",
                 &flags->backend.implementation_version,
                 "Its version; default: unknown")
      .Value("VERSION");
  verb.AddOption("--device", &flags->device,
                 "The kind of device, as virtio-net; default: unknown")
      .Value("NAME");
  verb.AddOption("--policy", &flags->policy,
                 "File that says whose envelopes are loaded; default: those "
                 "of the same implementation in the same or an older version")
      .Value("FILE");
  verb.AddOption("--features-like", &flags->features_like,
                 "Offer the front-end no more than the back-end has that "
                 "printed this file; more than once for several")
      .Value("FILE");
  verb.AddFlag("--print-capabilities", &flags->print_capabilities,
               "Ask the back-end what it offers, print that as JSON, and end");
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
