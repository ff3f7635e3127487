// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A conversion takes memory for the directories of a state, and none for its
// files.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/foreign/states/virtiofsd/virtiofsd.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace {

std::atomic<size_t> live{0};
std::atomic<size_t> peak{0};

void* Allocate(size_t size) {
  void* const p = std::malloc(size == 0 ? 1 : size);
  live += malloc_usable_size(p);
  if (live > peak) peak = live.load();
  return p;
}

void Release(void* p) {
  live -= malloc_usable_size(p);
  std::free(p);
}

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
// std::stable_sort() asks so for its room.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void operator delete(void* p) noexcept { Release(p); }
void operator delete[](void* p) noexcept { Release(p); }
void operator delete(void* p, size_t) noexcept { Release(p); }
void operator delete[](void* p, size_t) noexcept { Release(p); }

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StringSink;
using ::devstate::virtiofsd::testing::AtPath;
using ::devstate::virtiofsd::testing::AtRoot;
using ::devstate::virtiofsd::testing::Varint;

constexpr uint64_t kDirectories = 50;
// More than are collected before they are sorted for the first time.
constexpr uint64_t kFewFiles = 80000;
constexpr uint64_t kManyFiles = 200000;
// What the allocator may round up differently.
constexpr size_t kSlack = 16 * 1024;

// A state of kDirectories with `files` in them, which is never in memory as a
// whole.
class GeneratedState : public ByteSource {
 public:
  explicit GeneratedState(uint64_t files) : last_(1 + kDirectories + files) {
    text_ = Varint(1) + Varint(last_);
  }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    while (text_.empty() && id_ <= last_ + 1) text_ = Next();
    size = std::min(size, text_.size());
    std::memcpy(buffer, text_.data(), size);
    text_.erase(0, size);
    return size;
  }

 private:
  std::string Next() {
    const uint64_t id = id_++;
    const std::string head = Varint(id) + Varint(uint64_t{1} << 30);
    if (id == 1) return head + AtRoot() + Varint(0);
    if (id > last_) return Varint(id) + std::string(7, '\0');
    const uint64_t parent = id <= 1 + kDirectories ? 1 : 2 + id % kDirectories;
    return head + AtPath(parent, "file-" + std::to_string(id)) + Varint(0);
  }

  const uint64_t last_;
  uint64_t id_ = 1;
  std::string text_;
};

OpenSource Generating(uint64_t files) {
  return [files]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    return std::shared_ptr<ByteSource>(std::make_shared<GeneratedState>(files));
  };
}

// The most memory that `run` had beside what there was before.
template <typename Run>
size_t PeakOf(Run run) {
  const size_t before = live;
  peak = before;
  run();
  return peak - before;
}

// How much waits for a second thread depends on how fast that is.
WriterOptions OneThread() {
  WriterOptions options;
  options.use_second_thread = false;
  return options;
}

size_t PeakOfImport(uint64_t files) {
  return PeakOf([files] {
    NullSink sink;
    const auto report =
        virtiofsd::Format().import_state(Generating(files), OneThread(), &sink);
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->records, 1 + kDirectories + files);
    EXPECT_FALSE(report->refused());
  });
}

size_t PeakOfExport(uint64_t files) {
  StringSink stream;
  EXPECT_THAT(virtiofsd::Format().import_state(Generating(files),
                                               WriterOptions(), &stream),
              IsOk());
  const OpenSource input =
      [&]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    return std::shared_ptr<ByteSource>(
        std::make_shared<MemorySource>(stream.written));
  };
  return PeakOf([&] {
    NullSink sink;
    const auto report = virtiofsd::Format().export_state(input, "V2", &sink);
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->records, 1 + kDirectories + files);
    EXPECT_FALSE(report->refused());
  });
}

TEST(MemoryTest, ImportTakesAsMuchForManyFilesAsForFew) {
  PeakOfImport(kFewFiles);
  const size_t few = PeakOfImport(kFewFiles);
  EXPECT_LE(PeakOfImport(kManyFiles), few + kSlack);
  EXPECT_LT(few, 2u * 1024 * 1024);
}

TEST(MemoryTest, ExportTakesAsMuchForManyFilesAsForFew) {
  PeakOfExport(kFewFiles);
  const size_t few = PeakOfExport(kFewFiles);
  EXPECT_LE(PeakOfExport(kManyFiles), few + kSlack);
  EXPECT_LT(few, 2u * 1024 * 1024);
}

}  // namespace
}  // namespace devstate
