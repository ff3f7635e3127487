// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-serial as QEMU emulates it, with its ports. What a port is called and
// whether it is a console is said on the command line and not saved, and so is
// whether the driver has said VIRTIO_CONSOLE_PORT_READY: all drivers do, when
// they start.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/console/v1/console.pb.h"
#include "devstate/devices/console/check_console.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::console::v1::ConsoleState;
using ::devices::console::v1::Port;

constexpr int kSizeBit = 0;
constexpr int kMultiportBit = 1;
// Two queues for each and two for control.
constexpr uint32_t kMostPorts = kMaxQueues / 2 - 1;

struct PortFields {
  uint32_t id = 0;
  uint8_t guest_connected = 0;
  uint8_t host_connected = 0;
  // Whether a buffer of the guest was taken and not answered. The host has
  // taken `piece` pieces of it and `offset` bytes of the next one.
  uint32_t has_element = 0;
  uint32_t piece = 0;
  uint64_t offset = 0;
  Element element;
};

struct ConsoleFields {
  uint16_t cols = 0;
  uint16_t rows = 0;
  uint32_t max_ports = 0;
  // A bit for each port.
  std::vector<uint32_t> ports_map;
  uint32_t active_ports = 0;
  std::vector<PortFields> ports;
};

template <typename Fields>
void VisitConsole(Fields& fields, const VirtioState&, ConsoleFields* console) {
  fields.U16("the columns", &console->cols);
  fields.U16("the rows", &console->rows);
  fields.U32("the number of ports", &console->max_ports);
  if constexpr (Fields::kReads) {
    if (console->max_ports > kMostPorts) {
      fields.Fail(absl::StrCat(console->max_ports, " ports; QEMU has up to ",
                               kMostPorts));
      return;
    }
    console->ports_map.resize((console->max_ports + 31) / 32);
  }
  for (uint32_t& map : console->ports_map) {
    fields.U32("the map of ports", &map);
  }
  fields.U32("the number of active ports", &console->active_ports);
  if constexpr (Fields::kReads) {
    if (console->active_ports > kMostPorts) {
      fields.Fail(absl::StrCat(console->active_ports, " ports; QEMU has up to ",
                               kMostPorts));
      return;
    }
    console->ports.resize(console->active_ports);
  }
  for (PortFields& port : console->ports) {
    fields.U32("a port's number", &port.id);
    fields.U8("guest_connected", &port.guest_connected);
    fields.U8("host_connected", &port.host_connected);
    fields.U32("elem_popped", &port.has_element);
    if (port.has_element == 0) continue;
    fields.U32("iov_idx", &port.piece);
    fields.U64("iov_offset", &port.offset);
    VisitElement(fields, &port.element);
  }
}

// Returns the number of the queue that the guest writes to.
uint32_t OutputQueue(uint32_t port) {
  // Those of control come after those of the first port.
  return port == 0 ? 1 : 2 * port + 3;
}

void ReadPort(const VirtioState& state, const PortFields& fields,
              ConsoleState* portable, FindingList* findings) {
  Port& port = *portable->add_ports();
  port.set_id(fields.id);
  port.set_guest_open(fields.guest_connected != 0);
  port.set_host_open(fields.host_connected != 0);
  port.set_ready((state.status & kDriverOk) != 0);
  if (fields.has_element == 0) return;
  uint64_t taken = fields.offset;
  uint64_t all = 0;
  for (uint32_t i = 0; i < fields.element.out_count(); ++i) {
    if (i < fields.piece) taken += fields.element.out_length(i);
    all += fields.element.out_length(i);
  }
  if (taken != 0) {
    AddRefusal(findings, absl::StrCat("port ", fields.id),
               "the host has taken ", taken, " of the ", all,
               " bytes of a buffer of the guest. Only a whole buffer can be "
               "handed over: let the host take the rest and save again");
    return;
  }
  AddRequest(state, OutputQueue(fields.id), fields.element,
             portable->mutable_inflight(), findings);
}

