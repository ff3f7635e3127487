// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/passt/passt.h"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "foreign/states/passt/passt.devstate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::passt {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Opening;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::foreign::passt::v1::FlowsBatch;
using ::foreign::passt::v1::PasstState;
using ::foreign::passt::v1::PasstStateReader;
using ::foreign::passt::v1::PasstStateVisitor;
using ::foreign::passt::v1::QueuePieceRow;
using ::foreign::passt::v1::QueuesBatch;
using ::foreign::passt::v1::TcpFlowRow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadState(const std::string& name) {
  std::ifstream file("foreign/states/passt/testdata/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<ForeignReport> Check(const std::string& bytes) {
  return Format().check(Opening(bytes));
}

// The rules of the findings.
std::vector<std::string> Rules(const std::string& bytes) {
  const absl::StatusOr<ForeignReport> report = Check(bytes);
  if (!report.ok()) return {std::string(report.status().message())};
  std::vector<std::string> rules;
  for (const Finding& finding : report->verdict.findings()) {
    rules.push_back(finding.rule());
  }
  return rules;
}

std::string With(std::string bytes, size_t at, const std::string& other) {
  return bytes.replace(at, other.size(), other);
}

// What a stream holds, with texts of its own.
struct Portable : public PasstStateVisitor {
  absl::Status OnRoot(const PasstState& read) override {
    root = read;
    return absl::OkStatus();
  }
  absl::Status OnFlows(FlowsBatch& batch) override {
    TcpFlowRow row;
    while (batch.Next(&row)) {
      flows.push_back(row);
      addresses.push_back(absl::StrCat(
          row.initiator_own_address, " ", row.initiator_endpoint_address, " ",
          row.target_own_address, " ", row.target_endpoint_address));
    }
    return absl::OkStatus();
  }
  absl::Status OnQueues(QueuesBatch& batch) override {
    QueuePieceRow row;
    while (batch.Next(&row)) {
      queues.push_back(absl::StrCat(row.flow, row.receive ? " rcv " : " snd ",
                                    row.offset, " ", row.data));
    }
    return absl::OkStatus();
  }

  PasstState root;
  std::vector<TcpFlowRow> flows;
  std::vector<std::string> addresses;
  std::vector<std::string> queues;
};

Portable Import(const std::string& bytes) {
  StringSink sink;
  const auto report =
      Format().import_state(Opening(bytes), WriterOptions(), &sink);
  EXPECT_THAT(report, IsOk());
  StringSource source(sink.written);
  PasstStateReader reader(&source);
  Portable portable;
  EXPECT_THAT(reader.ReadHeader(), IsOk());
  EXPECT_THAT(reader.Read(portable), IsOk());
  return portable;
}

TEST(PasstTest, RealStreamDecodesFieldByField) {
  const Portable state = Import(ReadState("one-flow.state"));
  EXPECT_EQ(state.root.version(), 2);
  EXPECT_EQ(state.root.compatible_version(), 2);
  EXPECT_EQ(state.root.ipv6(), "fd00::2");
  EXPECT_EQ(state.root.ipv6_link_local(), "::");
  EXPECT_EQ(state.root.ipv4(), "192.0.2.2");
  EXPECT_EQ(state.root.mac(), "ff:ff:ff:ff:ff:ff");
  ASSERT_EQ(state.flows.size(), 1);
  const TcpFlowRow& flow = state.flows[0];
  EXPECT_EQ(flow.initiator, ::foreign::passt::v1::GUEST);
  EXPECT_EQ(flow.target, ::foreign::passt::v1::HOST);
  EXPECT_THAT(state.addresses,
              ElementsAre("192.0.2.99 192.0.2.2 127.0.0.1 127.0.0.1"));
  EXPECT_EQ(flow.initiator_own_port, 40001);
  EXPECT_EQ(flow.initiator_endpoint_port, 4444);
  EXPECT_EQ(flow.target_own_port, 45678);
  EXPECT_EQ(flow.target_endpoint_port, 40001);
  EXPECT_EQ(flow.retries, 0);
  EXPECT_EQ(flow.window_scale_from_guest, 7);
  EXPECT_EQ(flow.window_scale_to_guest, 8);
  EXPECT_EQ(flow.events, 4);
  EXPECT_EQ(flow.guest_mss, 1460);
  EXPECT_EQ(flow.send_buffer, 4096);
  EXPECT_EQ(flow.flags, 0);
  EXPECT_EQ(flow.duplicate_ack, 0x5a);
  EXPECT_EQ(flow.window_from_guest, 500);
  EXPECT_EQ(flow.window_to_guest, 600);
  EXPECT_EQ(flow.seq_to_guest, 1000);
  EXPECT_EQ(flow.seq_ack_from_guest, 1000);
  EXPECT_EQ(flow.seq_from_guest, 2000);
  EXPECT_EQ(flow.seq_ack_to_guest, 2000);
  EXPECT_EQ(flow.seq_init_from_guest, 1999);
  ASSERT_TRUE(flow.socket.has_value());
  EXPECT_EQ(flow.socket->seq_send, 5008);
  EXPECT_EQ(flow.socket->seq_receive, 6000);
  EXPECT_EQ(flow.socket->send_queue, 0);
  EXPECT_EQ(flow.socket->not_sent, 0);
  EXPECT_EQ(flow.socket->receive_queue, 10);
  EXPECT_EQ(flow.socket->mss, 1400);
  EXPECT_EQ(flow.socket->timestamp, 0);
  EXPECT_EQ(flow.socket->snd_wl1, 0x177a);
  EXPECT_EQ(flow.socket->snd_wnd, 0x2000);
  EXPECT_EQ(flow.socket->max_window, 0xffff);
  EXPECT_EQ(flow.socket->rcv_wnd, 0x10000);
  EXPECT_EQ(flow.socket->rcv_wup, 0x177a);
  EXPECT_EQ(flow.socket->send_scale, 7);
  EXPECT_EQ(flow.socket->receive_scale, 7);
  EXPECT_EQ(flow.socket->tcp_state, 1);
  EXPECT_EQ(flow.socket->options, 4);
  EXPECT_THAT(state.queues, ElementsAre("0 rcv 0 RCVQ-defgh"));
  EXPECT_THAT(Rules(ReadState("one-flow.state")), IsEmpty());
}

TEST(PasstTest, StateWithoutConnectionsHasAddressesAlone) {
  const std::string state = ReadState("no-flow.state");
  ASSERT_EQ(state.size(), 62);
  const Portable portable = Import(state);
  EXPECT_TRUE(portable.flows.empty());
  const auto report = Check(state);
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->version, "2");
  EXPECT_EQ(report->bytes, 62);
  EXPECT_EQ(report->records, 0);
}

