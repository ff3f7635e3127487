// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/load_report_file.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/file_descriptor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::testing::HasSubstr;

std::string Read(const std::string& file) {
  std::ifstream stream(file);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

TEST(LoadReportFileTest, FileIsReplacedAsAWhole) {
  const std::string file = absl::StrCat(::testing::TempDir(), "/report");
  ASSERT_THAT(WriteLoadReport("{\"a long\":\"one\"}", file, -1), IsOk());
  EXPECT_EQ(Read(file), "{\"a long\":\"one\"}\n");
  ASSERT_THAT(WriteLoadReport("{}", file, -1), IsOk());
  EXPECT_EQ(Read(file), "{}\n");
}

TEST(LoadReportFileTest, DescriptorGetsALineAndStaysOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const FileDescriptor reader(ends[0]);
  const FileDescriptor writer(ends[1]);
  ASSERT_THAT(WriteLoadReport("{}", "", writer.get()), IsOk());
  ASSERT_THAT(WriteLoadReport("[]", "", writer.get()), IsOk());
  char lines[6];
  EXPECT_EQ(read(reader.get(), lines, sizeof(lines)), 6);
  EXPECT_EQ(std::string(lines, 6), "{}\n[]\n");
}

TEST(LoadReportFileTest, ReaderThatIsGoneIsAnErrorAndNoSignal) {
  ASSERT_EQ(signal(SIGPIPE, SIG_DFL), SIG_DFL);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const FileDescriptor writer(ends[1]);
  EXPECT_FALSE(WriteLoadReport("{}", "", writer.get()).ok());
}

TEST(LoadReportFileTest, NowhereIsFine) {
  EXPECT_THAT(WriteLoadReport("{}", "", -1), IsOk());
}

TEST(LoadReportFileTest, ErrorsNameFileOrDescriptor) {
  EXPECT_THAT(
      std::string(WriteLoadReport("{}", "/no/such/folder", -1).message()),
      HasSubstr("/no/such/folder"));
  const FileDescriptor read_only(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(std::string(WriteLoadReport("{}", "", read_only.get()).message()),
              HasSubstr(absl::StrCat("FD ", read_only.get(), ": ")));
}

}  // namespace
}  // namespace devstate
