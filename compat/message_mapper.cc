// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Two walks: over the writer's fields, each of which must arrive somewhere, and
// over the reader's fields, each of which must come from somewhere. A number
// comes before a declared move, a move before a narrower field, and all of them
// before a name, which decides nothing but whether a number is the same field.

#include "compat/message_mapper.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compat/conditions.h"
#include "compat/value_mapping.h"
#include "devstate/compat/absent_value.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

std::string FieldText(const FieldModel& field) {
  return absl::StrCat(field.type_text, " ", field.name, " = ", field.number);
}

class MessageMapper {
 public:
  MessageMapper(const SchemaPair& pair, const Moves& moves,
                const std::set<std::string>& left_out, MessageMapping* mapping)
      : pair_(pair),
        moves_(moves),
        left_out_(left_out),
        mapping_(*mapping),
        place_(mapping->place) {}

  void Run() {
    for (const FieldModel& written : place_.writer->fields) {
      mapping_.fields.emplace_back();
      FieldMapping& field = mapping_.fields.back();
      field.written = &written;
      field.message = &mapping_;
      field.upgrade = pair_.upgrade();
      field.records = place_.root() && HoldsRecords(written);
      MapWritten(&field);
      if (left_out_.count(field.path()) != 0) {
        field.action = FieldMapping::kLeaveOut;
        LeaveToStep(&field.differences);
      }
    }
    if (place_.reader == nullptr) return;
    for (const FieldModel& read : place_.reader->fields) {
      if (place_.writer->FindNumber(read.number) != nullptr) continue;
      mapping_.sources.emplace_back();
      SourceMapping& source = mapping_.sources.back();
      source.read = &read;
      source.message = &mapping_;
      MapRead(&source);
      if (left_out_.count(source.path()) != 0) {
        source.source = SourceMapping::kLeaveOut;
        LeaveToStep(&source.differences);
      }
    }
    MapOneofs(&mapping_);
    for (Difference& difference : mapping_.differences) {
      if (left_out_.count(difference.path) != 0) LeaveToStep(&difference);
    }
  }

 private:
  static void LeaveToStep(Difference* difference) {
    difference->level = VERDICT_LEVEL_CONVERTED;
    difference->text = "a conversion step takes care of the field";
    difference->condition.clear();
  }
  static void LeaveToStep(std::vector<Difference>* differences) {
    for (Difference& difference : *differences) LeaveToStep(&difference);
  }

  // Whether `written` and `read`, of one number, are one field.
  bool IsSame(const FieldModel& written, const FieldModel& read) const {
    if (written.name == read.name) return true;
    const auto [older, newer] = pair_.OlderAndNewer(written, read);
    return DeclaresFormerName(*newer, older->name) ||
           (pair_.lineage != nullptr &&
            pair_.lineage->Renamed(
                pair_.OlderAndNewer(*place_.writer, *place_.reader)
                    .second->full_name,
                *older, *newer, pair_.older_version(), pair_.newer_version()));
  }

  // --- The writer's fields ---

  void MapWritten(FieldMapping* field) {
    const FieldModel& written = *field->written;
    const FieldModel* read = place_.reader == nullptr
                                 ? nullptr
                                 : place_.reader->FindNumber(written.number);
    if (read != nullptr) {
      field->read = read;
      field->action = FieldMapping::kCopy;
      if (!IsOneField(field) || IsReused(field) || !MapValues(pair_, field)) {
        field->action = FieldMapping::kRefuse;
      }
      return;
    }
    if (MapMove(field)) return;
    if (place_.reader != nullptr &&
        (MapFallback(field) || MapRenumbered(field))) {
      return;
    }
    Drop(field);
  }

