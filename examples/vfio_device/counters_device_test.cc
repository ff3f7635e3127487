// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The device, by a client that does what the text of vfio-user says, through a
// socket.

#include "examples/vfio_device/counters_device.h"

#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vfio/serve_vfio_user.h"
#include "devstate/transport/vfio/vfio_user_requests.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = vfio::MigrationState;

// A device in a thread, and the client's end of its socket.
class Machine {
 public:
  Machine()
      : device_([this](const std::string& line) { log_.push_back(line); }),
        session_(&device_),
        server_(&session_, Options()) {
    auto sockets = SocketPair();
    EXPECT_THAT(sockets, IsOk());
    client_ = std::move(sockets->first);
    thread_ = std::thread([this, served = std::move(sockets->second)] {
      EXPECT_THAT(vfio::ServeVfioUser(served, server_), IsOk());
    });
    EXPECT_EQ(Ask(vfio::VersionRequest()).error, 0u);
  }
  ~Machine() { Stop(); }

  // Ends the thread. What the device has is looked at after that.
  void Stop() {
    client_.Reset();
    if (thread_.joinable()) thread_.join();
  }
  const Counters& counters() const { return device_.counters(); }
  const std::vector<std::string>& log() const { return log_; }

  struct Answer {
    uint32_t error = 0;
    std::string payload;
  };
  Answer Ask(const std::string& request) {
    EXPECT_EQ(::send(client_.get(), request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
    const std::string bytes = Receive(vfio::kHeaderSize);
    const auto header = vfio::ReadStruct<vfio::MessageHeader>(bytes);
    return {header.error, Receive(header.size - vfio::kHeaderSize)};
  }

  bool Set(State state) { return Ask(vfio::SetStateRequest(state)).error == 0; }
  State Get() {
    const Answer answer = Ask(vfio::GetStateRequest());
    return static_cast<State>(
        vfio::ReadStruct<uint32_t>(answer.payload.substr(8)));
  }

  // Reads `size` bytes at a time until there is no more now, as the text says:
  // a short read.
  std::string ReadAll(uint32_t size) {
    std::string state;
    while (true) {
      const Answer answer = Ask(vfio::ReadRequest(size));
      EXPECT_EQ(answer.error, 0u);
      if (answer.error != 0) return state;
      state += answer.payload.substr(sizeof(vfio::MigDataPayload));
      if (answer.payload.size() < sizeof(vfio::MigDataPayload) + size) {
        return state;
      }
    }
  }
  void WriteAll(const std::string& state, size_t size) {
    for (size_t begin = 0; begin < state.size(); begin += size) {
      const std::string piece = state.substr(begin, size);
      EXPECT_EQ(Ask(vfio::WriteRequest(piece)).error, 0u);
    }
  }

  // Sets a counter, as a guest does.
  uint32_t Write(uint64_t counter, uint64_t value) {
    const uint64_t offset = counter * 8;
    const uint32_t region_and_count[2] = {0, 8};
    std::string payload;
    vfio::AppendStruct(offset, &payload);
    vfio::AppendStruct(region_and_count, &payload);
    vfio::AppendStruct(value, &payload);
    return Ask(vfio::Request(10, payload)).error;
  }

 private:
  vfio::VfioUserOptions Options() {
    vfio::VfioUserOptions options;
    options.log = [this](const std::string& line) { log_.push_back(line); };
    options.other_commands = [this](uint16_t command,
                                    absl::string_view payload) {
      return device_.AccessRegion(command, payload);
    };
    return options;
  }

  std::string Receive(size_t size) {
    std::string bytes(size, '\0');
    if (size == 0) return bytes;
    EXPECT_EQ(::recv(client_.get(), &bytes[0], size, MSG_WAITALL),
              static_cast<ssize_t>(size));
    return bytes;
  }

  std::vector<std::string> log_;
  CountersDevice device_;
  vfio::MigrationSession session_;
  vfio::VfioUserServer server_;
  FileDescriptor client_;
  std::thread thread_;
};

// Writes `count` counters, counter N to N * 1000.
void WriteMany(Machine& machine, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    ASSERT_EQ(machine.Write(i, i * 1000), 0u);
  }
}

void Load(Machine& machine, const std::string& state, size_t piece) {
  ASSERT_TRUE(machine.Set(State::kResuming));
  machine.WriteAll(state, piece);
}

TEST(CountersDeviceTest, AStoppedDeviceMovesInPiecesOfAnySize) {
  Machine source;
  WriteMany(source, 300);
  for (const uint32_t size : {1u, 7u, 100u, 1u << 20}) {
    ASSERT_TRUE(source.Set(State::kStopCopy));
    const std::string state = source.ReadAll(size);
    ASSERT_TRUE(source.Set(State::kStop));
    Machine destination;
    Load(destination, state, size + 3);
    ASSERT_TRUE(destination.Set(State::kRunning));
    destination.Stop();
    EXPECT_EQ(destination.counters().values.size(), 300u);
    EXPECT_EQ(destination.counters().values.at(299), 299000u);
    EXPECT_EQ(destination.counters().writes, 300u);
    EXPECT_THAT(destination.log(), ElementsAre(HasSubstr("identical")));
  }
}

TEST(CountersDeviceTest, AWorkingDeviceMovesInRounds) {
  Machine source;
  WriteMany(source, 300);
  ASSERT_TRUE(source.Set(State::kPreCopy));
  std::string state = source.ReadAll(64);
  const size_t first = state.size();
  EXPECT_EQ(source.ReadAll(64), "");
  ASSERT_EQ(source.Write(5, 1), 0u);
  ASSERT_EQ(source.Write(400, 2), 0u);
  state += source.ReadAll(64);
  EXPECT_LT(state.size() - first, first / 2);
  ASSERT_EQ(source.Write(5, 3), 0u);
  ASSERT_TRUE(source.Set(State::kStopCopy));
  EXPECT_NE(source.Write(5, 4), 0u);
  state += source.ReadAll(64);
  EXPECT_EQ(source.ReadAll(64), "");
  ASSERT_TRUE(source.Set(State::kStop));

  Machine destination;
  Load(destination, state, 11);
  ASSERT_TRUE(destination.Set(State::kRunning));
  destination.Stop();
  source.Stop();
  EXPECT_EQ(destination.counters().values, source.counters().values);
  EXPECT_EQ(destination.counters().writes, 303u);
  EXPECT_EQ(destination.counters().values.at(5), 3u);
  EXPECT_EQ(destination.counters().values.at(400), 2u);
}

TEST(CountersDeviceTest, AStopWithinTheFirstRoundLosesNothing) {
  Machine source;
  WriteMany(source, 300);
  ASSERT_TRUE(source.Set(State::kPreCopy));
  std::string state = source.Ask(vfio::ReadRequest(100)).payload.substr(8);
  ASSERT_EQ(state.size(), 100u);
  ASSERT_EQ(source.Write(299, 7), 0u);
  ASSERT_TRUE(source.Set(State::kStopCopy));
  state += source.ReadAll(100);
  Machine destination;
  Load(destination, state, 1000);
  ASSERT_TRUE(destination.Set(State::kStop));
  destination.Stop();
  source.Stop();
  EXPECT_EQ(destination.counters().values, source.counters().values);
}

TEST(CountersDeviceTest, ACancelledSaveLeavesTheDeviceAtWork) {
  Machine source;
  WriteMany(source, 10);
  ASSERT_TRUE(source.Set(State::kPreCopy));
  source.ReadAll(64);
  ASSERT_TRUE(source.Set(State::kRunning));
  ASSERT_EQ(source.Write(0, 1), 0u);
  ASSERT_TRUE(source.Set(State::kStopCopy));
  const std::string state = source.ReadAll(64);
  Machine destination;
  Load(destination, state, 64);
  ASSERT_TRUE(destination.Set(State::kRunning));
  destination.Stop();
  EXPECT_EQ(destination.counters().writes, 11u);
}

TEST(CountersDeviceTest, ARefusedStateChangesNothingAndAGoodOneLoadsNext) {
  Machine source;
  WriteMany(source, 10);
  ASSERT_TRUE(source.Set(State::kStopCopy));
  const std::string state = source.ReadAll(64);

  Machine destination;
  std::string damaged = state;
  char& middle = damaged[damaged.size() / 2];
  middle = static_cast<char>(middle ^ 1);
  for (const std::string& bad :
       {std::string(), damaged, state.substr(0, state.size() - 1),
        state + "x"}) {
    Load(destination, bad, 64);
    EXPECT_FALSE(destination.Set(State::kStop));
    EXPECT_EQ(destination.Get(), State::kError);
    EXPECT_EQ(destination.Ask(vfio::Request(vfio::kDeviceReset, "")).error, 0u);
    EXPECT_EQ(destination.Get(), State::kRunning);
  }
  // Given up in the middle.
  Load(destination, state.substr(0, 200), 64);
  EXPECT_EQ(destination.Ask(vfio::Request(vfio::kDeviceReset, "")).error, 0u);
  Load(destination, state, 64);
  ASSERT_TRUE(destination.Set(State::kRunning));
  destination.Stop();
  EXPECT_EQ(destination.counters().writes, 10u);
  EXPECT_EQ(destination.counters().values.at(9), 9000u);
}

TEST(CountersDeviceTest, WhatIsLeftIsToldWhileTheDeviceWorks) {
  CountersDevice device([](const std::string&) {});
  vfio::MigrationSession session(&device);
  ASSERT_THAT(session.SetState(static_cast<uint32_t>(State::kPreCopy)), IsOk());
  EXPECT_GT(session.CountPreCopy()->initial, 0u);
  EXPECT_EQ(session.CountPreCopy()->dirty, 0u);
  std::string buffer(1 << 16, '\0');
  ASSERT_THAT(session.ReadData(&buffer[0], buffer.size()), IsOk());
  EXPECT_EQ(session.CountPreCopy()->initial, 0u);
  std::string write(24, '\0');
  write[12] = 8;
  ASSERT_THAT(device.AccessRegion(10, write), IsOk());
  EXPECT_GT(session.CountPreCopy()->dirty, 0u);
  ASSERT_THAT(session.ReadData(&buffer[0], buffer.size()), IsOk());
  EXPECT_EQ(session.CountPreCopy()->dirty, 0u);
  EXPECT_EQ(session.CountPreCopy()->initial, 0u);
}

}  // namespace
}  // namespace devstate::examples
