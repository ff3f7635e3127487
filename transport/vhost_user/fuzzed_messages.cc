// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/fuzzed_messages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "fuzz/promise.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::SendWithoutWait;

bool WriteState(const FileDescriptor& fd) {
  return ::write(fd.get(), kFuzzedState.data(), kFuzzedState.size()) ==
         static_cast<ssize_t>(kFuzzedState.size());
}

FileDescriptor FilledPipe() {
  auto ends = MakeChannel();
  Promise(WriteState(ends.write_end), "a pipe takes a few bytes");
  return std::move(ends.read_end);
}

// Returns a descriptor of some kind. What must outlive it is added to `kept`.
FileDescriptor MakeFd(uint8_t kind, const FileDescriptor& control,
                      std::vector<FileDescriptor>* kept) {
  switch (kind % 9) {
    case 0:
      return FilledPipe();
    case 1:
    case 2: {
      auto ends = MakeChannel();
      const bool write = kind % 9 == 1;
      kept->push_back(std::move(write ? ends.read_end : ends.write_end));
      return std::move(write ? ends.write_end : ends.read_end);
    }
    case 3:
      return MakeChannel().write_end;
    case 4:
      return FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
    case 5:
      return FileDescriptor(::open("/dev/full", O_RDWR | O_CLOEXEC));
    case 6:
      return FileDescriptor(::open("/", O_RDONLY | O_CLOEXEC));
    case 7: {
      FileDescriptor memory(::memfd_create("fuzz", MFD_CLOEXEC));
      Promise(WriteState(memory), "a memfd takes a few bytes");
      ::lseek(memory.get(), 0, SEEK_SET);
      return memory;
    }
    default:
      return FileDescriptor(::fcntl(control.get(), F_DUPFD_CLOEXEC, 0));
  }
}

}  // namespace

SentMessages SendMessages(Input& input, size_t count,
                          const FileDescriptor& socket,
                          std::vector<FileDescriptor>* kept) {
  SentMessages sent;
  bool framed = true;
  int checks = 0;
  for (size_t i = 0; i < count && !input.empty(); ++i) {
    const uint8_t attached = input.Byte();
    std::string header;
    if ((attached & 8) != 0) {
      framed = false;
      header = std::string(input.Bytes(kHeaderSize));
    } else {
      const uint32_t request = input.Byte();
      header = EncodeHeader({request, input.Byte(), 0});
    }
    const std::string payload(input.Bytes(input.Byte()));
    if ((attached & 8) == 0) {
      const MessageHeader right = DecodeHeader(header);
      header = EncodeHeader(
          {right.request, right.flags, static_cast<uint32_t>(payload.size())});
      checks += static_cast<int>(right.request == kCheckDeviceState);
    }
    std::vector<FileDescriptor> fds;
    for (int fd = 0; fd < (attached & 7); ++fd) {
      fds.push_back(MakeFd(attached >> 4, socket, kept));
    }
    const std::string message = header + payload;
    if (message.empty() || !SendFuzzed(socket, message, fds)) return sent;
    sent.bytes += message;
  }
  if (framed) sent.checks = checks;
  return sent;
}

bool SendFuzzed(const FileDescriptor& socket, const std::string& bytes,
                const std::vector<FileDescriptor>& fds) {
  std::vector<int> numbers;
  for (const FileDescriptor& fd : fds) numbers.push_back(fd.get());
  return SendWithoutWait(socket.get(), bytes, numbers) ==
         static_cast<ssize_t>(bytes.size());
}

}  // namespace devstate::vhost_user
