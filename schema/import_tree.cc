// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/import_tree.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "devstate/schema/proto_text.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {
namespace {

namespace fs = ::std::filesystem;

using ::google::protobuf::io::ZeroCopyInputStream;

constexpr uintmax_t kMaxImportSize = uintmax_t{64} << 20;

// Without symbolic links, so that two paths of one file are the same.
fs::path RealPath(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  return error ? path.lexically_normal() : real;
}

// Whether protoc takes it as the name of an import.
bool IsImportName(const std::string& name) {
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return name.find('\\') == std::string::npos;
}

ZeroCopyInputStream* StreamOf(const std::string& text) {
  return new google::protobuf::io::ArrayInputStream(
      text.data(), static_cast<int>(text.size()));
}

}  // namespace

ImportTree::ImportTree(std::string name, std::string path, std::string text,
                       ImportFolders folders)
    : folders_(std::move(folders)) {
  names_[RealPath(path).string()] = name;
  files_[std::move(name)] = {std::move(path), std::move(text)};
}

std::vector<std::string> ImportTree::FoldersFor(const std::string& name) const {
  std::vector<std::string> folders = folders_.own;
  const std::string start = name.substr(0, name.find('/'));
  for (const auto& [component, folder] : folders_.above) {
    if (component != start || component == name) continue;
    folders.push_back(folder);
    break;
  }
  folders.insert(folders.end(), folders_.named.begin(), folders_.named.end());
  return folders;
}

ZeroCopyInputStream* ImportTree::Fail(std::string error) {
  error_ = std::move(error);
  return nullptr;
}

ZeroCopyInputStream* ImportTree::Open(ProtobufText opened) {
  const std::string name(opened);
  if (const auto found = files_.find(name); found != files_.end()) {
    return StreamOf(found->second.text);
  }
  if (!IsImportName(name)) {
    return Fail("an import has no \\, no empty component, no . and no ..");
  }
  const std::vector<std::string> folders = FoldersFor(name);
  for (const std::string& folder : folders) {
    const fs::path path = fs::path(folder) / name;
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    const std::string shown = path.string();
    if (!fs::is_regular_file(path, error)) {
      return Fail(absl::StrCat(shown, " is not a file"));
    }
    if (fs::file_size(path, error) > kMaxImportSize) {
      return Fail(
          absl::StrCat(shown, " is larger than 64 MiB, which no schema is"));
    }
    const auto [known, is_new] = names_.emplace(RealPath(path).string(), name);
    if (!is_new) {
      return Fail(absl::StrCat(shown, " is imported as \"", known->second,
                               "\" already: import it by one name"));
    }
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file.good() && !file.eof()) {
      return Fail(absl::StrCat(shown, " cannot be read"));
    }
    if (const absl::Status nesting = CheckNesting(text); !nesting.ok()) {
      return Fail(absl::StrCat(shown, ":", nesting.message()));
    }
    return StreamOf(
        files_.emplace(name, File{shown, std::move(text)}).first->second.text);
  }
  return Fail(absl::StrCat(
      folders.empty()
          ? "no folder is known to have it"
          : absl::StrCat("it is not in ", absl::StrJoin(folders, ", ")),
      ": put its copy next to the schema, name the folder that it is relative "
      "to with ",
      folders_.flag,
      ", or give a descriptor set, which holds what it imports"));
}

std::string ImportTree::PathOf(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? name : found->second.path;
}

ImportFolders FoldersOf(const std::string& path, absl::string_view package) {
  fs::path parent = fs::path(path).parent_path();
  if (parent.empty()) parent = ".";
  ImportFolders folders;
  folders.own.push_back(parent.string());
  // What a symbolic link leads to lies in a tree of its own, and the folder
  // above the link may be another version's.
  const fs::path file = RealPath(path);
  const fs::path own = file.parent_path();
  if (own != RealPath(parent)) folders.own.push_back(own.string());

  const std::vector<std::string> words =
      absl::StrSplit(package, '.', absl::SkipEmpty());
  // The way from `folder` to the schema.
  std::vector<std::string> way;
  for (fs::path folder = own; folder.has_relative_path();) {
    // Another version of the schema lies there, in a tree that is not this one.
    std::error_code error;
    if (folder != own && fs::exists(folder / file.filename(), error)) break;
    way.insert(way.begin(), folder.filename().string());
    folder = folder.parent_path();
    if (way == words) {
      folders.own.push_back(folder.string());
      continue;
    }
    // A schema below the folder of its package is a version that was put aside.
    const bool aside = !words.empty() && way.size() > words.size() &&
                       std::equal(words.begin(), words.end(), way.begin());
    if (aside) break;
    folders.above.emplace_back(way.front(), folder.string());
  }
  return folders;
}

std::string NameWithin(const std::string& path,
                       const std::vector<std::string>& folders) {
  const fs::path file = fs::path(path).lexically_normal();
  for (const std::string& folder : folders) {
    const fs::path within = file.lexically_relative(
        fs::path(folder.empty() ? "." : folder).lexically_normal());
    if (!within.empty() && *within.begin() != "..") {
      return within.generic_string();
    }
  }
  return file.filename().string();
}

}  // namespace devstate
