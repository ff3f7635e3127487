// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compat/diff_context.h"
#include "devstate/compat/moves.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using Presence = FieldModel::Presence;

constexpr size_t kMaxDepth = 100;
constexpr size_t kMaxFindings = 10000;
// Paths can be as long as names and nesting let them.
constexpr size_t kMaxTextBytes = size_t{16} << 20;

std::string FieldText(const FieldModel& field) {
  return absl::StrCat(field.type_text, " ", field.name, " = ", field.number);
}

class Differ {
 public:
  Differ(DiffContext* context)
      : context_(*context), moves_(*context->writer, *context->reader) {}

  void Run() {
    CompareRoots();
    MessagePlace root;
    root.message = context_.writer->root;
    CompareMessages(root, *context_.reader->root);
  }

 private:
  void CompareRoots() {
    const SchemaModel& writer = *context_.writer;
    const SchemaModel& reader = *context_.reader;
    const MessageAnnotations& w = writer.root->annotations;
    const MessageAnnotations& r = reader.root->annotations;
    if (w.device() != r.device()) {
      context_.Add("wrong-device", REFUSED, "", w.device(), r.device(),
                   "the two are states of different devices: compare schemas "
                   "of one device");
    }
    if (w.schema() != r.schema() ||
        writer.root->full_name != reader.root->full_name) {
      context_.Add("wrong-schema", REFUSED, "",
                   absl::StrCat(w.schema(), " (", writer.root->full_name, ")"),
                   absl::StrCat(r.schema(), " (", reader.root->full_name, ")"),
                   "the two are different schemas: a state has to be converted "
                   "first");
    }
    if (w.min_reader() > reader.version()) {
      context_.Add("too-new", REFUSED, "",
                   absl::StrCat("version ", writer.version()),
                   absl::StrCat("version ", reader.version()),
                   absl::StrCat("the writer asks for a reader of version ",
                                w.min_reader(),
                                " or newer: save for the reader's version, or "
                                "update the reader first"));
    }
  }

  void CompareMessages(const MessagePlace& place, const MessageModel& reader) {
    const MessageModel& writer = *place.message;
    const auto key = std::make_tuple(&writer, &reader, place.columns);
    if (clean_.count(key) != 0 ||
        std::find(open_.begin(), open_.end(), key) != open_.end() || full_) {
      return;
    }
    if (open_.size() >= kMaxDepth) {
      context_.Add("nesting-too-deep", REFUSED, place.path, "", "",
                   "messages are nested more than 100 deep: flatten them");
      return;
    }
    open_.push_back(key);
    const size_t before = context_.findings.size();
    auto w = writer.fields.begin();
    auto r = reader.fields.begin();
    while (w != writer.fields.end() || r != reader.fields.end()) {
      if (context_.findings.size() > kMaxFindings ||
          context_.text_bytes > kMaxTextBytes) {
        if (!full_) {
          context_.Add(
              "too-many-findings", REFUSED, "", "", "",
              "more than 10000 differences, or 16 MiB of them: these are "
              "two schemas");
        }
        full_ = true;
        break;
      }
      if (r == reader.fields.end() ||
          (w != writer.fields.end() && w->number < r->number)) {
        WrittenOnly(place, reader, *w++);
      } else if (w == writer.fields.end() || r->number < w->number) {
        ReadOnly(place, reader, *r++);
      } else {
        Both(place, reader, *w++, *r++);
      }
    }
    CompareOneofs(place, reader);
    open_.pop_back();
    if (context_.findings.size() == before) clean_.insert(key);
  }

  // --- A number that both have ---

  void Both(const MessagePlace& place, const MessageModel& reader,
            const FieldModel& w, const FieldModel& r) {
    if (w.name != r.name && !IsRename(place, reader, w, r)) return;
    if (IsReused(place, reader, w, r)) return;
    Values(place, w, r);
  }

  void Values(const MessagePlace& place, const FieldModel& w,
              const FieldModel& r) {
    if (!CompareFields(place, w, r, &context_)) return;
    if (w.message == nullptr || r.message == nullptr) return;
    CompareMessages(InnerPlace(place, w, r, context_.Path(place, w, r)),
                    *r.message);
  }

