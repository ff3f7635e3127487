// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The writer of a state is a process, and it is killed: at every chunk, and
// within every chunk. What the destination sees is a clean end of its channel.

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/transfer/ids_device.h"

namespace devstate {
namespace {

using ::devices::fs::v1::FsStateCodec;
using ::devstate::testing::IdsDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::kInodes;
using ::devstate::testing::StringSink;
using ::testing::HasSubstr;

// Where the header and each chunk of `stream` end.
std::vector<size_t> ChunkEnds(const std::string& stream) {
  std::vector<size_t> ends = {kPrefixSize +
                              DecodePrefix(stream.data()).header_size};
  while (ends.back() < stream.size()) {
    const ChunkHeader header = DecodeChunkHeader(stream.data() + ends.back());
    ends.push_back(ends.back() + kChunkHeaderSize + header.stored_size);
  }
  return ends;
}

class KilledWriterTest : public ::testing::Test {
 protected:
  KilledWriterTest() {
    StateOptions options;
    options.writer.max_batch_records = 16;
    options.report = [this](const StateReport& report) {
      last_verdict_ = VerdictText(report.verdict);
    };
    handler_ = std::make_unique<StateHandler<FsStateCodec>>(&device_, options);
    StringSink sink;
    EXPECT_THAT(handler_->Save(sink), IsOk());
    stream_ = sink.written;

    int sockets[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    vhost_user::BackendEndpointOptions endpoint_options;
    endpoint_options.connection = FileDescriptor(sockets[0]);
    endpoint_ = *vhost_user::BackendEndpoint::Create(
        handler_.get(), std::move(endpoint_options));
    server_ = std::thread([this] { (void)endpoint_->Serve(); });
    frontend_ =
        *vhost_user::FrontendEndpoint::FromSocket(FileDescriptor(sockets[1]));
    EXPECT_THAT(frontend_->Negotiate(), IsOk());
  }
  ~KilledWriterTest() override {
    endpoint_->Stop();
    server_.join();
  }

  // A process writes the first `size` bytes of the stream into a pipe and is
  // killed; what comes out of the pipe is loaded.
  vhost_user::TransferResult LoadFromKilledWriter(size_t size) {
    ChannelEnds pipe = *CreateChannel(ChannelKind::kPipe);
    const pid_t writer = fork();
    if (writer == 0) {
      if (write(pipe.write_end.get(), stream_.data(), size) !=
          static_cast<ssize_t>(size)) {
        _exit(1);
      }
      kill(getpid(), SIGKILL);
      _exit(1);
    }
    pipe.write_end.Reset();
    const std::shared_ptr<FdSource> source = *FdSource::Create(
        *AdmitChannel(std::move(pipe.read_end), ChannelUse::kRead));
    absl::StatusOr<vhost_user::TransferResult> result =
        frontend_->LoadState(ChannelKind::kPipe, *source);
    int status = 0;
    EXPECT_EQ(waitpid(writer, &status, 0), writer);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_THAT(result, IsOk());
    return result.value_or(vhost_user::TransferResult());
  }

  IdsDevice device_;
  std::unique_ptr<StateHandler<FsStateCodec>> handler_;
  std::string stream_;
  std::string last_verdict_;
  std::unique_ptr<vhost_user::BackendEndpoint> endpoint_;
  std::thread server_;
  std::unique_ptr<vhost_user::FrontendEndpoint> frontend_;
};

TEST_F(KilledWriterTest, AtAnyChunkIsNoTrailerAndTheNextLoadSucceeds) {
  const std::vector<size_t> ends = ChunkEnds(stream_);
  ASSERT_GE(ends.size(), 8u);
  std::vector<size_t> kills = {1};
  for (const size_t end : ends) {
    kills.push_back(end - 1);
    if (end != stream_.size()) kills.push_back(end);
  }
  for (const size_t size : kills) {
    SCOPED_TRACE(absl::StrCat("killed after ", size, " bytes"));
    const vhost_user::TransferResult result = LoadFromKilledWriter(size);
    EXPECT_FALSE(result.ok());
    EXPECT_NE(result.check_reply, 0u);
    EXPECT_THAT(last_verdict_, HasSubstr("no trailer"));
    EXPECT_TRUE(device_.ids().empty());
  }
  EXPECT_TRUE(LoadFromKilledWriter(stream_.size()).ok());
  EXPECT_EQ(device_.ids().size(), kInodes);
}

}  // namespace
}  // namespace devstate
