// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/fd_stream.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::Pattern;
using ::devstate::testing::ReadAll;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TempFolder;
using ::testing::HasSubstr;

std::shared_ptr<FdSource> Source(FileDescriptor fd,
                                 TransferLimits limits = {}) {
  auto channel = AdmitChannel(std::move(fd), ChannelUse::kRead);
  EXPECT_THAT(channel, IsOk());
  return *FdSource::Create(*std::move(channel), limits);
}

std::shared_ptr<FdSink> Sink(FileDescriptor fd, TransferLimits limits = {}) {
  auto channel = AdmitChannel(std::move(fd), ChannelUse::kWrite);
  EXPECT_THAT(channel, IsOk());
  return *FdSink::Create(*std::move(channel), limits);
}

absl::Status ReadOne(FdSource& source) {
  char byte;
  return source.Read(&byte, 1).status();
}

TransferLimits Limits(absl::Duration total, absl::Duration idle) {
  TransferLimits limits;
  limits.total = total;
  limits.idle = idle;
  return limits;
}

class StreamingTest : public ::testing::TestWithParam<ChannelKind> {};

TEST_P(StreamingTest, BytesComeThroughWhateverThePieces) {
  const std::string bytes = Pattern(200001);
  for (const size_t piece : {size_t{1}, size_t{4096}, bytes.size()}) {
    const std::string part = bytes.substr(0, piece == 1 ? 3000 : bytes.size());
    ChannelEnds ends = MakeChannel(GetParam());
    auto sink = Sink(std::move(ends.write_end));
    auto source = Source(std::move(ends.read_end));
    std::thread writer([&] {
      for (size_t at = 0; at < part.size(); at += piece) {
        EXPECT_THAT(sink->Write(absl::string_view(part).substr(at, piece)),
                    IsOk());
      }
      EXPECT_THAT(sink->Finish(), IsOk());
    });
    std::string got;
    std::string buffer(piece, '\0');
    while (true) {
      auto count = source->Read(&buffer[0], buffer.size());
      ASSERT_THAT(count, IsOk());
      if (*count == 0) break;
      got.append(buffer, 0, *count);
    }
    writer.join();
    EXPECT_TRUE(got == part);
    EXPECT_EQ(source->bytes(), part.size());
    EXPECT_EQ(sink->bytes(), part.size());
    EXPECT_EQ(*source->Read(&buffer[0], 1), 0u) << "the end is for ever";
  }
}

TEST_P(StreamingTest, PeerThatNeverReadsEndsWithTheIdleDeadline) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto sink = Sink(std::move(ends.write_end),
                   Limits(absl::Hours(1), absl::Milliseconds(20)));
  const absl::Status status = sink->Write(Pattern(4 << 20));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded,
                               HasSubstr("read nothing for 20ms")));
  EXPECT_EQ(sink->Write("more"), status);
}

TEST_P(StreamingTest, PeerThatNeverWritesEndsWithTheIdleDeadline) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto source = Source(std::move(ends.read_end),
                       Limits(absl::Hours(1), absl::Milliseconds(20)));
  const absl::Status status = ReadOne(*source);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded,
                               HasSubstr("wrote nothing for 20ms")));
  EXPECT_EQ(ReadOne(*source), status);
}

TEST_P(StreamingTest, PeerThatTricklesEndsWithTheTotalDeadline) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto source = Source(std::move(ends.read_end),
                       Limits(absl::Milliseconds(50), absl::Hours(1)));
  auto sink = Sink(std::move(ends.write_end));
  std::thread trickle([&] {
    while (sink->Write("x").ok()) {
    }
  });
  absl::Status status;
  while (status.ok()) status = ReadOne(*source);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded,
                               HasSubstr("not finished after 50ms")));
  trickle.join();  // its reader is gone
}

TEST_P(StreamingTest, WriterThatIsGoneIsTheEnd) {
  ChannelEnds ends = MakeChannel(GetParam());
  ends.write_end.Reset();
  auto source = Source(std::move(ends.read_end));
  EXPECT_EQ(*source->Drain(), 0u);
}

