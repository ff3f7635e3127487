// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/fake_service_manager.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

// Returns the value of `key` in lines of KEY=value, empty if there is none.
std::string ValueOf(const std::string& text, const std::string& key) {
  const std::string lines = "\n" + text + "\n";
  const size_t at = lines.find("\n" + key + "=");
  if (at == std::string::npos) return "";
  const size_t from = at + key.size() + 2;
  return lines.substr(from, lines.find('\n', from) - from);
}

}  // namespace

FakeServiceManager::FakeServiceManager(size_t most)
    : most_(most),
      // An abstract name, for which no folder is too long.
      path_("@devstate_test_" + std::to_string(::getpid())),
      socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, path_.data() + 1, path_.size() - 1);
  EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                          path_.size())),
            0);
}

std::vector<std::string> FakeServiceManager::names() const {
  std::vector<std::string> names;
  for (const HandedOver& stored : stored_) names.push_back(stored.name);
  return names;
}

void FakeServiceManager::Become(const std::function<bool()>& service) {
  std::string joined;
  // Above all that is stored, lest one of them is overwritten.
  std::vector<int> high;
  for (const HandedOver& stored : stored_) {
    high.push_back(::fcntl(stored.fd.get(), F_DUPFD, 100));
    joined += (joined.empty() ? "" : ":") + stored.name;
  }
  int next = 3;
  for (const int fd : high) {
    ::dup2(fd, next++);
    ::close(fd);
  }
  setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  setenv("LISTEN_FDS", std::to_string(stored_.size()).c_str(), 1);
  setenv("LISTEN_FDNAMES", joined.c_str(), 1);
  const bool good = service();
  ::_exit(good && !::testing::Test::HasFailure() ? 0 : 1);
}

void FakeServiceManager::TakeMessage() {
  char text[4096];
  iovec part = {text, sizeof(text)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const ssize_t got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
  ASSERT_GT(got, 0);
  const std::string message(text, static_cast<size_t>(got));
  FileDescriptor fd;
  if (const cmsghdr* rights = CMSG_FIRSTHDR(&header)) {
    int number;
    std::memcpy(&number, CMSG_DATA(rights), sizeof(int));
    fd.Reset(number);
  }
  const std::string name = ValueOf(message, "FDNAME");
  if (ValueOf(message, "FDSTORE") == "1" && stored_.size() < most_) {
    stored_.push_front({name, std::move(fd)});
  } else if (ValueOf(message, "FDSTOREREMOVE") == "1") {
    stored_.erase(std::remove_if(stored_.begin(), stored_.end(),
                                 [&name](const HandedOver& stored) {
                                   return stored.name == name;
                                 }),
                  stored_.end());
  } else if (hangs) {
    unanswered_.push_back(std::move(fd));
  }
}

int FakeServiceManager::Start(const std::function<bool()>& service) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor life(ends[0]);
  FileDescriptor held(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    // The only one that holds the pipe open, above all that is handed over.
    ::fcntl(held.get(), F_DUPFD_CLOEXEC, 200);
    Become(service);
  }
  held.Reset();
  pollfd entries[2] = {{socket_.get(), POLLIN, 0}, {life.get(), 0, 0}};
  while (::poll(entries, 2, -1) > 0) {
    if ((entries[0].revents & POLLIN) != 0) {
      TakeMessage();
    } else if (entries[1].revents != 0) {
      break;
    }
  }
  unanswered_.clear();
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace devstate::testing