  // Whether two fields of one number are one; a finding unless the names are
  // the same.
  bool IsOneField(FieldMapping* field) {
    const FieldModel& w = *field->written;
    const FieldModel& r = *field->read;
    if (w.name == r.name) return true;
    if (IsSame(w, r)) {
      Add(field, rules::kFieldRenamed, VERDICT_LEVEL_CONVERTED, w.name, r.name,
          "the rename is declared, the number is what travels");
      return true;
    }
    if (place_.writer->FindName(r.name) != nullptr &&
        place_.reader->FindName(w.name) != nullptr) {
      Add(field, rules::kNumbersSwapped, VERDICT_LEVEL_REFUSED, FieldText(w),
          FieldText(r),
          "fields have changed their numbers, so that one would be read as "
          "another: give each its number back");
    } else {
      Add(field, rules::kAnotherField, VERDICT_LEVEL_REFUSED, FieldText(w),
          FieldText(r),
          absl::StrCat("number ", w.number,
                       " is another field by its name: if it is the same, "
                       "declare renamed_from: \"",
                       pair_.OlderAndNewer(w, r).first->name,
                       "\", else use a new number"));
    }
    return false;
  }

  // Whether the lineage says that the number was free in between.
  bool IsReused(FieldMapping* field) {
    if (pair_.lineage == nullptr) return false;
    const MessageModel& newer =
        *pair_.OlderAndNewer(*place_.writer, *place_.reader).second;
    const auto gap =
        pair_.lineage->FieldGap(newer.full_name, field->written->number,
                                pair_.older_version(), pair_.newer_version());
    if (!gap.has_value()) return false;
    Add(field, rules::kNumberReused, VERDICT_LEVEL_REFUSED,
        FieldText(*field->written), FieldText(*field->read),
        absl::StrCat("the field was gone in version ", *gap,
                     ", so that this is another one on its number: use a "
                     "number that was never used"));
    return true;
  }

  bool MapMove(FieldMapping* field) {
    const FieldModel& w = *field->written;
    const std::string path = JoinPath(place_.writer_path, w);
    const LocatedField* to = moves_.FindWritten(path);
    if (to == nullptr) {
      if (w.message == nullptr || w.presence != Presence::kExplicit ||
          !moves_.AnyWrittenWithin(path)) {
        return false;
      }
      field->action = FieldMapping::kSpread;
      return true;
    }
    field->read = &to->field();
    field->moved_to = to->path();
    field->move_path = to->StepsFromElement();
    // Records travel in batches, which only the root has.
    const bool same_records =
        to->repeated_path() == place_.repeated_path &&
        field->records == (to->steps.size() == 1 && HoldsRecords(to->field()));
    Add(field, rules::kFieldMoved,
        same_records ? VERDICT_LEVEL_CONVERTED : VERDICT_LEVEL_REFUSED, path,
        field->moved_to,
        same_records
            ? "the move is declared: a value that is there moves"
            : "the field has moved into or out of repeated records, where no "
              "single value follows: a conversion step is needed");
    field->action = FieldMapping::kMove;
    if (!same_records || !MapValues(pair_, field)) {
      field->action = FieldMapping::kRefuse;
      return true;
    }
    AddOneofsOnTheWay(field);
    return true;
  }

  // A oneof holds one member, wherever its values come from.
  void AddOneofsOnTheWay(FieldMapping* field) {
    for (size_t i = 0; i <= field->move_path.size(); ++i) {
      const FieldModel* step =
          i < field->move_path.size() ? field->move_path[i] : field->read;
      if (step->oneof.empty()) continue;
      Add(field, rules::kOneofJoined, VERDICT_LEVEL_CONDITIONAL,
          FieldText(*field->written), absl::StrCat("oneof ", step->oneof),
          "of the members of a oneof only one is kept: leave fields that can "
          "be there together outside of it",
          FieldCondition(place_, *field->written,
                         absl::StrCat("is absent, or no other member of oneof ",
                                      step->oneof, " is present")));
      field->differences.back().path = field->OneofPath(i);
    }
  }

