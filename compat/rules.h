// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RULES_H_
#define DEVSTATE_COMPAT_RULES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/verdict.pb.h"

namespace devstate {

enum class RuleFamily {
  // May a state be loaded?
  kLoad,
  // Is a schema fit for release?
  kLint,
  // Can a foreign state be converted?
  kForeign,
};

// The material that shows that a rule is broken.
enum class DecidedBy {
  // Two schemas, for all states.
  kSchemas,
  // Two schemas where they can, a single state where they cannot.
  kSchemasAndState,
  // A single state or its stream.
  kState,
};

// A rule that findings name. Each is one object, declared below, and is told
// apart by its address. docs/compat_rules.md has a section for each.
struct Rule {
  // The rule's name in kebab-case. Never reused.
  absl::string_view id;
  RuleFamily family;
  // The worst verdict that the rule gives. A lint rule stops a release
  // (REFUSED) or warns (COMPATIBLE).
  VerdictLevel worst;
  DecidedBy decided_by;
  // One line.
  absl::string_view text;
  absl::string_view remedy;
  // The number of a load rule in the answer to CHECK_DEVICE_STATE, 1 to 255.
  // Never changed and never reused. 0 for the other families.
  int code = 0;
};

// Returns the level in lower case: "refused".
std::string LevelName(VerdictLevel level);

// Returns all rules: load rules, lint rules, foreign rules.
const std::vector<const Rule*>& AllRules();

// Returns the rule of this id; null if there is none.
const Rule* FindRule(absl::string_view id);

// Returns "load", "lint" or "foreign".
absl::string_view FamilyName(const Rule& rule);

// Returns "error" or "warning" for a lint rule, for the others the worst
// verdict in lower case.
std::string SeverityName(const Rule& rule);

// Returns the rule's section of docs/compat_rules.md, without its heading;
// empty if there is none.
absl::string_view RuleSection(absl::string_view id);

// Returns the whole of docs/compat_rules.md.
absl::string_view RulesDocument();

namespace rules {

// --- Load ---
extern const Rule kWrongDevice;
extern const Rule kWrongSchema;
extern const Rule kTooNew;
extern const Rule kUnknownCritical;
extern const Rule kRemovedCritical;
extern const Rule kLostCritical;
extern const Rule kIgnorableDropped;
extern const Rule kNoLongerWritten;
extern const Rule kFieldDefaulted;
extern const Rule kFieldAbsent;
extern const Rule kRequiredMissing;
extern const Rule kDefaultOutOfBounds;
extern const Rule kFieldRenamed;
extern const Rule kAnotherField;
extern const Rule kNumbersSwapped;
extern const Rule kFieldRenumbered;
extern const Rule kNumberReused;
extern const Rule kFieldMoved;
extern const Rule kFallbackField;
extern const Rule kTypeWidened;
extern const Rule kValueMayNotFit;
extern const Rule kWireTypeChanged;
extern const Rule kNotUtf8;
extern const Rule kPresenceChanged;
extern const Rule kCardinalityChanged;
extern const Rule kMapKeysRepeated;
extern const Rule kOneofJoined;
extern const Rule kOneofSplit;
extern const Rule kBoundNarrowed;
extern const Rule kBoundWidened;
extern const Rule kUnitChanged;
extern const Rule kUnitScaled;
extern const Rule kEncodingChanged;
extern const Rule kMeaningChanged;
extern const Rule kAbsentDefaultChanged;
extern const Rule kFeatureChanged;
extern const Rule kOwnerChanged;
extern const Rule kAnnotationChanged;
extern const Rule kEnumValueUnknown;
extern const Rule kEnumValueRenamed;
extern const Rule kEnumValueRenumbered;
extern const Rule kEnumReplaced;
extern const Rule kEnumValueReused;
extern const Rule kNestingTooDeep;
extern const Rule kTooManyFindings;
extern const Rule kValueOutOfBounds;
extern const Rule kWriterSchemaUnknown;
extern const Rule kWriterSchemaInvalid;
extern const Rule kDuplicateField;
extern const Rule kDuplicateMapKey;
extern const Rule kNotUnique;
extern const Rule kPiecesNotWhole;
extern const Rule kQuirkRefused;
extern const Rule kQuirkFixed;
extern const Rule kStepRefused;
extern const Rule kPolicy;
extern const Rule kSavedAsOlder;
extern const Rule kNoCommonForm;
extern const Rule kDeviceRefused;
extern const Rule kNotAStream;
extern const Rule kNoTrailer;
extern const Rule kChecksum;
extern const Rule kTrailingBytes;
extern const Rule kLimit;
extern const Rule kMalformed;

// --- Lint ---
extern const Rule kSinceMissing;
extern const Rule kSinceWrong;
extern const Rule kEnumValueSinceMissing;
extern const Rule kRemovedWithoutTombstone;
extern const Rule kRemovedWhileWritten;
extern const Rule kTombstoneChanged;
extern const Rule kReusedNumber;
extern const Rule kUndeclaredRename;
extern const Rule kUndeclaredRenumbering;
extern const Rule kRenumberedFromWrong;
extern const Rule kUnitRenamed;
extern const Rule kUnitAnnotationChanged;
extern const Rule kDefaultWithoutPresence;
extern const Rule kReleasedDefaultChanged;
extern const Rule kRequiredWithoutDefault;
extern const Rule kSameVersionOtherFingerprint;
extern const Rule kVersionNotGrown;
extern const Rule kVersionWentBackwards;
extern const Rule kOwnerConflict;
extern const Rule kEnumZeroNotNeutral;
extern const Rule kFloatWithoutMeaningRev;
extern const Rule kCriticalMapValue;
extern const Rule kInvalidAnnotation;
extern const Rule kSchemaWithoutCode;
extern const Rule kWaiverUnused;
extern const Rule kWaiverExpired;

// --- Foreign ---
extern const Rule kForeignId;
extern const Rule kForeignRoot;
extern const Rule kForeignRefcount;
extern const Rule kForeignName;
extern const Rule kForeignLocation;
extern const Rule kForeignLost;
extern const Rule kForeignParent;
extern const Rule kForeignOpenInode;
extern const Rule kForeignOpenFlags;
extern const Rule kForeignMount;
extern const Rule kForeignVersion;
extern const Rule kForeignDropped;
extern const Rule kForeignSession;
extern const Rule kForeignAddress;
extern const Rule kForeignFlow;
extern const Rule kForeignQueue;
extern const Rule kForeignFlowLost;
extern const Rule kForeignNoFile;
extern const Rule kForeignOtherType;
extern const Rule kForeignOtherFile;
extern const Rule kForeignUnchecked;
extern const Rule kForeignDevice;

// Returns the rules of one family, in the order of the document.
const std::vector<const Rule*>& LoadRules();
const std::vector<const Rule*>& LintRules();
const std::vector<const Rule*>& ForeignRules();

}  // namespace rules
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RULES_H_
