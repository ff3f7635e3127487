// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One function for each rule, and a table at the end. A case does no more than
// its rule needs and reports what it saw in the words of the rule, because its
// text is what an author of a back-end reads.

#include "devstate/conformance/cases.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/compat/verdict.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::conformance {
namespace {

constexpr uint64_t kWanted =
    vhost_user::kProtocolFMq | vhost_user::kProtocolFLogShmfd |
    vhost_user::kProtocolFReplyAck | vhost_user::kProtocolFDeviceState;
constexpr uint32_t kRing = 0;  // every device has it
// More than a pipe takes at once: the transport's have 1 MiB.
constexpr size_t kLong = 4 << 20;
constexpr char kClosed[] = "closed the connection";
constexpr size_t kMemory = 64 << 10;  // of the guest

absl::Status Broken(std::string what) {
  return absl::FailedPreconditionError(std::move(what));
}

absl::StatusOr<ChannelEnds> Pipe() { return CreateChannel(ChannelKind::kPipe); }

absl::StatusOr<FileDescriptor> Copy(const FileDescriptor& fd) {
  FileDescriptor copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) {
    return absl::ResourceExhaustedError("no file descriptor is left");
  }
  return copy;
}

absl::StatusOr<FileDescriptor> Event() {
  FileDescriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) {
    return absl::ResourceExhaustedError("no file descriptor is left");
  }
  return event;
}

bool TakeEvent(const FileDescriptor& event) {
  uint64_t count;
  return read(event.get(), &count, sizeof(count)) == sizeof(count);
}

int Unread(const FileDescriptor& pipe) {
  int bytes = 0;
  return ioctl(pipe.get(), FIONREAD, &bytes) == 0 ? bytes : 0;
}

std::string Hex(uint64_t value) { return absl::StrCat("0x", absl::Hex(value)); }

// A ring with a base and something to wait for kicks on.
absl::Status StartRing(Peer& peer, uint32_t base, const FileDescriptor& kick) {
  DS_RETURN_IF_ERROR(peer.Send(vhost_user::kSetVringBase, TwoU32(kRing, base)));
  DS_ASSIGN_OR_RETURN(FileDescriptor copy, Copy(kick));
  return peer.Send(vhost_user::kSetVringKick, vhost_user::U64Payload(kRing),
                   One(std::move(copy)));
}

absl::Status StopRing(Peer& peer, uint32_t expected_base) {
  DS_ASSIGN_OR_RETURN(const vhost_user::Message reply,
                      peer.Ask(vhost_user::kGetVringBase, TwoU32(kRing, 0)));
  if (reply.payload == TwoU32(kRing, expected_base)) return absl::OkStatus();
  if (reply.payload.size() != 8) {
    return Broken(absl::StrCat("GET_VRING_BASE: the reply has ",
                               reply.payload.size(), " bytes, expected 8"));
  }
  return Broken(absl::StrCat(
      "GET_VRING_BASE: ring ", vhost_user::ReadU32(reply.payload, 0), ", base ",
      vhost_user::ReadU32(reply.payload, 4), ", expected ring ", kRing,
      ", base ", expected_base, " as SET_VRING_BASE set it"));
}

// Sends what must be refused. Returns how it was: by a reply, or by closing.
absl::StatusOr<std::string> Refused(Peer& peer, std::string payload,
                                    std::vector<FileDescriptor> fds) {
  const absl::StatusOr<vhost_user::Message> reply = peer.Ask(
      vhost_user::kSetDeviceStateFd, std::move(payload), std::move(fds));
  if (absl::IsUnavailable(reply.status())) return kClosed;
  DS_RETURN_IF_ERROR(reply.status());
  if (reply->payload.size() != 8) {
    return Broken(absl::StrCat("the reply has ", reply->payload.size(),
                               " bytes, expected 8"));
  }
  const uint64_t value = vhost_user::ReadU64(reply->payload, 0);
  if ((value & vhost_user::kSetStateErrorMask) == 0) {
    return Broken(absl::StrCat("SET_DEVICE_STATE_FD was served: ", Hex(value)));
  }
  if (!reply->fds.empty()) {
    return Broken(absl::StrCat("the error ", Hex(value), " came with ",
                               reply->fds.size(), " file descriptors"));
  }
  return absl::StrCat("refused with ", Hex(value));
}

