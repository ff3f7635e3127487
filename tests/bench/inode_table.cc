// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/inode_table.h"

#include <sys/stat.h>

#include <cstring>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "xxhash.h"

namespace devstate::bench {
namespace {

constexpr const char* kWords[] = {
    "access",   "account",   "adapter",  "archive",   "attribute", "audio",
    "backend",  "binary",    "block",    "buffer",    "build",     "cache",
    "channel",  "charset",   "check",    "client",    "codec",     "color",
    "command",  "common",    "config",   "console",   "context",   "control",
    "core",     "debug",     "default",  "device",    "dialog",    "digest",
    "driver",   "editor",    "encoder",  "engine",    "entry",     "event",
    "factory",  "filter",    "format",   "frame",     "function",  "gateway",
    "graphics", "handler",   "header",   "helper",    "history",   "icon",
    "image",    "index",     "install",  "interface", "journal",   "kernel",
    "keyboard", "language",  "layout",   "library",   "loader",    "locale",
    "manager",  "mapping",   "memory",   "message",   "module",    "monitor",
    "network",  "object",    "option",   "package",   "parser",    "pattern",
    "plugin",   "policy",    "process",  "profile",   "protocol",  "queue",
    "reader",   "record",    "registry", "renderer",  "request",   "resource",
    "response", "schema",    "script",   "section",   "server",    "service",
    "session",  "socket",    "storage",  "stream",    "symbol",    "system",
    "table",    "template",  "terminal", "test",      "thread",    "token",
    "tools",    "transport", "update",   "user",      "utils",     "vector",
    "version",  "virtual",   "widget",   "window",    "writer",    "xml",
};
constexpr const char* kExtensions[] = {
    ".h",  ".c",  ".py",   ".so",   ".png",  ".svg", ".txt", ".html",
    ".gz", ".js", ".json", ".conf", ".xml",  ".pyc", ".mo",  ".cpp",
    ".md", ".rs", ".go",   ".java", ".jpeg", ".css", ".sh",  "",
};

constexpr const char* kSeparators[] = {"-", "_", "."};

template <size_t kSize>
const char* Pick(const char* const (&list)[kSize], std::minstd_rand& random) {
  return list[random() % kSize];
}

// The files of one directory have much in common: a naming habit, a few words,
// an extension, permissions, and neighbouring inode numbers. And many
// directories hold the same names as another one: translations, icons of
// several sizes, versions of a package.
struct Directory {
  size_t index;
  // Where its names come from.
  std::minstd_rand names;
  const char* words[3];
  const char* extensions[2];
  const char* separator;
  uint32_t file_mode;
  uint64_t counter;
};

// `seeds` are those of the directories made last, so that some can be repeated.
Directory MakeDirectory(size_t index, std::vector<uint32_t>& seeds,
                        std::mt19937_64& outer_random) {
  constexpr size_t kRemembered = 32;
  uint32_t seed = static_cast<uint32_t>(outer_random() % 1000000007);
  if (!seeds.empty() && outer_random() % 2 == 0) {
    seed = seeds[outer_random() % seeds.size()];
  } else if (seeds.size() < kRemembered) {
    seeds.push_back(seed);
  } else {
    seeds[index % kRemembered] = seed;
  }
  Directory directory;
  directory.index = index;
  directory.names.seed(seed);
  std::minstd_rand& random = directory.names;
  for (const char*& word : directory.words) word = Pick(kWords, random);
  for (const char*& extension : directory.extensions) {
    extension = Pick(kExtensions, random);
  }
  directory.separator = Pick(kSeparators, random);
  directory.file_mode = S_IFREG | (random() % 8 == 0 ? 0755 : 0644);
  directory.counter = random() % 1000;
  return directory;
}

std::string MakeName(bool is_directory, Directory& in) {
  std::minstd_rand& random = in.names;
  if (is_directory) {
    return random() % 2 == 0 ? Pick(kWords, random)
                             : absl::StrCat(in.words[random() % 3],
                                            in.separator, Pick(kWords, random));
  }
  std::string name = absl::StrCat(
      in.words[random() % 3], in.separator,
      random() % 2 == 0 ? in.words[random() % 3] : Pick(kWords, random));
  switch (random() % 4) {
    case 0:
      absl::StrAppend(&name, in.separator, in.words[random() % 3]);
      break;
    case 1:
    case 2:
      in.counter += 1 + random() % 3;
      absl::StrAppend(&name, in.separator, in.counter);
      break;
    default:
      absl::StrAppend(&name, in.separator, Pick(kWords, random));
      break;
  }
  return name + in.extensions[random() % 8 == 0];
}

uint32_t MakeMode(bool is_directory, const Directory& in,
                  std::mt19937_64& random) {
  if (is_directory) return S_IFDIR | 0755;
  switch (random() % 32) {
    case 0:
      return S_IFLNK | 0777;
    case 1:
      return S_IFREG | 0600;
    default:
      return in.file_mode;
  }
}

}  // namespace

InodeTable GenerateTable(size_t count) {
  std::mt19937_64 random(20260101);
  InodeTable table;
  table.inodes.reserve(count);
  table.names.Reserve(count * 24);
  // The directories from the root to where the walk is.
  std::vector<uint32_t> seeds;
  std::vector<Directory> path = {MakeDirectory(0, seeds, random)};
  uint64_t ino = 1000000;
  for (size_t i = 0; i < count; ++i) {
    const bool is_directory = i == 0 || random() % 9 == 0;
    while (path.size() > 1 && (path.size() > 12 || random() % 12 == 0)) {
      path.pop_back();
    }
    // Most files of a directory were made one after the other, most directories
    // at another time than their neighbours.
    ++ino;
    if (random() % (is_directory ? 4 : 64) == 0) {
      ino = 1000000 + random() % 60000000;
    }
    Directory& in = path.back();
    LiveInode inode = {};
    inode.id = i + 1;
    // The root, too, has a parent and a name, as the schema asks of every path.
    inode.parent = i == 0 ? inode.id : table.inodes[in.index].id;
    inode.refcount = 1 + (random() % 16 == 0 ? random() % 4 : 0);
    inode.ino = ino;
    inode.mount_id = 27;
    inode.mode = MakeMode(is_directory, in, random);
    inode.handle_type = 1;
    const uint32_t handle[2] = {static_cast<uint32_t>(ino),
                                static_cast<uint32_t>(random())};
    std::memcpy(inode.handle, handle, sizeof(handle));
    const std::string name = i == 0 ? "/" : MakeName(is_directory, in);
    inode.name_offset = table.names.size();
    inode.name_size = static_cast<uint32_t>(name.size());
    table.names.Append(name);
    table.inodes.push_back(inode);
    if (i == 0) continue;
    ++table.inodes[in.index].refcount;
    if (is_directory) path.push_back(MakeDirectory(i, seeds, random));
  }
  return table;
}

uint64_t HashTable(const InodeTable& table) {
  uint64_t hash = table.inodes.size();
  for (const LiveInode& inode : table.inodes) {
    LiveInode without_offset = inode;
    without_offset.name_offset = 0;
    hash = XXH3_64bits_withSeed(&without_offset, sizeof(without_offset), hash);
    const absl::string_view name = table.NameOf(inode);
    hash = XXH3_64bits_withSeed(name.data(), name.size(), hash);
  }
  return hash;
}

}  // namespace devstate::bench
