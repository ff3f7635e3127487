// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What faults happen to: something that is done once with a fault, looked at,
// and done again without.

#ifndef TESTS_FAULTS_SCENE_H_
#define TESTS_FAULTS_SCENE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/faults/injector.h"

namespace devstate::faults {

// What became of one run.
struct Outcome {
  // Whether those who ran it were told that it went well.
  bool ok = false;
  // Whether the fault has happened.
  bool reached = false;
  // Everything that was said of errors, by whoever.
  std::string errors;
  // The promises that were broken.
  std::vector<std::string> broken;

  // Adds the error of `status`, if it is one.
  void Note(const absl::Status& status);
  // Adds `promise` to the broken ones unless `kept`.
  void Expect(bool kept, absl::string_view promise);
};

class Scene {
 public:
  virtual ~Scene() = default;

  virtual std::string name() const = 0;
  // The roles that the scene has in this process.
  virtual std::vector<Role> roles() const = 0;
  // Whether the scene must go well whatever this fault.
  virtual bool IsHarmless(const Fault& fault) const;
  // Runs with the fault armed, and again without any.
  virtual Outcome Run(const Fault& fault) = 0;
};

// Returns whether `errors` say what has happened.
bool Names(const Fault& fault, absl::string_view errors);

// A folder of the test's own, removed with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const;
  // Returns the names in it, in order.
  std::vector<std::string> Names() const;

 private:
  std::string path_;
};

// What this process has open, before a scene of which its one thread is a part.
class Holdings {
 public:
  Holdings();
  // Waits for threads that are about to end. Returns what there is more, ""
  // for nothing.
  std::string More() const;

 private:
  std::vector<std::string> fds_;
};

}  // namespace devstate::faults

#endif  // TESTS_FAULTS_SCENE_H_
