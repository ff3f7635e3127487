// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate demo: the main job, end to end. Two back-ends as processes, this
// program as the front-end between them, and a proof that does not rest on the
// code that moved the state.

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "devstate/compat/verdict.h"
#include "devstate/conformance/child_process.h"
#include "devstate/conformance/temporary_folder.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate {
namespace {

constexpr absl::Duration kStartTimeout = absl::Minutes(2);

struct DemoFlags {
  std::string tree = "/usr/share";
  std::string channel = "pipe";
  std::string fd = "given";
  std::string compression = "automatic";
  std::string backend;
};

constexpr char kBackend[] = "fs_backend";

// Finds the example back-end where it was built or installed together with this
// program, or else in PATH.
absl::StatusOr<std::string> FindBackend() {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<std::filesystem::path> candidates = {
      folder / "../examples/fs_backend" / kBackend,
      folder / "../libexec/devstate" / kBackend};
  const char* path = getenv("PATH");
  for (const absl::string_view entry :
       absl::StrSplit(path == nullptr ? "" : path, ':', absl::SkipEmpty())) {
    candidates.push_back(std::filesystem::path(std::string(entry)) / kBackend);
  }
  for (const std::filesystem::path& candidate : candidates) {
    if (access(candidate.c_str(), X_OK) == 0 &&
        std::filesystem::is_regular_file(candidate, error)) {
      return candidate.lexically_normal().string();
    }
  }
  return absl::NotFoundError(absl::StrCat(
      "cannot find the example back-end ", kBackend, " at ",
      candidates[0].lexically_normal().string(), ", at ",
      candidates[1].lexically_normal().string(),
      " or in PATH: it is an example, which is not installed; in the source "
      "`./bazelw build //examples/fs_backend` builds it, and --backend PATH "
      "names it"));
}

// Shows the vhost-user messages of one connection as they pass, a request and
// its reply on one line, and remembers when the last CHECK was sent.
class MessagePrinter {
 public:
  MessagePrinter(std::string peer, bool show_all)
      : peer_(std::move(peer)), show_all_(show_all) {}

  void OnMessage(const vhost_user::MessageEvent& event) {
    const bool transfer = event.request == vhost_user::kSetDeviceStateFd ||
                          event.request == vhost_user::kCheckDeviceState;
    if (!transfer && !show_all_) return;
    if (event.sent) {
      // What was sent before got no reply.
      Flush();
      request_ = absl::StrCat(vhost_user::RequestName(event.request), " ",
                              Text(event));
      if (event.request == vhost_user::kCheckDeviceState)
        check_sent_ = absl::Now();
    } else {
      request_ = absl::StrFormat("%-32s -> %s", request_, Text(event));
      Flush();
    }
  }

  void Flush() {
    if (request_.empty()) return;
    absl::PrintF("  %-11s %s\n", peer_, request_);
    request_.clear();
  }

  absl::Time check_sent() const { return check_sent_; }

 private:
  static std::string Text(const vhost_user::MessageEvent& event) {
    const std::string fd = event.fds > 0 ? " + FD" : "";
    if (event.payload->size() != 8) return fd;
    if (event.request != vhost_user::kSetDeviceStateFd) {
      return absl::StrFormat("0x%x", vhost_user::ReadU64(*event.payload, 0));
    }
    if (event.sent) {
      return absl::StrCat(
          vhost_user::ReadU32(*event.payload, 0) == 0 ? "save" : "load", fd);
    }
    return absl::StrFormat("0x%x%s", vhost_user::ReadU64(*event.payload, 0),
                           event.fds > 0 ? " + FD: the back-end's own channel"
                                         : ": the channel is fine");
  }

  const std::string peer_;
  const bool show_all_;
  std::string request_;
  absl::Time check_sent_;
};

// One back-end process and the connection to it.
struct Backend {
  std::string name;
  std::string table_file;
  std::unique_ptr<ChildProcess> process;
  std::unique_ptr<MessagePrinter> messages;
  std::unique_ptr<vhost_user::FrontendEndpoint> endpoint;

  // Shows what it has logged, up to the line that starts with `last`.
  absl::Status ShowLog(absl::string_view first, absl::string_view last) {
    absl::StatusOr<std::string> line =
        process->WaitForLine(first, absl::Seconds(30));
    if (!line.ok()) return line.status();
    absl::PrintF("  %-11s %s\n", name, *line);
    if (first == last) return absl::OkStatus();
    line = process->WaitForLine(last, absl::Seconds(30));
    if (!line.ok()) return line.status();
    absl::PrintF("  %-11s %s\n", name, *line);
    return absl::OkStatus();
  }
};

// Hands on another source, with one bit of one byte flipped.
class FlippingSource : public ByteSource {
 public:
  FlippingSource(ByteSource* source, uint64_t position)
      : source_(*source), position_(position) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    DS_ASSIGN_OR_RETURN(const size_t got, source_.Read(buffer, size));
    if (position_ >= offset_ && position_ - offset_ < got) {
      buffer[position_ - offset_] ^= 0x04;
    }
    offset_ += got;
    return got;
  }

