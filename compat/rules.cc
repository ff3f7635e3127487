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
       "The state is that of another device.", 1},
      {"wrong-schema", "load", "refused",
       "The state has another schema or another root message.", 2},
      {"too-new", "load", "refused",
       "The writer asks for a newer reader with min_reader.", 3},
      {"unknown-critical", "load", "refused",
       "The reader does not know a field that it may not skip.", 4},
      {"removed-critical", "load", "refused",
       "The reader has dropped a field that it may not skip.", 5},
      {"ignorable-dropped", "load", "lossy",
       "A field that its writer declares ignorable is dropped.", 6},
      {"no-longer-written", "load", "refused",
       "The writer has stopped to fill the field (write_until).", 7},
      {"field-defaulted", "load", "defaulted",
       "The reader completes an absent field.", 8},
      {"field-absent", "load", "compatible",
       "The reader finds a field absent that the writer does not have.", 9},
      {"required-missing", "load", "refused",
       "The reader requires a field that the writer lacks or can leave out.",
       10},
      {"default-out-of-bounds", "load", "refused",
       "The reader would take an absent field for a zero that its bounds "
       "exclude.",
       11},
      {"field-renamed", "load", "converted",
       "A field has another name, as declared.", 12},
      {"another-field", "load", "refused",
       "A number is another field by its name.", 13},
      {"numbers-swapped", "load", "refused",
       "Fields have changed their numbers.", 14},
      {"field-renumbered", "load", "refused", "A field has another number.",
       15},
      {"number-reused", "load", "refused",
       "A number was free between the two versions.", 16},
      {"field-moved", "load", "refused",
       "A field stands in another message, as declared.", 17},
      {"fallback-field", "load", "conditional",
       "A wider field replaces a narrower one that is written as well.", 18},
      {"type-widened", "load", "converted",
       "The reader's type holds every value of the writer's.", 19},
      {"value-may-not-fit", "load", "refused",
       "The reader's type does not hold every value of the writer's.", 20},
      {"wire-type-changed", "load", "refused",
       "The value is written in another way.", 21},
      {"not-utf8", "load", "conditional", "A string is read from bytes.", 22},
      {"presence-changed", "load", "conditional",
       "A scalar has gained or lost presence.", 23},
      {"cardinality-changed", "load", "refused",
       "A field has become repeated, single or a map.", 24},
      {"map-keys-repeated", "load", "conditional",
       "A map is read from repeated messages.", 25},
      {"oneof-joined", "load", "conditional",
       "Fields that can be there together are members of one oneof for the "
       "reader.",
       26},
      {"oneof-split", "load", "compatible",
       "Members of the writer's oneof are not of one for the reader.", 27},
      {"bound-narrowed", "load", "refused",
       "The reader allows fewer values, bytes, elements or duplicates.", 28},
      {"bound-widened", "load", "compatible",
       "The reader allows more than the writer has.", 29},
      {"unit-changed", "load", "refused",
       "The value has another unit, by annotation or by name.", 30},
      {"unit-scaled", "load", "conditional",
       "The value has another unit of the same quantity and is converted.", 31},
      {"encoding-changed", "load", "refused", "The value has another encoding.",
       32},
      {"meaning-changed", "load", "refused",
       "The value has another meaning_rev.", 33},
      {"absent-default-changed", "load", "defaulted",
       "Absent fields are completed with another value.", 34},
      {"feature-changed", "load", "conditional",
       "The reader takes the field only with a feature that the writer does "
       "not declare.",
       35},
      {"owner-changed", "load", "refused",
       "A private field belongs to another implementation.", 36},
      {"annotation-changed", "load", "compatible",
       "An annotation differs that does not decide about loading.", 37},
      {"enum-value-unknown", "load", "conditional",
       "The reader's enum lacks a value of the writer's.", 38},
      {"enum-value-renamed", "load", "compatible",
       "A value of an enum has another name.", 39},
      {"enum-value-renumbered", "load", "refused",
       "A value of an enum has another number.", 40},
      {"enum-replaced", "load", "refused",
       "The same numbers stand for other values.", 41},
      {"enum-value-reused", "load", "refused",
       "A value's number was free between the two versions.", 42},
      {"nesting-too-deep", "load", "refused",
       "Messages are nested more than 100 deep.", 43},
      {"too-many-findings", "load", "refused",
       "There are more than 10000 differences.", 44},
      {"value-out-of-bounds", "load", "refused",
       "A value breaks an annotation of the schema.", 45},
      {"writer-schema-unknown", "load", "compatible",
       "The reader has no schema of the stream's version.", 46},
      {"writer-schema-invalid", "load", "refused",
       "The schema that the stream carries is not the one it names.", 47},
      {"duplicate-field", "load", "refused",
       "A singular message or a oneof is there more than once.", 48},
      {"duplicate-map-key", "load", "refused",
       "A map has a key more than once.", 49},
      {"not-unique", "load", "refused",
       "Two elements have the same values of unique_by.", 50},
      {"quirk-refused", "load", "refused",
       "The writer is known to save wrong states.", 51},
      {"quirk-fixed", "load", "converted",
       "The writer is known to save wrong states, and the reader corrects "
       "them.",
       52},
      {"step-refused", "load", "refused",
       "A conversion step cannot convert this state.", 53},
      {"policy", "load", "refused",
       "The reader is told not to accept such a verdict.", 54},
      {"saved-as-older", "load", "conditional",
       "The writer must save as an older version than its newest.", 62},
      {"no-common-form", "load", "refused",
       "The reader reads nothing that the writer can write.", 63},
      {"device-refused", "load", "refused",
       "The device itself refuses the state.", 55},
      {"not-a-stream", "load", "damaged", "The bytes are no devstate stream.",
       56},
      {"no-trailer", "load", "damaged", "The stream ends before its trailer.",
       57},
      {"checksum", "load", "damaged", "A checksum does not hold.", 58},
      {"trailing-bytes", "load", "damaged", "Bytes follow the trailer.", 59},
      {"limit", "load", "damaged", "The stream breaks a limit of the reader.",
       60},
      {"malformed", "load", "damaged",
       "Checksums hold and the content breaks the format.", 61},
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
      {"invalid-nesting", "lint", "error",
       "Messages contain themselves, nest too deep or are not of proto3."},
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
