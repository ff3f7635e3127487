// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Back-end and front-end on one thread: nothing here may block.

#include "examples/session_embedding/polled_backend.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class PolledBackendTest : public ::testing::Test {
 protected:
  PolledBackendTest()
      : backend_(
            {[this] { return state_; },
             [](absl::string_view bytes) {
               return !bytes.empty() && bytes.back() == '.';
             },
             [this](absl::string_view bytes) { state_ = std::string(bytes); }},
            [this](uint32_t request, uint64_t value) {
              replies_.emplace_back(request, value);
            }) {
    ::signal(SIGPIPE, SIG_IGN);
    backend_.OnProtocolFeatures(vhost_user::kProtocolFDeviceState);
  }

  // One turn of the loop; false if there is nothing to do.
  bool Turn() {
    pollfd entry = {backend_.poll_fd(), backend_.poll_events(), 0};
    if (entry.fd < 0 || ::poll(&entry, 1, 0) != 1) return false;
    backend_.OnPoll();
    return true;
  }
  void Loop() {
    while (Turn()) {
    }
  }
  ChannelEnds Channel(ChannelKind kind) {
    auto ends = CreateChannel(kind);
    EXPECT_TRUE(ends.ok());
    return *std::move(ends);
  }
  std::string Take(const FileDescriptor& fd) {
    char buffer[1 << 16];
    const ssize_t got = ::read(fd.get(), buffer, sizeof(buffer));
    return got > 0 ? std::string(buffer, got) : "";
  }
  // The replies since the last call.
  std::vector<std::pair<uint32_t, uint64_t>> Replies() {
    return std::exchange(replies_, {});
  }

  std::string state_ = "the state.";
  std::vector<std::pair<uint32_t, uint64_t>> replies_;
  PolledBackend backend_;
};

TEST_F(PolledBackendTest, SavesLargerThanThePipeWithoutBlocking) {
  state_.assign(3 << 20, 'x');
  ChannelEnds ends = Channel(ChannelKind::kPipe);
  backend_.OnSetDeviceStateFd(0, 0, std::move(ends.write_end));
  EXPECT_THAT(Replies(), ElementsAre(Pair(vhost_user::kSetDeviceStateFd,
                                          vhost_user::kSetStateNoFd)));
  std::string got;
  do {
    Loop();
    got += Take(ends.read_end);
  } while (got.size() < state_.size());
  Loop();
  EXPECT_TRUE(got == state_);
  EXPECT_EQ(Take(ends.read_end), "");
  backend_.OnCheckDeviceState();
  EXPECT_THAT(Replies(), ElementsAre(Pair(vhost_user::kCheckDeviceState, 0)));
}

TEST_F(PolledBackendTest, LoadIsAppliedAtCheck) {
  for (const ChannelKind kind : kAllChannelKinds) {
    state_ = "before.";
    ChannelEnds ends = Channel(kind);
    backend_.OnSetDeviceStateFd(1, 0, std::move(ends.read_end));
    EXPECT_THAT(Replies(), ElementsAre(Pair(vhost_user::kSetDeviceStateFd,
                                            vhost_user::kSetStateNoFd)));
    ASSERT_EQ(::write(ends.write_end.get(), "after.", 6), 6);
    ends.write_end.Reset();
    Loop();
    EXPECT_EQ(state_, "before.");
    backend_.OnCheckDeviceState();
    Loop();  // a file is read only now
    EXPECT_THAT(Replies(), ElementsAre(Pair(vhost_user::kCheckDeviceState, 0)));
    EXPECT_EQ(state_, "after.");
  }
}

TEST_F(PolledBackendTest, RefusedStateLeavesTheDeviceAndTheNextOneLoads) {
  for (const char* bytes : {"cut off", "after."}) {
    ChannelEnds ends = Channel(ChannelKind::kPipe);
    backend_.OnSetDeviceStateFd(1, 0, std::move(ends.read_end));
    ASSERT_GT(::write(ends.write_end.get(), bytes, std::string(bytes).size()),
              0);
    ends.write_end.Reset();
    Loop();
    backend_.OnCheckDeviceState();
  }
  EXPECT_THAT(
      Replies(),
      ElementsAre(
          Pair(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateNoFd),
          Pair(vhost_user::kCheckDeviceState, 1),
          Pair(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateNoFd),
          Pair(vhost_user::kCheckDeviceState, 0)));
  EXPECT_EQ(state_, "after.");
}

TEST_F(PolledBackendTest, CheckIsAnsweredWhenTheTransferEnds) {
  ChannelEnds ends = Channel(ChannelKind::kPipe);
  backend_.OnSetDeviceStateFd(1, 0, std::move(ends.read_end));
  Replies();
  backend_.OnCheckDeviceState();
  Loop();
  EXPECT_THAT(Replies(), IsEmpty());
  ASSERT_EQ(::write(ends.write_end.get(), "x.", 2), 2);
  ends.write_end.Reset();
  Loop();
  EXPECT_THAT(Replies(), ElementsAre(Pair(vhost_user::kCheckDeviceState, 0)));
}

TEST_F(PolledBackendTest, NewerSetSupersedes) {
  ChannelEnds load = Channel(ChannelKind::kPipe);
  backend_.OnSetDeviceStateFd(1, 0, std::move(load.read_end));
  ChannelEnds save = Channel(ChannelKind::kPipe);
  backend_.OnSetDeviceStateFd(0, 0, std::move(save.write_end));
  EXPECT_LT(::write(load.write_end.get(), "x", 1), 0);
  Loop();
  EXPECT_EQ(Take(save.read_end), "the state.");
}

TEST_F(PolledBackendTest, RefusesWhatCannotBe) {
  backend_.OnSetDeviceStateFd(2, 0,
                              std::move(Channel(ChannelKind::kPipe).read_end));
  backend_.OnCheckDeviceState();
  backend_.OnRings(true);
  backend_.OnSetDeviceStateFd(0, 0,
                              std::move(Channel(ChannelKind::kPipe).write_end));
  EXPECT_THAT(
      Replies(),
      ElementsAre(
          Pair(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateRefused),
          Pair(vhost_user::kCheckDeviceState, 1),
          Pair(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateRefused)));
}

}  // namespace
}  // namespace devstate
