// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/moves.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "devstate/compat/places.h"

namespace devstate {
namespace {

// Paths of one schema that are looked at; more has no schema of this kind.
constexpr int kMaxPaths = 100000;
constexpr size_t kMaxDepth = 100;

bool DeclaresMoves(const SchemaModel& schema) {
  for (const auto& message : schema.messages) {
    for (const FieldModel& field : message->fields) {
      if (field.annotations.moved_from_size() > 0) return true;
    }
  }
  return false;
}

std::string PathOf(const std::vector<const FieldModel*>& steps, size_t count) {
  std::string path;
  for (size_t i = 0; i < count; ++i) path = JoinPath(path, *steps[i]);
  return path;
}

// Finds the field at `path`, which may be anything.
bool Locate(const SchemaModel& schema, const std::string& path,
            LocatedField* located) {
  located->steps.clear();
  const MessageModel* message = schema.root;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldModel* field =
        message == nullptr ? nullptr : message->FindName(name);
    if (field == nullptr) return false;
    located->steps.push_back(field);
    message = field->message;
  }
  return true;
}

// Whether `schema` has the numbers of `located`, a field of another version,
// one within the other.
bool HasNumbersOf(const LocatedField& located, const SchemaModel& schema) {
  const MessageModel* message = schema.root;
  for (const FieldModel* step : located.steps) {
    const FieldModel* field =
        message == nullptr ? nullptr : message->FindNumber(step->number);
    if (field == nullptr) return false;
    message = field->message;
  }
  return true;
}

// Every declaration of a schema, with a message that contains itself seen once.
class Declarations {
 public:
  explicit Declarations(const SchemaModel& schema) { Walk(*schema.root); }

  std::vector<LocatedField> fields;

 private:
  void Walk(const MessageModel& message) {
    if (std::find(open_.begin(), open_.end(), &message) != open_.end()) return;
    open_.push_back(&message);
    for (const FieldModel& field : message.fields) {
      if (++seen_ > kMaxPaths) break;
      steps_.push_back(&field);
      if (field.annotations.moved_from_size() > 0) fields.push_back({steps_});
      if (field.message != nullptr && open_.size() < kMaxDepth) {
        Walk(*field.message);
      }
      steps_.pop_back();
    }
    open_.pop_back();
  }

  std::vector<const MessageModel*> open_;
  std::vector<const FieldModel*> steps_;
  int seen_ = 0;
};

// The numbers of the fields up to the last one that is repeated or a map.
std::vector<int> ElementOf(const LocatedField& located) {
  std::vector<int> numbers;
  size_t end = 0;
  for (size_t i = 0; i + 1 < located.steps.size(); ++i) {
    numbers.push_back(located.steps[i]->number);
    if (HasSeveral(*located.steps[i])) end = numbers.size();
  }
  numbers.resize(end);
  return numbers;
}

// Calls `add` with each declared field of `declaring` and its place in `other`,
// first with those that stay within their repeated element: a message that
// stands in several places declares for all of them.
template <typename Add>
void FindMoves(const SchemaModel& declaring, const SchemaModel& other,
               const Add& add) {
  if (!DeclaresMoves(declaring)) return;
  const Declarations declarations(declaring);
  for (const bool within : {true, false}) {
    for (const LocatedField& here : declarations.fields) {
      if (HasNumbersOf(here, other)) continue;
      const auto& former = here.field().annotations.moved_from();
      LocatedField there;
      for (int i = former.size(); i-- > 0;) {
        if (former[i] != here.path() && Locate(other, former[i], &there) &&
            !HasNumbersOf(there, declaring) &&
            (ElementOf(here) == ElementOf(there)) == within &&
            add(here, there)) {
          break;
        }
      }
    }
  }
}

}  // namespace

std::string LocatedField::path() const { return PathOf(steps, steps.size()); }

std::string LocatedField::repeated_path() const {
  for (size_t i = steps.size() - 1; i-- > 0;) {
    if (HasSeveral(*steps[i])) return PathOf(steps, i + 1);
  }
  return "";
}

std::vector<const FieldModel*> LocatedField::StepsFromElement() const {
  std::vector<const FieldModel*> result;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    result.push_back(steps[i]);
    if (HasSeveral(*steps[i])) result.clear();
  }
  return result;
}

Moves::Moves(const SchemaModel& writer, const SchemaModel& reader) {
  const auto add = [this](const LocatedField& from, const LocatedField& to) {
    const std::string path = from.path();
    if (moved_.count(path) != 0 || !filled_.insert(to.path()).second) {
      return false;
    }
    moved_.emplace(path, to);
    return true;
  };
  FindMoves(reader, writer,
            [&](const LocatedField& to, const LocatedField& from) {
              return add(from, to);
            });
  FindMoves(writer, reader, add);
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
