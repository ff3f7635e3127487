// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/parallel_parts.h"

#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::Each;

TEST(ParallelPartsTest, EachPartIsRunOnce) {
  for (const size_t threads : {1, 2, 7}) {
    std::vector<std::atomic<int>> runs(1000);
    EXPECT_THAT(RunParts(runs.size(), threads,
                         [&](size_t thread, size_t part) {
                           EXPECT_LT(thread, threads);
                           ++runs[part];
                           return absl::OkStatus();
                         }),
                IsOk());
    EXPECT_THAT(std::vector<int>(runs.begin(), runs.end()), Each(1));
  }
}

TEST(ParallelPartsTest, NoPartsAreNothingToDo) {
  EXPECT_THAT(RunParts(0, 4,
                       [](size_t, size_t) {
                         return absl::InternalError("there is no part");
                       }),
              IsOk());
}

TEST(ParallelPartsTest, AsManyThreadsAsWereAskedForWorkAtATime) {
  constexpr size_t kThreads = 4;
  std::mutex mutex;
  std::condition_variable all_here;
  std::set<size_t> here;
  EXPECT_THAT(RunParts(kThreads, kThreads,
                       [&](size_t thread, size_t) {
                         std::unique_lock<std::mutex> lock(mutex);
                         here.insert(thread);
                         all_here.notify_all();
                         all_here.wait(lock,
                                       [&] { return here.size() == kThreads; });
                         return absl::OkStatus();
                       }),
              IsOk());
}

// Part 7 fails first and part 3 last: it waits for that.
TEST(ParallelPartsTest, TheErrorIsThatOfTheFirstPartWhicheverFailsFirst) {
  std::mutex mutex;
  std::condition_variable changed;
  bool seven_failed = false;
  EXPECT_THAT(RunParts(100, 2,
                       [&](size_t, size_t part) -> absl::Status {
                         std::unique_lock<std::mutex> lock(mutex);
                         if (part == 7) {
                           seven_failed = true;
                           changed.notify_all();
                         } else if (part == 3) {
                           changed.wait(lock, [&] { return seven_failed; });
                         } else {
                           return absl::OkStatus();
                         }
                         return absl::NotFoundError(absl::StrCat(part));
                       }),
              StatusIs(absl::StatusCode::kNotFound, "3"));
}

TEST(ParallelPartsTest, AfterAnErrorNoLaterPartBegins) {
  std::vector<size_t> begun;
  EXPECT_THAT(RunParts(100, 1,
                       [&](size_t, size_t part) {
                         begun.push_back(part);
                         return part == 2 ? absl::InternalError("two")
                                          : absl::OkStatus();
                       }),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(begun, ::testing::ElementsAre(0, 1, 2));
}

TEST(ParallelPartsTest, TheOtherThreadsHaveAllSignalsBlocked) {
  std::mutex mutex;
  std::condition_variable both_here;
  size_t here = 0;
  EXPECT_THAT(RunParts(2, 2,
                       [&](size_t thread, size_t) {
                         sigset_t blocked;
                         pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
                         EXPECT_EQ(sigismember(&blocked, SIGTERM), thread != 0);
                         std::unique_lock<std::mutex> lock(mutex);
                         ++here;
                         both_here.notify_all();
                         both_here.wait(lock, [&] { return here == 2; });
                         return absl::OkStatus();
                       }),
              IsOk());
}

TEST(ParallelPartsTest, AProcessHasAProcessor) {
  EXPECT_GE(UsableProcessors(), 1u);
}

}  // namespace
}  // namespace devstate
