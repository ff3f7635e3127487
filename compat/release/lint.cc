// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Some rules compare the schema with the newest release, others with every one,
// because a number or a name of any release may still come in a state. The
// schema itself may be among the released ones and is left out then.

#include "devstate/compat/release/lint.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/enum_mapping.h"
#include "devstate/compat/rules.h"
#include "devstate/compat/unit_suffix.h"
#include "devstate/schema/annotations.h"
#include "devstate/schema/schema_check.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;

// Whether a default is the type's zero.
bool IsZero(const FieldModel& field) {
  const std::string& text = field.annotations.absent_default();
  double number;
  if (text.empty()) return true;
  if (field.enumeration != nullptr) {
    const EnumValueModel* value = field.enumeration->FindName(text);
    return value != nullptr && value->number == 0;
  }
  return text == "false" || (field.type != FieldDescriptor::TYPE_STRING &&
                             field.type != FieldDescriptor::TYPE_BYTES &&
                             absl::SimpleAtod(text, &number) && number == 0);
}

bool IsNeutral(absl::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(name);
  for (const char* word :
       {"UNSPECIFIED", "UNKNOWN", "NONE", "DEFAULT", "LEGACY", "INVALID",
        "UNSET", "UNDEFINED", "OFF", "DISABLED", "NULL", "NO"}) {
    if (upper == word || absl::EndsWith(upper, absl::StrCat("_", word)) ||
        absl::StartsWith(upper, absl::StrCat(word, "_"))) {
      return true;
    }
  }
  return false;
}

class Linter {
 public:
  Linter(const LoadedSchema& schema, const Lineage* lineage)
      : schema_(schema.model()) {
    if (lineage == nullptr) return;
    for (const SchemaModel* released : lineage->schemas()) {
      // The candidate itself may be among the released ones.
      if (released->fingerprint == schema_.fingerprint) continue;
      all_released_.push_back(released);
      if (released->version() <= schema_.version()) {
        earlier_.push_back(released);
      }
    }
  }

  std::vector<Finding> Run() {
    if (const absl::Status records = CheckRecords(schema_); !records.ok()) {
      Add(rules::kSchemaWithoutCode, schema_.root->place,
          schema_.root->full_name, std::string(records.message()));
    }
    const absl::Status annotations = CheckAnnotations(schema_);
    if (!annotations.ok()) {
      Add(rules::kInvalidAnnotation, schema_.root->place,
          schema_.root->full_name, std::string(annotations.message()));
    }
    CheckVersions();
    for (const auto& message : schema_.messages) {
      if (!message->map_entry) CheckMessage(*message);
    }
    for (const auto& enumeration : schema_.enums) CheckEnum(*enumeration);
    CheckWayBack();
    SortFindings(&findings_);
    return std::move(findings_);
  }

 private:
  const SchemaModel* Newest() const {
    return earlier_.empty() ? nullptr : earlier_.back();
  }

  void CheckVersions() {
    uint32_t newest = 0;
    const SchemaModel* before = nullptr;
    for (const SchemaModel* released : all_released_) {
      if (before != nullptr && released->version() == before->version() &&
          released->fingerprint != before->fingerprint) {
        AddToRoot(rules::kSameVersionOtherFingerprint,
                  absl::StrCat(released->file, " is another version ", newest,
                               " than the one released before: restore it, "
                               "and give the change a new version"));
      }
      before = released;
      newest = std::max(newest, released->version());
    }
    if (all_released_.empty()) return;
    if (schema_.version() == newest) {
      AddToRoot(rules::kVersionNotGrown,
                absl::StrCat("differs from the released version ", newest,
                             ": raise version to ", newest + 1));
    } else if (schema_.version() < newest) {
      AddToRoot(rules::kVersionWentBackwards,
                absl::StrCat("version ", schema_.version(),
                             " comes after the released version ", newest,
                             ": raise version to ", newest + 1));
    }
  }

  // --- Messages ---

  void CheckMessage(const MessageModel& message) {
    for (const FieldModel& field : message.fields) {
      const std::string path = absl::StrCat(message.full_name, ".", field.name);
      CheckAlone(field, path);
      CheckHistory(message, field, path);
    }
    const MessageModel* before = Newest() == nullptr
                                     ? nullptr
                                     : Newest()->FindMessage(message.full_name);
    if (before != nullptr) CheckRemoved(message, *before);
  }

