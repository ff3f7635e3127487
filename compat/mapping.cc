// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/mapping.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "compat/message_mapper.h"

namespace devstate {
namespace {

constexpr int kMaxDepth = 100;

// Whether the column of one is a column of the other.
bool SameColumn(const FieldMapping& field) {
  if (field.action != FieldMapping::kCopy) return false;
  const FieldModel& written = *field.written;
  const FieldModel& read = *field.read;
  return !field.scale.has_value() && !field.feature_changed &&
         !field.count.has_value() && field.absent == FieldMapping::kAbsent &&
         field.enums.unchanged() && written.type == read.type &&
         written.presence == read.presence && written.oneof == read.oneof;
}

}  // namespace

Mapping::Mapping(const SchemaPair& pair, std::set<std::string> left_out)
    : pair_(pair),
      left_out_(std::move(left_out)),
      moves_(*pair.writer, *pair.reader) {}

std::vector<Difference> Mapping::CompareRoots() const {
  std::vector<Difference> differences;
  const auto refuse = [&](const Rule& rule, std::string written,
                          std::string read, std::string text) {
    differences.push_back({&rule, VERDICT_LEVEL_REFUSED, std::move(written),
                           std::move(read), std::move(text), "", ""});
  };
  const SchemaModel& writer = *pair_.writer;
  const SchemaModel& reader = *pair_.reader;
  const MessageAnnotations& w = writer.root->annotations;
  const MessageAnnotations& r = reader.root->annotations;
  if (w.device() != r.device()) {
    refuse(rules::kWrongDevice, w.device(), r.device(),
           "the two are states of different devices: compare schemas of one "
           "device");
  }
  if (w.schema() != r.schema() ||
      writer.root->full_name != reader.root->full_name) {
    refuse(rules::kWrongSchema,
           absl::StrCat(w.schema(), " (", writer.root->full_name, ")"),
           absl::StrCat(r.schema(), " (", reader.root->full_name, ")"),
           "the two are different schemas: a state has to be converted first");
  }
  if (w.min_reader() > reader.version()) {
    refuse(
        rules::kTooNew, absl::StrCat("version ", writer.version()),
        absl::StrCat("version ", reader.version()),
        absl::StrCat("the writer asks for a reader of version ", w.min_reader(),
                     " or newer: save for the reader's version, or update "
                     "the reader first"));
  }
  return differences;
}

MessagePlace Mapping::RootPlace() const {
  MessagePlace place;
  place.writer = pair_.writer->root;
  place.reader = pair_.reader->root;
  return place;
}

MessagePlace Mapping::InnerPlace(const FieldMapping& field) {
  const MessagePlace& place = field.message->place;
  MessagePlace inner;
  inner.path = field.path();
  inner.writer_path = JoinPath(place.writer_path, *field.written);
  inner.writer = field.written->message;
  inner.depth = place.depth + 1;
  inner.columns = place.columns || field.records;
  const bool several = HasSeveral(*field.written);
  inner.repeated = place.repeated || several;
  inner.optional = !several;
  if (field.action == FieldMapping::kSpread) {
    inner.reader_path = place.reader_path;
    inner.repeated_path = place.repeated_path;
    return inner;
  }
  inner.reader = field.read->message;
  inner.reader_path = field.moved_to.empty()
                          ? JoinPath(place.reader_path, *field.read)
                          : field.moved_to;
  inner.repeated_path = several ? inner.reader_path : place.repeated_path;
  return inner;
}

std::unique_ptr<MessageMapping> Mapping::Map(MessagePlace place) const {
  auto mapping = std::make_unique<MessageMapping>();
  mapping->place = std::move(place);
  MapMessage(pair_, moves_, left_out_, mapping.get());
  return mapping;
}

MessageMapping& Mapping::root() {
  if (root_ == nullptr) root_ = Map(RootPlace());
  return *root_;
}

FieldMapping& Mapping::FindRootField(const FieldModel& written) {
  for (FieldMapping& field : root().fields) {
    if (field.written->number == written.number) return field;
  }
  // The caller's field is one of the writer's root.
  return root().fields.front();
}

MessageMapping* Mapping::Inner(FieldMapping& field) {
  if (field.inner == nullptr) {
    if (field.message->place.depth >= kMaxDepth) return nullptr;
    field.inner = Map(InnerPlace(field));
  }
  return field.inner.get();
}

bool Mapping::PassesUnchanged(FieldMapping& field) {
  if (!field.unchanged.has_value()) {
    std::set<const MessageModel*> seen;
    field.unchanged = SameColumn(field) && MessagesPass(field, &seen);
  }
  return *field.unchanged;
}

bool Mapping::MessagesPass(FieldMapping& field,
                           std::set<const MessageModel*>* seen) {
  if (field.written->message == nullptr ||
      !seen->insert(field.written->message).second) {
    return true;
  }
  MessageMapping* inner = Inner(field);
  if (inner == nullptr) return false;
  for (const SourceMapping& source : inner->sources) {
    if (source.source != SourceMapping::kAbsent &&
        source.source != SourceMapping::kMove &&
        source.source != SourceMapping::kLeaveOut) {
      return false;
    }
  }
  for (FieldMapping& part : inner->fields) {
    if (part.action == FieldMapping::kDrop) continue;
    if (!SameColumn(part) || !MessagesPass(part, seen)) return false;
  }
  return true;
}

}  // namespace devstate
