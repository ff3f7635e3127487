// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/conversion_plan.h"

#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using Presence = FieldModel::Presence;

constexpr int kMaxDepth = 100;

// Whether the column of one is a column of the other.
bool SameColumn(const FieldPlan& plan) {
  const FieldModel& written = *plan.written;
  const FieldModel& read = *plan.read;
  if (plan.scale.has_value() || plan.feature_changed ||
      written.number != read.number || written.type != read.type ||
      written.presence != read.presence || written.oneof != read.oneof) {
    return false;
  }
  if (written.enumeration == nullptr) return true;
  for (const EnumValueModel& value : written.enumeration->values) {
    if (read.enumeration->FindNumber(value.number) == nullptr) return false;
  }
  return true;
}

}  // namespace

ConversionPlan::ConversionPlan(const SchemaModel* writer,
                               const SchemaModel* reader,
                               std::set<std::string> left_out)
    : writer_(*writer),
      reader_(*reader),
      left_out_(std::move(left_out)),
      upgrade_(writer->version() <= reader->version()),
      moves_(*writer, *reader) {
  MessagePlace place;
  place.message = writer_.root;
  Fill(place, reader_.root, &root_);
}

FieldPlan& ConversionPlan::FindRootField(const FieldModel& written) {
  for (FieldPlan& field : root_.fields) {
    if (field.written->number == written.number) return field;
  }
  // The caller's field is one of the writer's root.
  return root_.fields.front();
}

MessagePlan* ConversionPlan::Inner(FieldPlan& field) {
  if (field.inner == nullptr) {
    auto inner = std::make_unique<MessagePlan>();
    inner->depth = field.inner_place.depth;
    if (inner->depth > kMaxDepth) return nullptr;
    Fill(field.inner_place,
         field.read == nullptr ? nullptr : field.read->message, inner.get());
    field.inner = std::move(inner);
  }
  return field.inner.get();
}

bool ConversionPlan::PassesUnchanged(FieldPlan& field) {
  if (!field.unchanged.has_value()) {
    std::set<const MessageModel*> seen;
    field.unchanged = field.action == FieldPlan::kCopy && SameColumn(field) &&
                      MessagesPass(field, &seen);
  }
  return *field.unchanged;
}

bool ConversionPlan::MessagesPass(FieldPlan& field,
                                  std::set<const MessageModel*>* seen) {
  if (field.written->message == nullptr ||
      !seen->insert(field.written->message).second) {
    return true;
  }
  MessagePlan* plan = Inner(field);
  if (plan == nullptr || !plan->completions.empty()) return false;
  for (FieldPlan& part : plan->fields) {
    if (part.action == FieldPlan::kDrop) continue;
    if (part.action != FieldPlan::kCopy || !SameColumn(part) ||
        !MessagesPass(part, seen)) {
      return false;
    }
  }
  return true;
}

void ConversionPlan::Fill(const MessagePlace& place, const MessageModel* reader,
                          MessagePlan* plan) {
  for (const FieldModel& written : place.message->fields) {
    plan->fields.emplace_back();
    FillField(place, reader, written, &plan->fields.back());
  }
  if (reader != nullptr) FillCompletions(place, *reader, plan);
}

void ConversionPlan::FillField(const MessagePlace& place,
                               const MessageModel* reader,
                               const FieldModel& written, FieldPlan* plan) {
  plan->written = &written;
  plan->path = JoinPath(place.path, written);
  plan->records = place.root() && HoldsRecords(written);
  plan->columns = place.columns;
  FillAction(place, reader, written, plan);
  if (left_out_.count(plan->path) != 0) plan->action = FieldPlan::kLeaveOut;
}

void ConversionPlan::FillAction(const MessagePlace& place,
                                const MessageModel* reader,
                                const FieldModel& written, FieldPlan* plan) {
  const FieldModel* read =
      reader == nullptr ? nullptr : reader->FindNumber(written.number);
  if (read != nullptr) {
    plan->action = FieldPlan::kCopy;
    SetTarget(place, *read, plan);
    return;
  }
  if (FillMove(place, written, plan)) return;
  if (reader == nullptr) return;
  const FieldModel* narrow = NarrowOf(*place.message, written);
  if (narrow == nullptr) return;
  read = reader->FindNumber(narrow->number);
  if (read == nullptr || read->name != narrow->name || !IsNumber(written) ||
      !IsNumber(*read)) {
    return;
  }
  plan->action = FieldPlan::kFallback;
  SetTarget(place, *read, plan);
}

bool ConversionPlan::FillMove(const MessagePlace& place,
                              const FieldModel& written, FieldPlan* plan) {
  const std::string path = JoinPath(place.writer_path, written);
  if (const LocatedField* target = moves_.FindWritten(path)) {
    plan->action = FieldPlan::kMove;
    plan->move_path = StepsTo(*target);
    SetTarget(place, *target->field, plan);
    return true;
  }
  if (written.message == nullptr || written.presence != Presence::kExplicit ||
      !moves_.AnyWrittenWithin(path)) {
    return false;
  }
  plan->action = FieldPlan::kSpread;
  plan->inner_place = place;
  plan->inner_place.path = plan->path;
  plan->inner_place.writer_path = path;
  plan->inner_place.message = written.message;
  ++plan->inner_place.depth;
  return true;
}

void ConversionPlan::SetTarget(const MessagePlace& place,
                               const FieldModel& read, FieldPlan* plan) const {
  const FieldModel& written = *plan->written;
  plan->read = &read;
  plan->path = JoinPath(place.path, upgrade_ ? read : written);
  plan->scale = ScaleBetween(written, read);
  plan->feature_changed =
      !read.annotations.feature().empty() &&
      read.annotations.feature() != written.annotations.feature();
  plan->inner_place = InnerPlace(place, written, read, plan->path);
}

std::vector<const FieldModel*> ConversionPlan::StepsTo(
    const LocatedField& target) const {
  std::vector<const FieldModel*> steps;
  if (target.place.root()) return steps;
  const MessageModel* message = reader_.root;
  // From the record on: what is before it is there.
  bool within = target.place.repeated_path.empty();
  std::string path;
  for (absl::string_view name : absl::StrSplit(target.place.path, '.')) {
    const FieldModel* field = message->FindName(name);
    if (field == nullptr) break;
    if (within) steps.push_back(field);
    path = JoinPath(path, *field);
    if (path == target.place.repeated_path) within = true;
    message = field->message;
  }
  return steps;
}

void ConversionPlan::FillCompletions(const MessagePlace& place,
                                     const MessageModel& reader,
                                     MessagePlan* plan) {
  for (const FieldModel& read : reader.fields) {
    const FieldModel* written = place.message->FindNumber(read.number);
    const std::string path = JoinPath(place.path, read);
    if (left_out_.count(path) != 0) continue;
    const bool has_default =
        upgrade_ && !read.annotations.absent_default().empty();
    if (written != nullptr) {
      if (has_default && read.annotations.required() &&
          !written->annotations.required() &&
          read.annotations.since() > writer_.version()) {
        plan->completions.push_back({&read, nullptr, path});
      }
      continue;
    }
    if (moves_.IsFilled(JoinPath(place.reader_path, read))) continue;
    const FieldModel* narrow = NarrowOf(reader, read);
    if (narrow != nullptr) {
      const FieldModel* from = place.message->FindNumber(narrow->number);
      if (from != nullptr && from->name == narrow->name) {
        plan->completions.push_back({&read, from, path});
        continue;
      }
    }
    if (has_default) plan->completions.push_back({&read, nullptr, path});
  }
}

}  // namespace devstate
