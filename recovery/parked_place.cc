// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Of several descriptors under one name the manager removes all or none. So
// each generation has a name of its own.

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/recovery/generation_place.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate {
namespace {

// A manager answers within milliseconds, and the device waits.
constexpr absl::Duration kPatience = absl::Seconds(10);

// Two that are good, one that is not, and the next one before the oldest goes.
constexpr int kMostAtATime = 4;

class ParkedPlace : public GenerationPlace {
 public:
  ParkedPlace(ServiceManager& manager, std::string name)
      : manager_(manager), name_(std::move(name)) {
    const std::string prefix = absl::StrCat(name_, ".");
    for (HandedOver& handed : manager_.Take(prefix)) {
      uint64_t generation = 0;
      const absl::string_view number =
          absl::string_view(handed.name).substr(prefix.size());
      if (absl::SimpleAtoi(number, &generation) && generation != 0 &&
          NameOf(generation) == handed.name) {
        // The newest of a name comes first. An older one is of a process that
        // was not told that the manager has it.
        files_.emplace(generation, std::move(handed.fd));
      }
    }
  }

  std::string NameOf(uint64_t generation) const override {
    return absl::StrCat(name_, ".", generation);
  }
  std::string PathOf(uint64_t generation) const override {
    return absl::StrCat("the service manager's ", NameOf(generation));
  }

  absl::StatusOr<std::vector<uint64_t>> List() const override {
    std::vector<uint64_t> generations;
    for (const auto& file : files_) generations.push_back(file.first);
    return generations;
  }

  absl::StatusOr<FileDescriptor> Open(uint64_t generation) const override {
    const auto file = files_.find(generation);
    if (file == files_.end()) return absl::NotFoundError("it is gone");
    return Duplicate(file->second.get());
  }

  absl::StatusOr<FileDescriptor> Create() override {
    FileDescriptor fd(
        ::memfd_create(name_.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) return ErrnoStatus(errno, "cannot make a memory file");
    return fd;
  }

  absl::Status Publish(uint64_t generation, int fd, bool whole) override {
    if (whole && ::fcntl(fd, F_ADD_SEALS,
                         F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
                             F_SEAL_SEAL) != 0) {
      return ErrnoStatus(errno,
                         absl::StrCat("cannot seal ", NameOf(generation)));
    }
    DS_ASSIGN_OR_RETURN(FileDescriptor copy, Duplicate(fd));
    DS_RETURN_IF_ERROR(
        manager_.Store(NameOf(generation), fd, Deadline::After(kPatience)));
    files_[generation] = std::move(copy);
    return absl::OkStatus();
  }

  absl::Status Remove(uint64_t generation) override {
    // A manager that keeps as many as it may would drop the next generation.
    DS_RETURN_IF_ERROR(
        manager_.Remove(NameOf(generation), Deadline::After(kPatience)));
    files_.erase(generation);
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<FileDescriptor> Duplicate(int fd) {
    FileDescriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) return ErrnoStatus(errno, "cannot open it");
    return copy;
  }

  ServiceManager& manager_;
  const std::string name_;
  std::map<uint64_t, FileDescriptor> files_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GenerationPlace>> OpenParked(
    ServiceManager& manager, std::string name) {
  if (manager.store_max().value_or(kMostAtATime) < kMostAtATime) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the service manager keeps ", *manager.store_max(),
        " descriptors for this unit, and a state needs ", kMostAtATime,
        ": set FileDescriptorStoreMax=", kMostAtATime, " or more"));
  }
  return std::make_unique<ParkedPlace>(manager, std::move(name));
}

}  // namespace devstate