// To close the connection is a refusal, to crash is none.
absl::Status DidNotCrash(Bench& bench, std::unique_ptr<Peer> peer,
                         absl::string_view how) {
  if (how != kClosed) return absl::OkStatus();
  peer.reset();
  const std::string fate = bench.Fate();
  if (!bench.crashed()) return absl::OkStatus();
  return Broken(absl::StrCat(how, ", and ", fate));
}

absl::Status CheckIsZero(Peer& peer) {
  DS_ASSIGN_OR_RETURN(const uint64_t value,
                      peer.AskU64(vhost_user::kCheckDeviceState));
  if (value == 0) return absl::OkStatus();
  return Broken(absl::StrCat("CHECK_DEVICE_STATE was answered with ",
                             CheckReplyText(value)));
}

// A save through a pipe whose reader is gone; what CHECK_DEVICE_STATE says.
// Nothing if the back-end uses a channel of its own, which may have taken the
// whole state before its reader goes.
absl::StatusOr<std::optional<uint64_t>> SaveForNobody(Peer& peer) {
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  ends.read_end.Reset();
  DS_ASSIGN_OR_RETURN(Transfer transfer,
                      peer.Open(vhost_user::TransferDirection::kSave,
                                std::move(ends.write_end), FileDescriptor()));
  transfer.end.Reset();
  DS_ASSIGN_OR_RETURN(const uint64_t value,
                      peer.AskU64(vhost_user::kCheckDeviceState));
  if (transfer.own_channel) return std::optional<uint64_t>();
  return std::optional<uint64_t>(value);
}

absl::StatusOr<std::string> B0StoppedIsSuspended(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(const FileDescriptor kick, Event());
  DS_RETURN_IF_ERROR(StartRing(*peer, 77, kick));
  DS_RETURN_IF_ERROR(StopRing(*peer, 77));
  const uint64_t one = 1;
  if (write(kick.get(), &one, sizeof(one)) != sizeof(one)) {
    return absl::InternalError("an eventfd takes no event");
  }
  DS_RETURN_IF_ERROR(peer->Save().status());
  if (!TakeEvent(kick)) return Broken("the stopped ring took a kick");
  return "ring 0 stopped at its base 77, a kick stayed unread, a save worked";
}

absl::StatusOr<std::string> B1OnlyWhenNegotiated(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.Connect());
  DS_ASSIGN_OR_RETURN(const vhost_user::BackendOffer offer,
                      peer->frontend().GetOffer());
  DS_RETURN_IF_ERROR(
      peer->Send(vhost_user::kSetProtocolFeatures,
                 vhost_user::U64Payload(offer.protocol_features & kWanted &
                                        ~vhost_user::kProtocolFDeviceState)));
  DS_RETURN_IF_ERROR(peer->Send(vhost_user::kSetOwner));
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  const absl::StatusOr<std::string> how =
      Refused(*peer, TwoU32(0, 0), One(std::move(ends.write_end)));
  if (absl::IsFailedPrecondition(how.status())) {
    return Broken(absl::StrCat("DEVICE_STATE was not negotiated, and ",
                               how.status().message()));
  }
  DS_RETURN_IF_ERROR(how.status());
  DS_RETURN_IF_ERROR(DidNotCrash(bench, std::move(peer), *how));
  return how;
}