absl::Status ReadFields(absl::string_view bytes, VirtioState* state,
                        ConsoleFields* console) {
  return ReadState(bytes, VisitConsole<FieldsIn>, nullptr, state, console);
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  ConsoleFields console;
  DS_RETURN_IF_ERROR(ReadFields(saved.virtio, &state, &console));
  AddObstacle(state, findings);
  auto& portable = static_cast<ConsoleState&>(*message);
  portable.set_acked_features(state.Features());
  auto& config = *portable.mutable_config();
  if (state.Has(kSizeBit)) {
    config.set_cols(console.cols);
    config.set_rows(console.rows);
  }
  const bool multiport = state.Has(kMultiportBit);
  if (multiport) config.set_max_nr_ports(console.max_ports);
  for (const PortFields& port : console.ports) {
    // Without the feature the driver knows of the first port alone.
    if (port.id == 0 || multiport) {
      ReadPort(state, port, &portable, findings);
    }
  }
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

// Returns whether QEMU's file has exactly the requests that the state has.
bool HasSameRequests(const ConsoleState& portable, const PortFields& port) {
  uint32_t count = 0;
  for (const auto& request : portable.inflight()) {
    if (request.vring() != OutputQueue(port.id)) continue;
    ++count;
    if (port.has_element == 0 || port.piece != 0 || port.offset != 0 ||
        request.head() != port.element.head()) {
      return false;
    }
  }
  return count == (port.has_element != 0 ? 1 : 0);
}

// Refuses requests in flight in queues that are not those of ports: QEMU saves
// a buffer of each port and no other.
void CheckQueues(const ConsoleState& portable, FindingList* findings) {
  std::map<uint32_t, uint32_t> requests;
  for (const auto& request : portable.inflight()) ++requests[request.vring()];
  for (const Port& port : portable.ports()) {
    requests.erase(OutputQueue(port.id()));
  }
  for (const auto& [queue, count] : requests) {
    AddRefusal(
        findings, absl::StrCat("queue ", queue), count,
        " requests in flight, of which QEMU saves none: let the back-end "
        "answer them and save again");
  }
}

// Refuses ports of the file that the state does not have. Without
// VIRTIO_CONSOLE_F_MULTIPORT the driver does not know of them either.
void CheckPorts(const ConsoleState& portable, bool multiport,
                const ConsoleFields& console, FindingList* findings) {
  std::set<uint32_t> ids;
  for (const Port& port : portable.ports()) ids.insert(port.id());
  for (const PortFields& port : console.ports) {
    if ((port.id != 0 && !multiport) || ids.count(port.id) != 0) continue;
    AddRefusal(findings, absl::StrCat("port ", port.id),
               "it is in the file and not in the state: take a file of the "
               "same guest");
  }
}

void WritePort(const Port& port, const ConsoleState& portable,
               PortFields* fields, FindingList* findings) {
  const std::string path = absl::StrCat("port ", port.id());
  fields->guest_connected = port.guest_open();
  fields->host_connected = port.host_open();
  if (port.to_guest_bytes() != 0 || port.from_guest_bytes() != 0) {
    AddRefusal(findings, path, port.to_guest_bytes(),
               " bytes for the guest and ", port.from_guest_bytes(),
               " from it wait, for which QEMU has no place: let both ends take "
               "them and save again");
  }
  if (!HasSameRequests(portable, *fields)) {
    AddRefusal(findings, path,
               "the request in flight is not the one in the file. QEMU saves "
               "the guest's addresses with it, which no portable state has: "
               "let the back-end answer it and save again");
  }
}

absl::StatusOr<std::string> Write(absl::string_view bytes,
                                  const google::protobuf::Message& message,
                                  FindingList* findings) {
  VirtioState state;
  ConsoleFields console;
  DS_RETURN_IF_ERROR(ReadFields(bytes, &state, &console));
  AddObstacle(state, findings);
  const auto& portable = static_cast<const ConsoleState&>(message);
  CheckSameFeatures(state, portable.acked_features(), findings);
  if (portable.control_messages_size() != 0 || portable.parked_size() != 0) {
    AddRefusal(
        findings, "control_messages", portable.control_messages_size(),
        " messages and ", portable.parked_size(),
        " buffers wait, for which QEMU has no place: let the driver take "
        "the messages and save again");
  }
  for (const Port& port : portable.ports()) {
    PortFields* found = nullptr;
    for (PortFields& fields : console.ports) {
      if (fields.id == port.id()) found = &fields;
    }
    if (found == nullptr) {
      AddRefusal(findings, absl::StrCat("port ", port.id()),
                 "the device in the file has no such port: give it one");
      continue;
    }
    WritePort(port, portable, found, findings);
  }
  CheckQueues(portable, findings);
  CheckPorts(portable, state.Has(kMultiportBit), console, findings);
  SetRings(portable.vrings(), &state, findings);
  return WriteState(state, VisitConsole<FieldsOut>, &console);
}

}  // namespace

const EmulatedType& EmulatedConsole() {
  static const auto& type = *new EmulatedType{"virtio-console",
                                              "devices.console.v1",
                                              &ConsoleState::default_instance(),
                                              &ConsoleType(),
                                              Read,
                                              Write};
  return type;
}

}  // namespace devstate::qemu
