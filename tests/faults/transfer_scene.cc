// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/faults/transfer_scene.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/stream_file.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate::faults {

using ::devstate::test::disk::DiskStateCodec;
using ::devstate::vhost_user::BackendEndpoint;
using ::devstate::vhost_user::BackendEndpointOptions;
using ::devstate::vhost_user::FrontendEndpoint;
using ::devstate::vhost_user::FrontendEndpointOptions;
using ::devstate::vhost_user::TransferReport;
using ::devstate::vhost_user::TransferResult;

Backend::Backend(DiskDevice* device, Role role, const Way& way,
                 const Patience& patience, const std::string& folder,
                 FileDescriptor connection)
    : role_(role) {
  StateOptions state;
  state.writer = DiskWriterOptions();
  state.report = [this](const StateReport& report) {
    if (!report.status.ok()) Note(report.status.ToString());
  };
  handler_ =
      std::make_unique<StateHandler<DiskStateCodec>>(device, std::move(state));
  BackendEndpointOptions options;
  options.once = true;
  if (!connection.valid()) {
    path_ = absl::StrCat(folder, "/", static_cast<int>(role), ".sock");
    options.socket_path = path_;
  }
  options.connection = std::move(connection);
  options.message_timeout = patience.reply;
  options.transfer.own_channel = way.own;
  options.transfer.file_folder = folder;
  options.transfer.limits.idle = patience.idle;
  options.transfer.check_timeout = patience.reply;
  options.transfer.report = [this](const TransferReport& report) {
    if (!report.status.ok()) Note(report.status.ToString());
  };
  options.log = [this](absl::string_view line) { Note(line); };
  const As as(role_);
  auto endpoint = BackendEndpoint::Create(handler_.get(), std::move(options));
  if (endpoint.ok()) {
    endpoint_ = *std::move(endpoint);
  } else {
    Note(endpoint.status().ToString());
  }
}

Backend::~Backend() { Stop(); }

void Backend::Serve() {
  if (endpoint_ == nullptr) return;
  const As as(role_);
  const absl::Status end = endpoint_->Serve();
  if (end.ok()) return;
  Note(end.ToString());
  // The program ends.
  const As none(Role::kNone);
  const std::lock_guard<std::mutex> lock(endpoint_mutex_);
  endpoint_.reset();
}

void Backend::Start() {
  thread_ = std::thread([this] { Serve(); });
}

void Backend::Join() {
  if (thread_.joinable()) thread_.join();
}

void Backend::Stop() {
  {
    const std::lock_guard<std::mutex> lock(endpoint_mutex_);
    if (endpoint_ != nullptr) endpoint_->Stop();
  }
  Join();
  // And its worker, which may have something to say.
  endpoint_.reset();
}

std::string Backend::errors() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return errors_;
}

void Backend::Note(absl::string_view line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  absl::StrAppend(&errors_, NameOf(role_), ": ", line, "\n");
}

FrontendOr Connect(FileDescriptor socket, const std::string& path,
                   const Patience& patience, const std::string& folder) {
  FrontendEndpointOptions options;
  options.connect_timeout = options.reply_timeout = patience.reply;
  options.check_timeout = 2 * patience.reply;
  options.limits.idle = patience.idle;
  options.file_folder = folder;
  const As as(Role::kFrontend);
  std::unique_ptr<FrontendEndpoint> frontend;
  if (socket.valid()) {
    DS_ASSIGN_OR_RETURN(
        frontend, FrontendEndpoint::FromSocket(std::move(socket), options));
  } else {
    DS_ASSIGN_OR_RETURN(frontend, FrontendEndpoint::Connect(path, options));
  }
  DS_RETURN_IF_ERROR(frontend->Negotiate());
  return frontend;
}

