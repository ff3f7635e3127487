// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compat/conditions.h"
#include "compat/message_mapper.h"

namespace devstate {
namespace {

// What tells apart the fields that can be there together.
std::string GroupOf(const FieldModel& field) {
  return field.oneof.empty() ? absl::StrCat("=", field.number) : field.oneof;
}

std::string JoinOneof(const MessagePlace& place, const std::string& name) {
  return place.root() ? name : absl::StrCat(place.path, ".", name);
}

void AddJoined(const std::string& name,
               const std::vector<const FieldModel*>& members,
               MessageMapping* mapping) {
  std::set<std::string> groups;
  std::vector<std::string> names;
  for (const FieldModel* field : members) {
    groups.insert(GroupOf(*field));
    names.push_back(absl::StrCat(field->name, " (", field->number, ")"));
  }
  if (groups.size() < 2) return;
  const std::string list = absl::StrJoin(names, ", ");
  mapping->differences.push_back(
      {&rules::kOneofJoined, VERDICT_LEVEL_CONDITIONAL, list,
       absl::StrCat("oneof ", name),
       "of the members of a oneof only one is kept: leave fields that can be "
       "there together outside of it",
       absl::StrCat("at most one of the fields ", list, " is present",
                    InEvery(mapping->place)),
       JoinOneof(mapping->place, name)});
}

}  // namespace

void MapOneofs(MessageMapping* mapping) {
  // By the reader's oneof: the writer's fields that are members.
  std::map<std::string, std::vector<const FieldModel*>> members;
  // By the writer's oneof: the reader's groups of its members.
  std::map<std::string, std::set<std::string>> readers_of;
  for (const FieldMapping& field : mapping->fields) {
    if (field.read == nullptr || field.read->number != field.written->number ||
        field.action == FieldMapping::kMove) {
      continue;
    }
    if (!field.written->oneof.empty()) {
      readers_of[field.written->oneof].insert(GroupOf(*field.read));
    }
    if (!field.read->oneof.empty()) {
      members[field.read->oneof].push_back(field.written);
    }
  }
  for (const auto& [name, fields] : members) AddJoined(name, fields, mapping);
  for (const auto& [name, groups] : readers_of) {
    if (groups.size() < 2) continue;
    mapping->differences.push_back(
        {&rules::kOneofSplit, VERDICT_LEVEL_COMPATIBLE,
         absl::StrCat("oneof ", name), "",
         "the reader allows members together that the writer never has "
         "together",
         "", JoinOneof(mapping->place, name)});
  }
}

}  // namespace devstate
