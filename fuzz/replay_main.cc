// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target on every file of its corpus, and on mutations of each that
// are the same every time:
//
//   TARGET [--mutations=N] [--only=NUMBER] [--save=OUT] FILE|FOLDER...
//
// Input 0 of a file is the file. If the target ends the process or takes too
// long, the last line names the input; --only runs that one alone, and --save
// makes a file of it.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// The mutator of targets that have one.
extern "C" __attribute__((weak)) size_t LLVMFuzzerCustomMutator(
    uint8_t* data, size_t size, size_t max_size, unsigned int seed);

namespace {

// An input takes milliseconds, with sanitizers too.
constexpr unsigned kSecondsForOne = 30;

// The engine gives the same numbers with every library, the distributions of
// <random> do not.
using Random = std::mt19937_64;

// Values at which lengths and counts go wrong.
constexpr uint64_t kNumbers[] = {0,          1,          0x7f,       0x80,
                                 0xff,       0x100,      0x7fff,     0xffff,
                                 0x7fffffff, 0x80000000, 0xffffffff, 1u << 20};

size_t Below(size_t limit, Random& random) { return random() % limit; }

// A place in `size` bytes, which are not none: anywhere, or near the start, or
// near the end, where formats keep what tells of the rest.
size_t Place(size_t size, Random& random) {
  const size_t kind = Below(3, random);
  if (kind == 0) return Below(size, random);
  size_t near = size;
  for (size_t halvings = Below(20, random); halvings > 0 && near > 64;) {
    near /= 2;
    --halvings;
  }
  const size_t distance = Below(near, random);
  return kind == 1 ? distance : size - 1 - distance;
}

void PutNumber(std::string& input, Random& random) {
  const size_t width = size_t{1} << Below(4, random);
  if (input.size() < width) return;
  const size_t at = std::min(Place(input.size(), random), input.size() - width);
  const uint64_t number =
      kNumbers[Below(std::size(kNumbers), random)] + random() % 3 - 1;
  const bool big_endian = random() % 2 == 0;
  for (size_t i = 0; i < width; ++i) {
    const size_t shift = 8 * (big_endian ? width - 1 - i : i);
    input[at + i] = static_cast<char>(number >> shift);
  }
}

void MutateOnce(std::string& input, Random& random) {
  if (input.empty()) {
    input.push_back(static_cast<char>(random()));
    return;
  }
  const size_t at = Place(input.size(), random);
  const size_t length =
      1 + Below(std::min<size_t>(input.size() - at, 64), random);
  switch (Below(7, random)) {
    case 0:
      input[at] ^= static_cast<char>(1 << Below(8, random));
      return;
    case 1:
      input[at] = static_cast<char>(random());
      return;
    case 2:
      input.resize(at);
      return;
    case 3:
      input.erase(at, length);
      return;
    case 4: {
      const std::string again = input.substr(at, length);
      input.insert(Place(input.size(), random), again);
      return;
    }
    case 5:
      PutNumber(input, random);
      return;
    default: {
      const size_t digit = input.find_first_of("0123456789", at);
      if (digit != std::string::npos) {
        input[digit] = static_cast<char>('0' + Below(10, random));
      }
    }
  }
}

// The numbers of LLVMFuzzerMutate(), which has no argument for them.
Random mutations;

// The bytes by which the target's own mutator may lengthen an input.
constexpr size_t kRoom = 4096;

std::string MakeInput(const std::string& file, uint64_t number) {
  std::string input = file;
  if (number == 0) return input;
  if (LLVMFuzzerCustomMutator != nullptr) {
    mutations.seed(number);
    const size_t size = input.size();
    input.resize(size + kRoom);
    auto* const data = reinterpret_cast<uint8_t*>(input.data());
    input.resize(LLVMFuzzerCustomMutator(data, size, input.size(),
                                         static_cast<unsigned int>(number)));
    return input;
  }
  Random random(number);
  const size_t changes = 1 + Below(3, random);
  for (size_t i = 0; i < changes; ++i) MutateOnce(input, random);
  return input;
}

// What runs now, for the handler of signals.
char running[512];

void NameInput(int signal) {
  if (write(STDERR_FILENO, running, std::strlen(running)) < 0) _exit(1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// Adds a file, or those of a folder in the order of their names.
void AddFiles(const char* path, std::vector<std::string>* files) {
  if (!std::filesystem::is_directory(path)) {
    files->emplace_back(path);
    return;
  }
  const auto first = static_cast<ptrdiff_t>(files->size());
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    files->push_back(entry.path().string());
  }
  std::sort(files->begin() + first, files->end());
}

void RunInput(const std::string& name, uint64_t number,
              const std::string& input) {
  std::snprintf(running, sizeof(running), "replay: ended in input %llu of %s\n",
                static_cast<unsigned long long>(number), name.c_str());
  alarm(kSecondsForOne);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()),
                         input.size());
  alarm(0);
}

}  // namespace

// What libFuzzer has for the mutators of targets.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size,
                                   size_t max_size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  MutateOnce(input, mutations);
  input.resize(std::min(input.size(), max_size));
  std::copy(input.begin(), input.end(), data);
  return input.size();
}

int main(int argc, char** argv) {
  uint64_t mutation_count = 0;
  uint64_t only = UINT64_MAX;
  std::string save;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (absl::ConsumePrefix(&argument, "--mutations=")) {
      if (absl::SimpleAtoi(argument, &mutation_count)) continue;
    } else if (absl::ConsumePrefix(&argument, "--only=")) {
      if (absl::SimpleAtoi(argument, &only)) continue;
    } else if (absl::ConsumePrefix(&argument, "--save=")) {
      save = std::string(argument);
      continue;
    } else {
      AddFiles(argv[i], &files);
      continue;
    }
    std::fprintf(stderr, "replay: %s: not a number\n", argv[i]);
    return 2;
  }
  // A target whose corpus went missing must not pass.
  if (files.empty()) {
    std::fprintf(stderr, "replay: no files\n");
    return 2;
  }
  for (const int signal : {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV}) {
    std::signal(signal, NameInput);
  }
  uint64_t inputs = 0;
  for (const std::string& name : files) {
    std::ifstream stream(name, std::ios::binary);
    if (!stream) {
      std::fprintf(stderr, "replay: cannot open %s\n", name.c_str());
      return 2;
    }
    const std::string file((std::istreambuf_iterator<char>(stream)),
                           std::istreambuf_iterator<char>());
    const bool all = only == UINT64_MAX;
    const uint64_t last = all ? mutation_count : only;
    for (uint64_t number = all ? 0 : only; number <= last; ++number) {
      const std::string input = MakeInput(file, number);
      if (!save.empty()) std::ofstream(save, std::ios::binary) << input;
      RunInput(name, number, input);
      ++inputs;
    }
  }
  std::printf("%llu inputs of %zu files\n",
              static_cast<unsigned long long>(inputs), files.size());
  return 0;
}
