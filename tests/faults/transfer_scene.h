// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A save, a load or a migration between two back-ends and a front-end, all in
// this process.

#ifndef TESTS_FAULTS_TRANSFER_SCENE_H_
#define TESTS_FAULTS_TRANSFER_SCENE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "tests/faults/disk_device.h"
#include "tests/faults/scene.h"

namespace devstate::faults {

enum class Act { kSave, kLoad, kMigrate };

// How the state travels.
struct Way {
  ChannelKind kind = ChannelKind::kPipe;
  std::optional<ChannelKind> own;  // of the back-ends
  // Whether the front-end connects to a socket by its name.
  bool listening = false;
};

// How long everybody waits for the others.
struct Patience {
  absl::Duration idle = absl::Seconds(20);
  absl::Duration reply = absl::Seconds(30);
};

// One back-end with its thread.
class Backend {
 public:
  // Serves `connection`, or listens where it is none. Errors of the start are
  // in errors().
  Backend(DiskDevice* device, Role role, const Way& way,
          const Patience& patience, const std::string& folder,
          FileDescriptor connection);
  ~Backend();  // Stop()

  // Serves on this thread until the front-end is gone.
  void Serve();
  // Serves on a thread of its own.
  void Start();
  // Waits until the front-end is gone.
  void Join();
  void Stop();
  const std::string& path() const { return path_; }
  std::string errors() const;

 private:
  void Note(absl::string_view line);

  const Role role_;
  std::string path_;
  std::unique_ptr<StateHandler<test::disk::DiskStateCodec>> handler_;
  std::mutex endpoint_mutex_;
  std::unique_ptr<vhost_user::BackendEndpoint> endpoint_;
  mutable std::mutex mutex_;
  std::string errors_;
  std::thread thread_;
};

using FrontendOr =
    absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>>;
// Connects and negotiates: over `socket`, or by name where it is none.
FrontendOr Connect(FileDescriptor socket, const std::string& path,
                   const Patience& patience, const std::string& folder);

// The front-end's part. `saving` and `loading` are null where the act has none.
// Returns OK if it was told that the transfer went well.
absl::Status RunFrontend(Act act, ChannelKind kind, const Folder& folder,
                         vhost_user::FrontendEndpoint* saving,
                         vhost_user::FrontendEndpoint* loading);

class TransferScene : public Scene {
 public:
  TransferScene(Act act, Way way);

  std::string name() const override;
  std::vector<Role> roles() const override;
  bool IsHarmless(const Fault& fault) const override;
  Outcome Run(const Fault& fault) override;

 private:
  void RunOnce(const Fault* fault, DiskDevice& from, DiskDevice& to,
               Outcome* outcome);
  // Looks at file and devices; `serving` if the back-ends still do.
  void Check(const DiskDevice& from, const DiskDevice& to, bool serving,
             Outcome* outcome);

  const Act act_;
  const Way way_;
  const Folder folder_;
  const Disk saved_;
  const Disk before_;
};

}  // namespace devstate::faults

#endif  // TESTS_FAULTS_TRANSFER_SCENE_H_
