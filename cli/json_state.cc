// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/json_state.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/json_keys.h"
#include "cli/stream_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Message;

// Returns an error about the only record of a text with the number that it has
// in the table.
absl::Status AboutRecord(const JsonTable& table, uint64_t index,
                         const absl::Status& error) {
  const std::string& name = table.field->name;
  const std::string key = table.key.substr(1, table.key.size() - 2);
  const std::string message(error.message());
  for (const std::string& path : {key, name}) {
    const std::string first = absl::StrCat(path, "[0]");
    if (message.find(first) == std::string::npos) continue;
    return absl::InvalidArgumentError(absl::StrReplaceAll(
        message, {{first, absl::StrCat(path, "[", index, "]")}}));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name, "[", index, "]: ", message));
}

}  // namespace

absl::StatusOr<std::unique_ptr<JsonState>> JsonState::Read(
    OpenSource open, const SchemaModel& schema, Message* state) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> json, open());
  DS_ASSIGN_OR_RETURN(JsonOutline outline,
                      ReadJsonOutline(*json, schema, kMaxWholeInput));
  DS_RETURN_IF_ERROR(ParseState(outline.rest, StateFormat::kJson, state));
  for (const JsonTable& table : outline.tables) {
    // What is no strict JSON may name a table twice, and the parser would put
    // both together.
    if (state->GetReflection()->FieldSize(*state, table.field->descriptor) !=
        0) {
      return ThereTwice(table.field->name);
    }
  }
  return std::unique_ptr<JsonState>(
      new JsonState(std::move(open), std::move(outline.tables), *state));
}

JsonState::JsonState(OpenSource open, std::vector<JsonTable> tables,
                     const Message& state)
    : open_(std::move(open)), tables_(std::move(tables)), root_(state.New()) {}

absl::Status JsonState::VisitRecords(const FieldModel& field,
                                     const VisitRecord& visit) {
  const JsonTable* table = nullptr;
  for (const JsonTable& found : tables_) {
    if (found.field == &field) table = &found;
  }
  if (table == nullptr) return absl::OkStatus();
  if (records_ == nullptr || records_->position() > table->begin) {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> json, open_());
    records_ = std::make_unique<JsonRecords>(std::move(json), kMaxWholeInput);
  }
  DS_RETURN_IF_ERROR(records_->Find(*table));
  auto* factory = root_->GetReflection()->GetMessageFactory();
  const std::unique_ptr<Message> record(
      factory->GetPrototype(field.descriptor->message_type())->New());
  while (true) {
    DS_ASSIGN_OR_RETURN(const std::optional<absl::string_view> text,
                        records_->Next());
    if (!text.has_value()) return absl::OkStatus();
    const Message* read = record.get();
    record->Clear();
    if (!plain_.Read(*text, record.get())) {
      DS_ASSIGN_OR_RETURN(read, Parse(*table, *text));
    }
    DS_RETURN_IF_ERROR(visit(*read));
  }
}

absl::StatusOr<const Message*> JsonState::Parse(const JsonTable& table,
                                                absl::string_view text) {
  root_->Clear();
  const absl::Status status =
      ParseState(absl::StrCat("{", table.key, ":[", text, "]}"),
                 StateFormat::kJson, root_.get());
  if (!status.ok()) return AboutRecord(table, records_->index(), status);
  return &root_->GetReflection()->GetRepeatedMessage(
      *root_, table.field->descriptor, 0);
}

}  // namespace devstate
