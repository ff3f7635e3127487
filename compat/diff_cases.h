// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Changes of a schema, each with the verdict in both directions. They are for
// the tests of the comparison of schemas, and for those that hold streams
// against it.

#ifndef DEVSTATE_COMPAT_DIFF_CASES_H_
#define DEVSTATE_COMPAT_DIFF_CASES_H_

#include <vector>

namespace devstate {
namespace testing {

struct Change {
  const char* name;
  // Fields and types of the root message, in versions 1 and 2.
  const char* older_body;
  const char* newer_body;
  // "level rule,rule: condition; condition".
  const char* upgrade;
  const char* downgrade;
  // Whether the fields are those of a record in columns rather than the root's.
  bool in_record = false;
};

const std::vector<Change>& FieldsThatOneSideLacksChanges();
const std::vector<Change>& NamesAndNumbersChanges();
const std::vector<Change>& EnumsChanges();
const std::vector<Change>& OneofsChanges();
const std::vector<Change>& TypesChanges();
const std::vector<Change>& TypesInColumnsChanges();
const std::vector<Change>& PresenceAndCardinalityChanges();
const std::vector<Change>& BoundsChanges();
const std::vector<Change>& AnnotationsChanges();

std::vector<const Change*> AllChanges();

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_DIFF_CASES_H_
