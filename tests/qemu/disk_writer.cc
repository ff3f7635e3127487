// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A program of the guest in blk_test.py. Writes to a disk from several threads,
// and checks that each block holds what was written to it last: a write that is
// lost shows, and so does one that is done again after a later one.
//
//   disk_writer DEVICE THREADS
//
// It prints how far it is, and ends when block 0 begins with "stop", which the
// host writes.

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kBlocks = 8;  // of each thread
constexpr uint64_t kProgress = 50;
constexpr uint64_t kZero = 0;  // the sequence of a block that was discarded

std::atomic<bool> stop{false};
std::atomic<uint64_t> writes{0};

[[noreturn]] void Fail(const char* what, uint64_t where, uint64_t got,
                       uint64_t expected) {
  std::printf("WRONG: %s at block %llu: %llu, expected %llu\n", what,
              static_cast<unsigned long long>(where),
              static_cast<unsigned long long>(got),
              static_cast<unsigned long long>(expected));
  std::fflush(stdout);
  std::exit(1);
}

// A block of memory that O_DIRECT takes.
class Block {
 public:
  Block()
      : words_(static_cast<uint64_t*>(std::aligned_alloc(kBlock, kBlock))) {}
  ~Block() { std::free(words_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void Fill(uint64_t value) {
    for (size_t i = 0; i < kBlock / 8; ++i) words_[i] = value;
  }
  void Write(int disk, uint64_t block) {
    if (pwrite(disk, words_, kBlock, static_cast<off_t>(block * kBlock)) !=
        static_cast<ssize_t>(kBlock)) {
      Fail("write", block, 0, kBlock);
    }
  }
  void Read(int disk, uint64_t block) {
    if (pread(disk, words_, kBlock, static_cast<off_t>(block * kBlock)) !=
        static_cast<ssize_t>(kBlock)) {
      Fail("read", block, 0, kBlock);
    }
  }
  void Expect(uint64_t block, uint64_t value) const {
    for (size_t i = 0; i < kBlock / 8; ++i) {
      if (words_[i] != value) Fail("content", block, words_[i], value);
    }
  }
  bool StartsWith(const char* text) const {
    return std::memcmp(words_, text, std::strlen(text)) == 0;
  }

 private:
  uint64_t* const words_;
};

void Discard(int disk, uint64_t block) {
  uint64_t range[2] = {block * kBlock, kBlock};
  if (ioctl(disk, BLKZEROOUT, range) != 0) Fail("zeroes", block, 0, kBlock);
}

void Work(const char* device, uint64_t thread) {
  const int disk = open(device, O_RDWR | O_DIRECT);
  if (disk < 0) Fail("open", thread, 0, 0);
  std::mt19937_64 random(thread);
  const uint64_t first = 1 + thread * kBlocks;
  std::vector<uint64_t> last(kBlocks, kZero);
  Block block;
  for (size_t i = 0; i < kBlocks; ++i) Discard(disk, first + i);
  for (uint64_t sequence = 1; !stop; ++sequence) {
    const size_t to = random() % kBlocks;
    if (random() % 16 == 0) {
      Discard(disk, first + to);
      last[to] = kZero;
    } else {
      last[to] = sequence << 8 | thread;
      block.Fill(last[to]);
      block.Write(disk, first + to);
    }
    if (random() % 16 == 0 && fdatasync(disk) != 0) Fail("flush", to, 0, 0);
    const size_t from = random() % kBlocks;
    block.Read(disk, first + from);
    block.Expect(first + from, last[from]);
    const uint64_t count = ++writes;
    if (count % kProgress == 0) {
      std::printf("written %llu\n", static_cast<unsigned long long>(count));
      std::fflush(stdout);
    }
  }
  for (size_t i = 0; i < kBlocks; ++i) {
    block.Read(disk, first + i);
    block.Expect(first + i, last[i]);
  }
  close(disk);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    threads.emplace_back(Work, argv[1], i);
  }
  const int disk = open(argv[1], O_RDONLY | O_DIRECT);
  Block block;
  while (!stop) {
    usleep(100000);
    block.Read(disk, 0);
    stop = block.StartsWith("stop");
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("verified after %llu\n",
              static_cast<unsigned long long>(writes.load()));
  return 0;
}
