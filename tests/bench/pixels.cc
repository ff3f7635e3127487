// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Moves 64 MiB of images from one process through a pipe into another's memory,
// as pieces of devices.gpu.v1, as virtiofsd moves bytes, and as fast as a pipe
// with checksums can, side by side.
//
//   bazel run //tests/bench:pixels
//
// Prints the median time of each, and the most that either end of pieces has
// allocated with `new` at once beside its live images. zstd allocates
// otherwise.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "devices/gpu/v1/gpu.devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "tests/bench/figures.h"
#include "tests/bench/heap_peak.h"
#include "tests/bench/median.h"

namespace devstate::bench {
namespace {

using ::devices::gpu::v1::GpuState;
using ::devices::gpu::v1::GpuStateReader;
using ::devices::gpu::v1::GpuStateVisitor;
using ::devices::gpu::v1::GpuStateWriter;
using ::devices::gpu::v1::PieceRow;
using ::devices::gpu::v1::ResourceRow;

constexpr size_t kImages = 8;
constexpr size_t kImageBytes = 8 << 20;
constexpr int kRepetitions = 9;

using Images = std::vector<std::vector<char>>;

// A desktop: lines that repeat, and some that do not.
Images MakeImages() {
  Images images;
  uint32_t random = 1;
  for (size_t i = 0; i < kImages; ++i) {
    std::vector<char>& image = images.emplace_back(kImageBytes);
    for (size_t at = 0; at < image.size(); at += sizeof(random)) {
      if (at / 8192 % 8 == 0) random = random * 1664525 + 1013904223;
      std::memcpy(&image[at], &random, sizeof(random));
    }
  }
  return images;
}

// The memory of an image that is received.
using Image = std::unique_ptr<char, void (*)(void*)>;
using Received = std::vector<Image>;

Image Owned(void* memory) {
  if (memory == nullptr) std::abort();
  return {static_cast<char*>(memory), std::free};
}
Image Pages(size_t bytes) { return Owned(std::malloc(bytes)); }
Image HugePages(size_t bytes) {
  Image image = Owned(std::aligned_alloc(size_t{2} << 20, bytes));
  madvise(image.get(), bytes, MADV_HUGEPAGE);
  return image;
}

class PipeSink : public ByteSink {
 public:
  explicit PipeSink(int fd) : fd_(fd) {}
  absl::Status Write(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_, bytes.data(), bytes.size());
      if (n < 0) return absl::ErrnoToStatus(errno, "write");
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }

 private:
  const int fd_;
};

class PipeSource : public ByteSource {
 public:
  explicit PipeSource(int fd) : fd_(fd) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const ssize_t n = read(fd_, buffer, size);
    if (n < 0) return absl::ErrnoToStatus(errno, "read");
    return static_cast<size_t>(n);
  }

 private:
  const int fd_;
};

// --- As virtiofsd moves bytes ---
//
// postcard and serde, which it uses, write a Vec<u8> into one buffer and read
// it from one, byte by byte. Both grow as a Vec does: by realloc(), which moves
// pages and copies none of these sizes.

class GrowingBytes {
 public:
  ~GrowingBytes() { std::free(data_); }
  char* data() { return data_; }
  size_t size() const { return size_; }
  size_t room() const { return capacity_ - size_; }