TEST_P(StreamingTest, ReaderThatIsGoneIsUnavailableAndNoSignal) {
  ASSERT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_DFL);
  ChannelEnds ends = MakeChannel(GetParam());
  ends.read_end.Reset();
  auto sink = Sink(std::move(ends.write_end));
  EXPECT_THAT(sink->Write("x"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(sink->Finish(), StatusIs(absl::StatusCode::kUnavailable));
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_FALSE(::sigismember(&pending, SIGPIPE));
}

TEST_P(StreamingTest, SinkTellsWhatNobodyHasRead) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto sink = Sink(std::move(ends.write_end));
  auto source = Source(std::move(ends.read_end));
  EXPECT_EQ(sink->Waiting(), 0u);
  ASSERT_THAT(sink->Write(std::string(5000, 'x')), IsOk());
  // The kernel counts its own overhead in a socket.
  EXPECT_GE(sink->Waiting(), 5000u);
  std::string buffer(5000, 0);
  ASSERT_THAT(source->Read(&buffer[0], buffer.size()), IsOk());
  EXPECT_EQ(sink->Waiting(), 0u);
  ASSERT_THAT(sink->Finish(), IsOk());
  EXPECT_EQ(sink->Waiting(), absl::nullopt);
}

TEST_P(StreamingTest, ReadUnderWayIsCancelledFromAnotherThread) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto source = Source(std::move(ends.read_end));
  std::thread reader([&] {
    EXPECT_THAT(ReadOne(*source),
                StatusIs(absl::StatusCode::kAborted, HasSubstr("superseded")));
  });
  source->Cancel("superseded");
  reader.join();
  // Closed when Cancel() returned.
  auto sink = Sink(std::move(ends.write_end));
  EXPECT_THAT(sink->Write("x"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_P(StreamingTest, WriteUnderWayIsCancelledFromAnotherThread) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto sink = Sink(std::move(ends.write_end));
  std::thread writer([&] {
    EXPECT_THAT(sink->Write(Pattern(4 << 20)),
                StatusIs(absl::StatusCode::kAborted));
  });
  sink->Cancel("superseded");
  writer.join();
  EXPECT_THAT(sink->Finish(), StatusIs(absl::StatusCode::kAborted));
}

TEST_P(StreamingTest, FlagFlippedByThePeerDoesNotBlock) {
  ChannelEnds ends = MakeChannel(GetParam());
  // The peer keeps a descriptor of the same open file description.
  FileDescriptor shared(::fcntl(ends.read_end.get(), F_DUPFD_CLOEXEC, 0));
  auto source = Source(std::move(ends.read_end),
                       Limits(absl::Hours(1), absl::Milliseconds(20)));
  ::fcntl(shared.get(), F_SETFL, 0);
  EXPECT_THAT(ReadOne(*source), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_P(StreamingTest, InterruptedWaitsGoOn) {
  struct sigaction action = {};
  struct sigaction old = {};
  action.sa_handler = [](int) {};  // without SA_RESTART
  ::sigaction(SIGUSR1, &action, &old);
  ChannelEnds ends = MakeChannel(GetParam());
  auto source = Source(std::move(ends.read_end));
  auto sink = Sink(std::move(ends.write_end));
  const pthread_t reader = ::pthread_self();
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      ::pthread_kill(reader, SIGUSR1);
      EXPECT_THAT(sink->Write("x"), IsOk());
    }
    sink->Finish().IgnoreError();
  });
  auto drained = source->Drain();
  ASSERT_THAT(drained, IsOk());
  EXPECT_EQ(*drained, 200u);
  writer.join();
  ::sigaction(SIGUSR1, &old, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StreamingTest,
                         ::testing::Values(ChannelKind::kPipe,
                                           ChannelKind::kSocketPair),
                         [](const auto& info) {
                           return std::string(ChannelKindName(info.param));
                         });

class StoredTest : public ::testing::TestWithParam<ChannelKind> {};

TEST_P(StoredTest, WritingLeavesTheSharedOffsetForTheReader) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto sink = Sink(std::move(ends.write_end));
  ASSERT_THAT(sink->Write("the "), IsOk());
  ASSERT_THAT(sink->Write("state"), IsOk());
  ASSERT_THAT(sink->Finish(), IsOk());
  EXPECT_EQ(ReadAll(ends.read_end.get()), "the state");
}

TEST_P(StoredTest, NobodyNeedReadWhatIsStored) {
  ChannelEnds ends = MakeChannel(GetParam());
  auto sink = Sink(std::move(ends.write_end));
  ASSERT_THAT(sink->Write("state"), IsOk());
  EXPECT_EQ(sink->Waiting(), absl::nullopt);
}

