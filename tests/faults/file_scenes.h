// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What lies in files: a store of states, and the report on a load.

#ifndef TESTS_FAULTS_FILE_SCENES_H_
#define TESTS_FAULTS_FILE_SCENES_H_

#include <string>
#include <vector>

#include "devstate/recovery/state_store.h"
#include "tests/faults/disk_device.h"
#include "tests/faults/scene.h"

namespace devstate::faults {

// A back-end that starts with a store of two generations: it opens it, loads,
// puts a generation, and begins a journal of three rounds.
class StoreScene : public Scene {
 public:
  explicit StoreScene(JournalWay way) : way_(way) {}

  std::string name() const override;
  std::vector<Role> roles() const override { return {Role::kAlone}; }
  Outcome Run(const Fault& fault) override;

 private:
  absl::StatusOr<std::unique_ptr<StateStore>> Open(const Folder& folder) const;

  const JournalWay way_;
};

// WriteLoadReport() in the place of an older report.
class ReportScene : public Scene {
 public:
  std::string name() const override { return "report on a load"; }
  std::vector<Role> roles() const override { return {Role::kAlone}; }
  Outcome Run(const Fault& fault) override;
};

}  // namespace devstate::faults

#endif  // TESTS_FAULTS_FILE_SCENES_H_
