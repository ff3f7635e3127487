// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A table of changes, one function each, over a schema in the form that is
// easiest to change: fields as texts and annotations as a map of texts.

#include "devstate/compat/gate/random_schemas.h"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

namespace devstate {
namespace testing {
namespace {

struct Field {
  int number;
  std::string name;
  std::string type;
  // "", "optional " or "repeated ".
  std::string label;
  std::string oneof;
  std::map<std::string, std::string> annotations;
};

struct Body {
  std::string name;
  std::vector<Field> fields;
  std::vector<std::string> tombstones;
  // Fields that every version has.
  std::string fixed;
};

struct Value {
  std::string name;
  int number;
  std::string renumbered_from;
};

struct Schema {
  // The root, the record, and a message that both hold.
  Body bodies[3];
  std::vector<Value> values;
};

constexpr const char* kIntegers[] = {"uint32", "uint64",  "int32", "int64",
                                     "sint32", "fixed32", "sint64"};
constexpr const char* kTypes[] = {"uint32", "uint64",  "int32", "int64",
                                  "sint32", "fixed32", "bool",  "string",
                                  "bytes",  "double",  "E",     "E"};
constexpr const char* kNames[] = {"a", "b", "c", "d", "size", "port",
                                  "x", "y", "z", "w", "head", "tail"};

bool IsInteger(const Field& field) {
  return std::find(std::begin(kIntegers), std::end(kIntegers), field.type) !=
         std::end(kIntegers);
}

bool IsText(const Field& field) {
  return field.type == "string" || field.type == "bytes";
}

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  RandomPair Run() {
    Schema schema = MakeSchema();
    RandomPair pair;
    pair.older = Text(schema, 1);
    const int changes = 1 + Below(4);
    for (int i = 0; i < changes; ++i) {
      const Kind& kind = kKinds[Below(kKindCount)];
      Body& body = schema.bodies[Below(3)];
      if (body.fields.empty()) continue;
      schema_ = &schema;
      body_ = &body;
      field_ = &body.fields[static_cast<size_t>(
          Below(static_cast<int>(body.fields.size())))];
      const std::string what =
          absl::StrCat(kind.name, " (", body.name, ".", field_->name, ")");
      (this->*kind.run)();
      pair.changes.push_back(what);
    }
    pair.newer = Text(schema, 2);
    return pair;
  }

  static int KindCount() { return kKindCount; }

 private:
  struct Kind {
    const char* name;
    void (Mutator::*run)();
  };

  int Below(int limit) {
    return std::uniform_int_distribution<int>(0, limit - 1)(random_);
  }
  bool Chance(int percent) { return Below(100) < percent; }
  template <size_t size>
  std::string OneOf(const char* const (&texts)[size]) {
    return texts[Below(static_cast<int>(size))];
  }

  // --- A schema ---

  Schema MakeSchema() {
    Schema schema;
    schema.values = {{"NONE", 0, ""}, {"ON", 1, ""}, {"OFF", 2, ""}};
    const char* const kBodies[] = {"S", "R", "M"};
    for (int i = 0; i < 3; ++i) {
      Body& body = schema.bodies[i];
      body.name = kBodies[i];
      for (int field = 0; field < 4; ++field) {
        body.fields.push_back(MakeField(body, 1 + field * 3 + Below(3)));
      }
      if (Chance(25)) JoinOneof(&body, "k");
    }
    schema.bodies[0].fixed =
        "repeated R rows = 90; M one = 91; map<uint32, M> table = 92;";
    schema.bodies[1].fixed =
        "uint64 id = 50; M sub = 51; repeated M subs = 52;";
    return schema;
  }