TEST_P(StoredTest, ReadingStartsAtTheOffsetOfAdmissionWhateverMovesIt) {
  ChannelEnds ends = MakeChannel(GetParam());
  FileDescriptor peer(::fcntl(ends.write_end.get(), F_DUPFD_CLOEXEC, 0));
  auto channel = AdmitChannel(std::move(ends.read_end), ChannelUse::kRead);
  ASSERT_THAT(channel, IsOk());
  // As QEMU does: the offset is shared and moves along.
  ASSERT_EQ(::write(peer.get(), "the state", 9), 9);
  auto source = *FdSource::Create(*std::move(channel));
  std::string got(20, '\0');
  EXPECT_EQ(*source->Read(&got[0], got.size()), 9u);
  EXPECT_EQ(*source->Read(&got[0], got.size()), 0u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, StoredTest,
                         ::testing::Values(ChannelKind::kMemfd,
                                           ChannelKind::kFile),
                         [](const auto& info) {
                           return std::string(ChannelKindName(info.param));
                         });

TEST(FdSourceTest, EndlessSourceEndsAtTheByteLimit) {
  TransferLimits limits;
  limits.max_bytes = 1 << 20;
  auto source =
      Source(FileDescriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), limits);
  EXPECT_THAT(source->Drain(), StatusIs(absl::StatusCode::kResourceExhausted,
                                        HasSubstr("1048576")));
}

TEST(FdSourceTest, ExactlyTheByteLimitIsFine) {
  TransferLimits limits;
  limits.max_bytes = 5;
  ChannelEnds ends = MakeChannel();
  ASSERT_EQ(::write(ends.write_end.get(), "12345", 5), 5);
  ends.write_end.Reset();
  auto source = Source(std::move(ends.read_end), limits);
  auto drained = source->Drain();
  ASSERT_THAT(drained, IsOk());
  EXPECT_EQ(*drained, 5u);
}

TEST(FdSourceTest, MediumThatFailsIsDataLoss) {
  // Page 0 is mapped nowhere: reading it is an I/O error.
  auto source =
      Source(FileDescriptor(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)));
  EXPECT_THAT(ReadOne(*source), StatusIs(absl::StatusCode::kDataLoss,
                                         HasSubstr("after 0 bytes")));
}

