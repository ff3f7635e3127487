// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The rules that states of a device type keep beyond their schema, and those
// that a state breaks.

#ifndef DEVSTATE_DEVICES_RULES_BROKEN_RULES_H_
#define DEVSTATE_DEVICES_RULES_BROKEN_RULES_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace devstate {

// A rule of device types. Each is one object and is told apart by its address.
// docs/devices.md lists them.
struct DeviceRule {
  // The rule's name in kebab-case. Never reused.
  absl::string_view id;
  // One line.
  absl::string_view text;
  absl::string_view remedy;
};

struct BrokenRule {
  // The id of a DeviceRule, or of a load rule for what the schema's annotations
  // say.
  std::string rule;
  // The place in the state: "connections[3].credit". Empty: the whole state.
  std::string path;
  // What is there, and what was expected.
  std::string text;
  std::string remedy;
};

// Collects the rules that a state breaks. Thread-safety: none.
class BrokenRules {
 public:
  // The number of broken rules that are kept. Further ones are counted only.
  static constexpr size_t kMaxKept = 100;

  // Adds a place at which `rule` is broken. The text is what `found` makes.
  template <typename... Parts>
  void Add(const DeviceRule& rule, std::string path, const Parts&... found) {
    if (HasRoom()) {
      Keep({std::string(rule.id), std::move(path), absl::StrCat(found...),
            std::string(rule.remedy)});
    }
  }
  // Adds a place at which a rule of the schema is broken.
  void Add(BrokenRule broken) {
    if (HasRoom()) Keep(std::move(broken));
  }

  bool empty() const { return count_ == 0; }
  // Returns how many there are, kept or not.
  size_t count() const { return count_; }
  const std::vector<BrokenRule>& kept() const { return kept_; }

  // Returns OK if no rule is broken. INVALID_ARGUMENT, with the first and the
  // number of all in one line: such a state is refused before it is in force.
  absl::Status ToStatus() const;

 private:
  // Counts one more.
  bool HasRoom() { return ++count_ <= kMaxKept; }
  void Keep(BrokenRule broken) { kept_.push_back(std::move(broken)); }

  std::vector<BrokenRule> kept_;
  size_t count_ = 0;
};

// Returns "name[index]".
inline std::string PlaceOf(absl::string_view name, size_t index) {
  return absl::StrCat(name, "[", index, "]");
}

}  // namespace devstate

#endif  // DEVSTATE_DEVICES_RULES_BROKEN_RULES_H_