  void CheckAlone(const FieldModel& field, const std::string& path) {
    const FieldAnnotations& annotations = field.annotations;
    if (field.presence == Presence::kImplicit && !IsZero(field)) {
      Add(rules::kDefaultWithoutPresence, field.place, path,
          absl::StrCat("a written zero would come back as ",
                       annotations.absent_default(),
                       ": make the field optional"));
    }
    if ((field.type == FieldDescriptor::TYPE_FLOAT ||
         field.type == FieldDescriptor::TYPE_DOUBLE) &&
        annotations.meaning_rev() == 0) {
      Add(rules::kFloatWithoutMeaningRev, field.place, path,
          "a changed scale or rounding would not show: add meaning_rev: 1");
    }
    if (field.presence == Presence::kMap) {
      const MessageModel* value = field.message->FindNumber(2)->message;
      if (value != nullptr &&
          std::any_of(value->fields.begin(), value->fields.end(),
                      [](const FieldModel& part) {
                        return !part.annotations.ignorable();
                      })) {
        Add(rules::kCriticalMapValue, field.place, path,
            "the map's values have critical fields: use a repeated message "
            "with unique_by");
      }
    }
  }

  // The version that has the changes since the newest released one, be it that
  // the schema does not say it yet.
  //
  // Requires: there is a released one.
  uint32_t NextVersion() const {
    return std::max(schema_.version(), Newest()->version() + 1);
  }

  // The first released version with a field of this number and name, or with a
  // former name of it; 0 if there is none.
  uint32_t FirstVersion(const MessageModel& message,
                        const FieldModel& field) const {
    for (const SchemaModel* released : earlier_) {
      const MessageModel* before = released->FindMessage(message.full_name);
      if (before == nullptr) continue;
      const FieldModel* old = before->FindNumber(field.number);
      if (old != nullptr &&
          (old->name == field.name || DeclaresFormerName(field, old->name))) {
        return released->version();
      }
    }
    return 0;
  }

  void CheckHistory(const MessageModel& message, const FieldModel& field,
                    const std::string& path) {
    if (Newest() == nullptr) return;
    if (CheckReuse(message, field, path)) return;
    const FieldAnnotations& annotations = field.annotations;
    const uint32_t first = FirstVersion(message, field);
    if (!CheckNames(message, field, path)) return;
    const FieldModel* before = Released(message, field);
    if (before != nullptr) {
      CheckChanged(*before, field, path);
    } else if (first == 0) {
      // New: a field of a new message as well, since that can be in an older
      // one's place.
      const bool in_new_message = !IsReleased(message);
      if (annotations.since() == 0 && !in_new_message) {
        Add(rules::kSinceMissing, field.place, path,
            absl::StrCat("add since: ", NextVersion()));
      } else if (annotations.since() != 0 &&
                 annotations.since() != NextVersion()) {
        Add(rules::kSinceWrong, field.place, path,
            absl::StrCat("since is ", annotations.since(),
                         ", the field is new in version ", NextVersion()));
      }
      if (annotations.required() && annotations.absent_default().empty() &&
          !in_new_message) {
        Add(rules::kRequiredWithoutDefault, field.place, path,
            "no older state could be loaded: add absent_default, or do not "
            "require the field");
      }
    }
    if (first != 0 && annotations.since() != 0 &&
        annotations.since() != first) {
      Add(rules::kSinceWrong, field.place, path,
          absl::StrCat("since is ", annotations.since(), ", version ", first,
                       " had the field already"));
    } else if (first != 0 && annotations.since() == 0 &&
               first != earlier_.front()->version() &&
               WasReleasedBefore(message, first)) {
      Add(rules::kSinceMissing, field.place, path,
          absl::StrCat("add since: ", first));
    }
  }

  bool WasReleasedBefore(const MessageModel& message, uint32_t version) const {
    return std::any_of(earlier_.begin(), earlier_.end(),
                       [&](const SchemaModel* released) {
                         return released->version() < version &&
                                released->FindMessage(message.full_name);
                       });
  }

  bool IsReleased(const MessageModel& message) const {
    return std::any_of(earlier_.begin(), earlier_.end(),
                       [&](const SchemaModel* released) {
                         return released->FindMessage(message.full_name);
                       });
  }

  // The field of this number in the newest released schema, or null.
  const FieldModel* Released(const MessageModel& message,
                             const FieldModel& field) const {
    const MessageModel* before = Newest()->FindMessage(message.full_name);
    return before == nullptr ? nullptr : before->FindNumber(field.number);
  }

  // Whether the number was another field's in any released schema, and is not
  // in the newest one.
  bool CheckReuse(const MessageModel& message, const FieldModel& field,
                  const std::string& path) {
    for (const SchemaModel* released : earlier_) {
      const MessageModel* before = released->FindMessage(message.full_name);
      if (before == nullptr) continue;
      const FieldModel* old = before->FindNumber(field.number);
      if (old != nullptr && !old->annotations.owner().empty() &&
          !field.annotations.owner().empty() &&
          old->annotations.owner() != field.annotations.owner()) {
        Add(rules::kOwnerConflict, field.place, path,
            absl::StrCat("number ", field.number, " was owned by ",
                         old->annotations.owner(), " in version ",
                         released->version(), ": use another number"));
        return true;
      }
      const bool buried = before->FindTombstone(field.number) != nullptr ||
                          before->IsReserved(field.number);
      const bool gone = old != nullptr && Released(message, field) == nullptr;
      if (buried || gone) {
        Add(rules::kReusedNumber, field.place, path,
            absl::StrCat("number ", field.number,
                         buried ? " was closed" : " was another field's",
                         " in version ", released->version(),
                         ": use a number that was never used"));
        return true;
      }
    }
    return false;
  }