  Field MakeField(const Body& body, int number) {
    Field field;
    field.number = number;
    field.type = OneOf(kTypes);
    field.name = FreeName(body);
    const char* const kLabels[] = {"", "", "optional ", "optional ",
                                   "repeated "};
    field.label = OneOf(kLabels);
    if (Chance(12)) field.annotations["ignorable"] = "true";
    if (IsInteger(field) && Chance(15)) field.annotations["unit"] = "\"ms\"";
    if (IsInteger(field) && Chance(15)) field.annotations["max"] = "1000";
    if (field.label == "optional " && IsInteger(field) && Chance(25)) {
      field.annotations["absent_default"] = "\"5\"";
    }
    return field;
  }

  std::string FreeName(const Body& body) {
    while (true) {
      const std::string name =
          Chance(80) ? OneOf(kNames) : absl::StrCat("f", Below(1000));
      const bool taken =
          std::any_of(body.fields.begin(), body.fields.end(),
                      [&](const Field& field) { return field.name == name; });
      if (!taken) return name;
    }
  }

  // Numbers from 20 on are those of new fields, as far as they are not taken.
  int FreeNumber(const Body& body) {
    int number = 20;
    for (const Field& field : body.fields) {
      number = std::max(number, field.number + 1);
    }
    return number;
  }

  // --- Its text ---

  static std::string Text(const Field& field) {
    std::string text = absl::StrCat(field.label, field.type, " ", field.name,
                                    " = ", field.number);
    if (!field.annotations.empty()) {
      absl::StrAppend(&text, " [(devstate.field) = {");
      for (const auto& [name, value] : field.annotations) {
        absl::StrAppend(&text, " ", name, ": ", value);
      }
      absl::StrAppend(&text, " }]");
    }
    return absl::StrCat(text, ";\n  ");
  }

  static std::string Text(const Body& body, const std::string& options) {
    std::string text = absl::StrCat(
        "message ", body.name, " {\n  option (devstate.message) = { ", options);
    for (const std::string& tombstone : body.tombstones) {
      absl::StrAppend(&text, "tombstone { ", tombstone, " } ");
    }
    absl::StrAppend(&text, "};\n  ");
    std::map<std::string, std::string> oneofs;
    for (const Field& field : body.fields) {
      (field.oneof.empty() ? text : oneofs[field.oneof]) += Text(field);
    }
    for (const auto& [name, members] : oneofs) {
      absl::StrAppend(&text, "oneof ", name, " {\n  ", members, "}\n  ");
    }
    return absl::StrCat(text, body.fixed, "\n}\n");
  }

  static std::string Text(const Schema& schema, int version) {
    std::string text =
        "syntax = \"proto3\"; package t; import \"devstate/options.proto\";\n"
        "enum E {\n";
    for (const Value& value : schema.values) {
      absl::StrAppend(&text, "  ", value.name, " = ", value.number);
      if (!value.renumbered_from.empty()) {
        absl::StrAppend(&text, " [(devstate.enum_value).renumbered_from = ",
                        value.renumbered_from, "]");
      }
      absl::StrAppend(&text, ";\n");
    }
    absl::StrAppend(&text, "}\n");
    for (const Body& body : schema.bodies) {
      absl::StrAppend(
          &text,
          Text(body, body.name == "S"
                         ? absl::StrCat("schema: \"t\" device: \"d\" version: ",
                                        version, " ")
                         : ""));
    }
    return text;
  }

  // --- Changes of names and numbers ---

  void Rename() {
    std::string& names = field_->annotations["renamed_from"];
    names = absl::StrCat("[\"", field_->name, "\"]");
    field_->name = FreeName(*body_);
  }

  void RenameWithoutDeclaration() { field_->name = FreeName(*body_); }

  void RenameTwice() {
    const std::string first = field_->name;
    field_->name = FreeName(*body_);
    field_->annotations["renamed_from"] =
        absl::StrCat("[\"", first, "\", \"", field_->name, "\"]");
    field_->name = FreeName(*body_);
  }

  void TakeName() {
    const std::string name = field_->name;
    Rename();
    AddField(name);
  }

