// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <string>

#include "absl/strings/match.h"
#include "compat/diff_context.h"
#include "devstate/compat/unit_scale.h"
#include "devstate/compat/unit_suffix.h"

namespace devstate {
namespace {

using Presence = FieldModel::Presence;

std::string InEvery(const MessagePlace& place) {
  if (place.message == nullptr || !place.repeated) return "";
  if (place.message->map_entry) {
    return absl::StrCat(" in every entry of ", place.path);
  }
  return absl::StrCat(" in every ", place.message->short_name());
}

std::string Subject(const FieldModel& field) {
  return absl::StrCat("field ", field.number, " (", field.name, ")");
}

std::string OrNone(const std::string& text) {
  return text.empty() ? "none" : text;
}

class AnnotationDiff {
 public:
  AnnotationDiff(const MessagePlace& place, const FieldModel& written,
                 const FieldModel& read, DiffContext* context)
      : place_(place),
        written_(written),
        read_(read),
        w_(written.annotations),
        r_(read.annotations),
        context_(*context) {}

  void Run() {
    CompareMeaning();
    CompareRequired();
    CompareWriteUntil();
    CompareOwner();
    CompareFeature();
    if (w_.absent_default() != r_.absent_default()) {
      Add("absent-default-changed", DEFAULTED, w_.absent_default(),
          r_.absent_default(),
          "states from before the field are completed with another value");
    }
    if (w_.ignorable() != r_.ignorable()) {
      Add("annotation-changed", COMPATIBLE, Text("ignorable", w_.ignorable()),
          Text("ignorable", r_.ignorable()),
          "readers without the field now treat it in another way");
    }
    if (w_.external() != r_.external()) {
      Add("annotation-changed", COMPATIBLE, External_Name(w_.external()),
          External_Name(r_.external()),
          "what must exist outside of the state has changed");
    }
  }

 private:
  void CompareMeaning() {
    CompareUnit();
    CompareWord("encoding-changed", "encoding", w_.encoding(), r_.encoding());
    if (w_.meaning_rev() != r_.meaning_rev()) {
      Add("meaning-changed", REFUSED, Text("meaning_rev", w_.meaning_rev()),
          Text("meaning_rev", r_.meaning_rev()),
          "the value means something else: a conversion step is needed, or "
          "another field on a new number");
    }
    if (w_.unit().empty() || r_.unit().empty()) {
      const absl::string_view before = UnitSuffix(written_.name);
      const absl::string_view after = UnitSuffix(read_.name);
      if (!before.empty() && !after.empty() && before != after) {
        Add("unit-changed", REFUSED, written_.name, read_.name,
            "the name says another unit: a conversion step is needed, or "
            "another field on a new number");
      }
    }
  }

  void CompareUnit() {
    const absl::optional<UnitScale> scale = ScaleBetween(written_, read_);
    if (!scale.has_value()) {
      CompareWord("unit-changed", "unit", w_.unit(), r_.unit());
      return;
    }
    const bool whole = scale->divisor == 1;
    Add("unit-scaled", whole ? CONVERTED : CONDITIONAL, Text("unit", w_.unit()),
        Text("unit", r_.unit()),
        whole ? absl::StrCat("the value is multiplied by ", scale->multiplier)
              : absl::StrCat("the value is divided by ", scale->divisor,
                             " if that leaves no rest"),
        whole ? ""
              : ValueCondition(
                    place_, written_,
                    absl::StrCat("is a multiple of ", scale->divisor)));
  }

  void CompareWord(absl::string_view rule, absl::string_view name,
                   const std::string& written, const std::string& read) {
    if (written == read) return;
    if (written.empty() || read.empty()) {
      Add("annotation-changed", COMPATIBLE, Text(name, OrNone(written)),
          Text(name, OrNone(read)),
          absl::StrCat("only one of the two declares its ", name));
      return;
    }
    Add(rule, REFUSED, Text(name, written), Text(name, read),
        absl::StrCat("the value would be taken in another ", name,
                     ": a conversion step is needed, or another field on a "
                     "new number"));
  }

  bool HasStopped() const {
    return w_.write_until() != 0 &&
           context_.writer->version() > w_.write_until();
  }