namespace {

constexpr char kFile[] = "disk.dstate";

std::pair<FileDescriptor, FileDescriptor> TwoEnds() {
  auto pair = SocketPair();
  if (!pair.ok()) std::abort();
  return *std::move(pair);
}

// Returns OK if the result says that all went well.
absl::Status StatusOf(const absl::StatusOr<TransferResult>& result) {
  DS_RETURN_IF_ERROR(result.status());
  DS_RETURN_IF_ERROR(result->transfer);
  if (result->ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("CHECK_DEVICE_STATE: ", result->check_reply));
}

// What is written to another sink.
class Copies : public ByteSink {
 public:
  explicit Copies(ByteSink& sink) : sink_(sink) {}
  absl::Status Write(absl::string_view bytes) override {
    bytes_.append(bytes.data(), bytes.size());
    return sink_.Write(bytes);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  ByteSink& sink_;
  std::string bytes_;
};

// Writes a file with a state, as the test itself.
void WriteFile(const std::string& name, const Disk& disk) {
  auto file = OutputFile::Create(name, OutputFile::Content::kBinary, {});
  if (!file.ok() || !Write(disk, **file).ok() || !(*file)->Commit().ok()) {
    std::abort();
  }
}

bool FileHas(const std::string& name, const Disk& disk) {
  const auto input = OpenInput(name);
  Disk there;
  return input.ok() && Read(**input, Limits(), &there).ok() && there == disk;
}

}  // namespace

absl::Status RunFrontend(Act act, ChannelKind kind, const Folder& folder,
                         FrontendEndpoint* saving, FrontendEndpoint* loading) {
  switch (act) {
    case Act::kSave: {
      DS_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file,
                          OutputFile::Create(folder.File(kFile),
                                             OutputFile::Content::kBinary, {}));
      Copies saved(*file);
      DS_RETURN_IF_ERROR(StatusOf(saving->SaveState(kind, saved)));
      // The end of a channel proves nothing.
      MemorySource bytes(saved.bytes());
      Disk ignored;
      DS_RETURN_IF_ERROR(Read(bytes, Limits(), &ignored));
      return file->Commit();
    }
    case Act::kLoad: {
      DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> file,
                          OpenInput(folder.File(kFile)));
      return StatusOf(loading->LoadState(kind, *file));
    }
    case Act::kMigrate: {
      DS_ASSIGN_OR_RETURN(const auto state, saving->OpenSave(kind));
      return StatusOf(loading->LoadState(kind, *state));
    }
  }
  return absl::InternalError("no such act");
}

TransferScene::TransferScene(Act act, Way way)
    : act_(act), way_(way), saved_(MakeDisk(1)), before_(MakeDisk(2, 3)) {}

std::string TransferScene::name() const {
  static const char* const kActs[] = {"save", "load", "migration"};
  return absl::StrCat(
      kActs[static_cast<int>(act_)], ", ", ChannelKindName(way_.kind),
      way_.own.has_value() ? absl::StrCat(", own ", ChannelKindName(*way_.own))
                           : "",
      way_.listening ? ", listening" : "");
}

std::vector<Role> TransferScene::roles() const {
  std::vector<Role> roles = {Role::kFrontend};
  if (act_ != Act::kLoad) {
    roles.push_back(Role::kSource);
    roles.push_back(Role::kSourceWorker);
  }
  if (act_ != Act::kSave) {
    roles.push_back(Role::kDestination);
    roles.push_back(Role::kDestinationWorker);
  }
  return roles;
}

bool TransferScene::IsHarmless(const Fault& fault) const {
  if (Scene::IsHarmless(fault)) return true;
  // What is not ready now is waited for. A regular file always is.
  const bool file = act_ == Act::kSave && fault.call == Call::kWrite;
  return fault.error == EAGAIN && fault.call <= Call::kSendmsg && !file;
}