  void SwapNames() {
    Field& other = OtherField();
    if (&other == field_) return;
    field_->annotations["renamed_from"] =
        absl::StrCat("\"", field_->name, "\"");
    other.annotations["renamed_from"] = absl::StrCat("\"", other.name, "\"");
    std::swap(field_->name, other.name);
  }

  void SwapNumbers() { std::swap(field_->number, OtherField().number); }

  void Renumber() { field_->number = FreeNumber(*body_); }

  void ReuseNumber() {
    Field field = MakeField(*body_, field_->number);
    *field_ = field;
  }

  // --- Fields that come and go ---

  void AddField(const std::string& name) {
    Field field = MakeField(*body_, FreeNumber(*body_));
    field.name = name;
    field.annotations["since"] = "2";
    switch (Below(8)) {
      case 0:
        field.annotations.erase("ignorable");
        field.annotations["required"] = "true";
        break;
      case 1:
        field.annotations.erase("ignorable");
        field.annotations["required"] = "true";
        field.type = "uint32";
        field.label = "optional ";
        field.annotations["absent_default"] = "\"7\"";
        break;
      case 2:
        field.annotations["feature"] = "\"RSS\"";
        break;
      case 3:
        field.annotations["owner"] = "\"x\"";
        break;
      case 4:
        if (IsInteger(field)) field.annotations["min"] = "1";
        break;
      default:
        break;
    }
    body_->fields.push_back(field);
  }
  void AddField() { AddField(FreeName(*body_)); }

  void Remove(const std::string& tombstone) {
    if (!tombstone.empty()) {
      body_->tombstones.push_back(absl::StrCat(
          "number: ", field_->number, " name: \"", field_->name, "\" type: \"",
          field_->label, field_->type, "\" ",
          field_->annotations.count("ignorable") != 0 ? "ignorable: true " : "",
          "last_written: 1", tombstone));
    }
    body_->fields.erase(body_->fields.begin() + (field_ - &body_->fields[0]));
  }
  void RemoveWithTombstone() { Remove(" "); }
  void RemoveWithoutTombstone() { Remove(""); }
  void RemoveAfterStop() { Remove(" write_until: 1"); }
  void StopWriting() { field_->annotations["write_until"] = "1"; }

  void Move() { MoveFrom(/*stays=*/false); }
  void MoveButStay() { MoveFrom(/*stays=*/true); }

  void MoveFrom(bool stays) {
    Body& message = schema_->bodies[2];
    if (body_ == &message) return MoveOut(stays);
    Field moved = *field_;
    moved.number = FreeNumber(message);
    moved.oneof.clear();
    moved.annotations["moved_from"] =
        absl::StrCat("\"", body_->name == "R" ? "rows." : "", moved.name, "\"");
    moved.annotations["since"] = "2";
    moved.annotations.erase("renamed_from");
    if (!stays) RemoveWithTombstone();
    moved.name = FreeName(message);
    message.fields.push_back(moved);
  }

  void MoveOut(bool stays) {
    Body& root = schema_->bodies[0];
    Field moved = *field_;
    moved.number = FreeNumber(root);
    moved.oneof.clear();
    moved.annotations["moved_from"] = absl::StrCat("\"one.", moved.name, "\"");
    moved.annotations["since"] = "2";
    moved.annotations.erase("renamed_from");
    if (!stays) RemoveWithTombstone();
    moved.name = FreeName(root);
    root.fields.push_back(moved);
  }

  void Widen() { WidenTo(FreeName(*body_)); }
  void WidenAndTakeName() {
    const std::string name = field_->name;
    if (!CanWiden()) return;
    field_->annotations["renamed_from"] = absl::StrCat("\"", name, "\"");
    field_->name = FreeName(*body_);
    WidenTo(name);
  }
  bool CanWiden() const {
    return field_->type == "uint32" && field_->label != "repeated ";
  }
  void WidenTo(const std::string& name) {
    if (!CanWiden()) return;
    field_->annotations["fallback_for"] = absl::StrCat("\"", name, "\"");
    Field wide;
    wide.number = FreeNumber(*body_);
    wide.name = name;
    wide.type = "uint64";
    wide.label = Chance(50) ? "optional " : "";
    wide.annotations["since"] = "2";
    body_->fields.push_back(wide);
  }