  // Returns the field of `message` that has the value of its field `field` as
  // well: a wider one its narrower one, or the other way round. Null if there
  // is none.
  static const FieldModel* PartnerOf(const MessageModel& message,
                                     const FieldModel& field) {
    const std::string& wide = field.annotations.fallback_for();
    return wide.empty() ? NarrowOf(message, field) : message.FindName(wide);
  }

  // A field whose partner the reader has instead.
  bool MapFallback(FieldMapping* field) {
    const FieldModel& w = *field->written;
    const FieldModel* partner = PartnerOf(*place_.writer, w);
    if (partner == nullptr) return false;
    const FieldModel* read = place_.reader->FindNumber(partner->number);
    if (read == nullptr || !IsSame(*partner, *read) || !CanFallBack(w, *read)) {
      return false;
    }
    field->read = read;
    field->action = FieldMapping::kFallback;
    MapMeaning(field);
    const std::string predicate = Predicate(ValuesOf(w), ValuesOf(*read));
    if (predicate.empty()) {
      Add(field, rules::kFallbackField, VERDICT_LEVEL_CONVERTED, FieldText(w),
          FieldText(*read), absl::StrCat("the value travels in ", read->name));
    } else {
      Add(field, rules::kFallbackField, VERDICT_LEVEL_CONDITIONAL, FieldText(w),
          FieldText(*read),
          absl::StrCat("the field ", read->name,
                       " carries the value for as long as it fits"),
          ValueCondition(place_, w, predicate));
    }
    return true;
  }

  // Whether single numbers of `from` can stand in `to`.
  static bool CanFallBack(const FieldModel& from, const FieldModel& to) {
    const std::string& feature = to.annotations.feature();
    return IsNumber(from) && IsNumber(to) && !HasSeveral(from) &&
           !HasSeveral(to) && from.oneof.empty() && to.oneof.empty() &&
           !ScaleBetween(from, to).has_value() &&
           (feature.empty() || feature == from.annotations.feature());
  }

  // A name on two numbers of which neither message knows the other's, unless
  // the newer schema says that the older one's field is gone on purpose. Where
  // both know one of the numbers, its field has another name there, and this
  // one was free for a new field.
  bool MapRenumbered(FieldMapping* field) {
    const FieldModel& w = *field->written;
    const FieldModel* read = place_.reader->FindName(w.name);
    if (read == nullptr || place_.writer->FindNumber(read->number) != nullptr) {
      return false;
    }
    const FieldModel* older = pair_.OlderAndNewer(w, *read).first;
    const MessageModel& newer_message =
        *pair_.OlderAndNewer(*place_.writer, *place_.reader).second;
    if (newer_message.FindTombstone(older->number) != nullptr) return false;
    renumbered_.insert(read);
    field->action = FieldMapping::kRefuse;
    Add(field, rules::kFieldRenumbered, VERDICT_LEVEL_REFUSED, FieldText(w),
        FieldText(*read),
        "the number is what travels: give the field its number back");
    return true;
  }