  // Whether the field declares every name that it had in a released version:
  // a reader has only its own schema to know an old state by.
  bool CheckNames(const MessageModel& message, const FieldModel& field,
                  const std::string& path) {
    std::vector<std::string> missing;
    for (const SchemaModel* released : earlier_) {
      const MessageModel* before = released->FindMessage(message.full_name);
      const FieldModel* old =
          before == nullptr ? nullptr : before->FindNumber(field.number);
      if (old == nullptr || old->name == field.name ||
          DeclaresFormerName(field, old->name) ||
          std::find(missing.begin(), missing.end(), old->name) !=
              missing.end()) {
        continue;
      }
      missing.push_back(old->name);
    }
    if (missing.empty()) return true;
    Add(rules::kUndeclaredRename, field.place, path,
        absl::StrCat("the field was ", absl::StrJoin(missing, ", "),
                     ": add renamed_from: \"",
                     absl::StrJoin(missing, "\" renamed_from: \""),
                     "\" if it is the same, else use a new number"));
    return false;
  }

  void CheckChanged(const FieldModel& before, const FieldModel& field,
                    const std::string& path) {
    if (before.name != field.name) {
      const absl::string_view old_unit = UnitSuffix(before.name);
      const absl::string_view new_unit = UnitSuffix(field.name);
      if (!old_unit.empty() && !new_unit.empty() && old_unit != new_unit) {
        Add(rules::kUnitRenamed, field.place, path,
            absl::StrCat("the name said ", old_unit, " and says ", new_unit,
                         ": add another field on a new number"));
      }
    }
    const FieldAnnotations& w = before.annotations;
    const FieldAnnotations& r = field.annotations;
    const auto differs = [](const std::string& a, const std::string& b) {
      return !a.empty() && !b.empty() && a != b;
    };
    if (differs(w.unit(), r.unit()) || differs(w.encoding(), r.encoding()) ||
        w.meaning_rev() != r.meaning_rev()) {
      Add(rules::kUnitAnnotationChanged, field.place, path,
          "unit, encoding or meaning_rev has changed: old values would be "
          "taken for something else; add another field on a new number");
    }
    if (w.absent_default() != r.absent_default()) {
      Add(rules::kReleasedDefaultChanged, field.place, path,
          absl::StrCat("absent_default was \"", w.absent_default(),
                       "\" and "
                       "is \"",
                       r.absent_default(), "\": keep the released one"));
    }
    if (r.required() && !w.required() && CanBeAbsent(before) &&
        r.absent_default().empty()) {
      Add(rules::kRequiredWithoutDefault, field.place, path,
          "released writers can leave the field out: do not require it");
    }
  }

  void CheckRemoved(const MessageModel& message, const MessageModel& before) {
    for (const FieldModel& field : before.fields) {
      if (message.FindNumber(field.number) != nullptr) continue;
      const std::string path = absl::StrCat(message.full_name, ".", field.name);
      const Tombstone* tombstone = message.FindTombstone(field.number);
      if (tombstone == nullptr) {
        Add(rules::kRemovedWithoutTombstone, message.place, path,
            absl::StrCat(
                "add tombstone { number: ", field.number, " name: \"",
                field.name, "\" type: \"", field.type_text,
                field.annotations.ignorable() ? "\" ignorable: true" : "\"",
                " last_written: ", Newest()->version(),
                field.annotations.write_until() == 0
                    ? ""
                    : absl::StrCat(" write_until: ",
                                   field.annotations.write_until()),
                " }"));
      } else if (tombstone->name() != field.name ||
                 tombstone->ignorable() != field.annotations.ignorable() ||
                 tombstone->write_until() != field.annotations.write_until()) {
        Add(rules::kTombstoneChanged, message.place, path,
            "the tombstone has another name, criticality or write_until than "
            "the released field: repeat what was released");
      }
    }
    for (const Tombstone& released : before.annotations.tombstone()) {
      const int number = static_cast<int>(released.number());
      const Tombstone* kept = message.FindTombstone(number);
      if (message.FindNumber(number) == nullptr &&
          (kept == nullptr ||
           kept->SerializeAsString() != released.SerializeAsString())) {
        Add(rules::kTombstoneChanged, message.place,
            absl::StrCat(message.full_name, ".", released.name()),
            "a released tombstone has gone or changed: restore it");
      }
    }
  }