  // --- Types and cardinality ---

  void ChangeInteger() {
    if (IsInteger(*field_)) field_->type = OneOf(kIntegers);
  }
  void ChangeType() {
    field_->type = OneOf(kTypes);
    field_->annotations.clear();
  }
  void ChangeText() {
    if (IsText(*field_)) {
      field_->type = field_->type == "string" ? "bytes" : "string";
    }
  }
  void ChangeLabel() {
    if (!field_->oneof.empty()) return;
    const char* const kLabels[] = {"", "optional ", "repeated "};
    field_->label = OneOf(kLabels);
  }

  void JoinOneof(Body* body, const std::string& name) {
    for (Field& field : body->fields) {
      if (field.label == "repeated " || Chance(40)) continue;
      field.label.clear();
      field.oneof = name;
    }
  }
  void Join() { JoinOneof(body_, "k"); }
  void Split() {
    field_->oneof.clear();
    if (field_->label.empty()) field_->label = "optional ";
  }

  // --- Annotations ---

  void ChangeMin() {
    if (IsInteger(*field_)) {
      field_->annotations["min"] = absl::StrCat(Below(3) * 3);
    }
  }
  void ChangeMax() {
    if (IsInteger(*field_)) {
      field_->annotations["max"] = absl::StrCat(9 + Below(3) * 1000);
    }
  }
  void ChangeLength() {
    if (IsText(*field_)) field_->annotations["max_len"] = "5";
  }
  void ChangeItems() {
    if (field_->label == "repeated ") field_->annotations["max_items"] = "3";
  }
  void Require() {
    field_->annotations.erase("ignorable");
    field_->annotations["required"] = "true";
  }
  void ChangeUnit() {
    const char* const kUnits[] = {"\"us\"", "\"s\"", "\"pages\""};
    if (IsInteger(*field_)) field_->annotations["unit"] = OneOf(kUnits);
  }
  void ChangeDefault() {
    if (field_->label != "optional " || !IsInteger(*field_)) return;
    if (Chance(30)) {
      field_->annotations.erase("absent_default");
    } else {
      field_->annotations["absent_default"] =
          absl::StrCat("\"", Chance(80) ? 6 : 5000, "\"");
    }
  }
  void ChangeEnumDefault() {
    if (field_->label == "optional " && field_->type == "E") {
      field_->annotations["absent_default"] = "\"ON\"";
    }
  }
  void ChangeIgnorable() {
    if (field_->annotations.erase("ignorable") == 0 &&
        field_->annotations.count("required") == 0) {
      field_->annotations["ignorable"] = "true";
    }
  }
  void ChangeFeature() { field_->annotations["feature"] = "\"RSS\""; }
  void ChangeMeaning() { field_->annotations["meaning_rev"] = "1"; }

  // --- The enum ---

