// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand hosts have a few manifests. So each text is parsed once, and
// each schema is read once, whatever the hosts are.

#include "devstate/compat/release/fleet.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <tuple>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "devstate/serializer/utf8.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/libmd/sha256.h"

namespace devstate {
namespace {

namespace fs = ::std::filesystem;

constexpr absl::string_view kSuffix = ".manifest";

// Returns the files below `folder`, relative to it.
absl::StatusOr<std::vector<std::string>> FilesBelow(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code unknown;
    const bool is_folder = entry->is_directory(unknown);
    if (entry->path().filename().native()[0] == '.') {
      if (is_folder) entry.disable_recursion_pending();
      continue;
    }
    if (is_folder) continue;
    files.push_back(entry->path().lexically_relative(folder).generic_string());
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrCat(folder, ": cannot be read: ", error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What a verdict depends on.
std::string ContentOf(Manifest manifest) {
  manifest.clear_implementation();
  manifest.DiscardUnknownFields();
  return manifest.SerializeAsString();
}

// Names and reasons go to terminals and into JSON.
bool IsPrintable(absl::string_view text) {
  return IsValidUtf8(text) &&
         std::none_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

std::string Printable(absl::string_view text) {
  return IsPrintable(text) ? std::string(text) : absl::CHexEscape(text);
}

class FleetLoader {
 public:
  FleetLoader(std::string folder, absl::string_view device)
      : folder_(std::move(folder)), device_(device) {}

  absl::Status Add(const std::string& file) {
    std::string host = file;
    host.resize(absl::StripSuffix(file, kSuffix).size());
    const absl::StatusOr<const Kind*> kind = KindOf(file, host);
    if (!kind.ok()) {
      if (absl::IsResourceExhausted(kind.status())) return kind.status();
      absl::string_view reason = kind.status().message();
      absl::ConsumePrefix(&reason, absl::StrCat(PathOf(file), ": "));
      UnreadableManifest& entry = fleet_.unreadable.emplace_back();
      entry.set_file(Printable(file));
      entry.set_error(Printable(reason));
      return absl::OkStatus();
    }
    if (!(*kind)->of_the_device) {
      ++fleet_.other_devices;
      return absl::OkStatus();
    }
    FleetGroup& group = fleet_.groups[(*kind)->group];
    group.hosts.push_back(host);
    ++group.implementations[(*kind)->implementation];
    return absl::OkStatus();
  }

  Fleet Take() {
    std::sort(fleet_.groups.begin(), fleet_.groups.end(),
              [](const FleetGroup& a, const FleetGroup& b) {
                const auto key = [](const FleetGroup& group) {
                  return std::make_tuple(group.manifest.manifest.device(),
                                         group.manifest.manifest.schema(),
                                         ~group.hosts.size(),
                                         group.hosts.front());
                };
                return key(a) < key(b);
              });
    return std::move(fleet_);
  }

 private:
  // What the text of a manifest is, or why it is none.
  struct Kind {
    absl::Status status;
    bool of_the_device = true;
    size_t group = 0;
    std::pair<std::string, std::string> implementation;
  };

  std::string PathOf(const std::string& file) const {
    return (fs::path(folder_) / file).generic_string();
  }

  absl::StatusOr<const Kind*> KindOf(const std::string& file,
                                     const std::string& host) {
    std::error_code error;
    if (!fs::is_regular_file(PathOf(file), error)) {
      return absl::InvalidArgumentError("is no file");
    }
    if (!IsPrintable(file)) {
      return absl::InvalidArgumentError(
          "is no host's name: name the file in UTF-8 without control "
          "characters");
    }
    if (!hosts_.insert(host).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "is the second manifest of ", host, ": remove the one that is old"));
    }
    DS_ASSIGN_OR_RETURN(const std::string bytes, ReadManifest(PathOf(file)));
    const auto [found, is_new] = kinds_.try_emplace(Sha256(bytes));
    Kind& kind = found->second;
    if (is_new) kind.status = Parse(file, bytes, &kind);
    if (!kind.status.ok()) return kind.status;
    return &kind;
  }

  absl::Status Parse(const std::string& file, const std::string& bytes,
                     Kind* kind) {
    DS_ASSIGN_OR_RETURN(LoadedManifest loaded,
                        ParseManifest(PathOf(file), bytes, &schemas_));
    const Manifest& manifest = loaded.manifest;
    kind->implementation = {manifest.implementation().name(),
                            manifest.implementation().version()};
    kind->of_the_device = device_.empty() || device_ == manifest.device();
    if (!kind->of_the_device) return absl::OkStatus();
    const auto [group, is_new] =
        groups_.try_emplace(Sha256(ContentOf(manifest)), groups_.size());
    kind->group = group->second;
    if (!is_new) return absl::OkStatus();
    if (groups_.size() > kMaxFleetGroups) {
      return absl::ResourceExhaustedError(absl::StrCat(
          folder_, ": has more than ", kMaxFleetGroups,
          " groups of manifests that differ: give each device or release a "
          "folder of its own"));
    }
    fleet_.groups.push_back({std::move(loaded), {}, {}});
    return absl::OkStatus();
  }

  const std::string folder_;
  const std::string device_;
  Fleet fleet_;
  SharedSchemas schemas_;
  // By SHA-256 of the text, and of what a verdict depends on.
  std::unordered_map<std::string, Kind> kinds_;
  std::unordered_map<std::string, size_t> groups_;
  std::set<std::string> hosts_;
};

}  // namespace

absl::StatusOr<Fleet> LoadFleet(const std::string& folder,
                                absl::string_view device) {
  DS_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesBelow(folder));
  if (files.empty()) {
    return absl::NotFoundError(
        absl::StrCat(folder,
                     ": has no manifests: put what each host's "
                     "back-end prints there, as HOST.manifest"));
  }
  FleetLoader loader(folder, device);
  for (const std::string& file : files) DS_RETURN_IF_ERROR(loader.Add(file));
  Fleet fleet = loader.Take();
  if (fleet.unreadable.size() == files.size()) {
    const UnreadableManifest& first = fleet.unreadable.front();
    return absl::InvalidArgumentError(absl::StrCat(
        folder, ": none of ", files.size(), " files is a manifest, the first: ",
        first.file(), ": ", first.error()));
  }
  return fleet;
}

FleetGroupReport MakeGroupReport(const FleetGroup& group, uint32_t number) {
  const Manifest& manifest = group.manifest.manifest;
  FleetGroupReport report;
  report.set_group(number);
  report.set_device(manifest.device());
  report.set_schema(manifest.schema());
  for (const ManifestVersion& version : manifest.versions()) {
    if (version.saves()) report.add_saves(version.version());
    if (version.loads()) report.add_loads(version.version());
  }
  for (const auto& [implementation, hosts] : group.implementations) {
    FleetImplementation& entry = *report.add_implementations();
    entry.mutable_implementation()->set_name(implementation.first);
    entry.mutable_implementation()->set_version(implementation.second);
    entry.set_hosts(hosts);
  }
  *report.mutable_hosts() = {group.hosts.begin(), group.hosts.end()};
  return report;
}

}  // namespace devstate