void TransferScene::RunOnce(const Fault* fault, DiskDevice& from,
                            DiskDevice& to, Outcome* outcome) {
  Outcome& out = *outcome;
  out.ok = false;
  if (act_ == Act::kLoad) {
    WriteFile(folder_.File(kFile), saved_);
  } else if (act_ == Act::kSave) {
    WriteFile(folder_.File(kFile), before_);
  }
  if (fault != nullptr) Arm(*fault);
  std::optional<Backend> source;
  std::optional<Backend> destination;
  // They end the connections, and before the back-ends go.
  std::unique_ptr<FrontendEndpoint> saving;
  std::unique_ptr<FrontendEndpoint> loading;
  const auto start = [&](Role role, DiskDevice& device,
                         std::optional<Backend>& backend,
                         std::unique_ptr<FrontendEndpoint>& frontend) {
    std::pair<FileDescriptor, FileDescriptor> pair;
    if (!way_.listening) pair = TwoEnds();
    backend.emplace(&device, role, way_, Patience(), folder_.path(),
                    std::move(pair.second));
    backend->Start();
    FrontendOr connected = Connect(std::move(pair.first), backend->path(),
                                   Patience(), folder_.path());
    out.Note(connected.status());
    if (connected.ok()) frontend = *std::move(connected);
    return frontend != nullptr;
  };
  const bool ready =
      (act_ == Act::kLoad || start(Role::kSource, from, source, saving)) &&
      (act_ == Act::kSave ||
       start(Role::kDestination, to, destination, loading));
  const auto run = [&] {
    const As as(Role::kFrontend);
    return RunFrontend(act_, way_.kind, folder_, saving.get(), loading.get());
  };
  if (ready) {
    const absl::Status status = run();
    out.Note(status);
    out.ok = status.ok();
  }
  Disarm();
  out.reached = Reached();
  // What is no matter of the connection leaves it as it is.
  const bool connection = fault != nullptr && (fault->call == Call::kSendmsg ||
                                               fault->call == Call::kRecvmsg ||
                                               fault->call == Call::kPoll);
  if (ready && !out.ok && !connection) {
    Check(from, to, /*serving=*/true, outcome);
    const absl::Status status = run();
    out.Expect(status.ok(), absl::StrCat("the same connections do it again: ",
                                         status.message()));
  }
  for (auto* side : {&source, &destination}) {
    if (!side->has_value()) continue;
    (*side)->Stop();
    out.errors += (*side)->errors();
  }
}

void TransferScene::Check(const DiskDevice& from, const DiskDevice& to,
                          bool serving, Outcome* outcome) {
  Outcome& out = *outcome;
  out.Expect(!absl::StrContains(out.errors, "DEADLINE_EXCEEDED"),
             "nobody waits for a deadline");
  out.Expect(from.disk == saved_, "a save changes nothing");
  const bool before = to.disk == before_;
  const bool after = to.disk == saved_;
  out.Expect(before || after, "a load is whole or nothing");
  const std::string file = folder_.File(kFile);
  if (act_ == Act::kSave) {
    out.Expect(FileHas(file, saved_) || FileHas(file, before_),
               "a file is replaced as a whole");
    out.Expect(!out.ok || FileHas(file, saved_), "what is saved is there");
  } else {
    out.Expect(!out.ok || after, "what is loaded is there");
  }
  for (const std::string& name : folder_.Names()) {
    out.Expect((act_ != Act::kMigrate && name == kFile) ||
                   (serving && absl::EndsWith(name, ".sock")),
               absl::StrCat("no file is left over: ", name));
  }
}

Outcome TransferScene::Run(const Fault& fault) {
  DiskDevice from;
  DiskDevice to;
  from.disk = saved_;
  to.disk = before_;
  const Holdings holdings;
  Outcome first;
  RunOnce(&fault, from, to, &first);
  Check(from, to, /*serving=*/false, &first);
  const std::string more = holdings.More();
  first.Expect(more.empty(), absl::StrCat("nothing is left open: ", more));
  Outcome again;
  RunOnce(nullptr, from, to, &again);
  Check(from, to, /*serving=*/false, &again);
  first.Expect(again.ok && again.broken.empty(),
               absl::StrCat("the next one goes well: ", again.errors));
  return first;
}

}  // namespace devstate::faults
