// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/state_message.h"

#include <memory>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/json_keys.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// Keeps the first error of the text parser.
class FirstError : public TextErrorCollector {
 public:
  void TakeError(int line, int column, ProtobufText message) override {
    if (!text_.empty()) return;
    text_ = line < 0 ? message
                     : absl::StrCat("line ", line + 1, ", column ", column + 1,
                                    ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status ParseJson(const std::string& bytes, Message* state) {
  DS_RETURN_IF_ERROR(CheckKeysOnce(bytes, *state->GetDescriptor()));
  const auto status = google::protobuf::util::JsonStringToMessage(bytes, state);
  if (status.ok()) return absl::OkStatus();
  // It quotes the place in lines of its own.
  return absl::InvalidArgumentError(
      absl::StrReplaceAll(std::string(status.message()), {{"\n", " "}}));
}

// Refuses a map that has a key twice. The parser of text keeps both entries
// until somebody asks for one by its key.
absl::Status CheckMapKeysOnce(const Message& message,
                              const std::string& prefix) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    const std::string path = absl::StrCat(prefix, field->name());
    if (!field->is_repeated()) {
      DS_RETURN_IF_ERROR(CheckMapKeysOnce(
          reflection->GetMessage(message, field), absl::StrCat(path, ".")));
      continue;
    }
    std::set<std::string> keys;
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      const Message& element =
          reflection->GetRepeatedMessage(message, field, i);
      if (field->is_map()) {
        std::string key;
        google::protobuf::TextFormat::PrintFieldValueToString(
            element, field->message_type()->map_key(), -1, &key);
        if (!keys.insert(key).second) {
          return ThereTwice(absl::StrCat(path, "[", key, "]"));
        }
      }
      DS_RETURN_IF_ERROR(
          CheckMapKeysOnce(element, absl::StrCat(path, "[", i, "].")));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseText(const std::string& bytes, Message* state) {
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  if (!parser.ParseFromString(bytes, state)) {
    return absl::InvalidArgumentError(errors.text());
  }
  return CheckMapKeysOnce(*state, "");
}

// Refuses what a parser would take although something of it is lost.
absl::Status ParseBinary(const std::string& bytes, Message* state) {
  const Descriptor& type = *state->GetDescriptor();
  absl::Status status;
  const bool well_formed = WalkWire(bytes, type, [&](const WireFinding& found) {
    if (found.fault == WireFault::kRecord) return true;
    status = absl::InvalidArgumentError(
        absl::StrCat(FaultText(found), ": no reader would load it"));
    return false;
  });
  DS_RETURN_IF_ERROR(status);
  if (well_formed && state->ParseFromString(bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("not a well-formed ", type.full_name()));
}

}  // namespace

absl::Status ParseState(const std::string& bytes, StateFormat format,
                        Message* state) {
  switch (format) {
    case StateFormat::kJson:
      return ParseJson(bytes, state);
    case StateFormat::kText:
      return ParseText(bytes, state);
    case StateFormat::kBinary:
      break;
  }
  return ParseBinary(bytes, state);
}

absl::Status WriteState(const SchemaModel& schema, Message* state,
                        const VisitTable& more, DynamicStateWriter& writer) {
  const auto* reflection = state->GetReflection();
  std::vector<const FieldDescriptor*> singular;
  for (const FieldModel& field : schema.root->fields) {
    if (!HoldsRecords(field)) singular.push_back(field.descriptor);
  }
  const std::unique_ptr<Message> root(state->New());
  reflection->SwapFields(state, root.get(), singular);
  DS_RETURN_IF_ERROR(writer.Begin(*root));
  for (const FieldModel* batch : schema.batches) {
    const FieldDescriptor* field = batch->descriptor;
    for (int i = 0; i < reflection->FieldSize(*state, field); ++i) {
      DS_RETURN_IF_ERROR(
          writer.Add(*field, reflection->GetRepeatedMessage(*state, field, i)));
    }
    if (more == nullptr) continue;
    DS_RETURN_IF_ERROR(more(*batch, [&](const Message& record) {
      return writer.Add(*field, record);
    }));
  }
  return writer.Finish();
}

}  // namespace devstate
