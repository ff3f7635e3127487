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

template <size_t kSize>
const char* Pick(const char* const (&list)[kSize], std::mt19937_64& random) {
  return list[random() % kSize];
}

std::string MakeName(bool directory, std::mt19937_64& random) {
  std::string name = Pick(kWords, random);
  if (directory && random() % 2 == 0) return name;
  const char separator = "-_."[random() % 3];
  absl::StrAppend(&name, std::string(1, separator), Pick(kWords, random));
  if (random() % 2 == 0) {
    absl::StrAppend(&name, std::string(1, separator), Pick(kWords, random));
  }
  if (random() % 3 == 0) absl::StrAppend(&name, random() % 1000);
  if (!directory) absl::StrAppend(&name, Pick(kExtensions, random));
  return name;
}

uint32_t MakeMode(bool directory, std::mt19937_64& random) {
  if (directory) return S_IFDIR | 0755;
  switch (random() % 20) {
    case 0:
      return S_IFLNK | 0777;
    case 1:
    case 2:
      return S_IFREG | 0755;
    case 3:
      return S_IFREG | 0600;
    default:
      return S_IFREG | 0644;
  }
}

}  // namespace

InodeTable GenerateTable(size_t count) {
  std::mt19937_64 random(20260101);
  InodeTable table;
  table.inodes.reserve(count);
  table.names.reserve(count * 24);
  // The directories from the root to where the walk is.
  std::vector<size_t> path;
  uint64_t ino = 1000000;
  for (size_t i = 0; i < count; ++i) {
    const bool directory = i == 0 || random() % 9 == 0;
    while (path.size() > 1 && (path.size() > 12 || random() % 12 == 0)) {
      path.pop_back();
    }
    // Files of one directory were mostly made one after the other.
    ino += random() % 8 == 0 ? random() % 20000 : 1 + random() % 2;
    if (random() % 200 == 0) ino = 1000000 + random() % 60000000;
    LiveInode inode = {};
    inode.id = i + 1;
    inode.parent = path.empty() ? 0 : table.inodes[path.back()].id;
    inode.refcount = 1 + (random() % 16 == 0 ? random() % 4 : 0);
    inode.ino = ino;
    inode.mount_id = 27;
    inode.mode = MakeMode(directory, random);
    inode.handle_type = 1;
    const uint32_t handle[2] = {static_cast<uint32_t>(ino),
                                static_cast<uint32_t>(random())};
    std::memcpy(inode.handle, handle, sizeof(handle));
    const std::string name = i == 0 ? "" : MakeName(directory, random);
    inode.name_offset = table.names.size();
    inode.name_size = static_cast<uint32_t>(name.size());
    table.names.insert(table.names.end(), name.begin(), name.end());
    if (!path.empty()) ++table.inodes[path.back()].refcount;
    if (directory) path.push_back(i);
    table.inodes.push_back(inode);
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