  // Whether two names of one number are those of one field; a finding in any
  // case.
  bool IsRename(const MessagePlace& place, const MessageModel& reader,
                const FieldModel& w, const FieldModel& r) {
    const auto [older, newer] = context_.OldAndNew(w, r);
    const std::string path = context_.Path(place, w, r);
    if (DeclaresFormerName(*newer, older->name) ||
        (context_.lineage != nullptr &&
         context_.lineage->Renamed(
             context_.OldAndNew(*place.message, reader).second->full_name,
             *older, *newer, context_.old_version(), context_.new_version()))) {
      context_.Add("field-renamed", CONVERTED, path, w.name, r.name,
                   "the rename is declared, the number is what travels");
      return true;
    }
    if (place.message->FindName(r.name) != nullptr &&
        reader.FindName(w.name) != nullptr) {
      context_.Add("numbers-swapped", REFUSED, path, FieldText(w), FieldText(r),
                   "fields have changed their numbers, so that one would be "
                   "read as another: give each its number back");
    } else {
      context_.Add("another-field", REFUSED, path, FieldText(w), FieldText(r),
                   absl::StrCat("number ", w.number,
                                " is another field by its name: if it is the "
                                "same, declare renamed_from: \"",
                                older->name, "\", else use a new number"));
    }
    return false;
  }

  // Whether the lineage says that the number was free in between.
  bool IsReused(const MessagePlace& place, const MessageModel& reader,
                const FieldModel& w, const FieldModel& r) {
    if (context_.lineage == nullptr) return false;
    const MessageModel& newer =
        *context_.OldAndNew(*place.message, reader).second;
    const auto gap = context_.lineage->FieldGap(newer.full_name, w.number,
                                                context_.old_version(),
                                                context_.new_version());
    if (!gap.has_value()) return false;
    context_.Add("number-reused", REFUSED, context_.Path(place, w, r),
                 FieldText(w), FieldText(r),
                 absl::StrCat("the field was gone in version ", *gap,
                              ", so that this is another one on its number: "
                              "use a number that was never used"));
    return true;
  }

  // Whether the newer schema says that the older one's field is gone on
  // purpose, so that the same name elsewhere is a new field.
  bool IsBuried(const MessagePlace& place, const MessageModel& reader,
                const FieldModel& w, const FieldModel& r) const {
    const auto [older, newer] = context_.OldAndNew(*place.message, reader);
    (void)older;
    return newer->FindTombstone((context_.upgrade() ? w : r).number) != nullptr;
  }

  // --- A number that only the writer has ---

  void WrittenOnly(const MessagePlace& place, const MessageModel& reader,
                   const FieldModel& w) {
    if (IsMoved(place, w)) return;
    const FieldModel* renumbered = reader.FindName(w.name);
    if (renumbered != nullptr && !IsBuried(place, reader, w, *renumbered)) {
      context_.Add(
          "field-renumbered", REFUSED, context_.Path(place, w, *renumbered),
          FieldText(w), FieldText(*renumbered),
          "the number is what travels: give the field its number back");
      return;
    }
    if (IsFallback(place, reader, w)) return;
    Unknown(place, &reader, w);
  }

  bool IsMoved(const MessagePlace& place, const FieldModel& w) {
    const std::string path = JoinPath(place.writer_path, w);
    const LocatedField* to = moves_.FindWritten(path);
    if (to == nullptr) {
      if (w.message == nullptr || w.presence != Presence::kExplicit ||
          !moves_.AnyWrittenWithin(path)) {
        return false;
      }
      MessagePlace inner = place;
      inner.path = JoinPath(place.path, w);
      inner.writer_path = path;
      inner.message = w.message;
      for (const FieldModel& part : w.message->fields) {
        if (!IsMoved(inner, part)) Unknown(inner, nullptr, part);
      }
      return true;
    }
    const std::string to_path = JoinPath(to->place.path, *to->field);
    // Records travel in batches, which only the root has.
    const bool same_records =
        to->place.repeated_path == place.repeated_path &&
        (place.root() && HoldsRecords(w)) ==
            (to->place.root() && HoldsRecords(*to->field));
    context_.Add("field-moved", same_records ? CONVERTED : REFUSED,
                 context_.upgrade() ? to_path : path, path, to_path,
                 same_records
                     ? "the move is declared"
                     : "the field has moved into or out of repeated records, "
                       "where no single value follows: a conversion step is "
                       "needed");
    if (same_records) Values(place, w, *to->field);
    return true;
  }

