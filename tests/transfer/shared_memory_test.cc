// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state goes from one process to another in memory that both have. The source
// knows its size ahead, makes the memory, writes the state, seals it and hands
// it over. The destination takes it, reads it where it is, and commits.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/fd_stream.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "gtest/gtest.h"
#include "tests/transfer/ids_device.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsStateCodec;
using ::devstate::testing::IdsDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::kInodes;
using ::devstate::testing::StatusIs;
using ::devstate::vhost_user::Connection;
using ::devstate::vhost_user::Message;

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

enum class Step { kSize, kMemory, kWrite, kSeal, kHandOver };
constexpr Step kSteps[] = {Step::kSize, Step::kMemory, Step::kWrite,
                           Step::kSeal, Step::kHandOver};

// What the source does otherwise than it should.
enum class Fault { kNone, kFlippedBit, kNoSeals, kSizeAboveTheState };

// Counts the bytes that are read where they are.
class CountingSource : public ByteSource {
 public:
  explicit CountingSource(FdSource* source) : source_(*source) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    return source_.Read(buffer, size);
  }
  absl::string_view Borrow(size_t size) override {
    const absl::string_view bytes = source_.Borrow(size);
    in_place_ += bytes.size();
    return bytes;
  }

  uint64_t in_place() const { return in_place_; }
  uint64_t bytes() const { return source_.bytes(); }

 private:
  FdSource& source_;
  uint64_t in_place_ = 0;
};

// The process of the source. It is killed after `last`.
class Source {
 public:
  Source(FileDescriptor socket, Step last, Fault fault)
      : connection_(std::move(socket)), last_(last), fault_(fault) {}

  absl::Status Run() {
    IdsDevice device;
    StateHandler<FsStateCodec> handler(&device, {});
    DS_ASSIGN_OR_RETURN(const uint64_t size, handler.ExactSize());
    After(Step::kSize);

    const FileDescriptor memory(
        memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (fallocate(memory.get(), FALLOC_FL_KEEP_SIZE, 0,
                  static_cast<off_t>(size)) != 0) {
      return absl::InternalError("fallocate");
    }
    After(Step::kMemory);

    DS_ASSIGN_OR_RETURN(
        Channel channel,
        AdmitChannel(FileDescriptor(dup(memory.get())), ChannelUse::kWrite));
    DS_ASSIGN_OR_RETURN(const auto sink, FdSink::Create(std::move(channel)));
    DS_RETURN_IF_ERROR(handler.Save(*sink));
    DS_RETURN_IF_ERROR(sink->Finish());
    if (lseek(memory.get(), 0, SEEK_END) != static_cast<off_t>(size)) {
      return absl::InternalError("the size was another one");
    }
    lseek(memory.get(), 0, SEEK_SET);
    After(Step::kWrite);

    const off_t middle = static_cast<off_t>(size / 2);
    char byte = 0;
    if (fault_ == Fault::kFlippedBit &&
        (pread(memory.get(), &byte, 1, middle) != 1 ||
         (byte ^= 1, pwrite(memory.get(), &byte, 1, middle) != 1))) {
      return absl::InternalError("flipping a bit");
    }
    if (fault_ == Fault::kSizeAboveTheState &&
        ftruncate(memory.get(), static_cast<off_t>(size) + 1) != 0) {
      return absl::InternalError("ftruncate");
    }
    if (fault_ != Fault::kNoSeals &&
        fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) {
      return absl::InternalError("sealing");
    }
    After(Step::kSeal);

    Message message;
    message.request = vhost_user::kSetDeviceStateFd;
    message.fds.emplace_back(dup(memory.get()));
    DS_RETURN_IF_ERROR(connection_.Send(message, Deadline::Never()));
    After(Step::kHandOver);
    return absl::OkStatus();
  }

 private:
  void After(Step step) {
    if (step == last_) kill(getpid(), SIGKILL);
  }

  Connection connection_;
  const Step last_;
  const Fault fault_;
};

class SharedMemoryTest : public ::testing::Test {
 protected:
  struct Load {
    // What the device said, or that no memory came.
    absl::Status status;
    uint64_t bytes = 0;
    uint64_t in_place = 0;
  };

  // Starts a source, waits for its death, and loads what it handed over.
  Load LoadFromSource(Step last, Fault fault = Fault::kNone) {
    int sockets[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    FileDescriptor theirs(sockets[0]);
    Connection connection((FileDescriptor(sockets[1])));
    const pid_t source = fork();
    if (source == 0) {
      _exit(Source(std::move(theirs), last, fault).Run().ok() ? 0 : 1);
    }
    theirs.Reset();
    int status = 0;
    EXPECT_EQ(waitpid(source, &status, 0), source);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;

    Load load;
    absl::StatusOr<Message> message = connection.Receive(Deadline::Never());
    load.status = message.status();
    if (message.ok()) Take(std::move(message->fds.at(0)), &load);
    return load;
  }

  void Take(FileDescriptor memory, Load* load) {
    const std::shared_ptr<FdSource> file =
        *FdSource::Create(*AdmitChannel(std::move(memory), ChannelUse::kRead));
    CountingSource source(file.get());
    StateHandler<FsStateCodec> handler(&device_, {});
    load->status = handler.Load(source).status;
    EXPECT_TRUE(device_.ids().empty());
    if (load->status.ok()) {
      load->status = handler.Commit().status;
    } else {
      handler.Discard();
    }
    load->bytes = source.bytes();
    load->in_place = source.in_place();
  }

  IdsDevice device_;
};

TEST_F(SharedMemoryTest, AStateIsReadWhereItIsAndOutlivesItsSource) {
  const Load load = LoadFromSource(Step::kHandOver);
  EXPECT_THAT(load.status, IsOk());
  EXPECT_EQ(device_.ids().size(), kInodes);
  EXPECT_GT(load.in_place, load.bytes / 2);
}

TEST_F(SharedMemoryTest, MemoryThatCanChangeIsCopied) {
  const Load load = LoadFromSource(Step::kHandOver, Fault::kNoSeals);
  EXPECT_THAT(load.status, IsOk());
  EXPECT_EQ(device_.ids().size(), kInodes);
  EXPECT_EQ(load.in_place, 0u);
}

TEST_F(SharedMemoryTest, ASourceThatDiesBeforeItHandsOverChangesNothing) {
  for (const Step step : kSteps) {
    if (step == Step::kHandOver) continue;
    EXPECT_THAT(LoadFromSource(step).status,
                StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_TRUE(device_.ids().empty());
  }
}

TEST_F(SharedMemoryTest, ADamagedStateChangesNothing) {
  EXPECT_THAT(LoadFromSource(Step::kHandOver, Fault::kFlippedBit).status,
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(device_.ids().empty());
}

TEST_F(SharedMemoryTest, MemoryThatIsLargerThanTheStateIsRefused) {
  EXPECT_THAT(LoadFromSource(Step::kHandOver, Fault::kSizeAboveTheState).status,
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(device_.ids().empty());
}

}  // namespace
}  // namespace devstate
