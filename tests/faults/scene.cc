// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/faults/scene.h"

#include <sched.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace devstate::faults {
namespace {

namespace fs = std::filesystem;

// Each descriptor with what it is, the one that reads the folder left out.
std::vector<std::string> OpenFds() {
  const std::string path = "/proc/self/fd";
  std::vector<std::string> fds;
  for (const auto& entry : fs::directory_iterator(path)) {
    std::error_code closed;
    const std::string target = fs::read_symlink(entry, closed).string();
    if (absl::StrContains(target, "/fd")) continue;
    fds.push_back(absl::StrCat(entry.path().filename().string(), " ", target));
  }
  std::sort(fds.begin(), fds.end());
  return fds;
}

// The thread that runs the scene.
constexpr size_t kOwnThreads = 1;

size_t CountThreads() {
  const fs::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

void Outcome::Note(const absl::Status& status) {
  if (!status.ok()) absl::StrAppend(&errors, status.ToString(), "\n");
}

void Outcome::Expect(bool kept, absl::string_view promise) {
  if (!kept) broken.emplace_back(promise);
}

bool Scene::IsHarmless(const Fault& fault) const {
  switch (fault.error) {
    case EINTR:
    case kShort:
      return true;
    default:
      // Linux closes whatever it says, and what is closed next ends the stream.
      return fault.call == Call::kClose || fault.call == Call::kShutdown;
  }
}

bool Names(const Fault& fault, absl::string_view errors) {
  switch (fault.error) {
    case EPIPE:
    case ECONNRESET:
      if (absl::StrContains(errors, "closed the connection")) return true;
      break;
    default:
      break;
  }
  if (errors.empty()) return false;
  if (fault.call == Call::kZstd) {
    return absl::StrContains(errors, "no memory for zstd");
  }
  return fault.error <= 0 ||
         absl::StrContains(errors, std::strerror(fault.error));
}

Folder::Folder() : path_("/tmp/devstate-faults-XXXXXX") {
  if (::mkdtemp(&path_[0]) == nullptr) std::abort();
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::File(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

std::vector<std::string> Folder::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Holdings::Holdings() : fds_(OpenFds()) {}

std::string Holdings::More() const {
  // A thread that was joined is in /proc a little longer, so that a count at
  // the start would be that of the scene before.
  const absl::Time patience = absl::Now() + absl::Seconds(10);
  size_t threads = CountThreads();
  while (threads != kOwnThreads && absl::Now() < patience) {
    ::sched_yield();
    threads = CountThreads();
  }
  std::vector<std::string> more;
  const std::vector<std::string> fds = OpenFds();
  std::set_difference(fds.begin(), fds.end(), fds_.begin(), fds_.end(),
                      std::back_inserter(more));
  if (threads != kOwnThreads) {
    more.push_back(absl::StrCat(threads, " threads, not ", kOwnThreads));
  }
  return absl::StrJoin(more, ", ");
}

}  // namespace devstate::faults