TEST(FdSourceTest, PeerThatResetsTheConnectionIsUnavailable) {
  ChannelEnds ends = MakeChannel(ChannelKind::kSocketPair);
  // What the peer leaves unread makes its close a reset.
  ASSERT_EQ(::write(ends.read_end.get(), "x", 1), 1);
  ends.write_end.Reset();
  auto source = Source(std::move(ends.read_end));
  EXPECT_THAT(ReadOne(*source), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(FdSourceTest, NullDeviceIsAnEmptyState) {
  auto source =
      Source(FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(*source->Drain(), 0u);
}

TEST(FdSourceTest, FifoThatItsOpenerCouldWriteToStillEnds) {
  const TempFolder folder;
  const std::string path = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  FileDescriptor fifo(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::write(fifo.get(), "state", 5), 5);
  // Read-write: as it is, it would be its own writer and never end.
  auto source = Source(std::move(fifo));
  auto drained = source->Drain();
  ASSERT_THAT(drained, IsOk());
  EXPECT_EQ(*drained, 5u);
  ::unlink(path.c_str());
}

TEST(FdSourceTest, PacketsOfAPipeAreNotCutBySmallReads) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
  auto source = Source(FileDescriptor(fds[0]));
  FileDescriptor writer(fds[1]);
  ASSERT_EQ(::write(writer.get(), "0123456789", 10), 10);
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  writer.Reset();
  std::string got;
  char byte;
  while (*source->Read(&byte, 1) == 1) got += byte;
  EXPECT_EQ(got, "0123456789abc");
}

TEST(FdSourceTest, DescriptorsSentOverADataSocketAreDropped) {
  const int before = testing::CountOpenFds();
  {
    ChannelEnds ends = MakeChannel(ChannelKind::kSocketPair);
    testing::RawPeer peer(std::move(ends.write_end));
    ASSERT_TRUE(peer.Send(vhost_user::kGetFeatures, "", testing::SomeFds(5)));
    auto source = Source(std::move(ends.read_end));
    ASSERT_THAT(ReadOne(*source), IsOk());
    peer.connection() = vhost_user::Connection(FileDescriptor());
    ASSERT_THAT(source->Drain(), IsOk());
  }
  EXPECT_EQ(testing::CountOpenFds(), before);
}

TEST(FdSinkTest, FullDeviceIsResourceExhausted) {
  auto sink = Sink(FileDescriptor(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  EXPECT_THAT(sink->Write("x"), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(FdSinkTest, FileSizeLimitIsAnErrorAndNoSignal) {
  ASSERT_EQ(::signal(SIGXFSZ, SIG_DFL), SIG_DFL);
  ChannelEnds ends = MakeChannel(ChannelKind::kFile);
  auto sink = Sink(std::move(ends.write_end));
  rlimit old;
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit low = {4096, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &low);
  const absl::Status status = sink->Write(Pattern(10000));
  ::setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted,
                               HasSubstr("4096 bytes")));
}

TEST(FdSinkTest, ByteLimitHoldsForWriting) {
  TransferLimits limits;
  limits.max_bytes = 4;
  ChannelEnds ends = MakeChannel();
  auto sink = Sink(std::move(ends.write_end), limits);
  ASSERT_THAT(sink->Write("1234"), IsOk());
  EXPECT_THAT(sink->Write("5"), StatusIs(absl::StatusCode::kResourceExhausted));
}

// A memfd with `content`, from `offset` on, and these seals.
FileDescriptor SealedMemfd(const std::string& content, int seals,
                           off_t offset = 0) {
  FileDescriptor memfd(
      ::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(::write(memfd.get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  EXPECT_EQ(::lseek(memfd.get(), offset, SEEK_SET), offset);
  EXPECT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, seals), 0);
  return memfd;
}

TEST(FdSourceTest, SealedMemfdLendsItsBytesInPlace) {
  const std::string content = Pattern(10000);
  auto source = Source(SealedMemfd(content, F_SEAL_WRITE | F_SEAL_SHRINK, 10));
  const absl::string_view first = source->Borrow(4000);
  EXPECT_EQ(first, content.substr(10, 4000));
  // Reads and loans go on after each other.
  std::string buffer(1000, '\0');
  ASSERT_THAT(source->Read(&buffer[0], buffer.size()), IsOk());
  EXPECT_EQ(buffer, content.substr(4010, 1000));
  EXPECT_EQ(source->Borrow(4990), content.substr(5010));
  EXPECT_EQ(source->bytes(), 9990u);
  EXPECT_EQ(source->Borrow(1), "");
  EXPECT_EQ(*source->Read(&buffer[0], 1), 0u);
  // As long as the source lives.
  EXPECT_EQ(first, content.substr(10, 4000));
}

TEST(FdSourceTest, MemfdThatAPeerCanChangeLendsNothing) {
  for (const int seals :
       {0, F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK}) {
    auto source = Source(SealedMemfd("state", seals));
    EXPECT_EQ(source->Borrow(1), "") << seals;
    std::string copy(5, '\0');
    EXPECT_THAT(source->Read(&copy[0], copy.size()), IsOk());
    EXPECT_EQ(copy, "state");
  }
}

TEST(FdSourceTest, LoansObeyTheLimitsOfATransfer) {
  TransferLimits limits;
  limits.max_bytes = 4;
  auto source =
      Source(SealedMemfd("12345", F_SEAL_WRITE | F_SEAL_SHRINK), limits);
  EXPECT_EQ(source->Borrow(5), "");
  EXPECT_EQ(source->Borrow(4), "1234");
  EXPECT_THAT(ReadOne(*source), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(FdSourceTest, CancelledSourceLendsNothing) {
  auto source = Source(SealedMemfd("state", F_SEAL_WRITE | F_SEAL_SHRINK));
  const absl::string_view lent = source->Borrow(2);
  source->Cancel("enough");
  EXPECT_EQ(source->Borrow(1), "");
  EXPECT_THAT(ReadOne(*source), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(lent, "st");
}

TEST(FdSinkTest, MemfdSealedUnderWayIsAnError) {
  FileDescriptor memfd(
      ::memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  FileDescriptor peer(::fcntl(memfd.get(), F_DUPFD_CLOEXEC, 0));
  auto sink = Sink(std::move(memfd));
  ASSERT_THAT(sink->Write("x"), IsOk());
  ASSERT_EQ(::fcntl(peer.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_THAT(sink->Write("y"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(FdSinkTest, WritingAfterTheEndIsRefused) {
  ChannelEnds ends = MakeChannel();
  auto sink = Sink(std::move(ends.write_end));
  ASSERT_THAT(sink->Finish(), IsOk());
  EXPECT_THAT(sink->Write("x"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace devstate