 private:
  ByteSource& source_;
  const uint64_t position_;
  uint64_t offset_ = 0;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class Demo {
 public:
  explicit Demo(const DemoFlags& flags) : flags_(flags) {}

  absl::Status Run() {
    DS_ASSIGN_OR_RETURN(channel_, ParseChannelKind(flags_.channel));
    if (flags_.backend.empty()) {
      DS_ASSIGN_OR_RETURN(flags_.backend, FindBackend());
    }
    // `bazel run` starts programs in a folder of its own.
    const char* working_directory = getenv("BUILD_WORKING_DIRECTORY");
    if (working_directory != nullptr) {
      flags_.tree = std::filesystem::path(working_directory) / flags_.tree;
    }
    DS_ASSIGN_OR_RETURN(folder_, TemporaryFolder::Create("demo"));

    Title("Two back-ends share one directory, each a process of its own");
    DS_ASSIGN_OR_RETURN(Backend source, StartBackend("source", {}));
    DS_ASSIGN_OR_RETURN(Backend destination,
                        StartBackend("destination", {"--await-load"}));

    Title("Negotiation: request of the front-end -> reply of the back-end");
    DS_RETURN_IF_ERROR(Connect(source, /*show=*/true));
    DS_RETURN_IF_ERROR(Connect(destination, /*show=*/false));

    Title("The state goes from process to process");
    DS_ASSIGN_OR_RETURN(const uint64_t stream_bytes,
                        Transfer(source, destination));
    DS_RETURN_IF_ERROR(CompareTables(source, destination));

    Title("The same again, with one bit flipped under way");
    DS_ASSIGN_OR_RETURN(Backend victim,
                        StartBackend("victim", {"--await-load"}));
    DS_RETURN_IF_ERROR(Connect(victim, /*show=*/false));
    DS_RETURN_IF_ERROR(TransferDamaged(source, victim, stream_bytes));
    DS_RETURN_IF_ERROR(
        victim.process->WaitForLine("committed", kStartTimeout).status());
    return CompareTables(source, victim);
  }

 private:
  static void Title(absl::string_view text) {
    absl::PrintF("%s%s\n", "\n", text);
    std::fflush(stdout);
  }

  absl::StatusOr<Backend> StartBackend(const std::string& name,
                                       std::vector<std::string> extra) {
    Backend backend;
    backend.name = name;
    backend.table_file = folder_->File(name + ".table");
    std::vector<std::string> arguments = {
        flags_.backend,     "--socket-path", folder_->File(name + ".sock"),
        "--shared-dir",     flags_.tree,     "--table-out",
        backend.table_file, "--fd",          flags_.fd,
        "--channel",        flags_.channel,  "--compression",
        flags_.compression};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    const absl::Time start = absl::Now();
    DS_ASSIGN_OR_RETURN(backend.process, ChildProcess::Start(arguments));
    DS_ASSIGN_OR_RETURN(const std::string state,
                        backend.process->WaitForLine("state", kStartTimeout));
    DS_RETURN_IF_ERROR(
        backend.process->WaitForLine("listening", kStartTimeout).status());
    absl::PrintF("  %-11s pid %d, %s (%.2f s)\n", name, backend.process->pid(),
                 state, absl::ToDoubleSeconds(absl::Now() - start));
    return backend;
  }

  absl::Status Connect(Backend& backend, bool show) {
    vhost_user::FrontendEndpointOptions options;
    backend.messages = std::make_unique<MessagePrinter>(backend.name, show);
    options.observer = [messages = backend.messages.get()](
                           const vhost_user::MessageEvent& event) {
      messages->OnMessage(event);
    };
    options.check_reply_text = CheckReplyText;
    options.progress = [this](uint64_t bytes) {
      if (progress_.has_value()) progress_->Update(bytes);
    };
    DS_ASSIGN_OR_RETURN(backend.endpoint,
                        vhost_user::FrontendEndpoint::Connect(
                            folder_->File(backend.name + ".sock"), options));
    DS_RETURN_IF_ERROR(backend.endpoint->Negotiate());
    backend.messages->Flush();
    if (show) {
      absl::PrintF("  %-11s offers DEVICE_STATE (protocol features 0x%x)\n",
                   backend.name, backend.endpoint->protocol_features());
    }
    return absl::OkStatus();
  }

  // Returns the size of the stream.
  absl::StatusOr<uint64_t> Transfer(Backend& source, Backend& destination) {
    const absl::Time start = absl::Now();
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<vhost_user::SaveSource> state,
                        source.endpoint->OpenSave(channel_));
    progress_.emplace("  transferring");
    const absl::StatusOr<vhost_user::TransferResult> loaded =
        destination.endpoint->LoadState(channel_, *state);
    progress_.reset();
    DS_RETURN_IF_ERROR(loaded.status());
    const vhost_user::TransferResult& result = *loaded;
    const absl::Time end = absl::Now();
    DS_RETURN_IF_ERROR(source.ShowLog("saved", "saved"));
    DS_RETURN_IF_ERROR(destination.ShowLog("verified", "committed"));
    if (!result.ok()) {
      return absl::InternalError(absl::StrFormat(
          "the destination refused a good state: CHECK_DEVICE_STATE %s; %s",
          CheckReplyText(result.check_reply), result.transfer.ToString()));
    }
    const absl::Time check = destination.messages->check_sent();
    absl::PrintF(
        "  front-end   %d bytes through the %s %s in %.0f ms; CHECK, with all "
        "files found again, %.0f ms more\n",
        result.bytes, result.own_channel ? "back-end's" : "front-end's",
        ChannelKindName(result.channel),
        absl::ToDoubleMilliseconds(check - start),
        absl::ToDoubleMilliseconds(end - check));
    return result.bytes;
  }