TEST(PasstTest, Version1HasNoTimestampAndAnotherMss) {
  const std::string state = ReadState("version-1.state");
  EXPECT_THAT(Rules(state), ElementsAre("foreign-version"));
  const Portable portable = Import(state);
  ASSERT_EQ(portable.flows.size(), 1);
  EXPECT_EQ(portable.flows[0].socket->mss, 1400);
  EXPECT_EQ(portable.flows[0].socket->rcv_wup, 0x177a);
  EXPECT_THAT(portable.queues, ElementsAre("0 rcv 0 RCVQ-defgh"));
  // The first writers of it knew no flows.
  const auto first = Check(state.substr(0, 58));
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->records, 0);
}

TEST(PasstTest, ConnectionThatTheSourceCouldNotSaveHasNoQueues) {
  const std::string state = ReadState("lost-flow.state");
  EXPECT_THAT(Rules(state), ElementsAre("foreign-flow-lost"));
  const Portable portable = Import(state);
  ASSERT_EQ(portable.flows.size(), 2);
  EXPECT_TRUE(portable.flows[0].socket.has_value());
  EXPECT_FALSE(portable.flows[1].socket.has_value());
  EXPECT_THAT(portable.queues,
              ElementsAre("0 snd 0 send", "0 rcv 0 RCVQ-defgh"));
}

TEST(PasstTest, LargeQueueTravelsInPieces) {
  std::string state = ReadState("one-flow.state");
  state = With(state, 62 + 112 + 16, std::string("\0\x08\0\0", 4));
  state = state.substr(0, 226) + std::string(512 << 10, 'q');
  const Portable portable = Import(state);
  ASSERT_EQ(portable.queues.size(), 2);
  EXPECT_THAT(portable.queues[1], HasSubstr("0 rcv 262144 q"));
}

TEST(PasstTest, VersionIsChosenAsPasstChoosesIt) {
  const std::string state = ReadState("no-flow.state");
  const auto with_versions = [&state](uint8_t version, uint8_t compatible) {
    return Check(With(With(state, 11, std::string(1, version)), 15,
                      std::string(1, compatible)));
  };
  EXPECT_EQ(with_versions(3, 2)->version, "2");
  EXPECT_EQ(with_versions(2, 1)->version, "2");
  EXPECT_EQ(with_versions(1, 1)->version, "1");
  for (const auto& [version, compatible] :
       {std::pair(3, 3), std::pair(1, 2), std::pair(255, 9)}) {
    const auto newer = with_versions(version, compatible);
    ASSERT_FALSE(newer.ok());
    EXPECT_EQ(GetErrorDetail(newer.status())->reason,
              ERROR_REASON_UNKNOWN_CONTENT);
  }
  EXPECT_FALSE(with_versions(0, 2).ok());
  EXPECT_FALSE(with_versions(2, 0).ok());
}