  void AddValue() { AddValueOn(static_cast<int>(schema_->values.size()) + 20); }
  void AddValueOn(int number) {
    schema_->values.push_back(
        {absl::StrCat("V", schema_->values.size(), "_", number), number, ""});
    // The zero comes first.
    std::stable_sort(schema_->values.begin(), schema_->values.end(),
                     [](const Value& a, const Value& b) {
                       return (a.number == 0) > (b.number == 0);
                     });
  }
  Value& AnyValue() {
    return schema_->values[static_cast<size_t>(
        Below(static_cast<int>(schema_->values.size())))];
  }
  void RenumberValue() {
    Value& value = AnyValue();
    const int former = value.number;
    value.renumbered_from = absl::StrCat(former);
    value.number = 10 + Below(1000);
    // Proto3 has a zero always.
    if (former == 0 || Chance(50)) AddValueOn(former);
  }
  void SwapValues() {
    Value& one = AnyValue();
    Value& other = AnyValue();
    if (&one == &other || one.number == 0 || other.number == 0) return;
    one.renumbered_from = absl::StrCat(one.number);
    other.renumbered_from = absl::StrCat(other.number);
    std::swap(one.number, other.number);
  }
  void RemoveValue() {
    if (schema_->values.back().number != 0) schema_->values.pop_back();
  }
  void RenameValue() { AnyValue().name = absl::StrCat("W", Below(1000)); }

  Field& OtherField() {
    return body_->fields[static_cast<size_t>(
        Below(static_cast<int>(body_->fields.size())))];
  }

  static const Kind kKinds[];
  static const int kKindCount;

  std::mt19937 random_;
  Schema* schema_ = nullptr;
  Body* body_ = nullptr;
  Field* field_ = nullptr;
};

const Mutator::Kind Mutator::kKinds[] = {
    {"rename", &Mutator::Rename},
    {"rename without a declaration", &Mutator::RenameWithoutDeclaration},
    {"chain of renames", &Mutator::RenameTwice},
    {"name taken over", &Mutator::TakeName},
    {"names swapped", &Mutator::SwapNames},
    {"numbers swapped", &Mutator::SwapNumbers},
    {"renumbered", &Mutator::Renumber},
    {"number reused", &Mutator::ReuseNumber},
    {"added", &Mutator::AddField},
    {"added", &Mutator::AddField},
    {"removed", &Mutator::RemoveWithTombstone},
    {"removed without a tombstone", &Mutator::RemoveWithoutTombstone},
    {"removed after write_until", &Mutator::RemoveAfterStop},
    {"no longer written", &Mutator::StopWriting},
    {"moved", &Mutator::Move},
    {"moved", &Mutator::Move},
    {"moved, but stays", &Mutator::MoveButStay},
    {"wider field beside it", &Mutator::Widen},
    {"wider field with its name", &Mutator::WidenAndTakeName},
    {"other integer", &Mutator::ChangeInteger},
    {"other integer", &Mutator::ChangeInteger},
    {"other type", &Mutator::ChangeType},
    {"string and bytes", &Mutator::ChangeText},
    {"other label", &Mutator::ChangeLabel},
    {"other label", &Mutator::ChangeLabel},
    {"joined in a oneof", &Mutator::Join},
    {"out of its oneof", &Mutator::Split},
    {"min", &Mutator::ChangeMin},
    {"max", &Mutator::ChangeMax},
    {"max_len", &Mutator::ChangeLength},
    {"max_items", &Mutator::ChangeItems},
    {"required", &Mutator::Require},
    {"unit", &Mutator::ChangeUnit},
    {"absent_default", &Mutator::ChangeDefault},
    {"absent_default", &Mutator::ChangeDefault},
    {"absent_default of an enum", &Mutator::ChangeEnumDefault},
    {"ignorable", &Mutator::ChangeIgnorable},
    {"feature", &Mutator::ChangeFeature},
    {"meaning_rev", &Mutator::ChangeMeaning},
    {"enum value added", &Mutator::AddValue},
    {"enum value renumbered", &Mutator::RenumberValue},
    {"enum values swapped", &Mutator::SwapValues},
    {"enum value removed", &Mutator::RemoveValue},
    {"enum value renamed", &Mutator::RenameValue},
};
const int Mutator::kKindCount = static_cast<int>(std::size(kKinds));

}  // namespace

RandomPair MakeRandomPair(uint32_t seed) { return Mutator(seed).Run(); }

int RandomChangeKinds() { return Mutator::KindCount(); }

}  // namespace testing
}  // namespace devstate