  // Each process wrote down its own table, as text.
  absl::Status CompareTables(const Backend& source,
                             const Backend& destination) const {
    const std::string expected = ReadFile(source.table_file);
    const std::string found = ReadFile(destination.table_file);
    if (expected.empty() || expected != found) {
      return absl::InternalError(absl::StrCat("the table of ", destination.name,
                                              " differs from that of ",
                                              source.name));
    }
    absl::PrintF(
        "  proof       both processes wrote their tables down as text: %d "
        "lines "
        "each, equal\n",
        std::count(expected.begin(), expected.end(), '\n'));
    return absl::OkStatus();
  }

  absl::Status TransferDamaged(Backend& source, Backend& victim,
                               uint64_t stream_bytes) {
    const std::string before = ReadFile(victim.table_file);
    const uint64_t position = stream_bytes / 2;
    {
      DS_ASSIGN_OR_RETURN(const std::unique_ptr<vhost_user::SaveSource> state,
                          source.endpoint->OpenSave(channel_));
      FlippingSource flipped(state.get(), position);
      DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                          victim.endpoint->LoadState(channel_, flipped));
      absl::PrintF("  front-end   flipped bit 2 of byte 0x%x of %d\n", position,
                   stream_bytes);
      DS_RETURN_IF_ERROR(victim.ShowLog("damaged", "damaged"));
      if (result.ok()) {
        return absl::InternalError("a damaged state was accepted");
      }
    }
    if (ReadFile(victim.table_file) != before) {
      return absl::InternalError("the refused state changed the victim");
    }
    absl::PrintF(
        "  proof       the victim's table is as it was before: empty\n");

    Title("And a good one on the same connection");
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<vhost_user::SaveSource> state,
                        source.endpoint->OpenSave(channel_));
    DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                        victim.endpoint->LoadState(channel_, *state));
    if (!result.ok()) {
      return absl::InternalError("the victim refused a good state");
    }
    return absl::OkStatus();
  }

  DemoFlags flags_;
  ChannelKind channel_ = ChannelKind::kPipe;
  std::unique_ptr<TemporaryFolder> folder_;
  // The progress while a good state is transferred.
  std::optional<Progress> progress_;
};

void Define(Command& verb) {
  auto flags = std::make_shared<DemoFlags>();
  verb.AddOption("--tree", &flags->tree, "Directory that the devices share")
      .ShowDefault();
  verb.AddOption("--channel", &flags->channel, "What the state goes through")
      .OneOf({"pipe", "socketpair", "memfd", "file"})
      .ShowDefault();
  verb.AddOption("--fd", &flags->fd,
                 "Whose channel: given by the front-end or the back-end's own")
      .OneOf({"given", "own"})
      .ShowDefault();
  verb.AddOption("--compression", &flags->compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
  verb.AddOption("--backend", &flags->backend,
                 "The example back-end. Default: the one that was built or "
                 "installed with this program, else the one in PATH");
  verb.footer =
      ExitCodesText({{kExitOk, "all of it held"},
                     {kExitRefused, "something did not"},
                     {kExitUsageOrIo}}) +
      "Example: devstate demo --tree /usr/share/doc --channel memfd --fd own";
  verb.run = [flags] {
    const absl::Status status = Demo(*flags).Run();
    if (status.ok()) {
      absl::PrintF("\nAll of it held.\n");
      return kExitOk;
    }
    std::fflush(stdout);
    absl::FPrintF(stderr, "devstate: demo: %s\n", status.message());
    // What else fails is no answer.
    return absl::IsInternal(status) ? kExitRefused : kExitUsageOrIo;
  };
}

const VerbRegistration kRegistration(
    "demo", "Migrate a device's state between two real processes", Define);

}  // namespace
}  // namespace devstate
