// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A program of the guest in proxy_versions_test.py. Has files of a folder in
// use, in each of the ways that a back-end must keep, and checks all that it
// reads: what is lost, or comes from another file, shows.
//
//   file_worker FOLDER
//
// The host has put empty files "log" and "gone", a file "mapped" and a folder
// "names" there. It ends a phase by making a file "phase1", then "phase2" and
// so on, and all by "stop". At the end of each phase the program prints the
// longest time that one round took. Number n of the log's records is Record(n).

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <set>
#include <string>

namespace {

constexpr size_t kRecord = 64;
constexpr uint64_t kSlots = 64;  // records of a file that is written in place
constexpr size_t kMapped = kSlots * kRecord;
constexpr uint64_t kLook = 8;  // rounds between two looks at the host's files

[[noreturn]] void Fail(const char* what, uint64_t round) {
  std::printf("WRONG: %s in round %llu (%s)\n", what,
              static_cast<unsigned long long>(round), std::strerror(errno));
  std::fflush(stdout);
  std::exit(1);
}

uint64_t Microseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 +
         static_cast<uint64_t>(now.tv_nsec) / 1000;
}

// A number and what can be told from it, so that no byte stands for itself.
struct Record {
  explicit Record(uint64_t number) {
    for (uint64_t& word : words) {
      word = number;
      number = number * 6364136223846793005u + 1442695040888963407u;
    }
  }
  bool operator==(const Record& other) const {
    return std::memcmp(words, other.words, kRecord) == 0;
  }
  uint64_t words[kRecord / sizeof(uint64_t)];
};

class Worker {
 public:
  explicit Worker(const std::string& folder)
      : folder_(folder),
        log_(Open("log", O_WRONLY | O_APPEND)),
        read_back_(Open("log", O_RDONLY)),
        gone_(Open("gone", O_RDWR)),
        mapped_(Open("mapped", O_RDWR)),
        names_(Open("names", O_RDONLY | O_DIRECTORY)) {
    if (unlink((folder_ + "/gone").c_str()) != 0) Fail("unlink", 0);
    map_ = static_cast<char*>(
        mmap(nullptr, kMapped, PROT_READ | PROT_WRITE, MAP_SHARED, mapped_, 0));
    if (map_ == MAP_FAILED) Fail("mmap", 0);
  }

  void Run() {
    uint64_t phase = 0;
    uint64_t longest = 0;
    uint64_t first = 0;
    std::puts("working");
    std::fflush(stdout);
    while (true) {
      const uint64_t start = Microseconds();
      Round();
      const bool look = ++round_ % kLook == 0;
      const bool stop = look && Exists("stop");
      const bool next =
          look && Exists(("phase" + std::to_string(phase + 1)).c_str());
      const uint64_t took = Microseconds() - start;
      if (took > longest) longest = took;
      if (!stop && !next) continue;
      std::printf("phase %llu: %llu rounds, the longest %llu us\n",
                  static_cast<unsigned long long>(phase),
                  static_cast<unsigned long long>(round_ - first),
                  static_cast<unsigned long long>(longest));
      if (stop) break;
      std::fflush(stdout);
      ++phase;
      longest = 0;
      first = round_;
    }
    std::printf("worked %llu rounds, read %zu names %llu times\n",
                static_cast<unsigned long long>(round_), all_.size(),
                static_cast<unsigned long long>(times_));
  }

 private:
  int Open(const char* name, int flags) {
    const int fd = open((folder_ + "/" + name).c_str(), flags);
    if (fd < 0) Fail(name, 0);
    return fd;
  }

  bool Exists(const char* name) {
    if (access((folder_ + "/" + name).c_str(), F_OK) == 0) return true;
    if (errno != ENOENT) Fail(name, round_);
    return false;
  }

  // Drops what the guest itself keeps of a file, so that it is read again.
  void Forget(int fd) {
    if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
      Fail("posix_fadvise", round_);
    }
  }

  void Read(int fd, uint64_t slot, const Record& expected, const char* what) {
    Forget(fd);
    Record got(0);
    if (pread(fd, got.words, kRecord, static_cast<off_t>(slot * kRecord)) !=
        static_cast<ssize_t>(kRecord)) {
      Fail(what, round_);
    }
    errno = 0;
    if (!(got == expected)) Fail(what, round_);
  }

  void Round() {
    const Record record(round_);
    if (write(log_, record.words, kRecord) != static_cast<ssize_t>(kRecord)) {
      Fail("write to the log", round_);
    }
    Read(read_back_, round_, record, "the log");
    const uint64_t slot = round_ % kSlots;
    if (pwrite(gone_, record.words, kRecord,
               static_cast<off_t>(slot * kRecord)) !=
        static_cast<ssize_t>(kRecord)) {
      Fail("write to a file without a name", round_);
    }
    if (round_ >= kSlots) {
      Read(gone_, (slot + 1) % kSlots, Record(round_ + 1 - kSlots),
           "a file without a name");
    }
    std::memcpy(map_ + slot * kRecord, record.words, kRecord);
    if (msync(map_, kMapped, MS_SYNC) != 0) Fail("msync", round_);
    if (madvise(map_, kMapped, MADV_DONTNEED) != 0) Fail("madvise", round_);
    Forget(mapped_);
    errno = 0;
    if (std::memcmp(map_ + slot * kRecord, record.words, kRecord) != 0) {
      Fail("a mapping", round_);
    }
    ReadNames();
  }

  // Reads the next few names, so that the folder is half read nearly always.
  void ReadNames() {
    alignas(dirent64) char buffer[512];
    const ssize_t size = getdents64(names_, buffer, sizeof(buffer));
    if (size < 0) Fail("getdents64", round_);
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      errno = 0;
      if (!seen_.insert(entry->d_name).second) Fail("a name twice", round_);
      at += entry->d_reclen;
    }
    if (size != 0) return;
    if (times_++ == 0) all_ = seen_;
    errno = 0;
    for (const std::string& name : all_) {
      if (seen_.count(name) == 0) Fail(("without " + name).c_str(), round_);
    }
    if (seen_.size() != all_.size()) Fail("more names than before", round_);
    seen_.clear();
    // Not rewound: a descriptor of ext4 that was opened anew at the end of a
    // folder, as by another back-end, finds nothing when it is.
    close(names_);
    names_ = Open("names", O_RDONLY | O_DIRECTORY);
  }

  const std::string folder_;
  const int log_;
  const int read_back_;
  const int gone_;
  const int mapped_;
  int names_;
  char* map_;
  uint64_t round_ = 0;
  std::set<std::string> seen_;
  std::set<std::string> all_;
  uint64_t times_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Worker(argv[1]).Run();
  return 0;
}