TEST(PasstTest, WhatPasstDoesNotCheckIsRefused) {
  const std::string state = ReadState("one-flow.state");
  constexpr size_t kFlow = 62;
  constexpr size_t kSocket = kFlow + 112;
  const struct {
    const char* name;
    size_t at;
    std::string bytes;
    const char* rule;
  } kCases[] = {
      {"multicast MAC", 52, "\x01", "foreign-address"},
      {"link-local address elsewhere", 32, "\xfd", "foreign-address"},
      {"interface 0", kFlow, std::string("\0", 1), "foreign-flow"},
      {"both sides the guest", kFlow + 1, "\x02", "foreign-flow"},
      {"spliced", kFlow, "\x03", "foreign-flow"},
      {"IPv4 and IPv6 in one side", kFlow + 2, "\xfd", "foreign-address"},
      {"port 0", kFlow + 34, std::string("\0\0", 2), "foreign-address"},
      {"retries", kFlow + 74, "\x08", "foreign-flow"},
      {"window scale", kFlow + 75, "\x0f", "foreign-flow"},
      {"not established", kFlow + 77, "\x03", "foreign-flow"},
      {"MSS with a low bit", kFlow + 81, "\xb5", "foreign-flow"},
      {"MSS too large", kFlow + 79, "\x01", "foreign-flow"},
      {"send buffer", kFlow + 82, "\x01", "foreign-flow"},
      {"unknown flag", kFlow + 86, "\x80", "foreign-flow"},
      {"TCP state", kSocket + 50, "\x02", "foreign-flow"},
      {"option", kSocket + 51, "\x20", "foreign-flow"},
      {"socket's scale", kSocket + 48, "\x0f", "foreign-flow"},
      {"more not sent than there is", kSocket + 15, "\x01", "foreign-queue"},
      {"more not acknowledged than there is", kFlow + 94, "\x04",
       "foreign-queue"},
  };
  for (const auto& test : kCases) {
    const std::string changed = With(state, test.at, test.bytes);
    EXPECT_THAT(Rules(changed), ::testing::Contains(test.rule)) << test.name;
    StringSink sink;
    const auto report =
        Format().import_state(Opening(changed), WriterOptions(), &sink);
    ASSERT_THAT(report, IsOk()) << test.name;
    EXPECT_TRUE(report->refused()) << test.name;
    for (const Finding& finding : report->verdict.findings()) {
      EXPECT_THAT(finding.text(), HasSubstr("save again")) << test.name;
    }
    EXPECT_EQ(sink.written, "") << test.name;
  }
}

TEST(PasstTest, OneConnectionTwiceIsRefused) {
  const std::string state = ReadState("one-flow.state");
  const std::string flow = state.substr(62, 112);
  const std::string socket = state.substr(174);
  const std::string twice =
      With(state.substr(0, 62), 61, "\x02") + flow + flow + socket + socket;
  EXPECT_THAT(Rules(twice), ElementsAre("foreign-flow"));
}

TEST(PasstTest, LimitsHoldBeforeMemoryIsTaken) {
  const std::string state = ReadState("one-flow.state");
  EXPECT_THAT(Rules(With(state, 58, "\xff\xff\xff\xff")),
              ElementsAre(HasSubstr("the limit is 131071")));
  EXPECT_THAT(Rules(With(state, 174 + 16, "\x7f")),
              ElementsAre(HasSubstr("the limit is 67108864")));
}

TEST(PasstTest, EveryTruncationIsFound) {
  for (const char* name : {"one-flow.state", "lost-flow.state"}) {
    const std::string state = ReadState(name);
    for (size_t size = 0; size < state.size(); ++size) {
      const auto report = Check(state.substr(0, size));
      ASSERT_FALSE(report.ok()) << name << " " << size;
      EXPECT_EQ(GetErrorDetail(report.status())->reason,
                ERROR_REASON_NO_TRAILER)
          << name << " " << size;
    }
    EXPECT_EQ(GetErrorDetail(Check(state + "x").status())->reason,
              ERROR_REASON_TRAILING_BYTES);
  }
}

TEST(PasstTest, EveryBitThatFlipsIsJudged) {
  const std::string state = ReadState("one-flow.state");
  int taken = 0;
  for (size_t bit = 0; bit < 8 * state.size(); ++bit) {
    std::string flipped = state;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto report = Check(flipped);
    taken += report.ok() && !report->refused();
  }
  // Addresses, ports, sequence numbers and data that could be right.
  EXPECT_EQ(taken, 968);
}

TEST(PasstTest, OtherBytesAreNoState) {
  EXPECT_TRUE(Format().recognise(ReadState("no-flow.state")));
  for (const std::string& other :
       {std::string(), std::string(64, '\0'), std::string("\xb1\xbb\x1d")}) {
    EXPECT_FALSE(Format().recognise(other));
    EXPECT_FALSE(Check(other).ok());
  }
}

}  // namespace
}  // namespace devstate::passt
