// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/state_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/recovery/generation_place.h"
#include "devstate/recovery/journal_source.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/serializer/dynamic/merged_state.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {
namespace {

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
  if ((options.manager == nullptr) == options.directory.empty()) {
    return absl::InvalidArgumentError(
        "say where the state is kept: a folder or a service manager");
  }
  std::unique_ptr<StateStore> store(new StateStore(std::move(options)));
  const StateStoreOptions& kept = store->options_;
  if (kept.manager != nullptr) {
    DS_ASSIGN_OR_RETURN(store->place_, OpenParked(*kept.manager, kept.name));
  } else {
    DS_ASSIGN_OR_RETURN(store->place_, OpenFolder(kept.directory));
  }
  DS_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations,
                      store->place_->List());
  if (!generations.empty()) store->generation_ = generations.back();
  return store;
}

StateStore::StateStore(StateStoreOptions options)
    : options_(std::move(options)) {}

StateStore::~StateStore() = default;

absl::Status StateStore::LoadOne(
    uint64_t generation, const std::function<absl::Status(ByteSource&)>& load,
    std::string* line, absl::Status* unread) const {
  const absl::StatusOr<FileDescriptor> opened = place_->Open(generation);
  if (!opened.ok()) return *unread = opened.status();
  const FileDescriptor& fd = *opened;
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) {
    return *unread = ErrnoStatus(errno, "cannot open it");
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
  DS_ASSIGN_OR_RETURN(std::vector<uint64_t> generations, place_->List());
  std::reverse(generations.begin(), generations.end());
  Recovery recovery;
  for (const uint64_t generation : generations) {
    std::string line = absl::StrCat(place_->NameOf(generation), ": ");
    absl::Status unread;
    const absl::Status loaded = LoadOne(generation, load, &line, &unread);
    // This process has no descriptors or no memory left, which says nothing of
    // the generation: an older one would be a way back without need.
    if (absl::IsResourceExhausted(unread)) {
      return absl::Status(
          unread.code(),
          absl::StrCat(place_->PathOf(generation), ": ", unread.message()));
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
        place_->PathOf(generation_),
        ": no number is left for the next generation: give it another name"));
  }
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, place_->Create());
  DS_ASSIGN_OR_RETURN(
      sink_, JournalSink::Create(std::move(fd), way, options_.max_bytes));
  return sink_.get();
}

absl::Status StateStore::Publish() { return PublishAs(/*whole=*/false); }

absl::Status StateStore::PublishAs(bool whole) {
  if (sink_ == nullptr) {
    return absl::FailedPreconditionError("Publish() without Begin()");
  }
  const uint64_t kept = good_ != 0 ? good_ : generation_;
  // After an error there may be one of this number.
  ++generation_;
  DS_RETURN_IF_ERROR(place_->Publish(generation_, sink_->fd(), whole));
  good_ = generation_;
  DS_ASSIGN_OR_RETURN(const std::vector<uint64_t> generations, place_->List());
  for (const uint64_t old : generations) {
    if (old < kept) DS_RETURN_IF_ERROR(place_->Remove(old));
  }
  return absl::OkStatus();
}

absl::Status StateStore::Put(
    const std::function<absl::Status(ByteSink&)>& write) {
  // Room ahead would follow the trailer.
  DS_ASSIGN_OR_RETURN(JournalSink* const sink, BeginAs(JournalWay::kAppend));
  DS_RETURN_IF_ERROR(write(*sink));
  return PublishAs(/*whole=*/true);
}

}  // namespace devstate