  // A field that the reader does not know.
  void Drop(FieldMapping* field) {
    const FieldModel& w = *field->written;
    const FieldAnnotations& annotations = w.annotations;
    const Tombstone* tombstone = place_.reader == nullptr
                                     ? nullptr
                                     : place_.reader->FindTombstone(w.number);
    std::string gone;
    if (tombstone != nullptr) {
      gone = absl::StrCat("tombstone of ", tombstone->name());
    } else if (place_.reader != nullptr &&
               place_.reader->IsReserved(w.number)) {
      gone = "reserved";
    }
    field->action = FieldMapping::kDrop;
    if (HasStopped(*pair_.writer, w)) {
      Add(field, rules::kNoLongerWritten, VERDICT_LEVEL_COMPATIBLE,
          FieldText(w), gone, "the writer has stopped to fill the field");
      return;
    }
    if (annotations.ignorable()) {
      Add(field, rules::kIgnorableDropped, VERDICT_LEVEL_LOSSY, FieldText(w),
          gone,
          "the reader does not know the field and drops it, as its schema "
          "allows");
      return;
    }
    const Rule& rule =
        pair_.upgrade() ? rules::kRemovedCritical : rules::kUnknownCritical;
    const std::string owner =
        annotations.owner().empty()
            ? ""
            : absl::StrCat(", private to ", annotations.owner(), ",");
    if (annotations.feature().empty() && !CanBeAbsent(w)) {
      Add(field, rule, VERDICT_LEVEL_REFUSED, FieldText(w), gone,
          absl::StrCat("the reader does not know the field", owner,
                       " which no state is without: update the reader, or "
                       "save for its version"));
      return;
    }
    std::string condition = AbsenceCondition(place_, w);
    if (!annotations.feature().empty()) {
      condition = absl::StrCat("feature ", annotations.feature(),
                               " is not used: ", condition);
    }
    Add(field, rule, VERDICT_LEVEL_CONDITIONAL, FieldText(w), gone,
        absl::StrCat("the reader does not know the field", owner,
                     " and skipping it would lose state: ",
                     pair_.upgrade()
                         ? "keep reading it, or mark it ignorable before it "
                           "goes"
                         : "do not use it while such readers are supported, "
                           "or mark it ignorable"),
        std::move(condition));
  }

  // --- The reader's fields ---

  void MapRead(SourceMapping* source) {
    const FieldModel& r = *source->read;
    if (moves_.IsFilled(JoinPath(place_.reader_path, r))) {
      source->source = SourceMapping::kMove;
      return;
    }
    if (MapFallback(source)) return;
    if (renumbered_.count(source->read) != 0) {
      // The writer's field says it.
      source->source = SourceMapping::kRefuse;
      return;
    }
    MapAbsent(source);
  }

  // A field whose partner the writer has instead.
  bool MapFallback(SourceMapping* source) {
    const FieldModel& r = *source->read;
    const FieldModel* partner = PartnerOf(*place_.reader, r);
    if (partner == nullptr) return false;
    const FieldModel* written = place_.writer->FindNumber(partner->number);
    if (written == nullptr || !IsSame(*written, *partner) ||
        !CanFallBack(*written, r)) {
      return false;
    }
    source->source = SourceMapping::kFallback;
    source->from = written;
    // What does not fit a narrower field is in the wider one, which the reader
    // has as well: then only the bounds of the narrower one count.
    const bool narrower = !r.annotations.fallback_for().empty();
    const std::string predicate =
        narrower && Predicate(ValuesOfType(r), ValuesOf(r)).empty()
            ? ""
            : Predicate(ValuesOf(*written), ValuesOf(r));
    Add(source, rules::kFallbackField,
        predicate.empty() ? VERDICT_LEVEL_CONVERTED : VERDICT_LEVEL_CONDITIONAL,
        FieldText(*written), FieldText(r),
        absl::StrCat("the value is taken from ", written->name),
        predicate.empty() ? "" : ValueCondition(place_, *written, predicate));
    if (r.annotations.required() &&
        (narrower || !written->annotations.required())) {
      Add(source, rules::kRequiredMissing, VERDICT_LEVEL_CONDITIONAL,
          FieldText(*written), FieldText(r),
          "the reader needs what the writer can leave out: do not require it",
          FieldCondition(place_, *written,
                         written->presence == Presence::kImplicit
                             ? "is not zero or empty"
                             : "is present"));
    }
    return true;
  }

