// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/state_printer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "devstate/serializer/dynamic/copy_message.h"
#include "devstate/serializer/dynamic/json_output.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/root_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/type_resolver_util.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

constexpr char kUrlPrefix[] = "type.googleapis.com";

// The text that is worth a write of its own, in bytes.
constexpr size_t kEnoughText = size_t{64} * 1024;

// Returns whether `type` has a message or an enum of protobuf's own in it, some
// of which are printed in a way of their own.
bool HasTypesOfProtobuf(const Descriptor& type) {
  if (type.file()->package() == "google.protobuf") return true;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() != nullptr
            ? HasTypesOfProtobuf(*field.message_type())
            : field.enum_type() != nullptr &&
                  field.enum_type()->file()->package() == "google.protobuf") {
      return true;
    }
  }
  return false;
}

}  // namespace

StatePrinter::StatePrinter(const Descriptor& root, StateFormat format,
                           Redactor* redactor, ByteSink* sink)
    : format_(format),
      redactor_(redactor),
      sink_(sink),
      prototype_(redactor != nullptr ? &redactor->RootPrototype()
                                     : factory_.GetPrototype(&root)) {
  if (format == StateFormat::kJson) {
    resolver_.reset(google::protobuf::util::NewTypeResolverForDescriptorPool(
        kUrlPrefix, prototype_->GetDescriptor()->file()->pool()));
  }
}

absl::StatusOr<std::string> StatePrinter::JsonMembers(
    const Message& part) const {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::BinaryToJsonString(
      resolver_.get(),
      absl::StrCat(kUrlPrefix, "/", part.GetDescriptor()->full_name()),
      SerializeDeterministic(part), &json, options);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("cannot be printed as JSON: ", status.ToString()));
  }
  absl::string_view members = json;
  absl::ConsumePrefix(&members, "{");
  absl::ConsumePrefix(&members, "\n");
  absl::ConsumeSuffix(&members, "\n");
  absl::ConsumeSuffix(&members, "}");
  absl::ConsumeSuffix(&members, "\n");
  return std::string(members);
}

absl::Status StatePrinter::Print(const Message& part) {
  if (format_ == StateFormat::kBinary) {
    return sink_->Write(SerializeDeterministic(part));
  }
  google::protobuf::TextFormat::Printer printer;
  std::string text;
  if (!printer.PrintToString(part, &text)) {
    return absl::InternalError("cannot be printed as text");
  }
  return sink_->Write(text);
}

absl::Status StatePrinter::OnRoot(const Message& root) {
  const std::unique_ptr<Message> copy(prototype_->New());
  if (redactor_ != nullptr) redactor_->Copy(root, copy.get());
  const Message& part = redactor_ != nullptr ? *copy : root;
  if (format_ != StateFormat::kJson) return Print(part);
  DS_ASSIGN_OR_RETURN(const std::string members, JsonMembers(part));
  has_member_ = !members.empty();
  return sink_->Write(absl::StrCat("{", has_member_ ? "\n" : "", members));
}

absl::Status StatePrinter::OnBatch(const FieldDescriptor& field,
                                   Records& records) {
  const std::unique_ptr<Message> part(prototype_->New());
  const auto* reflection = part->GetReflection();
  const FieldDescriptor* target =
      part->GetDescriptor()->FindFieldByNumber(field.number());
  for (std::unique_ptr<Message>& record : records) {
    Message* copy = reflection->AddMessage(part.get(), target);
    if (redactor_ != nullptr) {
      redactor_->Copy(*record, copy);
    } else {
      DS_RETURN_IF_ERROR(CopyMessage(*record, copy));
    }
    record.reset();
  }
  if (format_ != StateFormat::kJson) return Print(*part);
  DS_ASSIGN_OR_RETURN(const std::string members, JsonMembers(*part));
  // ` "field": [`, the elements, LF ` ]`.
  absl::string_view elements = members;
  absl::ConsumeSuffix(&elements, "\n ]");
  elements.remove_prefix(elements.find('[') + 1);
  const absl::string_view comma = open_array_ == field.number() ? "," : "";
  const std::string start = StartOfArray(field);
  return sink_->Write(absl::StrCat(start, comma, elements));
}

bool StatePrinter::PrintsFromColumns(const Descriptor& record) const {
  if (format_ != StateFormat::kJson ||
      (redactor_ != nullptr && redactor_->ShowsDigests(record))) {
    return false;
  }
  return !HasTypesOfProtobuf(record);
}

absl::Status StatePrinter::OnColumns(const FieldModel& field,
                                     BatchDecoder& batch) {
  if (!PrintsFromColumns(*field.message->descriptor)) {
    return DynamicStateVisitor::OnColumns(field, batch);
  }
  const bool opened = open_array_ == field.number;
  // Within the braces of the root message and the brackets of the field.
  dynamic::JsonOutput out(2, /*after_item=*/opened,
                          {redactor_ != nullptr && redactor_->hides_sensitive(), false});
  if (batch.size() > 0) out.text() = StartOfArray(*field.descriptor);
  for (size_t row = 0; row < batch.size(); ++row) {
    out.Item();
    batch.PrintJson(row, out);
    if (out.text().size() < kEnoughText) continue;
    DS_RETURN_IF_ERROR(sink_->Write(out.text()));
    out.text().clear();
  }
  return sink_->Write(out.text());
}

std::string StatePrinter::StartOfArray(const FieldDescriptor& field) {
  if (open_array_ == field.number()) return "";
  std::string start =
      absl::StrCat(open_array_ != 0 ? "\n ]" : "", has_member_ ? ",\n" : "\n",
                   " \"", field.name(), "\": [");
  open_array_ = field.number();
  has_member_ = true;
  return start;
}

absl::Status StatePrinter::Finish() {
  if (format_ != StateFormat::kJson) return absl::OkStatus();
  return sink_->Write(absl::StrCat(open_array_ != 0 ? "\n ]" : "",
                                   has_member_ ? "\n" : "", "}\n"));
}

}  // namespace devstate
