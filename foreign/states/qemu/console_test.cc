// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <string>
#include <vector>

#include "devices/console/v1/console.pb.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/foreign/states/qemu/test_elements.h"
#include "devstate/serializer/stream_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::devices::console::v1::ConsoleState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The queue that the guest's only port writes to, and that of control messages.
constexpr int kOutput = 5;
constexpr int kControl = 3;

// Columns, rows, number of ports, one map, active ports, the port's number, two
// ends, and that it has a buffer.
size_t PieceOf(const std::string& bytes) {
  return OwnFields(bytes) + 2 + 2 + 4 + 4 + 4 + 4 + 1 + 1 + 4;
}

ConsoleState GuestsConsole() {
  return ImportedState<ConsoleState>(EmulatedConsole(),
                                     Saved(EmulatedConsole()));
}

// Returns why the state is not put into the file of the guest.
std::vector<std::string> RefusalsOf(const ConsoleState& state) {
  return ExportFindings(EmulatedConsole(), Saved(EmulatedConsole()), state);
}

// Adds a request to those that are in flight.
void AddRequestTo(int queue, uint32_t head, ConsoleState* state) {
  auto& ring = *state->mutable_vrings(queue)->mutable_split();
  ring.set_used_idx((ring.used_idx() - 1) & 0xffff);
  auto& request = *state->add_inflight();
  request.set_vring(static_cast<uint32_t>(queue));
  request.set_head(head);
  request.set_sequence(100 + head);
  request.set_descriptor_count(1);
}

void AnswerAll(ConsoleState* state) {
  auto& ring = *state->mutable_vrings(kOutput)->mutable_split();
  ring.set_used_idx(ring.last_avail_idx());
  state->clear_inflight();
}

// Returns a console of 80 x 25 without VIRTIO_CONSOLE_F_MULTIPORT.
std::string Console(uint64_t features, uint32_t most_ports, uint32_t ports) {
  VirtioState device = BareDevice();
  SetFeatures(uint64_t{1} << kVersion1Bit | features, &device);
  const uint16_t cols = 80;
  const uint16_t rows = 25;
  const uint32_t map = 0;
  const uint8_t no = 0;
  FieldsOut own;
  own.U16("", &cols);
  own.U16("", &rows);
  own.U32("", &most_ports);
  for (uint32_t i = 0; i < most_ports; i += 32) own.U32("", &map);
  own.U32("", &ports);
  for (uint32_t id = 0; id < ports; ++id) {
    own.U32("", &id);
    own.U8("", &no);
    own.U8("", &no);
    own.U32("", &map);
  }
  return WithOwnFields(device, own.bytes());
}

TEST(ConsoleTest, BufferThatNobodyTookComesOver) {
  const ConsoleState state =
      ImportedState<ConsoleState>(EmulatedConsole(), Saved(EmulatedConsole()));
  ASSERT_THAT(state.ports(), SizeIs(1));
  EXPECT_EQ(state.ports(0).id(), 1u);
  EXPECT_TRUE(state.ports(0).guest_open());
  ASSERT_THAT(state.inflight(), SizeIs(1));
  EXPECT_EQ(state.inflight(0).vring(), 5u);
  EXPECT_EQ(state.vrings(5).split().last_avail_idx(), 94u);
  EXPECT_EQ(state.vrings(5).split().used_idx(), 93u);
}

TEST(ConsoleTest, BufferThatIsPartlyTakenIsRefused) {
  std::string bytes = Saved(EmulatedConsole());
  const size_t piece = PieceOf(bytes);
  // The last byte of the offset in the piece.
  bytes[piece + 4 + 7] = 12;
  const Imported imported = Import(EmulatedConsole(), bytes);
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings,
              ElementsAre(HasSubstr("foreign-device: port 1: the host has "
                                    "taken 12 of the 1000 bytes")));
}

TEST(ConsoleTest, EverythingComesBackAsItWas) {
  const std::string bytes = Saved(EmulatedConsole());
  const auto exported =
      Export(EmulatedConsole(), bytes, Import(EmulatedConsole(), bytes).stream);
  ASSERT_THAT(exported, IsOk());
  EXPECT_TRUE(exported->bytes == bytes);
}

TEST(ConsoleTest, RequestThatTheFileDoesNotHaveIsRefused) {
  const std::string bytes = Saved(EmulatedConsole());
  auto state = ImportedState<ConsoleState>(EmulatedConsole(), bytes);
  state.mutable_inflight(0)->set_head(7);
  EXPECT_THAT(ExportFindings(EmulatedConsole(), bytes, state),
              ElementsAre(HasSubstr("port 1: the request in flight")));
}

TEST(ConsoleTest, BytesOfWholePiecesAreTakenToo) {
  std::string bytes = Saved(EmulatedConsole());
  const size_t piece = PieceOf(bytes);
  // The second of two pieces, of which the host has taken 2 bytes.
  bytes[piece + 3] = 1;
  bytes[piece + 4 + 7] = 2;
  const size_t element = piece + 4 + 8;
  PutNumber(element + 4, 2, &bytes);
  PutNumber(element + kOutPieces + 16 + 8, 7, &bytes);
  EXPECT_THAT(
      Import(EmulatedConsole(), bytes).findings,
      ElementsAre("foreign-device: port 1: the host has taken 1002 of the 1007 "
                  "bytes of a buffer of the guest. Only a whole buffer can be "
                  "handed over: let the host take the rest and save again"));
}

