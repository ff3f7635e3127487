// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A table, in the order of docs/compat_rules.md.

#include "devstate/compat/rules.h"

namespace devstate::rules {

const Rule kWrongDevice = {"wrong-device",
                           RuleFamily::kLoad,
                           VERDICT_LEVEL_REFUSED,
                           DecidedBy::kSchemasAndState,
                           "The state is that of another device.",
                           "Connect the front-end to the right back-end, or "
                           "compare schemas of one device.",
                           1};
const Rule kWrongSchema = {
    "wrong-schema",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The state has another schema or another root message.",
    "Convert the state first.",
    2};
const Rule kTooNew = {
    "too-new",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The writer asks for a newer reader with min_reader.",
    "Save for the reader's version, or update the reader first.",
    3};
const Rule kUnknownCritical = {
    "unknown-critical",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The reader does not know a field that it may not skip.",
    "Do not use the field while older readers are supported, mark it "
    "ignorable, or tie it to a feature.",
    4};
const Rule kRemovedCritical = {
    "removed-critical",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The reader has dropped a field that it may not skip.",
    "Keep reading the field; mark it ignorable, and stop writing it with "
    "write_until, one release before it goes.",
    5};
const Rule kLostCritical = {
    "lost-critical",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The writer no longer has a field that the reader lives by.",
    "Stop with write_until one release before the field goes, or give it "
    "presence, absent_default or ignorable while it is there.",
    64};
const Rule kIgnorableDropped = {
    "ignorable-dropped",
    RuleFamily::kLoad,
    VERDICT_LEVEL_LOSSY,
    DecidedBy::kSchemasAndState,
    "A field that its writer declares ignorable is dropped.",
    "None is needed; --accept lossy takes it.",
    6};
const Rule kNoLongerWritten = {
    "no-longer-written",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The writer has stopped to fill the field (write_until).",
    "Write the field for as long as readers that require it are supported.",
    7};
const Rule kFieldDefaulted = {"field-defaulted",
                              RuleFamily::kLoad,
                              VERDICT_LEVEL_DEFAULTED,
                              DecidedBy::kSchemas,
                              "The reader completes an absent field.",
                              "None is needed.",
                              8};
const Rule kFieldAbsent = {
    "field-absent",
    RuleFamily::kLoad,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kSchemas,
    "The reader finds a field absent that the writer does not have.",
    "None is needed.",
    9};
const Rule kRequiredMissing = {
    "required-missing",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The reader requires a field that the writer lacks or can leave out.",
    "Give the field an absent_default, or do not require it.",
    10};
const Rule kDefaultOutOfBounds = {
    "default-out-of-bounds",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The reader would take an absent field for a zero that its bounds exclude.",
    "Give the field an absent_default, or make it optional.",
    11};
const Rule kFieldRenamed = {"field-renamed",
                            RuleFamily::kLoad,
                            VERDICT_LEVEL_CONVERTED,
                            DecidedBy::kSchemas,
                            "A field has another name, as declared.",
                            "None is needed.",
                            12};
const Rule kAnotherField = {
    "another-field",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A number is another field by its name.",
    "If it is the same field, declare renamed_from; if not, use a new number.",
    13};
const Rule kNumbersSwapped = {"numbers-swapped",
                              RuleFamily::kLoad,
                              VERDICT_LEVEL_REFUSED,
                              DecidedBy::kSchemas,
                              "Fields have changed their numbers.",
                              "Give each field its number back.",
                              14};
const Rule kFieldRenumbered = {"field-renumbered",
                               RuleFamily::kLoad,
                               VERDICT_LEVEL_REFUSED,
                               DecidedBy::kSchemas,
                               "A field has another number.",
                               "Give the field its number back, or leave a "
                               "tombstone and declare moved_from.",
                               15};
const Rule kNumberReused = {"number-reused",
                            RuleFamily::kLoad,
                            VERDICT_LEVEL_REFUSED,
                            DecidedBy::kSchemas,
                            "A number was free between the two versions.",
                            "Use a number that was never used.",
                            16};
const Rule kFieldMoved = {"field-moved",
                          RuleFamily::kLoad,
                          VERDICT_LEVEL_REFUSED,
                          DecidedBy::kSchemas,
                          "A field stands in another message, as declared.",
                          "None is needed; across records, a conversion step.",
                          17};
const Rule kFallbackField = {
    "fallback-field",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONDITIONAL,
    DecidedBy::kSchemasAndState,
    "A wider field replaces a narrower one that is written as well.",
    "None is needed.",
    18};
const Rule kTypeWidened = {
    "type-widened",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONVERTED,
    DecidedBy::kSchemas,
    "The reader's type holds every value of the writer's.",
    "None is needed.",
    19};
const Rule kValueMayNotFit = {
    "value-may-not-fit",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The reader's type does not hold every value of the writer's.",
    "Keep the type, or give the writer bounds that fit both types.",
    20};
const Rule kWireTypeChanged = {
    "wire-type-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "The value is written in another way.",
    "Keep the field and add another on a new number.",
    21};
const Rule kNotUtf8 = {"not-utf8",
                       RuleFamily::kLoad,
                       VERDICT_LEVEL_CONDITIONAL,
                       DecidedBy::kSchemasAndState,
                       "A string is read from bytes.",
                       "Keep bytes.",
                       22};
const Rule kPresenceChanged = {"presence-changed",
                               RuleFamily::kLoad,
                               VERDICT_LEVEL_CONDITIONAL,
                               DecidedBy::kSchemasAndState,
                               "A scalar has gained or lost presence.",
                               "Add another field on a new number.",
                               23};
const Rule kCardinalityChanged = {
    "cardinality-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemasAndState,
    "A field has become repeated, single or a map.",
    "Add another field on a new number.",
    24};
const Rule kMapKeysRepeated = {"map-keys-repeated",
                               RuleFamily::kLoad,
                               VERDICT_LEVEL_CONDITIONAL,
                               DecidedBy::kSchemas,
                               "A map is read from repeated messages.",
                               "Keep the repeated field, with unique_by.",
                               25};
const Rule kOneofJoined = {"oneof-joined",
                           RuleFamily::kLoad,
                           VERDICT_LEVEL_CONDITIONAL,
                           DecidedBy::kSchemasAndState,
                           "Fields that can be there together are members of "
                           "one oneof for the reader.",
                           "Leave them outside of the oneof.",
                           26};
const Rule kOneofSplit = {
    "oneof-split",
    RuleFamily::kLoad,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kSchemas,
    "Members of the writer's oneof are not of one for the reader.",
    "None is needed.",
    27};
const Rule kBoundNarrowed = {
    "bound-narrowed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The reader allows fewer values, bytes, elements or duplicates.",
    "Keep the bounds wide, or tighten them on both sides.",
    28};
const Rule kBoundWidened = {"bound-widened",
                            RuleFamily::kLoad,
                            VERDICT_LEVEL_COMPATIBLE,
                            DecidedBy::kSchemas,
                            "The reader allows more than the writer has.",
                            "None is needed.",
                            29};
const Rule kUnitChanged = {
    "unit-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The value has another unit, by annotation or by name.",
    "Add a field of the new unit on a new number, or a conversion step.",
    30};
const Rule kUnitScaled = {
    "unit-scaled",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONDITIONAL,
    DecidedBy::kSchemasAndState,
    "The value has another unit of the same quantity and is converted.",
    "None for the finer unit. For the coarser one, save multiples of it, or "
    "add a field on a new number.",
    31};
const Rule kEncodingChanged = {
    "encoding-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The value has another encoding.",
    "Add another field on a new number, or a conversion step.",
    32};
const Rule kMeaningChanged = {
    "meaning-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The value has another meaning_rev.",
    "Add another field on a new number, or a conversion step.",
    33};
const Rule kAbsentDefaultChanged = {
    "absent-default-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONDITIONAL,
    DecidedBy::kSchemasAndState,
    "An absent value means something else on each side.",
    "Keep the default for ever.",
    34};
const Rule kFeatureChanged = {"feature-changed",
                              RuleFamily::kLoad,
                              VERDICT_LEVEL_CONDITIONAL,
                              DecidedBy::kSchemasAndState,
                              "The reader takes the field only with a feature "
                              "that the writer does not declare.",
                              "Introduce a field with its feature.",
                              35};
const Rule kOwnerChanged = {
    "owner-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A private field belongs to another implementation.",
    "Give each implementation its own numbers.",
    36};
const Rule kAnnotationChanged = {
    "annotation-changed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kSchemas,
    "An annotation differs that does not decide about loading.",
    "None is needed.",
    37};
const Rule kEnumValueUnknown = {
    "enum-value-unknown",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONDITIONAL,
    DecidedBy::kSchemasAndState,
    "The reader's enum lacks a value of the writer's.",
    "Do not use the value before every reader knows it.",
    38};
const Rule kEnumValueRenamed = {"enum-value-renamed",
                                RuleFamily::kLoad,
                                VERDICT_LEVEL_COMPATIBLE,
                                DecidedBy::kSchemas,
                                "A value of an enum has another name.",
                                "See that it means the same.",
                                39};
const Rule kEnumValueRenumbered = {
    "enum-value-renumbered",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A value of an enum has another number.",
    "Keep the numbers, or declare renumbered_from.",
    40};
const Rule kEnumReplaced = {
    "enum-replaced",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The same numbers stand for other values.",
    "Keep the enum and add another field on a new number.",
    41};
const Rule kEnumValueReused = {
    "enum-value-reused",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "A value's number was free between the two versions.",
    "Use a number that was never used.",
    42};
const Rule kNestingTooDeep = {"nesting-too-deep",
                              RuleFamily::kLoad,
                              VERDICT_LEVEL_REFUSED,
                              DecidedBy::kSchemasAndState,
                              "Messages are nested more than 100 deep.",
                              "Flatten the messages.",
                              43};
const Rule kTooManyFindings = {"too-many-findings",
                               RuleFamily::kLoad,
                               VERDICT_LEVEL_REFUSED,
                               DecidedBy::kSchemasAndState,
                               "There are more than 10000 differences.",
                               "Compare versions of one schema.",
                               44};
const Rule kValueOutOfBounds = {
    "value-out-of-bounds",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "A value breaks an annotation of the schema.",
    "Correct the writer and save again; if the writer's schema allows the "
    "value, the reader's bounds are narrower: see bound-narrowed.",
    45};
const Rule kWriterSchemaUnknown = {
    "writer-schema-unknown",
    RuleFamily::kLoad,
    VERDICT_LEVEL_COMPATIBLE,
    DecidedBy::kState,
    "The reader has no schema of the stream's version.",
    "Let writers embed their schema, or give the reader the released schemas.",
    46};
const Rule kWriterSchemaInvalid = {
    "writer-schema-invalid",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The schema that the stream carries is not the one it names.",
    "Save the state again.",
    47};
const Rule kDuplicateField = {
    "duplicate-field",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "A singular message or a oneof is there more than once.",
    "Save with a writer that writes Protocol Buffers.",
    48};
const Rule kDuplicateMapKey = {"duplicate-map-key",
                               RuleFamily::kLoad,
                               VERDICT_LEVEL_REFUSED,
                               DecidedBy::kState,
                               "A map has a key more than once.",
                               "Save with a writer whose maps are maps.",
                               49};
const Rule kNotUnique = {"not-unique",
                         RuleFamily::kLoad,
                         VERDICT_LEVEL_REFUSED,
                         DecidedBy::kState,
                         "Two elements have the same values of unique_by.",
                         "See why the writer has it twice.",
                         50};
const Rule kPiecesNotWhole = {
    "pieces-not-whole",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The pieces of a value do not make up the value that its owner declares.",
    "Save each value in pieces from its begin to its end, and its size at the "
    "same moment.",
    66};
const Rule kQuirkRefused = {
    "quirk-refused",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kState,
    "The writer is known to save wrong states.",
    "Save with another release, as the text of the finding says.",
    51};
const Rule kQuirkFixed = {
    "quirk-fixed",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONVERTED,
    DecidedBy::kState,
    "The writer is known to save wrong states, and the reader corrects them.",
    "None is needed; update the writer when you can.",
    52};
const Rule kStepRefused = {"step-refused",
                           RuleFamily::kLoad,
                           VERDICT_LEVEL_REFUSED,
                           DecidedBy::kState,
                           "A conversion step cannot convert this state.",
                           "See the text of the finding.",
                           53};
const Rule kPolicy = {"policy",
                      RuleFamily::kLoad,
                      VERDICT_LEVEL_REFUSED,
                      DecidedBy::kState,
                      "The reader is told not to accept such a verdict.",
                      "Update the reader, or allow lossy loads.",
                      54};
const Rule kSavedAsOlder = {
    "saved-as-older",
    RuleFamily::kLoad,
    VERDICT_LEVEL_CONDITIONAL,
    DecidedBy::kSchemas,
    "The writer must save as an older version than its newest.",
    "Tell the source to save as the version that the report names, and look at "
    "the condition.",
    62};
const Rule kNoCommonForm = {
    "no-common-form",
    RuleFamily::kLoad,
    VERDICT_LEVEL_REFUSED,
    DecidedBy::kSchemas,
    "The reader reads nothing that the writer can write.",
    "Update the older of the two back-ends first.",
    63};
const Rule kDeviceRefused = {"device-refused",
                             RuleFamily::kLoad,
                             VERDICT_LEVEL_REFUSED,
                             DecidedBy::kState,
                             "The device itself refuses the state.",
                             "See the text of the finding.",
                             55};
const Rule kNotAStream = {"not-a-stream",
                          RuleFamily::kLoad,
                          VERDICT_LEVEL_DAMAGED,
                          DecidedBy::kState,
                          "The bytes are no devstate stream.",
                          "Convert it, or look at who wrote it.",
                          56};
const Rule kNoTrailer = {"no-trailer",
                         RuleFamily::kLoad,
                         VERDICT_LEVEL_DAMAGED,
                         DecidedBy::kState,
                         "The stream ends before its trailer.",
                         "Save again.",
                         57};
const Rule kChecksum = {"checksum",
                        RuleFamily::kLoad,
                        VERDICT_LEVEL_DAMAGED,
                        DecidedBy::kState,
                        "A checksum does not hold.",
                        "Transfer again.",
                        58};
const Rule kTrailingBytes = {"trailing-bytes",
                             RuleFamily::kLoad,
                             VERDICT_LEVEL_DAMAGED,
                             DecidedBy::kState,
                             "Bytes follow the trailer.",
                             "Save into an empty file.",
                             59};
const Rule kLimit = {"limit",
                     RuleFamily::kLoad,
                     VERDICT_LEVEL_DAMAGED,
                     DecidedBy::kState,
                     "The stream breaks a limit of the reader.",
                     "Raise the limit if the stream is trusted.",
                     60};
const Rule kMalformed = {"malformed",
                         RuleFamily::kLoad,
                         VERDICT_LEVEL_DAMAGED,
                         DecidedBy::kState,
                         "Checksums hold and the content breaks the format.",
                         "Report it to the writer's authors.",
                         61};

const std::vector<const Rule*>& LoadRules() {
  static const auto& rules =
      *new std::vector<const Rule*>{&kWrongDevice,
                                    &kWrongSchema,
                                    &kTooNew,
                                    &kUnknownCritical,
                                    &kRemovedCritical,
                                    &kLostCritical,
                                    &kIgnorableDropped,
                                    &kNoLongerWritten,
                                    &kFieldDefaulted,
                                    &kFieldAbsent,
                                    &kRequiredMissing,
                                    &kDefaultOutOfBounds,
                                    &kFieldRenamed,
                                    &kAnotherField,
                                    &kNumbersSwapped,
                                    &kFieldRenumbered,
                                    &kNumberReused,
                                    &kFieldMoved,
                                    &kFallbackField,
                                    &kTypeWidened,
                                    &kValueMayNotFit,
                                    &kWireTypeChanged,
                                    &kNotUtf8,
                                    &kPresenceChanged,
                                    &kCardinalityChanged,
                                    &kMapKeysRepeated,
                                    &kOneofJoined,
                                    &kOneofSplit,
                                    &kBoundNarrowed,
                                    &kBoundWidened,
                                    &kUnitChanged,
                                    &kUnitScaled,
                                    &kEncodingChanged,
                                    &kMeaningChanged,
                                    &kAbsentDefaultChanged,
                                    &kFeatureChanged,
                                    &kOwnerChanged,
                                    &kAnnotationChanged,
                                    &kEnumValueUnknown,
                                    &kEnumValueRenamed,
                                    &kEnumValueRenumbered,
                                    &kEnumReplaced,
                                    &kEnumValueReused,
                                    &kNestingTooDeep,
                                    &kTooManyFindings,
                                    &kValueOutOfBounds,
                                    &kWriterSchemaUnknown,
                                    &kWriterSchemaInvalid,
                                    &kDuplicateField,
                                    &kDuplicateMapKey,
                                    &kNotUnique,
                                    &kPiecesNotWhole,
                                    &kQuirkRefused,
                                    &kQuirkFixed,
                                    &kStepRefused,
                                    &kPolicy,
                                    &kSavedAsOlder,
                                    &kNoCommonForm,
                                    &kDeviceRefused,
                                    &kNotAStream,
                                    &kNoTrailer,
                                    &kChecksum,
                                    &kTrailingBytes,
                                    &kLimit,
                                    &kMalformed};
  return rules;
}

}  // namespace devstate::rules
