// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_WAIVERS_H_
#define DEVSTATE_COMPAT_RELEASE_WAIVERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/finding.h"
#include "devstate/waivers.pb.h"

namespace devstate {

// Waives the findings that a file of waivers accepts.
class WaiverSet {
 public:
  WaiverSet() = default;

  // Parses waivers. Every one needs a rule that exists, a reason and an expiry.
  // `name` is for errors, which are INVALID_ARGUMENT with the place. `today` is
  // YYYY-MM-DD.
  static absl::StatusOr<WaiverSet> Parse(const std::string& name,
                                         const std::string& text,
                                         const std::string& today);

  // Marks the findings that a waiver matches which has not expired, and takes
  // them out of the verdict.
  void Apply(DirectionVerdict* verdict);
  void Apply(std::vector<Finding>* findings);

  // Returns OK if every waiver has matched a finding and none has expired,
  // otherwise FAILED_PRECONDITION with rule id and remedy. A waiver for a
  // direction that was not looked at is left alone.
  absl::Status Check() const;

 private:
  struct Entry {
    Waiver waiver;
    bool expired;
    bool applicable = false;
    bool used = false;
  };

  // Returns the reason of the waiver that matches, or empty.
  std::string Match(const std::string& rule, const std::string& path,
                    absl::string_view direction);

  std::string name_;
  std::vector<Entry> entries_;
};

// Loads the waivers of a file, on the day `today`. That is YYYY-MM-DD, or empty
// for today in UTC. There are none if `path` is empty. Errors are NOT_FOUND and
// those of Parse().
absl::StatusOr<WaiverSet> LoadWaivers(const std::string& path,
                                      const std::string& today);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_WAIVERS_H_
