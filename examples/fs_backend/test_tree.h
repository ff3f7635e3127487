// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A directory tree for one test, removed with it.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_TEST_TREE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_TEST_TREE_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace devstate::examples {

class TestTree {
 public:
  TestTree() {
    root_ = ::testing::TempDir() + "/tree.XXXXXX";
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
  }
  ~TestTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;

  const std::string& root() const { return root_; }
  std::string Path(const std::string& path) const { return root_ + "/" + path; }

  void AddDirectory(const std::string& path) {
    EXPECT_EQ(mkdir(Path(path).c_str(), 0755), 0) << path;
  }
  void AddFile(const std::string& path, const std::string& content = "text") {
    std::ofstream(Path(path)) << content;
  }
  void AddSymlink(const std::string& path, const std::string& target) {
    EXPECT_EQ(symlink(target.c_str(), Path(path).c_str()), 0) << path;
  }
  void AddHardLink(const std::string& path, const std::string& existing) {
    EXPECT_EQ(link(Path(existing).c_str(), Path(path).c_str()), 0) << path;
  }
  void AddFifo(const std::string& path) {
    EXPECT_EQ(mkfifo(Path(path).c_str(), 0644), 0) << path;
  }
  void Remove(const std::string& path) {
    std::filesystem::remove_all(Path(path));
  }
  std::string Content(const std::string& path) const {
    std::ifstream file(Path(path));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

 private:
  std::string root_;
};

// Returns how many descriptors this process has open.
inline ptrdiff_t CountOpenFds() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_TEST_TREE_H_
