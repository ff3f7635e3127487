// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/redactor.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/options.pb.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/schema/pieces.h"
#include "devstate/serializer/dynamic/field_access.h"
#include "devstate/serializer/dynamic/redacted_text.h"
#include "google/protobuf/descriptor.pb.h"
#include "xxhash.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// Makes strings of the fields that are not shown, given by their full names.
// Options, which name no type that a printer knows, go. `scope` is the full
// name of what `message` is in.
void Rewrite(const std::set<std::string>& hidden, const std::string& scope,
             DescriptorProto* message) {
  const std::string name = scope.empty()
                               ? message->name()
                               : absl::StrCat(scope, ".", message->name());
  for (FieldDescriptorProto& field : *message->mutable_field()) {
    if (hidden.count(absl::StrCat(name, ".", field.name())) != 0) {
      field.set_type(FieldDescriptorProto::TYPE_STRING);
      field.clear_type_name();
    }
    field.clear_options();
  }
  message->mutable_options()->ClearExtension(devstate::message);
  for (DescriptorProto& nested : *message->mutable_nested_type()) {
    Rewrite(hidden, name, &nested);
  }
}

}  // namespace

std::string RedactedText(const Message& message, const FieldDescriptor& field,
                         int index) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return RedactedText(field, 0);
  }
  std::string scratch;
  const Reflection* reflection = message.GetReflection();
  const std::string& value =
      field.is_repeated()
          ? reflection->GetRepeatedStringReference(message, &field, index,
                                                   &scratch)
          : reflection->GetStringReference(message, &field, &scratch);
  return RedactedText(field, value.size());
}

std::set<const FieldDescriptor*> PieceDataFields(const SchemaModel& schema) {
  std::set<const FieldDescriptor*> fields;
  for (const PiecesInfo& info : PiecesOf(schema)) {
    const FieldModel& pieces =
        *schema.root->FindNumber(static_cast<int>(info.field));
    fields.insert(pieces.message->fields[info.data].descriptor);
  }
  return fields;
}

std::string PieceText(const Message& piece, const FieldDescriptor& data) {
  std::string scratch;
  const std::string& bytes =
      piece.GetReflection()->GetStringReference(piece, &data, &scratch);
  return absl::StrFormat("<%d bytes, xxh3 %016x>", bytes.size(),
                         XXH3_64bits(bytes.data(), bytes.size()));
}

Redactor::Redactor(const SchemaModel& schema, bool show_sensitive)
    : root_(*schema.root->descriptor),
      hides_sensitive_(!show_sensitive),
      factory_(&pool_) {
  std::set<std::string> names;
  for (const auto& message : schema.messages) {
    for (const FieldModel& field : message->fields) {
      if (!field.annotations.sensitive() || show_sensitive) continue;
      sensitive_.insert(field.descriptor);
      names.emplace(field.descriptor->full_name());
    }
  }
  for (const FieldDescriptor* data : PieceDataFields(schema)) {
    if (names.emplace(data->full_name()).second) pieces_.insert(data);
  }
  FileDescriptorProto file;
  for (const auto* built_in : {FileDescriptorProto::descriptor()->file(),
                               FieldAnnotations::descriptor()->file()}) {
    file.Clear();
    built_in->CopyTo(&file);
    pool_.BuildFile(file);
  }
  // Builds as the schema did: it has fewer constructs.
  google::protobuf::FileDescriptorSet set = EmbeddableDescriptorSet(root_);
  for (FileDescriptorProto& part : *set.mutable_file()) {
    for (DescriptorProto& message : *part.mutable_message_type()) {
      Rewrite(names, part.package(), &message);
    }
    pool_.BuildFile(part);
  }
}

bool Redactor::ShowsDigests(const Descriptor& type) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const auto* data) {
    return data->containing_type() == &type;
  });
}

const Message& Redactor::RootPrototype() { return Prototype(root_); }

const Message& Redactor::Prototype(const Descriptor& type) {
  return *factory_.GetPrototype(pool_.FindMessageTypeByName(type.full_name()));
}

void Redactor::Copy(const Message& message, Message* out) const {
  const Reflection* from = message.GetReflection();
  const Reflection* to = out->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  from->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const FieldDescriptor* target =
        out->GetDescriptor()->FindFieldByNumber(field->number());
    const int count =
        field->is_repeated() ? from->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto put_string = [&](const std::string& value) {
        field->is_repeated() ? to->AddString(out, target, value)
                             : to->SetString(out, target, value);
      };
      if (sensitive_.count(field) != 0) {
        put_string(RedactedText(message, *field, i));
        continue;
      }
      if (pieces_.count(field) != 0) {
        put_string(PieceText(message, *field));
        continue;
      }
      dynamic::VisitType(*field, [&](auto access) {
        using Access = decltype(access);
        if constexpr (std::is_same_v<Access, dynamic::MessageAccess>) {
          Copy(field->is_repeated()
                   ? from->GetRepeatedMessage(message, field, i)
                   : from->GetMessage(message, field),
               field->is_repeated() ? to->AddMessage(out, target)
                                    : to->MutableMessage(out, target));
        } else if constexpr (std::is_same_v<Access, dynamic::StringAccess>) {
          std::string scratch;
          put_string(field->is_repeated()
                         ? from->GetRepeatedStringReference(message, field, i,
                                                            &scratch)
                         : from->GetStringReference(message, field, &scratch));
        } else {
          Access::Put(out, target, Access::Get(message, field, i));
        }
      });
    }
  }
}

}  // namespace devstate