  void CompareRequired() {
    // CompareWriteUntil() says it.
    if (HasStopped()) return;
    if (!r_.required() || w_.required() || !CanBeAbsent(written_)) return;
    if (context_.upgrade() && !r_.absent_default().empty() &&
        r_.since() > context_.writer->version()) {
      Add("field-defaulted", DEFAULTED, "", r_.absent_default(),
          "states without the field are completed with absent_default");
      return;
    }
    const char* predicate =
        written_.presence == Presence::kImplicit   ? "is not zero or empty"
        : written_.presence == Presence::kExplicit ? "is present"
                                                   : "has an element";
    Add("required-missing", CONDITIONAL, "", "required",
        "the reader needs what the writer can leave out: give it an "
        "absent_default, or do not require it",
        FieldCondition(place_, written_, predicate));
  }

  void CompareWriteUntil() {
    if (!HasStopped()) return;
    const bool refused = !CanBeAbsent(read_);
    Add("no-longer-written", refused ? REFUSED : DEFAULTED,
        Text("write_until", w_.write_until()), refused ? "required" : "",
        refused ? "the reader needs what the writer has stopped to fill: write "
                  "the field for as long as such readers are supported"
                : "the writer has stopped to fill the field, the reader takes "
                  "its default");
  }

  void CompareOwner() {
    if (w_.owner() == r_.owner()) return;
    const bool portable = w_.owner().empty() || r_.owner().empty();
    Add("owner-changed", portable ? COMPATIBLE : REFUSED,
        Text("owner", OrNone(w_.owner())), Text("owner", OrNone(r_.owner())),
        portable ? "one of the two calls the field private"
                 : "two implementations use one number for fields of their "
                   "own: give each its own numbers");
  }

  void CompareFeature() {
    if (w_.feature() == r_.feature()) return;
    if (r_.feature().empty()) {
      Add("feature-changed", COMPATIBLE, Text("feature", w_.feature()), "",
          "the reader takes the field with and without the feature");
      return;
    }
    Add("feature-changed", CONDITIONAL, Text("feature", OrNone(w_.feature())),
        Text("feature", r_.feature()),
        absl::StrCat("the reader takes the field only in states that use the "
                     "feature ",
                     r_.feature(),
                     ", which the writer does not "
                     "say"),
        AbsenceCondition(place_, written_));
  }

  template <typename Value>
  static std::string Text(absl::string_view name, const Value& value) {
    return absl::StrCat(name, ": ", value);
  }
  static std::string Text(absl::string_view name, bool value) {
    return absl::StrCat(name, ": ", value ? "true" : "false");
  }

  void Add(absl::string_view rule, VerdictLevel level, std::string written,
           std::string read, std::string text, std::string condition = "") {
    context_.Add(rule, level, context_.Path(place_, written_, read_),
                 std::move(written), std::move(read), std::move(text),
                 std::move(condition));
  }

  const MessagePlace& place_;
  const FieldModel& written_;
  const FieldModel& read_;
  const FieldAnnotations& w_;
  const FieldAnnotations& r_;
  DiffContext& context_;
};

}  // namespace

std::string FieldCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate) {
  return absl::StrCat(Subject(field), " ", predicate, InEvery(place));
}

std::string ValueCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate) {
  switch (field.presence) {
    case Presence::kExplicit:
      return absl::StrCat(Subject(field), ", if present, ", predicate,
                          InEvery(place));
    case Presence::kRepeated:
    case Presence::kMap:
      return absl::StrCat("each element of ", Subject(field), " ", predicate,
                          InEvery(place));
    default:
      return FieldCondition(place, field, predicate);
  }
}

std::string AbsenceCondition(const MessagePlace& place,
                             const FieldModel& field) {
  const bool number =
      field.type != google::protobuf::FieldDescriptor::TYPE_STRING &&
      field.type != google::protobuf::FieldDescriptor::TYPE_BYTES;
  switch (field.presence) {
    case Presence::kImplicit:
      return FieldCondition(
          place, field, number ? "is absent or zero" : "is absent or empty");
    case Presence::kExplicit:
      return FieldCondition(place, field, "is absent");
    default:
      return FieldCondition(place, field, "is absent (has no element)");
  }
}

bool CompareFields(const MessagePlace& place, const FieldModel& written,
                   const FieldModel& read, DiffContext* context) {
  AnnotationDiff(place, written, read, context).Run();
  if (!CompareTypes(place, written, read, context)) return false;
  CompareBounds(place, written, read, context);
  if (written.enumeration != nullptr && read.enumeration != nullptr) {
    CompareEnums(place, written, read, context);
  }
  return true;
}

}  // namespace devstate
