// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A generation is a file of its own, renamed into place once. So nothing is
// ever overwritten, and a process that is killed anywhere leaves the newest
// generation or the one before.

#include "devstate/recovery/state_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "devstate/recovery/journal_source.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/serializer/dynamic/merged_state.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate {
namespace {

constexpr absl::string_view kPrefix = "state.";
constexpr absl::string_view kSuffix = ".dstate";
constexpr char kUnfinished[] = "unfinished";

std::string NameOf(uint64_t generation) {
  return absl::StrCat(kPrefix, generation, kSuffix);
}

// Returns the generation of a file of this name, 0 of any other.
uint64_t GenerationOf(absl::string_view name) {
  uint64_t generation = 0;
  if (!absl::StartsWith(name, kPrefix) || !absl::EndsWith(name, kSuffix) ||
      name.size() <= kPrefix.size() + kSuffix.size()) {
    return 0;
  }
  const absl::string_view number = name.substr(
      kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  // Another spelling of the number would be another file.
  return absl::SimpleAtoi(number, &generation) && NameOf(generation) == name
             ? generation
             : 0;
}

// Reads a file from its start, whatever others do with its offset. `unread` is
// why it cannot be read.
class FileSource : public ByteSource {
 public:
  FileSource(int fd, absl::Status* unread) : fd_(fd), unread_(*unread) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    while (true) {
      const ssize_t got = ::pread(fd_, buffer, size, offset_);
      if (got >= 0) {
        offset_ += got;
        return static_cast<size_t>(got);
      }
      if (errno == EINTR) continue;
      unread_ = ErrnoStatus(errno, "cannot read the file");
      return unread_;
    }
  }

 private:
  const int fd_;
  absl::Status& unread_;
  off_t offset_ = 0;
};

// Merges the rounds of `journal` by the schema that it carries.
absl::StatusOr<std::string> MergedState(ByteSource& journal,
                                        const Limits& limits) {
  DynamicStateReader reader(&journal, limits);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      LoadEmbeddedSchema(SchemaOf(*header)));
  WriterOptions options;
  options.compression = Compression::Raw();
  options.limits = limits;
  options.use_second_thread = false;
  MemorySink whole;
  DS_RETURN_IF_ERROR(
      WriteMergedState(reader, schema.model(), options, &whole));
  return whole.Take();
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(
    StateStoreOptions options) {
  std::unique_ptr<StateStore> store(new StateStore(std::move(options)));
  const std::string& path = store->options_.directory;
  store->directory_ = FileDescriptor(TEMP_FAILURE_RETRY(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  const int fd = store->directory_.get();
  if (fd < 0) return ErrnoStatus(errno, path);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, path);
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": another process keeps its state there: give each back-end a "
              "folder of its own"));
  }
  struct statfs status;
  if (TEMP_FAILURE_RETRY(::fstatfs(fd, &status)) != 0) {
    return ErrnoStatus(errno, path);
  }
  store->survives_host_ = status.f_type != TMPFS_MAGIC;
  if (::unlinkat(fd, kUnfinished, 0) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, absl::StrCat(path, "/", kUnfinished));
  }
  DS_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations,
                      store->Generations());
  if (!generations.empty()) store->generation_ = generations.back();
  return store;
}

StateStore::~StateStore() {
  if (sink_ != nullptr) ::unlinkat(directory_.get(), kUnfinished, 0);
}