absl::StatusOr<std::string> B2SuspendedIsQuiet(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  const uint64_t acknowledged = peer->frontend().protocol_features();
  FileDescriptor memory(memfd_create("guest memory", MFD_CLOEXEC));
  const std::string pattern(kMemory, '\x5a');
  if (pwrite(memory.get(), pattern.data(), kMemory, 0) != kMemory) {
    return absl::ResourceExhaustedError("no room for guest memory");
  }
  DS_ASSIGN_OR_RETURN(FileDescriptor region, Copy(memory));
  const bool slots =
      (acknowledged & vhost_user::kProtocolFConfigureMemSlots) != 0;
  // One region: guest address, size, user address, offset.
  std::string table = TwoU32(slots ? 0 : 1, 0) + vhost_user::U64Payload(0) +
                      vhost_user::U64Payload(kMemory) +
                      vhost_user::U64Payload(kMemory) +
                      vhost_user::U64Payload(0);
  DS_RETURN_IF_ERROR(
      peer->Send(slots ? vhost_user::kAddMemReg : vhost_user::kSetMemTable,
                 std::move(table), One(std::move(region))));
  DS_ASSIGN_OR_RETURN(const FileDescriptor call, Event());
  DS_ASSIGN_OR_RETURN(FileDescriptor call_copy, Copy(call));
  DS_RETURN_IF_ERROR(peer->Send(vhost_user::kSetVringCall,
                                vhost_user::U64Payload(kRing),
                                One(std::move(call_copy))));

  DS_ASSIGN_OR_RETURN(const std::string state, peer->Save());
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  DS_ASSIGN_OR_RETURN(
      Transfer transfer,
      peer->Open(vhost_user::TransferDirection::kLoad, std::move(ends.read_end),
                 std::move(ends.write_end)));
  // The transfer runs: not a byte was written yet.
  DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kGetFeatures).status());
  DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kGetProtocolFeatures).status());
  DS_RETURN_IF_ERROR(peer->WriteAndClose(std::move(transfer.end), state));
  DS_RETURN_IF_ERROR(CheckIsZero(*peer));
  DS_RETURN_IF_ERROR(peer->ExpectSilence());
  if (TakeEvent(call)) return Broken("the guest was notified");
  std::string after(kMemory, '\0');
  if (pread(memory.get(), &after[0], kMemory, 0) != kMemory ||
      after != pattern) {
    return Broken("guest memory was written to");
  }
  return "requests were answered during a transfer; guest memory, the guest "
         "and the front-end were left alone";
}

absl::StatusOr<std::string> B3ReplyBits(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  std::string seen;
  for (const bool save : {true, false}) {
    DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
    DS_ASSIGN_OR_RETURN(
        Transfer transfer,
        save ? peer->Open(vhost_user::TransferDirection::kSave,
                          std::move(ends.write_end), std::move(ends.read_end))
             : peer->Open(vhost_user::TransferDirection::kLoad,
                          std::move(ends.read_end), std::move(ends.write_end)));
    absl::StrAppend(
        &seen, save ? "save: " : "; load: ",
        transfer.own_channel ? "0x0 and a file descriptor" : "0x100 and none");
    if (save) {
      DS_RETURN_IF_ERROR(peer->ReadToEnd(std::move(transfer.end)).status());
    } else {
      transfer.end.Reset();
    }
    // What an empty state means is not asked here.
    DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kCheckDeviceState).status());
  }
  return seen;
}

absl::StatusOr<std::string> B4NoFdWithAnError(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  DS_ASSIGN_OR_RETURN(
      const std::string how,
      Refused(*peer, TwoU32(0, 9), One(std::move(ends.write_end))));
  DS_RETURN_IF_ERROR(DidNotCrash(bench, std::move(peer), how));
  return absl::StrCat("phase 9: ", how, ", no file descriptor");
}

absl::StatusOr<std::string> B5OneReply(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  for (const uint32_t flags :
       {vhost_user::kVersion,
        vhost_user::kVersion | vhost_user::kFlagNeedReply}) {
    DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
    DS_ASSIGN_OR_RETURN(
        Transfer transfer,
        peer->Open(vhost_user::TransferDirection::kSave,
                   std::move(ends.write_end), std::move(ends.read_end), flags));
    DS_RETURN_IF_ERROR(peer->ReadToEnd(std::move(transfer.end)).status());
    DS_RETURN_IF_ERROR(
        peer->AskU64(vhost_user::kCheckDeviceState, flags).status());
    // A second reply would arrive as the answer to this.
    DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kGetFeatures).status());

    // A parser that acknowledges by itself says 0 after the error, or before.
    DS_ASSIGN_OR_RETURN(ends, Pipe());
    DS_ASSIGN_OR_RETURN(
        transfer,
        peer->Open(vhost_user::TransferDirection::kLoad,
                   std::move(ends.read_end), std::move(ends.write_end), flags));
    DS_RETURN_IF_ERROR(
        peer->WriteAndClose(std::move(transfer.end), std::string(16, '\xff')));
    DS_ASSIGN_OR_RETURN(const uint64_t value,
                        peer->AskU64(vhost_user::kCheckDeviceState, flags));
    if (value == 0) {
      return Broken("0 was answered to 16 bytes that are no state");
    }
    DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kGetFeatures).status());
  }
  return "one reply of 8 bytes with flags 0x5 each, with and without "
         "NEED_REPLY, for a save and for bytes that are no state";
}

