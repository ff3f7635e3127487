// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The other process is forked while this one has a single thread.

#include "tests/faults/peer_scene.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate::faults {
namespace {

using ::devstate::vhost_user::FrontendEndpoint;

// Those who wait for a peer that has stopped.
Patience ShortPatience() {
  Patience patience;
  patience.idle = absl::Milliseconds(100);
  patience.reply = absl::Milliseconds(150);
  return patience;
}

struct Sockets {
  Sockets() {
    auto pair = SocketPair();
    if (!pair.ok()) std::abort();
    frontend = std::move(pair->first);
    backend = std::move(pair->second);
  }
  FileDescriptor frontend;
  FileDescriptor backend;
};

// Makes a process that has nothing but the two.
void BecomePeer(const FileDescriptor& one, const FileDescriptor& other) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none = {0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // What std::terminate() says.
  ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
  for (int fd = STDERR_FILENO + 1; fd < 1024; ++fd) {
    if (fd != one.get() && fd != other.get()) ::close(fd);
  }
}

absl::Status Migrate(FileDescriptor source, FileDescriptor destination,
                     const Way& way, const Patience& patience,
                     const Folder& folder) {
  const FrontendOr saving =
      Connect(std::move(source), "", patience, folder.path());
  if (!saving.ok()) return saving.status();
  const FrontendOr loading =
      Connect(std::move(destination), "", patience, folder.path());
  if (!loading.ok()) return loading.status();
  const As as(Role::kFrontend);
  return RunFrontend(Act::kMigrate, way.kind, folder, saving->get(),
                     loading->get());
}

}  // namespace

PeerScene::PeerScene(Role peer, Way way)
    : peer_(peer),
      way_(way),
      saved_(MakeDisk(1)),
      before_(MakeDisk(2, 3)),
      told_(static_cast<Told*>(::mmap(nullptr, sizeof(Told),
                                      PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
  if (told_ == MAP_FAILED) std::abort();
}

std::string PeerScene::name() const {
  return absl::StrCat("peer is the ", NameOf(peer_), ", ",
                      ChannelKindName(way_.kind));
}

int PeerScene::RunOnce(const Fault* fault, DiskDevice& from, DiskDevice& to,
                       Outcome* outcome) {
  const Patience patience =
      fault != nullptr && fault->error == kStop ? ShortPatience() : Patience();
  Sockets source;
  Sockets destination;
  *told_ = {};
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    // No exception leaves this, not even to the test's framework.
    [&]() noexcept {
      const bool front = peer_ == Role::kFrontend;
      FileDescriptor mine =
          std::move(front                    ? source.frontend
                    : peer_ == Role::kSource ? source.backend
                                             : destination.backend);
      FileDescriptor other;
      if (front) other = std::move(destination.frontend);
      BecomePeer(mine, other);
      Arm(fault != nullptr ? *fault : Fault());
      bool ok = true;
      if (front) {
        ok = Migrate(std::move(mine), std::move(other), way_, patience, folder_)
                 .ok();
      } else {
        DiskDevice& device = peer_ == Role::kSource ? from : to;
        Backend(&device, peer_, way_, Patience(), folder_.path(),
                std::move(mine))
            .Serve();
      }
      told_->reached = Reached();
      told_->calls = CountOfAll();
      told_->news = CountOf(peer_, Call::kNew);
      if (peer_ == Role::kSource) {
        told_->news += CountOf(Role::kSourceWorker, Call::kNew);
      } else if (peer_ == Role::kDestination) {
        told_->news += CountOf(Role::kDestinationWorker, Call::kNew);
      }
      ::_exit(ok ? 0 : 1);
    }();
  }
  int status = 0;
  {
    std::optional<Backend> saving;
    std::optional<Backend> loading;
    if (peer_ != Role::kSource) {
      saving.emplace(&from, Role::kSource, way_, patience, folder_.path(),
                     std::move(source.backend));
      saving->Start();
    }
    if (peer_ != Role::kDestination) {
      loading.emplace(&to, Role::kDestination, way_, patience, folder_.path(),
                      std::move(destination.backend));
      loading->Start();
    }
    source.backend.Reset();
    destination.backend.Reset();
    if (peer_ != Role::kFrontend) {
      const absl::Status migrated =
          Migrate(std::move(source.frontend), std::move(destination.frontend),
                  way_, patience, folder_);
      outcome->Note(migrated);
      outcome->ok = migrated.ok();
    }
    source.frontend.Reset();
    destination.frontend.Reset();
    const bool hangs_up = fault != nullptr && fault->error == kHangUp;
    if (!hangs_up) ::waitpid(child, &status, WUNTRACED);
    const bool stopped = WIFSTOPPED(status);
    for (auto* side : {&saving, &loading}) {
      if (!side->has_value()) continue;
      // A front-end that has stopped is still connected.
      if (stopped) (*side)->Stop();
      (*side)->Join();
      outcome->errors += (*side)->errors();
    }
    if (hangs_up) {
      // It may wait for ever, with what came to have the numbers of what it
      // closed.
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    if (stopped) {
      told_->reached = true;
      ::kill(child, SIGKILL);
      int ignored;
      ::waitpid(child, &ignored, 0);
    }
  }
  if (peer_ == Role::kFrontend) {
    outcome->ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  return status;
}

Outcome PeerScene::Run(const Fault& fault) {
  DiskDevice from;
  DiskDevice to;
  from.disk = saved_;
  to.disk = before_;
  const Holdings holdings;
  Outcome first;
  const int status = RunOnce(&fault, from, to, &first);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  first.reached = told_->reached || killed || aborted;
  if (fault.call == Call::kNew) {
    first.Expect(aborted || WIFEXITED(status),
                 "without memory a process ends at once");
  } else {
    first.Expect(
        WIFEXITED(status) || WIFSTOPPED(status) || killed,
        absl::StrCat("the other process ends as it was told: ", status));
  }
  const bool before = to.disk == before_;
  const bool after = to.disk == saved_;
  first.Expect(fault.error == kStop ||
                   !absl::StrContains(first.errors, "DEADLINE_EXCEEDED"),
               "nobody waits for a deadline");
  first.Expect(from.disk == saved_, "a save changes nothing");
  first.Expect(before || after, "a load is whole or nothing");
  first.Expect(!first.ok || after || peer_ == Role::kDestination,
               "what is loaded is there");
  // Back-ends that are told to stop before they serve have no error.
  const bool stopped = peer_ == Role::kFrontend && fault.error == kStop;
  first.Expect(first.ok || stopped || !first.errors.empty(),
               "an error is told");
  first.Expect(folder_.Names().empty(), "no file is left over");
  const std::string more = holdings.More();
  first.Expect(more.empty(), absl::StrCat("nothing is left open: ", more));
  Outcome again;
  RunOnce(nullptr, from, to, &again);
  first.Expect(again.ok && (to.disk == saved_ || peer_ == Role::kDestination),
               absl::StrCat("the next one goes well: ", again.errors));
  return first;
}

int PeerScene::Calls(Call call) {
  DiskDevice from;
  DiskDevice to;
  from.disk = saved_;
  Outcome outcome;
  RunOnce(nullptr, from, to, &outcome);
  return call == Call::kNew ? told_->news : told_->calls;
}

}  // namespace devstate::faults