absl::StatusOr<std::vector<uint64_t>> StateStore::Generations() const {
  FileDescriptor copy(TEMP_FAILURE_RETRY(
      ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  DIR* const directory = copy.valid() ? ::fdopendir(copy.get()) : nullptr;
  if (directory == nullptr) return ErrnoStatus(errno, options_.directory);
  copy.Release();
  std::vector<uint64_t> generations;
  // A folder of which a part was read would look like an older one.
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const uint64_t generation = GenerationOf(entry->d_name);
    if (generation != 0) generations.push_back(generation);
    errno = 0;
  }
  const int error = errno;
  ::closedir(directory);
  if (error != 0) return ErrnoStatus(error, options_.directory);
  std::sort(generations.begin(), generations.end());
  return generations;
}

absl::Status StateStore::LoadOne(
    uint64_t generation, const std::function<absl::Status(ByteSource&)>& load,
    std::string* line, absl::Status* unread) const {
  const std::string name = NameOf(generation);
  const FileDescriptor fd(TEMP_FAILURE_RETRY(
      ::openat(directory_.get(), name.c_str(),
               O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)));
  struct stat status;
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    *unread = ErrnoStatus(errno, "cannot open it");
    return *unread;
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError("is no regular file");
  }
  const JournalSource::Open open = [&fd, unread] {
    return absl::StatusOr<std::unique_ptr<ByteSource>>(
        std::make_unique<FileSource>(fd.get(), unread));
  };
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<JournalSource> journal,
                      JournalSource::Create(open, options_.limits));
  if (journal->rounds() == 0) return load(*journal);
  absl::StrAppend(line, journal->rounds(), " rounds");
  if (!journal->dropped().ok()) {
    absl::StrAppend(line, ", what follows them dropped (",
                    journal->dropped().message(), ")");
  }
  line->append(", ");
  DS_ASSIGN_OR_RETURN(const std::string whole,
                      MergedState(*journal, options_.limits));
  MemorySource source(whole);
  return load(source);
}

absl::StatusOr<Recovery> StateStore::Load(
    const std::function<absl::Status(ByteSource&)>& load) {
  DS_ASSIGN_OR_RETURN(std::vector<uint64_t> generations, Generations());
  std::reverse(generations.begin(), generations.end());
  Recovery recovery;
  for (const uint64_t generation : generations) {
    std::string line = absl::StrCat(NameOf(generation), ": ");
    absl::Status unread;
    const absl::Status loaded = LoadOne(generation, load, &line, &unread);
    // This process has no descriptors or no memory left, which says nothing of
    // the generation: an older one would be a way back without need.
    if (absl::IsResourceExhausted(unread)) {
      return absl::Status(unread.code(), absl::StrCat(options_.directory, "/",
                                                      line, unread.message()));
    }
    absl::StrAppend(&line, loaded.ok() ? "loaded" : "not loaded: ",
                    loaded.message());
    recovery.log.push_back(std::move(line));
    if (!loaded.ok()) continue;
    recovery.generation = good_ = generation;
    break;
  }
  return recovery;
}

absl::StatusOr<JournalSink*> StateStore::Begin() {
  return BeginAs(options_.way);
}

absl::StatusOr<JournalSink*> StateStore::BeginAs(JournalWay way) {
  sink_ = nullptr;
  if (generation_ == std::numeric_limits<uint64_t>::max()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        options_.directory, "/", NameOf(generation_),
        ": no number is left for the next generation: rename the file"));
  }
  const int directory = directory_.get();
  const std::string path = absl::StrCat(options_.directory, "/", kUnfinished);
  if (::unlinkat(directory, kUnfinished, 0) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, path);
  }
  FileDescriptor fd(TEMP_FAILURE_RETRY(::openat(
      directory, kUnfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  DS_ASSIGN_OR_RETURN(
      sink_,
      JournalSink::Create(std::move(fd), way, options_.max_bytes));
  return sink_.get();
}

absl::Status StateStore::Sync(int fd) const {
  if (!survives_host_ || TEMP_FAILURE_RETRY(::fsync(fd)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, options_.directory);
}

absl::Status StateStore::Publish() {
  if (sink_ == nullptr) {
    return absl::FailedPreconditionError("Publish() without Begin()");
  }
  const int directory = directory_.get();
  DS_RETURN_IF_ERROR(Sync(sink_->fd()));
  const std::string name = NameOf(generation_ + 1);
  if (::renameat(directory, kUnfinished, directory, name.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat(options_.directory, "/", name));
  }
  const uint64_t kept = good_ != 0 ? good_ : generation_;
  good_ = ++generation_;
  DS_RETURN_IF_ERROR(Sync(directory));
  DS_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations, Generations());
  for (const uint64_t old : generations) {
    if (old < kept) ::unlinkat(directory, NameOf(old).c_str(), 0);
  }
  return absl::OkStatus();
}

absl::Status StateStore::Put(
    const std::function<absl::Status(ByteSink&)>& write) {
  // Room ahead would follow the trailer.
  DS_ASSIGN_OR_RETURN(JournalSink* const sink, BeginAs(JournalWay::kAppend));
  DS_RETURN_IF_ERROR(write(*sink));
  return Publish();
}

}  // namespace devstate