  // Fields that went while writers filled them, by what the newest release
  // makes of a state without.
  void CheckWayBack() {
    if (Newest() == nullptr || Newest()->version() == schema_.version()) return;
    std::set<std::string> seen;
    for (const Finding& finding :
         CompareSchemas(*Newest(), schema_, Direction::kDowngrade).findings) {
      if (finding.rule() != rules::kLostCritical.id) continue;
      const MessageModel* message = schema_.root;
      std::vector<std::string> names = absl::StrSplit(finding.path(), '.');
      for (size_t i = 0; i + 1 < names.size(); ++i) {
        const FieldModel* field = message->FindName(names[i]);
        if (field == nullptr || field->message == nullptr) break;
        message = field->message;
      }
      const std::string path =
          absl::StrCat(message->full_name, ".", names.back());
      if (!seen.insert(path).second) continue;
      Add(rules::kRemovedWhileWritten, message->place, path,
          absl::StrCat("version ", Newest()->version(),
                       " would go on without the field: keep it for one more "
                       "release with write_until: ",
                       Newest()->version(), ", unless nobody goes back"));
    }
  }

  // --- Enums ---

  void CheckEnum(const EnumModel& enumeration) {
    const EnumValueModel* zero = enumeration.FindNumber(0);
    if (zero != nullptr && !IsNeutral(zero->name)) {
      Add(rules::kEnumZeroNotNeutral, enumeration.place, enumeration.full_name,
          absl::StrCat(
              zero->name,
              " is what an absent field is read as: name the zero "
              "…_UNSPECIFIED, or see that it is right for old states"));
    }
    for (const EnumValueModel& value : enumeration.values) {
      CheckNumbers(enumeration, value);
    }
    const EnumModel* before = Newest() == nullptr
                                  ? nullptr
                                  : Newest()->FindEnum(enumeration.full_name);
    if (before == nullptr) return;
    for (const EnumValueModel& value : enumeration.values) {
      if (value.since == 0 && IsNew(value, *before, enumeration)) {
        Add(rules::kEnumValueSinceMissing, enumeration.place,
            absl::StrCat(enumeration.full_name, ".", value.name),
            absl::StrCat(
                "add [(devstate.enum_value).since = ", NextVersion(), "]"));
      }
    }
  }

  // Whether `before` has neither the name nor the number, or the number for a
  // value that has another one in `enumeration`.
  static bool IsNew(const EnumValueModel& value, const EnumModel& before,
                    const EnumModel& enumeration) {
    if (before.FindName(value.name) != nullptr) return false;
    const EnumValueModel* old = before.FindNumber(value.number);
    if (old == nullptr) return true;
    const EnumValueModel* now = enumeration.FindName(old->name);
    return now != nullptr && now->number != value.number;
  }

  // That the value declares every number that it had in a released version,
  // and no other.
  void CheckNumbers(const EnumModel& enumeration, const EnumValueModel& value) {
    const std::string path =
        absl::StrCat(enumeration.full_name, ".", value.name);
    std::set<int> had;
    for (const SchemaModel* released : earlier_) {
      const EnumModel* before = released->FindEnum(enumeration.full_name);
      const EnumValueModel* old =
          before == nullptr ? nullptr : before->FindName(value.name);
      if (old != nullptr && old->number != value.number)
        had.insert(old->number);
    }
    for (const int number : had) {
      if (DeclaresFormerNumber(value, number)) continue;
      Add(rules::kUndeclaredRenumbering, enumeration.place, path,
          absl::StrCat(
              "the value was ", number, " and is ", value.number,
              ": give it its number back, or add renumbered_from: ", number));
    }
    for (const int number : value.renumbered_from) {
      if (number == value.number || (!earlier_.empty() && !had.count(number))) {
        Add(rules::kRenumberedFromWrong, enumeration.place, path,
            absl::StrCat("renumbered_from says ", number,
                         number == value.number
                             ? ", which is the value's own number"
                             : ", which no released version has for the value",
                         ": name former numbers only"));
      }
    }
  }

  void AddToRoot(const Rule& rule, std::string text) {
    Add(rule, schema_.root->place, schema_.root->full_name, std::move(text));
  }

  void Add(const Rule& rule, const std::string& place, std::string path,
           std::string text) {
    findings_.push_back(MakeFinding(rule, rule.worst, std::move(path), "", "",
                                    std::move(text)));
    findings_.back().set_place(place);
  }

  const SchemaModel& schema_;
  // In ascending order of version, without the schema itself.
  std::vector<const SchemaModel*> all_released_;
  // Those that are not newer than the schema.
  std::vector<const SchemaModel*> earlier_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> LintSchema(const LoadedSchema& schema,
                                const Lineage* lineage) {
  return Linter(schema, lineage).Run();
}

}  // namespace devstate
