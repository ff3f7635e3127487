// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TESTS_BENCH_MANY_FILES_H_
#define DEVSTATE_TESTS_BENCH_MANY_FILES_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::bench {

inline constexpr size_t kFilesOfADirectory = 500;

inline std::string DirectoryName(size_t directory) {
  return absl::StrCat("directory", directory);
}
inline std::string FileName(size_t file) { return absl::StrCat("file", file); }

// A folder of its own with empty files, which goes at the end.
class ManyFiles {
 public:
  // Makes at least `files` files beneath `folder`, in directories of
  // kFilesOfADirectory. ok() tells whether all could be made.
  ManyFiles(const std::string& folder, size_t files)
      : root_(folder + "/many-files.XXXXXX"),
        directories_(files / kFilesOfADirectory + 1) {
    ok_ = mkdtemp(root_.data()) != nullptr;
    for (size_t d = 0; ok_ && d < directories_; ++d) {
      const std::string directory = absl::StrCat(root_, "/", DirectoryName(d));
      ok_ = mkdir(directory.c_str(), 0755) == 0;
      for (size_t f = 0; ok_ && f < kFilesOfADirectory; ++f) {
        const std::string file = absl::StrCat(directory, "/", FileName(f));
        ok_ =
            FileDescriptor(open(file.c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644))
                .valid();
      }
    }
  }
  ~ManyFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  ManyFiles(const ManyFiles&) = delete;
  ManyFiles& operator=(const ManyFiles&) = delete;

  bool ok() const { return ok_; }
  const std::string& root() const { return root_; }
  size_t directories() const { return directories_; }

 private:
  std::string root_;
  const size_t directories_;
  bool ok_ = false;
};

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_MANY_FILES_H_