TEST(ConsoleTest, DriverWithoutSeveralPortsKnowsTheFirst) {
  const auto state =
      ImportedState<ConsoleState>(EmulatedConsole(), Console(0, 31, 3));
  EXPECT_FALSE(state.config().has_max_nr_ports());
  EXPECT_FALSE(state.config().has_cols());
  ASSERT_THAT(state.ports(), SizeIs(1));
  EXPECT_EQ(state.ports(0).id(), 0u);
}

TEST(ConsoleTest, SizeComesOver) {
  constexpr uint64_t kSize = 1;
  const auto state =
      ImportedState<ConsoleState>(EmulatedConsole(), Console(kSize, 1, 1));
  EXPECT_EQ(state.config().cols(), 80u);
  EXPECT_EQ(state.config().rows(), 25u);
}

TEST(ConsoleTest, TooManyPortsAreDamage) {
  const auto damage = [](const std::string& bytes) {
    const absl::Status status = Import(EmulatedConsole(), bytes).status;
    EXPECT_TRUE(GetErrorDetail(status).has_value());
    return std::string(status.message());
  };
  EXPECT_THAT(damage(Console(0, 512, 0)),
              HasSubstr("512 ports; QEMU has up to 511"));
  EXPECT_THAT(damage(Console(0, 511, 512)),
              HasSubstr("512 ports; QEMU has up to 511"));
}

TEST(ConsoleTest, SecondRequestOfAPortIsRefused) {
  ConsoleState state = GuestsConsole();
  AddRequestTo(kOutput, state.inflight(0).head() + 1, &state);
  EXPECT_THAT(
      RefusalsOf(state),
      ElementsAre("foreign-device: port 1: the request in flight is not the "
                  "one in the file. QEMU saves the guest's addresses with it, "
                  "which no portable state has: let the back-end answer it and "
                  "save again"));
}

TEST(ConsoleTest, RequestThatTheStateDoesNotHaveIsRefused) {
  ConsoleState state = GuestsConsole();
  AnswerAll(&state);
  EXPECT_THAT(RefusalsOf(state),
              ElementsAre(HasSubstr("port 1: the request in flight is not")));
}

TEST(ConsoleTest, RequestOfNoPortIsRefused) {
  ConsoleState state = GuestsConsole();
  AddRequestTo(kControl, 1, &state);
  AddRequestTo(kControl, 2, &state);
  EXPECT_THAT(RefusalsOf(state),
              ElementsAre("foreign-device: queue 3: 2 requests in flight, of "
                          "which QEMU saves none: let the back-end answer them "
                          "and save again"));
}

TEST(ConsoleTest, PortThatTheFileDoesNotHaveIsRefused) {
  ConsoleState state = GuestsConsole();
  state.add_ports()->set_id(2);
  EXPECT_THAT(RefusalsOf(state),
              ElementsAre("foreign-device: port 2: the device in the file has "
                          "no such port: give it one"));
}

TEST(ConsoleTest, PortThatTheStateDoesNotHaveIsRefused) {
  ConsoleState state = GuestsConsole();
  AnswerAll(&state);
  state.clear_ports();
  EXPECT_THAT(RefusalsOf(state),
              ElementsAre("foreign-device: port 1: it is in the file and not "
                          "in the state: take a file of the same guest"));
}

TEST(ConsoleTest, PortThatTheDriverDoesNotKnowStaysInTheFile) {
  const std::string bytes = Console(0, 31, 3);
  const auto exported =
      Export(EmulatedConsole(), bytes, Import(EmulatedConsole(), bytes).stream);
  ASSERT_THAT(exported, IsOk());
  EXPECT_TRUE(exported->bytes == bytes);
}

TEST(ConsoleTest, DataThatWaitsInAPortIsRefused) {
  ConsoleState state = GuestsConsole();
  auto& port = *state.mutable_ports(0);
  port.set_host_open(true);
  port.set_to_guest_bytes(3);
  port.set_from_guest_bytes(2);
  auto& to_guest = *state.add_to_guest();
  to_guest.set_owner(1);
  to_guest.set_data("abc");
  auto& from_guest = *state.add_from_guest();
  from_guest.set_owner(1);
  from_guest.set_data("de");
  EXPECT_THAT(RefusalsOf(state),
              ElementsAre("foreign-device: port 1: 3 bytes for the guest and 2 "
                          "from it wait, for which QEMU has no place: let both "
                          "ends take them and save again"));
}

TEST(ConsoleTest, ControlMessagesAreRefused) {
  ConsoleState state = GuestsConsole();
  auto& message = *state.add_control_messages();
  message.set_port(1);
  message.set_event(1);
  EXPECT_THAT(
      RefusalsOf(state),
      ElementsAre("foreign-device: control_messages: 1 messages and 0 buffers "
                  "wait, for which QEMU has no place: let the driver take the "
                  "messages and save again"));
}

TEST(ConsoleTest, FileOfABrokenDeviceIsRefused) {
  const std::string bytes =
      Saved(EmulatedConsole()) +
      std::string("\x05\x0dvirtio/broken\0\0\0\x01\x01", 20);
  EXPECT_THAT(ExportFindings(EmulatedConsole(), bytes, GuestsConsole()),
              ElementsAre(HasSubstr("the driver must reset it")));
}

}  // namespace
}  // namespace devstate::qemu::testing
