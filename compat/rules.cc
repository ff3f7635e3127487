// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/rules.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace devstate {
namespace {

constexpr char kDocument[] =
#include "compat/rules_document.inc"
    ;

}  // namespace

const std::vector<Rule>& AllRules() {
  static const auto& rules = *new std::vector<Rule>{
      {"wrong-device", "load", "refused",
       "The state is that of another device."},
      {"wrong-schema", "load", "refused",
       "The state has another schema or another root message."},
      {"too-new", "load", "refused",
       "The writer asks for a newer reader with min_reader."},
      {"unknown-critical", "load", "refused",
       "The reader does not know a field that it may not skip."},
      {"removed-critical", "load", "refused",
       "The reader has dropped a field that it may not skip."},
      {"ignorable-dropped", "load", "lossy",
       "A field that its writer declares ignorable is dropped."},
      {"no-longer-written", "load", "refused",
       "The writer has stopped to fill the field (write_until)."},
      {"field-defaulted", "load", "defaulted",
       "The reader completes an absent field."},
      {"field-absent", "load", "compatible",
       "The reader finds a field absent that the writer does not have."},
      {"required-missing", "load", "refused",
       "The reader requires a field that the writer lacks or can leave out."},
      {"default-out-of-bounds", "load", "refused",
       "The reader would take an absent field for a zero that its bounds "
       "exclude."},
      {"field-renamed", "load", "converted",
       "A field has another name, as declared."},
      {"another-field", "load", "refused",
       "A number is another field by its name."},
      {"numbers-swapped", "load", "refused",
       "Fields have changed their numbers."},
      {"field-renumbered", "load", "refused", "A field has another number."},
      {"number-reused", "load", "refused",
       "A number was free between the two versions."},
      {"field-moved", "load", "refused",
       "A field stands in another message, as declared."},
      {"fallback-field", "load", "conditional",
       "A wider field replaces a narrower one that is written as well."},
      {"type-widened", "load", "converted",
       "The reader's type holds every value of the writer's."},
      {"value-may-not-fit", "load", "refused",
       "The reader's type does not hold every value of the writer's."},
      {"wire-type-changed", "load", "refused",
       "The value is written in another way."},
      {"column-kind-changed", "load", "conditional",
       "The value travels in a column of another kind."},
      {"not-utf8", "load", "conditional", "A string is read from bytes."},
      {"presence-changed", "load", "refused",
       "A scalar has gained or lost presence."},
      {"cardinality-changed", "load", "refused",
       "A field has become repeated, single or a map."},
      {"map-keys-repeated", "load", "conditional",
       "A map is read from repeated messages."},
      {"oneof-joined", "load", "conditional",
       "Fields that can be there together are members of one oneof for the "
       "reader."},
      {"oneof-split", "load", "compatible",
       "Members of the writer's oneof are not of one for the reader."},
      {"bound-narrowed", "load", "refused",
       "The reader allows fewer values, bytes, elements or duplicates."},
      {"bound-widened", "load", "compatible",
       "The reader allows more than the writer has."},
      {"unit-changed", "load", "refused",
       "The value has another unit, by annotation or by name."},
      {"encoding-changed", "load", "refused",
       "The value has another encoding."},
      {"meaning-changed", "load", "refused",
       "The value has another meaning_rev."},
      {"absent-default-changed", "load", "defaulted",
       "Absent fields are completed with another value."},
      {"feature-changed", "load", "conditional",
       "The reader takes the field only with a feature that the writer does "
       "not declare."},
      {"owner-changed", "load", "refused",
       "A private field belongs to another implementation."},
      {"annotation-changed", "load", "compatible",
       "An annotation differs that does not decide about loading."},
      {"enum-value-unknown", "load", "conditional",
       "The reader's enum lacks a value of the writer's."},
      {"enum-value-renamed", "load", "compatible",
       "A value of an enum has another name."},
      {"enum-value-renumbered", "load", "refused",
       "A value of an enum has another number."},
      {"enum-replaced", "load", "refused",
       "The same numbers stand for other values."},
      {"enum-value-reused", "load", "refused",
       "A value's number was free between the two versions."},
      {"nesting-too-deep", "load", "refused",
       "Messages are nested more than 100 deep."},
      {"too-many-findings", "load", "refused",
       "There are more than 10000 differences."},
      {"device-refused", "load", "refused",
       "The device itself refuses the state."},
      {"not-a-stream", "load", "damaged", "The bytes are no devstate stream."},
      {"no-trailer", "load", "damaged", "The stream ends before its trailer."},
      {"checksum", "load", "damaged", "A checksum does not hold."},
      {"trailing-bytes", "load", "damaged", "Bytes follow the trailer."},
      {"limit", "load", "damaged", "The stream breaks a limit of the reader."},
      {"malformed", "load", "damaged",
       "Checksums hold and the content breaks the format."},
      {"since-missing", "lint", "error",
       "A new field does not say since which version it exists."},
      {"since-wrong", "lint", "error",
       "since is not the version that introduced the field."},
      {"enum-value-since-missing", "lint", "error",
       "A new enum value does not say since which version it exists."},
      {"removed-without-tombstone", "lint", "error",
       "A released field is gone without a tombstone."},
      {"tombstone-changed", "lint", "error",
       "A tombstone has gone or says something else than the released field."},
      {"reused-number", "lint", "error",
       "A field has a number that another one had."},
      {"undeclared-rename", "lint", "error",
       "A released field has another name without renamed_from."},
      {"unit-renamed", "lint", "error",
       "A rename changes the unit in the name."},
      {"unit-annotation-changed", "lint", "error",
       "A released field has another unit, encoding or meaning_rev."},
      {"default-without-presence", "lint", "error",
       "absent_default is not zero on a field without presence."},
      {"released-default-changed", "lint", "error",
       "A released absent_default has changed."},
      {"required-without-default", "lint", "error",
       "A new field is required and has no absent_default."},
      {"same-version-other-fingerprint", "lint", "error",
       "Two schemas have one version and are not the same."},
      {"version-not-grown", "lint", "error",
       "The schema differs from the released one of its version."},
      {"version-went-backwards", "lint", "error",
       "The version is lower than the newest released one."},
      {"owner-conflict", "lint", "error",
       "A number is owned by another implementation in a released schema."},
      {"enum-zero-not-neutral", "lint", "warning",
       "The zero of an enum is a state of its own."},
      {"float-without-meaning-rev", "lint", "warning",
       "A float or double has no meaning_rev."},
      {"critical-map-value", "lint", "warning",
       "A map holds messages with critical fields."},
      {"invalid-annotation", "lint", "error", "An annotation makes no sense."},
      {"waiver-unused", "lint", "error", "A waiver matches no finding."},
      {"waiver-expired", "lint", "error", "A waiver is past its date."},
      {"foreign-id", "foreign", "refused",
       "Ids are zero, repeated, out of order, or not below the next one."},
      {"foreign-root", "foreign", "refused",
       "Inode 1 is not the root, or another inode is."},
      {"foreign-refcount", "foreign", "refused",
       "A refcount is zero, or lower than the number of children."},
      {"foreign-name", "foreign", "refused",
       "A name is no single component, or a path leaves the shared directory."},
      {"foreign-location", "foreign", "refused",
       "An inode has no location, or a file handle that Linux does not have."},
      {"foreign-lost", "foreign", "compatible", "The source has lost a file."},
      {"foreign-parent", "foreign", "refused",
       "A parent is missing, or the parents form a cycle."},
      {"foreign-open-inode", "foreign", "refused",
       "An open handle is of an inode that is missing."},
      {"foreign-open-flags", "foreign", "refused",
       "An open handle has flags that act on the file, or impossible ones."},
      {"foreign-mount", "foreign", "refused",
       "A mount path is missing for a file handle, repeated, or leaves the "
       "shared directory."},
      {"foreign-version", "foreign", "refused",
       "The version asked for cannot hold the state."},
      {"foreign-dropped", "foreign", "lossy",
       "The foreign format has no place for something that it can do without."},
      {"foreign-session", "foreign", "defaulted",
       "The state does not say what back-end and guest agreed on."},
  };
  return rules;
}

const Rule* FindRule(absl::string_view id) {
  for (const Rule& rule : AllRules()) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

absl::string_view RulesDocument() { return kDocument; }

absl::string_view RuleSection(absl::string_view id) {
  const absl::string_view document = RulesDocument();
  const std::string heading = absl::StrCat("\n### ", id, "\n");
  const size_t start = document.find(heading);
  if (start == absl::string_view::npos) return {};
  absl::string_view section = document.substr(start + heading.size());
  section = section.substr(0, section.find("\n##"));
  absl::ConsumePrefix(&section, "\n");
  return section;
}

}  // namespace devstate
