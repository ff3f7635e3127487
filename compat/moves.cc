// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/moves.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace devstate {
namespace {

using Presence = FieldModel::Presence;

// Paths of one schema that are looked at; more has no schema of this kind.
constexpr int kMaxPaths = 100000;

bool DeclaresMoves(const SchemaModel& schema) {
  for (const auto& message : schema.messages) {
    for (const FieldModel& field : message->fields) {
      if (field.annotations.moved_from_size() > 0) return true;
    }
  }
  return false;
}

MessagePlace RootOf(const SchemaModel& schema) {
  MessagePlace place;
  place.message = schema.root;
  return place;
}

// The place of the message that `field` of `place` holds.
MessagePlace Within(const MessagePlace& place, const FieldModel& field) {
  MessagePlace inner;
  inner.path = inner.writer_path = inner.reader_path =
      JoinPath(place.path, field);
  inner.message = field.message;
  inner.columns =
      place.columns || (place.root() && field.presence == Presence::kRepeated);
  const bool several =
      field.presence == Presence::kRepeated || field.presence == Presence::kMap;
  inner.repeated = place.repeated || several;
  inner.repeated_path = several ? inner.path : place.repeated_path;
  return inner;
}

// The field at `path`, which may be anything.
bool Locate(const SchemaModel& schema, const std::string& path,
            LocatedField* located) {
  MessagePlace place = RootOf(schema);
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const FieldModel* field = place.message->FindName(names[i]);
    if (field == nullptr) return false;
    if (i + 1 == names.size()) {
      *located = {field, place};
      return true;
    }
    if (field->message == nullptr) return false;
    place = Within(place, *field);
  }
  return false;
}

// Every declaration of a schema, with a message that contains itself seen once.
class Declarations {
 public:
  explicit Declarations(const SchemaModel& schema) { Walk(RootOf(schema)); }

  std::vector<LocatedField> fields;

 private:
  void Walk(const MessagePlace& place) {
    if (std::find(open_.begin(), open_.end(), place.message) != open_.end()) {
      return;
    }
    open_.push_back(place.message);
    for (const FieldModel& field : place.message->fields) {
      if (++seen_ > kMaxPaths) break;
      if (field.annotations.moved_from_size() > 0) {
        fields.push_back({&field, place});
      }
      if (field.message != nullptr && open_.size() < 100) {
        Walk(Within(place, field));
      }
    }
    open_.pop_back();
  }

  std::vector<const MessageModel*> open_;
  int seen_ = 0;
};

}  // namespace

Moves::Moves(const SchemaModel& writer, const SchemaModel& reader) {
  if (DeclaresMoves(reader)) {
    for (const LocatedField& to : Declarations(reader).fields) {
      const std::string path = JoinPath(to.place.path, *to.field);
      for (const std::string& former : to.field->annotations.moved_from()) {
        LocatedField from;
        if (former == path || !Locate(writer, former, &from)) continue;
        moved_.emplace(former, to);
        filled_.insert(path);
      }
    }
  }
  if (DeclaresMoves(writer)) {
    for (const LocatedField& from : Declarations(writer).fields) {
      const std::string path = JoinPath(from.place.path, *from.field);
      for (const std::string& former : from.field->annotations.moved_from()) {
        LocatedField to;
        if (former == path || !Locate(reader, former, &to)) continue;
        moved_.emplace(path, to);
        filled_.insert(former);
      }
    }
  }
}

const LocatedField* Moves::FindWritten(const std::string& path) const {
  const auto found = moved_.find(path);
  return found == moved_.end() ? nullptr : &found->second;
}

bool Moves::AnyWrittenWithin(const std::string& path) const {
  const std::string prefix = absl::StrCat(path, ".");
  const auto next = moved_.lower_bound(prefix);
  return next != moved_.end() && absl::StartsWith(next->first, prefix);
}

bool Moves::IsFilled(const std::string& path) const {
  return filled_.count(path) != 0;
}

}  // namespace devstate
