// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/rules.h"

namespace devstate::rules {

const Rule kForeignId = {
    "foreign-id",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "Ids are zero, repeated, out of order, or not below the next one.",
    "Save again. If virtiofsd itself wrote it, the state was changed on its "
    "way."};
const Rule kForeignRoot = {"foreign-root",
                           RuleFamily::kForeign,
                           VERDICT_LEVEL_REFUSED,
                           DecidedBy::kState,
                           "Inode 1 is not the root, or another inode is.",
                           "As foreign-id."};
const Rule kForeignRefcount = {
    "foreign-refcount",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "A refcount is zero, or lower than the number of children.",
    "As foreign-id."};
const Rule kForeignName = {
    "foreign-name",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "A name is no single component, or a path leaves the shared directory.",
    "Do not load the state anywhere: it was made to open other files."};
const Rule kForeignLocation = {
    "foreign-location",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "An inode has no location, or a file handle that Linux does not have.",
    "Save with a location for each inode; Lost is one."};
const Rule kForeignLost = {
    "foreign-lost",
    RuleFamily::kForeign,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kState,
    "The source has lost a file.",
    "Start the destination with --migration-on-error=guest-error; the guest "
    "then gets EIO on this file."};
const Rule kForeignParent = {
    "foreign-parent",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "A parent is missing, or the parents form a cycle.",
    "As foreign-id."};
const Rule kForeignOpenInode = {
    "foreign-open-inode",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "An open handle is of an inode that is missing.",
    "As foreign-id."};
const Rule kForeignOpenFlags = {
    "foreign-open-flags",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "An open handle has flags that act on the file, or impossible ones.",
    "Do not load the state anywhere: it would destroy the file."};
const Rule kForeignMount = {"foreign-mount",
                            RuleFamily::kForeign,
                            VERDICT_LEVEL_REFUSED,
                            DecidedBy::kState,
                            "A mount path is missing for a file handle, "
                            "repeated, or leaves the shared directory.",
                            "As foreign-id."};
const Rule kForeignVersion = {
    "foreign-version",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The version asked for cannot hold the state.",
    "Save with --migration-mode=find-paths, or convert to V2."};
const Rule kForeignDropped = {
    "foreign-dropped",
    RuleFamily::kForeign,
    VERDICT_LEVEL_LOSSY,
    DecidedBy::kState,
    "The foreign format has no place for something that it can do without.",
    "None is needed."};
const Rule kForeignSession = {
    "foreign-session",
    RuleFamily::kForeign,
    VERDICT_LEVEL_DEFAULTED,
    DecidedBy::kState,
    "The state does not say what back-end and guest agreed on.",
    "Save the session with the state, if the back-end has one."};
const Rule kForeignAddress = {
    "foreign-address",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "An address in the state cannot be the one of a guest or connection.",
    "Save again. If passt itself wrote it, the state was changed on its way."};
const Rule kForeignFlow = {
    "foreign-flow",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "A connection is none that passt saves, or occurs twice.",
    "As foreign-address."};
const Rule kForeignQueue = {
    "foreign-queue",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The sequence numbers of a connection do not fit its queues.",
    "As foreign-address."};
const Rule kForeignFlowLost = {"foreign-flow-lost",
                               RuleFamily::kForeign,
                               VERDICT_LEVEL_COMPATIBLE,
                               DecidedBy::kState,
                               "The source could not save a connection.",
                               "None is needed: the guest sees it reset."};
const Rule kForeignNoFile = {
    "foreign-no-file",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "There is no file for an inode beneath the directory.",
    "Copy or mount what is missing before the migration, or start the "
    "destination with --migration-on-error=guest-error."};
const Rule kForeignOtherType = {
    "foreign-other-type",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The file of an inode has another type beneath the directory.",
    "Compare the two directories: one of them was changed."};
const Rule kForeignOtherFile = {
    "foreign-other-file",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "Beneath the directory, another file is in the place of an inode.",
    "Use the same file system on both sides, or save without "
    "--migration-verify-handles."};
const Rule kForeignUnchecked = {
    "foreign-unchecked",
    RuleFamily::kForeign,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kState,
    "Whether an inode has its file could not be looked at.",
    "Run the check as a user who may read the directory; file handles need "
    "CAP_DAC_READ_SEARCH."};
const Rule kForeignDevice = {
    "foreign-device",
    RuleFamily::kForeign,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The state of an emulated device has something that cannot be carried "
    "over, or that no such device could have.",
    "The finding says what to do on the source before it is saved again."};

const std::vector<const Rule*>& ForeignRules() {
  static const auto& rules = *new std::vector<const Rule*>{
      &kForeignId,        &kForeignRoot,      &kForeignRefcount,
      &kForeignName,      &kForeignLocation,  &kForeignLost,
      &kForeignParent,    &kForeignOpenInode, &kForeignOpenFlags,
      &kForeignMount,     &kForeignVersion,   &kForeignDropped,
      &kForeignSession,   &kForeignAddress,   &kForeignFlow,
      &kForeignQueue,     &kForeignFlowLost,  &kForeignNoFile,
      &kForeignOtherType, &kForeignOtherFile, &kForeignUnchecked,
      &kForeignDevice};
  return rules;
}

}  // namespace devstate::rules
