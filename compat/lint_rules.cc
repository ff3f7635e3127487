// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A table, in the order of docs/compat_rules.md.

#include "devstate/compat/rules.h"

namespace devstate::rules {

const Rule kSinceMissing = {
    "since-missing",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A new field does not say since which version it exists.",
    "Add since with the schema's version."};
const Rule kSinceWrong = {"since-wrong",
                          RuleFamily::kLint,
                          VERDICT_LEVEL_REFUSED,
                          DecidedBy::kSchemas,
                          "since is not the version that introduced the field.",
                          "Correct since."};
const Rule kEnumValueSinceMissing = {
    "enum-value-since-missing",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A new enum value does not say since which version it exists.",
    "Add [(devstate.enum_value).since = 2]."};
const Rule kRemovedWithoutTombstone = {
    "removed-without-tombstone",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A released field is gone without a tombstone.",
    "Add tombstone { number: 7 name: \"credits\" type: \"uint32\" "
    "last_written: 1 }."};
const Rule kRemovedWhileWritten = {
    "removed-while-written",
    RuleFamily::kLint,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kSchemas,
    "A field goes while writers still fill it, so that older readers lose it.",
    "Keep the field for one more release with write_until, and repeat that in "
    "its tombstone."};
const Rule kTombstoneChanged = {
    "tombstone-changed",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A tombstone has gone or says something else than the released field.",
    "Restore what was released."};
const Rule kReusedNumber = {"reused-number",
                            RuleFamily::kLint,
                            VERDICT_LEVEL_REFUSED,
                            DecidedBy::kSchemas,
                            "A field has a number that another one had.",
                            "Use a number that was never used."};
const Rule kUndeclaredRename = {
    "undeclared-rename",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A released field has another name without renamed_from.",
    "Add renamed_from: \"size\"."};
const Rule kUndeclaredRenumbering = {
    "undeclared-renumbering",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A released enum value has another number without renumbered_from.",
    "Give the value its number back, or declare every number that it had."};
const Rule kRenumberedFromWrong = {
    "renumbered-from-wrong",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "renumbered_from is a number that the value never had.",
    "Name the numbers that the value had in released versions, oldest first."};
const Rule kUnitRenamed = {"unit-renamed",
                           RuleFamily::kLint,
                           VERDICT_LEVEL_REFUSED,
                           DecidedBy::kSchemas,
                           "A rename changes the unit in the name.",
                           "Add another field on a new number."};
const Rule kUnitAnnotationChanged = {
    "unit-annotation-changed",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A released field has another unit, encoding or meaning_rev.",
    "Add another field on a new number."};
const Rule kDefaultWithoutPresence = {
    "default-without-presence",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "absent_default is not zero on a field without presence.",
    "Make the field optional."};
const Rule kReleasedDefaultChanged = {"released-default-changed",
                                      RuleFamily::kLint,
                                      VERDICT_LEVEL_REFUSED,
                                      DecidedBy::kSchemas,
                                      "A released absent_default has changed.",
                                      "Keep the released default."};
const Rule kRequiredWithoutDefault = {
    "required-without-default",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A new field is required and has no absent_default.",
    "Add absent_default, or do not require it."};
const Rule kSameVersionOtherFingerprint = {
    "same-version-other-fingerprint",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "Two schemas have one version and are not the same.",
    "Restore the released file; give the change a new version."};
const Rule kVersionNotGrown = {
    "version-not-grown",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The schema differs from the released one of its version.",
    "Raise version."};
const Rule kVersionWentBackwards = {
    "version-went-backwards",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The version is lower than the newest released one.",
    "Raise version above the newest release."};
const Rule kOwnerConflict = {
    "owner-conflict",
    RuleFamily::kLint,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A number is owned by another implementation in a released schema.",
    "Give each implementation its own numbers."};
const Rule kEnumZeroNotNeutral = {
    "enum-zero-not-neutral",
    RuleFamily::kLint,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kSchemas,
    "The zero of an enum is a state of its own.",
    "Name the zero …_UNSPECIFIED, …_NONE, …_DEFAULT or the like."};
const Rule kFloatWithoutMeaningRev = {"float-without-meaning-rev",
                                      RuleFamily::kLint,
                                      VERDICT_LEVEL_COMPATIBLE,
                                      DecidedBy::kSchemas,
                                      "A float or double has no meaning_rev.",
                                      "Add meaning_rev: 1."};
const Rule kCriticalMapValue = {"critical-map-value",
                                RuleFamily::kLint,
                                VERDICT_LEVEL_COMPATIBLE,
                                DecidedBy::kSchemas,
                                "A map holds messages with critical fields.",
                                "Use a repeated record with unique_by."};
const Rule kInvalidAnnotation = {"invalid-annotation",
                                 RuleFamily::kLint,
                                 VERDICT_LEVEL_REFUSED,
                                 DecidedBy::kSchemas,
                                 "An annotation makes no sense.",
                                 "See the text of the finding."};
const Rule kSchemaWithoutCode = {"schema-without-code",
                                 RuleFamily::kLint,
                                 VERDICT_LEVEL_REFUSED,
                                 DecidedBy::kSchemas,
                                 "No code can be generated for the schema.",
                                 "See the text of the finding."};
const Rule kWaiverUnused = {"waiver-unused",
                            RuleFamily::kLint,
                            VERDICT_LEVEL_REFUSED,
                            DecidedBy::kSchemas,
                            "A waiver matches no finding.",
                            "Delete the waiver."};
const Rule kWaiverExpired = {"waiver-expired",
                             RuleFamily::kLint,
                             VERDICT_LEVEL_REFUSED,
                             DecidedBy::kSchemas,
                             "A waiver is past its date.",
                             "Repair what it waives, or decide again."};

const std::vector<const Rule*>& LintRules() {
  static const auto& rules =
      *new std::vector<const Rule*>{&kSinceMissing,
                                    &kSinceWrong,
                                    &kEnumValueSinceMissing,
                                    &kRemovedWithoutTombstone,
                                    &kRemovedWhileWritten,
                                    &kTombstoneChanged,
                                    &kReusedNumber,
                                    &kUndeclaredRename,
                                    &kUndeclaredRenumbering,
                                    &kRenumberedFromWrong,
                                    &kUnitRenamed,
                                    &kUnitAnnotationChanged,
                                    &kDefaultWithoutPresence,
                                    &kReleasedDefaultChanged,
                                    &kRequiredWithoutDefault,
                                    &kSameVersionOtherFingerprint,
                                    &kVersionNotGrown,
                                    &kVersionWentBackwards,
                                    &kOwnerConflict,
                                    &kEnumZeroNotNeutral,
                                    &kFloatWithoutMeaningRev,
                                    &kCriticalMapValue,
                                    &kInvalidAnnotation,
                                    &kSchemaWithoutCode,
                                    &kWaiverUnused,
                                    &kWaiverExpired};
  return rules;
}

}  // namespace devstate::rules
