// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A migration in which one of the three is a process of its own. That comes to
// an end or to a halt, and the others are looked at.

#ifndef TESTS_FAULTS_PEER_SCENE_H_
#define TESTS_FAULTS_PEER_SCENE_H_

#include <string>
#include <vector>

#include "tests/faults/transfer_scene.h"

namespace devstate::faults {

class PeerScene : public Scene {
 public:
  PeerScene(Role peer, Way way);

  std::string name() const override;
  std::vector<Role> roles() const override { return {peer_}; }
  bool IsHarmless(const Fault&) const override { return false; }
  // `fault` happens in the other process, whoever's thread it is.
  Outcome Run(const Fault& fault) override;
  // Returns how often the other process can be met: its calls, or with kNew its
  // allocations.
  int Calls(Call call);

 private:
  // What the other process tells.
  struct Told {
    int calls;
    int news;
    bool reached;
  };
  // Returns its status, as waitpid() does.
  int RunOnce(const Fault* fault, DiskDevice& from, DiskDevice& to,
              Outcome* outcome);

  const Role peer_;
  const Way way_;
  const Folder folder_;
  const Disk saved_;
  const Disk before_;
  Told* const told_;  // shared with the other process
};

}  // namespace devstate::faults

#endif  // TESTS_FAULTS_PEER_SCENE_H_