absl::StatusOr<std::string> B6OwnChannel(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  DS_ASSIGN_OR_RETURN(FileDescriptor given, Copy(ends.read_end));
  DS_ASSIGN_OR_RETURN(
      Transfer transfer,
      peer->Open(vhost_user::TransferDirection::kSave,
                 std::move(ends.write_end), std::move(ends.read_end)));
  const bool own = transfer.own_channel;
  DS_RETURN_IF_ERROR(peer->ReadToEnd(std::move(transfer.end)).status());
  DS_RETURN_IF_ERROR(CheckIsZero(*peer));
  if (!own) return "the front-end's channel is used, as is allowed";
  DS_ASSIGN_OR_RETURN(const std::string stray,
                      peer->ReadToEnd(std::move(given)));
  if (!stray.empty()) {
    return Broken(absl::StrCat(stray.size(),
                               " bytes went through the discarded channel"));
  }
  DS_ASSIGN_OR_RETURN(const std::string state, peer->Save());
  DS_RETURN_IF_ERROR(peer->Load(state));
  return absl::StrCat("its own channel carried ", state.size(),
                      " bytes, the given one was closed");
}

absl::StatusOr<std::string> B7EndIsClosing(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  DS_ASSIGN_OR_RETURN(
      Transfer transfer,
      peer->Open(vhost_user::TransferDirection::kSave,
                 std::move(ends.write_end), std::move(ends.read_end)));
  const absl::StatusOr<std::string> state =
      peer->ReadToEnd(std::move(transfer.end));
  if (absl::IsDeadlineExceeded(state.status())) {
    return Broken(
        "the channel does not end: its write end is not closed, or a "
        "duplicate of it is left");
  }
  DS_RETURN_IF_ERROR(state.status());
  DS_RETURN_IF_ERROR(CheckIsZero(*peer));
  return absl::StrCat(state->size(),
                      " bytes and then the end, before CHECK_DEVICE_STATE");
}

absl::StatusOr<std::string> B8ReadToTheEnd(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(const std::string state, peer->Save());
  DS_RETURN_IF_ERROR(peer->Load(state));
  // Read to its end even if it makes no sense: QEMU takes a broken pipe for an
  // error of its own and never asks for the reason.
  DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult rubbish,
                      peer->TryLoad(std::string(kLong, '\xff')));
  if (absl::IsUnavailable(rubbish.transfer)) {
    return Broken(absl::StrCat("the channel was closed after ", rubbish.bytes,
                               " of ", kLong, " bytes that are no state"));
  }
  DS_RETURN_IF_ERROR(rubbish.transfer);
  DS_RETURN_IF_ERROR(peer->Load(state));
  return absl::StrCat("a state of ", state.size(), " bytes was loaded; ", kLong,
                      " bytes that are none were read to their end and "
                      "answered with ",
                      CheckReplyText(rubbish.check_reply));
}

absl::StatusOr<std::string> B9CheckTellsTheResult(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(const std::string state, peer->Save());
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  DS_ASSIGN_OR_RETURN(FileDescriptor watch, Copy(ends.read_end));
  DS_ASSIGN_OR_RETURN(
      Transfer transfer,
      peer->Open(vhost_user::TransferDirection::kLoad, std::move(ends.read_end),
                 std::move(ends.write_end)));
  DS_RETURN_IF_ERROR(peer->WriteAndClose(std::move(transfer.end), state));
  DS_RETURN_IF_ERROR(CheckIsZero(*peer));
  if (Unread(watch) != 0) {
    return Broken(absl::StrCat("0 was answered with ", Unread(watch),
                               " bytes of the state unread"));
  }
  if (state.size() < 2) {
    return "0 after a load; a state this short cannot be cut";
  }
  DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult cut,
                      peer->TryLoad(state.substr(0, state.size() / 2)));
  if (cut.check_reply == 0) {
    return Broken(absl::StrCat("0 was answered to the first ", state.size() / 2,
                               " of ", state.size(), " bytes of a state"));
  }
  return absl::StrCat("0 after a load; after half of it ",
                      CheckReplyText(cut.check_reply));
}