  bool IsFallback(const MessagePlace& place, const MessageModel& reader,
                  const FieldModel& w) {
    const FieldModel* narrow = NarrowOf(*place.message, w);
    if (narrow == nullptr) return false;
    const FieldModel* read = reader.FindNumber(narrow->number);
    if (read == nullptr || read->name != narrow->name || !IsNumber(w) ||
        !IsNumber(*read)) {
      return false;
    }
    const std::string path = JoinPath(place.path, w);
    const std::string predicate = Predicate(ValuesOf(w), ValuesOf(*read));
    if (predicate.empty()) {
      context_.Add("fallback-field", CONVERTED, path, FieldText(w),
                   FieldText(*read), "the value travels in the older field");
    } else {
      context_.Add("fallback-field", CONDITIONAL, path, FieldText(w),
                   FieldText(*read),
                   absl::StrCat("the older field ", read->name,
                                " carries the value for as long as it fits"),
                   ValueCondition(place, w, predicate));
    }
    return true;
  }

  // A field that the reader does not know. `reader` is null if it does not
  // even know the message.
  void Unknown(const MessagePlace& place, const MessageModel* reader,
               const FieldModel& w) {
    const FieldAnnotations& annotations = w.annotations;
    const std::string path = JoinPath(place.path, w);
    const Tombstone* tombstone =
        reader == nullptr ? nullptr : reader->FindTombstone(w.number);
    std::string gone;
    if (tombstone != nullptr) {
      gone = absl::StrCat("tombstone of ", tombstone->name());
    } else if (reader != nullptr && reader->IsReserved(w.number)) {
      gone = "reserved";
    }
    if (annotations.write_until() != 0 &&
        context_.writer->version() > annotations.write_until()) {
      context_.Add("no-longer-written", COMPATIBLE, path, FieldText(w), gone,
                   "the writer has stopped to fill the field");
      return;
    }
    if (annotations.ignorable()) {
      context_.Add("ignorable-dropped", LOSSY, path, FieldText(w), gone,
                   "the reader does not know the field and drops it, as its "
                   "schema allows");
      return;
    }
    const char* rule =
        context_.upgrade() ? "removed-critical" : "unknown-critical";
    const std::string owner =
        annotations.owner().empty()
            ? ""
            : absl::StrCat(", private to ", annotations.owner(), ",");
    if (annotations.feature().empty() && !CanBeAbsent(w)) {
      context_.Add(rule, REFUSED, path, FieldText(w), gone,
                   absl::StrCat("the reader does not know the field", owner,
                                " which no state is without: update the "
                                "reader, or save for its version"));
      return;
    }
    std::string condition = AbsenceCondition(place, w);
    if (!annotations.feature().empty()) {
      condition = absl::StrCat("feature ", annotations.feature(),
                               " is not used: ", condition);
    }
    context_.Add(rule, CONDITIONAL, path, FieldText(w), gone,
                 absl::StrCat("the reader does not know the field", owner,
                              " and skipping it would lose state: ",
                              context_.upgrade()
                                  ? "keep reading it, or mark it ignorable "
                                    "before it goes"
                                  : "do not use it while such readers are "
                                    "supported, or mark it ignorable"),
                 std::move(condition));
  }

  // --- A number that only the reader has ---

  void ReadOnly(const MessagePlace& place, const MessageModel& reader,
                const FieldModel& r) {
    const std::string reader_path = JoinPath(place.reader_path, r);
    if (moves_.IsFilled(reader_path)) return;
    const FieldModel* renumbered = place.message->FindName(r.name);
    if (renumbered != nullptr && !IsBuried(place, reader, *renumbered, r)) {
      return;
    }
    const std::string path = JoinPath(place.path, r);
    const FieldModel* narrow = NarrowOf(reader, r);
    if (narrow != nullptr) {
      const FieldModel* written = place.message->FindNumber(narrow->number);
      if (written != nullptr && written->name == narrow->name) {
        const std::string predicate =
            Predicate(ValuesOf(*written), ValuesOf(r));
        context_.Add(
            "fallback-field", predicate.empty() ? CONVERTED : CONDITIONAL, path,
            FieldText(*written), FieldText(r),
            "the value is taken from the older field",
            predicate.empty() ? ""
                              : ValueCondition(place, *written, predicate));
        return;
      }
    }
    const FieldAnnotations& annotations = r.annotations;
    const bool completed =
        context_.upgrade() && !annotations.absent_default().empty();
    if (completed) {
      context_.Add("field-defaulted", DEFAULTED, path, "", FieldText(r),
                   absl::StrCat("states without the field are taken to have ",
                                annotations.absent_default()));
    } else if (annotations.required() && annotations.feature().empty()) {
      context_.Add("required-missing", REFUSED, path, "", FieldText(r),
                   context_.upgrade()
                       ? "the reader needs a field that the writer does not "
                         "have: give it an absent_default, or do not require "
                         "it"
                       : "the reader needs a field that the writer does not "
                         "have any more: keep writing it for as long as such "
                         "readers are supported");
    } else if (!CanBeAbsent(r) && annotations.feature().empty()) {
      context_.Add("default-out-of-bounds", REFUSED, path, "", FieldText(r),
                   "the reader would take the absent field for 0, which its "
                   "bounds do not allow: give it an absent_default, or make it "
                   "optional");
    } else if (r.presence == Presence::kImplicit) {
      context_.Add("field-defaulted", DEFAULTED, path, "", FieldText(r),
                   "the reader takes the absent field for zero or empty");
    } else {
      context_.Add("field-absent", COMPATIBLE, path, "", FieldText(r),
                   "the reader finds the field absent");
    }
  }