  void MapAbsent(SourceMapping* source) {
    const FieldModel& r = *source->read;
    const FieldAnnotations& annotations = r.annotations;
    // A default in a oneof would displace the member that is there.
    const bool completed = pair_.upgrade() && r.oneof.empty() &&
                           !annotations.absent_default().empty();
    if (completed && AllowsDefaultOf(r, r)) {
      source->source = SourceMapping::kDefault;
      Add(source, rules::kFieldDefaulted, VERDICT_LEVEL_DEFAULTED, "",
          FieldText(r),
          absl::StrCat("states without the field are taken to have ",
                       annotations.absent_default()));
    } else if (annotations.required() && annotations.feature().empty()) {
      source->source = SourceMapping::kRefuse;
      Add(source, rules::kRequiredMissing, VERDICT_LEVEL_REFUSED, "",
          FieldText(r),
          pair_.upgrade()
              ? "the reader needs a field that the writer does not have: give "
                "it an absent_default, or do not require it"
              : "the reader needs a field that the writer does not have any "
                "more: keep writing it for as long as such readers are "
                "supported");
    } else if (completed ||
               (!CanBeAbsent(r) && annotations.feature().empty())) {
      source->source = SourceMapping::kRefuse;
      Add(source, rules::kDefaultOutOfBounds, VERDICT_LEVEL_REFUSED, "",
          FieldText(r),
          absl::StrCat("the reader would take the absent field for ",
                       completed ? annotations.absent_default() : "0",
                       ", which its bounds do not allow: give it an "
                       "absent_default, or make it optional"));
    } else if (!pair_.upgrade() && !SaysWhatAbsenceMeans(r)) {
      MapGone(source);
    } else if (r.presence == Presence::kImplicit) {
      Add(source, rules::kFieldDefaulted, VERDICT_LEVEL_DEFAULTED, "",
          FieldText(r), "the reader takes the absent field for zero or empty");
    } else {
      Add(source, rules::kFieldAbsent, VERDICT_LEVEL_COMPATIBLE, "",
          FieldText(r), "the reader finds the field absent");
    }
  }

  // A field that the newer writer has removed, to a reader that cannot tell.
  void MapGone(SourceMapping* source) {
    const FieldModel& r = *source->read;
    const Tombstone* tombstone = place_.writer->FindTombstone(r.number);
    const uint32_t write_until =
        r.annotations.write_until() != 0 ? r.annotations.write_until()
        : tombstone != nullptr           ? tombstone->write_until()
                                         : 0;
    if (write_until != 0) {
      Add(source, rules::kNoLongerWritten, VERDICT_LEVEL_DEFAULTED,
          absl::StrCat("write_until: ", write_until), FieldText(r),
          "writers have stopped to fill the field before it went, the reader "
          "takes it for zero or empty");
      return;
    }
    source->source = SourceMapping::kLost;
    const bool several = HasSeveral(r);
    Add(source, rules::kLostCritical,
        place_.root() ? VERDICT_LEVEL_REFUSED : VERDICT_LEVEL_CONDITIONAL,
        tombstone == nullptr ? "" : absl::StrCat("tombstone of ", r.name),
        FieldText(r),
        absl::StrCat(
            "the writer no longer has the field, and the reader would go on "
            "with ",
            several ? "no element" : "zero or empty",
            " in its place: stop with write_until one release before it goes, "
            "or give the older schema ",
            several ? "ignorable" : "an absent_default or presence"),
        place_.root() ? "" : NoMessageCondition(place_));
  }

  template <typename AnyMapping>
  static void Add(AnyMapping* mapping, const Rule& rule, VerdictLevel level,
                  std::string written, std::string read, std::string text,
                  std::string condition = "") {
    mapping->differences.push_back({&rule, level, std::move(written),
                                    std::move(read), std::move(text),
                                    std::move(condition), ""});
  }

  const SchemaPair& pair_;
  const Moves& moves_;
  const std::set<std::string>& left_out_;
  MessageMapping& mapping_;
  const MessagePlace& place_;
  // The reader's fields whose names the writer has on other numbers.
  std::set<const FieldModel*> renumbered_;
};

}  // namespace

void MapMessage(const SchemaPair& pair, const Moves& moves,
                const std::set<std::string>& left_out,
                MessageMapping* mapping) {
  MessageMapper(pair, moves, left_out, mapping).Run();
}

}  // namespace devstate