absl::StatusOr<std::string> B10SourceGoesOn(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_RETURN_IF_ERROR(peer->Save().status());
  DS_RETURN_IF_ERROR(SaveForNobody(*peer).status());
  DS_ASSIGN_OR_RETURN(const FileDescriptor kick, Event());
  DS_RETURN_IF_ERROR(StartRing(*peer, 5, kick));
  DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kGetFeatures).status());
  DS_RETURN_IF_ERROR(StopRing(*peer, 5));
  DS_RETURN_IF_ERROR(peer->Save().status());
  return "saved, failed to save, ran a ring, saved again";
}

absl::StatusOr<std::string> B11RingsRestart(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(const std::string state, peer->Save());
  DS_RETURN_IF_ERROR(peer->Load(state));
  DS_ASSIGN_OR_RETURN(const FileDescriptor kick, Event());
  DS_RETURN_IF_ERROR(StartRing(*peer, 4711, kick));
  DS_RETURN_IF_ERROR(StopRing(*peer, 4711));
  return "after a load a ring started and stopped at base 4711";
}

absl::StatusOr<std::string> B12ReplyComesFirst(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  // Nothing to read, and no room to write: who transfers first never answers.
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
  DS_ASSIGN_OR_RETURN(
      Transfer load,
      peer->Open(vhost_user::TransferDirection::kLoad, std::move(ends.read_end),
                 std::move(ends.write_end)));
  load.end.Reset();
  DS_RETURN_IF_ERROR(peer->AskU64(vhost_user::kCheckDeviceState).status());
  DS_ASSIGN_OR_RETURN(ends, Pipe());
  const int size = fcntl(ends.write_end.get(), F_GETPIPE_SZ);
  const std::string filler(size > 0 ? size : 0, '\0');
  if (write(ends.write_end.get(), filler.data(), filler.size()) != size) {
    return absl::InternalError("a pipe takes less than its size");
  }
  DS_ASSIGN_OR_RETURN(
      Transfer save,
      peer->Open(vhost_user::TransferDirection::kSave,
                 std::move(ends.write_end), std::move(ends.read_end)));
  DS_RETURN_IF_ERROR(peer->ReadToEnd(std::move(save.end)).status());
  DS_RETURN_IF_ERROR(CheckIsZero(*peer));
  return "answered with an empty pipe to load from and a full one to save to";
}

absl::StatusOr<std::string> B13ReaderIsGone(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(const std::string state, peer->Save());
  if (state.empty()) {
    return absl::UnimplementedError("the state is empty: nothing is written");
  }
  DS_ASSIGN_OR_RETURN(const std::optional<uint64_t> value,
                      SaveForNobody(*peer));
  if (!value.has_value()) {
    return absl::UnimplementedError(
        "the back-end saves into a channel of its own, which may take all of "
        "the state before it breaks");
  }
  if (*value == 0) {
    return Broken("0 was answered to a save that nobody could read");
  }
  DS_RETURN_IF_ERROR(peer->Save().status());
  return absl::StrCat(
      "saved again after a broken pipe, which was answered with ",
      CheckReplyText(*value));
}

absl::StatusOr<std::string> B14AnyChannel(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  for (const ChannelKind kind : kAllChannelKinds) {
    const absl::StatusOr<std::string> state = peer->Save(kind);
    if (!state.ok()) {
      return absl::Status(
          state.status().code(),
          absl::StrCat(ChannelKindName(kind), ": ", state.status().message()));
    }
    if (const absl::Status load = peer->Load(*state, kind); !load.ok()) {
      return absl::Status(load.code(), absl::StrCat(ChannelKindName(kind), ": ",
                                                    load.message()));
    }
  }
  return "pipe, socketpair, memfd and file, each saved to and loaded from";
}