  // --- Oneofs ---

  void CompareOneofs(const MessagePlace& place, const MessageModel& reader) {
    // By the reader's oneof: the writer's fields that are members, with the
    // writer's oneof.
    std::map<std::string, std::vector<const FieldModel*>> members;
    std::map<std::string, std::set<std::string>> readers_of;
    for (const FieldModel& r : reader.fields) {
      const FieldModel* w = place.message->FindNumber(r.number);
      if (w == nullptr) continue;
      if (!w->oneof.empty())
        readers_of[w->oneof].insert(
            r.oneof.empty() ? absl::StrCat("=", r.number) : r.oneof);
      if (!r.oneof.empty()) members[r.oneof].push_back(w);
    }
    for (const auto& [name, fields] : members) {
      std::set<std::string> groups;
      std::vector<std::string> names;
      for (const FieldModel* field : fields) {
        groups.insert(field->oneof.empty() ? absl::StrCat("=", field->number)
                                           : field->oneof);
        names.push_back(absl::StrCat(field->name, " (", field->number, ")"));
      }
      if (groups.size() < 2) continue;
      const std::string list = absl::StrJoin(names, ", ");
      std::string condition =
          absl::StrCat("at most one of the fields ", list, " is present");
      if (place.repeated) {
        absl::StrAppend(&condition, " in every ", place.message->short_name());
      }
      context_.Add("oneof-joined", CONDITIONAL, JoinOneof(place, name), list,
                   absl::StrCat("oneof ", name),
                   "of the members of a oneof only one is kept: leave fields "
                   "that can be there together outside of it",
                   std::move(condition));
    }
    for (const auto& [name, groups] : readers_of) {
      if (groups.size() < 2) continue;
      context_.Add("oneof-split", COMPATIBLE, JoinOneof(place, name),
                   absl::StrCat("oneof ", name), "",
                   "the reader allows members together that the writer never "
                   "has together");
    }
  }

  static std::string JoinOneof(const MessagePlace& place,
                               const std::string& name) {
    return place.root() ? name : absl::StrCat(place.path, ".", name);
  }

  using Key = std::tuple<const MessageModel*, const MessageModel*, bool>;

  DiffContext& context_;
  const Moves moves_;
  // The pairs of messages that are being compared, outermost first.
  std::vector<Key> open_;
  // Pairs without any finding.
  std::set<Key> clean_;
  bool full_ = false;
};

}  // namespace

DirectionVerdict CompareSchemas(const SchemaModel& old_schema,
                                const SchemaModel& new_schema,
                                Direction direction, const Lineage* lineage) {
  DirectionVerdict verdict{direction, IDENTICAL, {}};
  if (old_schema.fingerprint == new_schema.fingerprint) return verdict;
  const bool upgrade = direction == Direction::kUpgrade;
  DiffContext context{direction,
                      upgrade ? &old_schema : &new_schema,
                      upgrade ? &new_schema : &old_schema,
                      lineage,
                      {}};
  Differ(&context).Run();
  verdict.findings = std::move(context.findings);
  std::stable_sort(verdict.findings.begin(), verdict.findings.end(),
                   [](const SchemaFinding& a, const SchemaFinding& b) {
                     return std::tie(a.path, a.rule) < std::tie(b.path, b.rule);
                   });
  verdict.level = WorstLevel(verdict.findings);
  return verdict;
}

VerdictLevel WorstLevel(const std::vector<SchemaFinding>& findings) {
  VerdictLevel level = COMPATIBLE;
  for (const SchemaFinding& finding : findings) {
    if (finding.waived.empty()) level = std::max(level, finding.level);
  }
  return level;
}

}  // namespace devstate