  void Reserve(size_t capacity) {
    data_ = static_cast<char*>(std::realloc(data_, capacity));
    if (data_ == nullptr) std::abort();
    capacity_ = capacity;
  }
  void Grow() { Reserve(std::max<size_t>(32, capacity_ * 2)); }
  void Extend(size_t size) { size_ += size; }
  void Push(char byte) {
    if (size_ == capacity_) Grow();
    data_[size_++] = byte;
  }
  char* Release() { return std::exchange(data_, nullptr); }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

absl::Status SendAtOnce(const Images& images, int fd) {
  GrowingBytes out;
  for (const auto& image : images) {
    for (const char byte : image) out.Push(byte);
  }
  return PipeSink(fd).Write({out.data(), out.size()});
}

absl::Status ReceiveAtOnce(int fd, Received* received) {
  PipeSource source(fd);
  GrowingBytes bytes;
  while (true) {
    if (bytes.room() == 0) bytes.Grow();
    DS_ASSIGN_OR_RETURN(const size_t n,
                        source.Read(bytes.data() + bytes.size(), bytes.room()));
    if (n == 0) break;
    bytes.Extend(n);
  }
  const char* position = bytes.data();
  for (size_t i = 0; i < kImages; ++i) {
    GrowingBytes image;
    // What serde reserves at most for a length that it has not verified.
    image.Reserve(1 << 20);
    for (const char* const end = position + kImageBytes; position != end;) {
      image.Push(*position++);
    }
    received->push_back(Owned(image.Release()));
  }
  return absl::OkStatus();
}

// --- Nothing but a pipe and checksums on both sides ---

constexpr size_t kSpan = 512 << 10;

absl::Status SendSpans(const Images& images, int fd) {
  PipeSink sink(fd);
  for (const auto& image : images) {
    for (size_t at = 0; at < image.size(); at += kSpan) {
      const absl::string_view span(&image[at], kSpan);
      const uint64_t checksum = Checksum(span);
      DS_RETURN_IF_ERROR(sink.Write(span));
      DS_RETURN_IF_ERROR(
          sink.Write({reinterpret_cast<const char*>(&checksum), 8}));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadAll(PipeSource& source, char* out, size_t size) {
  while (size > 0) {
    DS_ASSIGN_OR_RETURN(const size_t n, source.Read(out, size));
    if (n == 0) return absl::DataLossError("end");
    out += n;
    size -= n;
  }
  return absl::OkStatus();
}

absl::Status ReceiveSpans(int fd, Received* received) {
  PipeSource source(fd);
  for (size_t i = 0; i < kImages; ++i) {
    const Image& image = received->emplace_back(HugePages(kImageBytes));
    for (size_t at = 0; at < kImageBytes; at += kSpan) {
      char* const span = image.get() + at;
      uint64_t checksum;
      DS_RETURN_IF_ERROR(ReadAll(source, span, kSpan));
      DS_RETURN_IF_ERROR(
          ReadAll(source, reinterpret_cast<char*>(&checksum), 8));
      if (Checksum({span, kSpan}) != checksum) return absl::DataLossError("");
    }
  }
  return absl::OkStatus();
}

// --- As pieces ---

absl::Status SendPieces(const Images& images, int fd,
                        const Compression& compression) {
  PipeSink sink(fd);
  WriterOptions options;
  options.compression = compression;
  // One thread at each end, as virtiofsd has it.
  options.use_second_thread = false;
  GpuStateWriter writer(&sink, options);
  GpuState root;
  root.mutable_config()->set_num_scanouts(1);
  DS_RETURN_IF_ERROR(writer.Begin(root));
  for (uint32_t i = 0; i < images.size(); ++i) {
    ResourceRow row;
    row.id = i + 1;
    row.format = 1;
    row.width = 2048;
    row.height = 1024;
    row.pixel_bytes = images[i].size();
    DS_RETURN_IF_ERROR(writer.AddResources(row));
  }
  for (uint32_t i = 0; i < images.size(); ++i) {
    PieceWriter pixels = writer.WritePixelsOf(i + 1);
    DS_RETURN_IF_ERROR(pixels.Append({images[i].data(), images[i].size()}));
    DS_RETURN_IF_ERROR(pixels.Finish());
  }
  return writer.Finish();
}

absl::Status SendAutomatically(const Images& images, int fd) {
  return SendPieces(images, fd, Compression::Automatic());
}
absl::Status SendRaw(const Images& images, int fd) {
  return SendPieces(images, fd, Compression::Raw());
}

class Loader : public GpuStateVisitor {
 public:
  // `make` returns the memory of an image.
  Loader(Image (*make)(size_t bytes), Received* images)
      : make_(make), images_(*images) {}

  absl::Status OnRoot(const GpuState&) override { return absl::OkStatus(); }
  absl::Status OnResources(devices::gpu::v1::ResourcesBatch& batch) override {
    ResourceRow row;
    while (batch.Next(&row)) images_.push_back(make_(row.pixel_bytes));
    return absl::OkStatus();
  }
  absl::Status OnPixels(devices::gpu::v1::PixelsBatch& batch) override {
    PieceRow row;
    while (batch.Next(&row)) {
      std::memcpy(images_[row.owner - 1].get() + row.offset, row.data.data(),
                  row.data.size());
    }
    return absl::OkStatus();
  }
  absl::Status OnBlobs(devices::gpu::v1::BlobsBatch&) override { return {}; }
  absl::Status OnContexts(devices::gpu::v1::ContextsBatch&) override {
    return {};
  }
  absl::Status OnScanouts(devices::gpu::v1::ScanoutsBatch&) override {
    return {};
  }
  absl::Status OnCursors(devices::gpu::v1::CursorsBatch&) override {
    return {};
  }
  absl::Status OnFences(devices::gpu::v1::FencesBatch&) override { return {}; }
  absl::Status OnVrings(devices::gpu::v1::VringsBatch&) override { return {}; }
  absl::Status OnInflight(devices::gpu::v1::InflightBatch&) override {
    return {};
  }
  absl::Status OnContextStates(devices::gpu::v1::ContextStatesBatch&) override {
    return {};
  }

 private:
  Image (*const make_)(size_t bytes);
  Received& images_;
};

absl::Status ReceivePieces(int fd, Image (*make)(size_t bytes),
                           Received* images) {
  PipeSource source(fd);
  GpuStateReader reader(&source);
  Loader loader(make, images);
  return reader.Read(loader);
}

absl::Status ReceiveInPages(int fd, Received* images) {
  return ReceivePieces(fd, Pages, images);
}
absl::Status ReceiveInHugePages(int fd, Received* images) {
  return ReceivePieces(fd, HugePages, images);
}

// --- Runs ---

struct Variant {
  const char* name;
  bool pieces;
  bool large_pipe;
  absl::Status (*send)(const Images& images, int fd);
  absl::Status (*receive)(int fd, Received* images);
};

constexpr Variant kVariants[] = {
    {"virtiofsd's way", false, false, SendAtOnce, ReceiveAtOnce},
    {"pieces, raw", true, true, SendRaw, ReceiveInPages},
    {"pieces, raw, into huge pages", true, true, SendRaw, ReceiveInHugePages},
    {"pieces, automatic, into huge pages", true, true, SendAutomatically,
     ReceiveInHugePages},
    {"pipe and checksums, into huge pages", false, true, SendSpans,
     ReceiveSpans},
};

bool Equal(const Received& received, const Images& images) {
  return std::equal(received.begin(), received.end(), images.begin(),
                    images.end(), [](const Image& a, const auto& b) {
                      return std::memcmp(a.get(), b.data(), b.size()) == 0;
                    });
}

// Returns the time that one variant takes with a process at each end.
double Run(const Variant& variant, const Images& images) {
  int fds[2];
  int report[2];
  if (pipe(fds) != 0 || pipe(report) != 0) std::abort();
  if (variant.large_pipe) fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
  const absl::Time start = absl::Now();
  const pid_t receiver = fork();
  if (receiver == 0) {
    close(fds[1]);
    Received received;
    const char done = 1;
    if (!variant.receive(fds[0], &received).ok() ||
        write(report[1], &done, 1) != 1) {
      _exit(1);
    }
    // After the clock has stopped.
    _exit(Equal(received, images) ? 0 : 1);
  }
  close(fds[0]);
  // Else the read below would not end with the receiver.
  close(report[1]);
  const absl::Status sent = variant.send(images, fds[1]);
  close(fds[1]);
  char done = 0;
  const bool arrived = read(report[0], &done, 1) == 1;
  const absl::Time end = absl::Now();
  int status = 0;
  waitpid(receiver, &status, 0);
  close(report[0]);
  if (!sent.ok() || !arrived || status != 0) {
    absl::FPrintF(stderr, "%s: the images do not arrive\n", variant.name);
    std::exit(1);
  }
  return absl::ToDoubleMilliseconds(end - start);
}

// The most that either end has allocated at once beside the live images.
struct Memory {
  size_t sender_kib;
  size_t receiver_kib;
};

Memory MemoryOf(const Variant& variant, const Images& images) {
  const int file = memfd_create("pixels", MFD_CLOEXEC);
  Memory memory = {};
  StartHeapPeak();
  bool ok = variant.send(images, file).ok();
  memory.sender_kib = HeapPeak() / 1024;
  lseek(file, 0, SEEK_SET);
  StartHeapPeak();
  Received received;
  ok = variant.receive(file, &received).ok() && ok;
  memory.receiver_kib = HeapPeak() / 1024;
  close(file);
  if (!ok) std::abort();
  return memory;
}

int Main() {
  const Images images = MakeImages();
  std::vector<double> times[std::size(kVariants)];
  for (int i = 0; i < kRepetitions; ++i) {
    for (size_t v = 0; v < std::size(kVariants); ++v) {
      times[v].push_back(Run(kVariants[v], images));
    }
  }
  const double base = Median(times[0]);
  for (size_t v = 0; v < std::size(kVariants); ++v) {
    absl::PrintF("%-35s %7.1f ms  %5.2f times", kVariants[v].name,
                 Median(times[v]), base / Median(times[v]));
    if (kVariants[v].pieces) {
      const Memory memory = MemoryOf(kVariants[v], images);
      absl::PrintF("  sender +%d KiB  receiver +%d KiB", memory.sender_kib,
                   memory.receiver_kib);
    }
    absl::PrintF("\n");
    std::vector<double> ratios;
    for (size_t i = 0; i < times[v].size(); ++i) {
      ratios.push_back(times[0][i] / times[v][i]);
    }
    AddFigure("64 MiB of pixels",
              absl::StrCat("virtiofsd's way / ", kVariants[v].name),
              "times the time", ratios);
  }
  return 0;
}

}  // namespace
}  // namespace devstate::bench

int main() { return devstate::bench::Main(); }