absl::StatusOr<std::string> B15MalformedIsRefused(Bench& bench) {
  struct Malformed {
    const char* what;
    std::string payload;
    int fds;
  };
  const Malformed requests[] = {
      {"phase 1", TwoU32(0, 1), 1},
      {"direction 7", TwoU32(7, 0), 1},
      {"no file descriptor", TwoU32(0, 0), 0},
      {"two file descriptors", TwoU32(0, 0), 2},
      {"a payload of 4 bytes", std::string(4, '\0'), 1},
      {"a payload of 16 bytes", std::string(16, '\0'), 1},
  };
  int closed = 0;
  std::unique_ptr<Peer> peer;
  for (const Malformed& request : requests) {
    if (peer == nullptr) {
      DS_ASSIGN_OR_RETURN(peer, bench.ConnectNegotiated());
    }
    std::vector<FileDescriptor> fds;
    for (int i = 0; i < request.fds; ++i) {
      DS_ASSIGN_OR_RETURN(ChannelEnds ends, Pipe());
      fds.push_back(std::move(ends.write_end));
    }
    const absl::StatusOr<std::string> how =
        Refused(*peer, request.payload, std::move(fds));
    if (!how.ok()) {
      return Broken(absl::StrCat(request.what, ": ", how.status().message()));
    }
    if (*how != kClosed) continue;
    ++closed;
    peer.reset();
    if (const std::string fate = bench.Fate(); !fate.empty()) {
      return Broken(absl::StrCat(request.what, ": ", *how, ", and ", fate));
    }
  }
  if (peer == nullptr) {
    DS_ASSIGN_OR_RETURN(peer, bench.ConnectNegotiated());
  }
  DS_RETURN_IF_ERROR(peer->Save().status());
  return absl::StrCat(6 - closed, " of 6 malformed requests refused, ", closed,
                      " answered by closing the connection; then saved");
}

absl::StatusOr<std::string> B16CheckAlone(Bench& bench) {
  DS_ASSIGN_OR_RETURN(auto peer, bench.ConnectNegotiated());
  DS_ASSIGN_OR_RETURN(const uint64_t value,
                      peer->AskU64(vhost_user::kCheckDeviceState));
  if (value == 0) return Broken("0 was answered, although nothing came before");
  DS_RETURN_IF_ERROR(peer->Save().status());
  return absl::StrCat("saved after the answer ", CheckReplyText(value));
}

constexpr char kMigrating[] = "Migrating back-end state";
constexpr char kSet[] = "VHOST_USER_SET_DEVICE_STATE_FD";
constexpr char kCheck[] = "VHOST_USER_CHECK_DEVICE_STATE";

constexpr Case kCases[] = {
    {"B0", "GET_VRING_BASE stops a ring; with all stopped a save works",
     "Suspended device state", B0StoppedIsSuspended},
    {"B1", "device state is refused unless DEVICE_STATE was negotiated",
     kMigrating, B1OnlyWhenNegotiated},
    {"B2", "suspended: requests are answered, nothing is written or sent",
     "Suspended device state", B2SuspendedIsQuiet},
    {"B3", "the reply has low bits 0, and bit 8 iff no file descriptor", kSet,
     B3ReplyBits},
    {"B4", "an error never comes with a file descriptor", kSet,
     B4NoFdWithAnError},
    {"B5", "exactly one reply, with or without NEED_REPLY", kSet, B5OneReply},
    {"B6", "a channel of the back-end's own carries the state", kSet,
     B6OwnChannel},
    {"B7", "a save ends by closing the channel", kMigrating, B7EndIsClosing},
    {"B8", "a load is read to its end and processed", kMigrating,
     B8ReadToTheEnd},
    {"B9", "CHECK_DEVICE_STATE tells the result, once it is known", kCheck,
     B9CheckTellsTheResult},
    {"B10", "the source goes on after a save, be it failed", kMigrating,
     B10SourceGoesOn},
    {"B11", "after a load rings start from SET_VRING_BASE", kMigrating,
     B11RingsRestart},
    {"B12", "SET_DEVICE_STATE_FD is answered before the transfer",
     "rust-vmm, VhostUserBackend", B12ReplyComesFirst},
    {"B13", "a reader that is gone fails the save and kills nobody",
     "QEMU, behaviour", B13ReaderIsGone},
    {"B14", "any kind of channel may be given", kSet, B14AnyChannel},
    {"B15", "a malformed request is refused, and the back-end lives on", kSet,
     B15MalformedIsRefused},
    {"B16", "CHECK_DEVICE_STATE alone is an error", kCheck, B16CheckAlone},
};

}  // namespace

absl::Span<const Case> AllCases() { return kCases; }

}  // namespace devstate::conformance
