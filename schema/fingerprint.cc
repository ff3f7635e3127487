// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/fingerprint.h"

#include <algorithm>
#include <map>
#include <set>

#include "devstate/options.pb.h"
#include "devstate/third_party/libmd/sha256.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumDescriptorProto;
using ::google::protobuf::EnumValueDescriptorProto;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;
using ::google::protobuf::OneofDescriptor;

// Leaves of a descriptor's options the annotation `extension` alone.
template <typename Options, typename Extension>
void KeepAnnotation(Options* options, const Extension& extension) {
  Options kept;
  if (options->HasExtension(extension)) {
    *kept.MutableExtension(extension) = options->GetExtension(extension);
  }
  *options = kept;
}

class Canonicalizer {
 public:
  FileDescriptorProto Run(const Descriptor& root) {
    AddMessage(root);
    FileDescriptorProto schema;
    schema.set_name(root.full_name());
    schema.set_syntax("proto3");
    for (auto& [name, message] : messages_) {
      schema.add_message_type()->Swap(&message);
    }
    for (auto& [name, enumeration] : enums_) {
      schema.add_enum_type()->Swap(&enumeration);
    }
    return schema;
  }

 private:
  void AddMessage(const Descriptor& message) {
    const auto [entry, inserted] =
        messages_.emplace(message.full_name(), DescriptorProto());
    if (!inserted) return;
    DescriptorProto canonical;
    canonical.set_name(message.full_name());
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      FieldDescriptorProto* copy = canonical.add_field();
      field.CopyTo(copy);
      copy->clear_json_name();
      // By name below, and synthetic ones follow from proto3_optional.
      copy->clear_oneof_index();
      if (copy->has_options()) {
        KeepAnnotation(copy->mutable_options(), devstate::field);
        if (copy->options().ByteSizeLong() == 0) copy->clear_options();
      }
      if (field.message_type() != nullptr) AddMessage(*field.message_type());
      if (field.enum_type() != nullptr) AddEnum(*field.enum_type());
    }
    std::sort(canonical.mutable_field()->begin(),
              canonical.mutable_field()->end(),
              [](const FieldDescriptorProto& a, const FieldDescriptorProto& b) {
                return a.number() < b.number();
              });
    AddOneofs(message, &canonical);
    if (message.options().HasExtension(devstate::message)) {
      *canonical.mutable_options()->MutableExtension(devstate::message) =
          message.options().GetExtension(devstate::message);
    }
    if (message.options().map_entry()) {
      canonical.mutable_options()->set_map_entry(true);
    }
    entry->second = canonical;
  }

  // Of `message`, in the order of their smallest field numbers.
  static void AddOneofs(const Descriptor& message, DescriptorProto* canonical) {
    std::map<std::string, int> indices;
    for (FieldDescriptorProto& field : *canonical->mutable_field()) {
      const OneofDescriptor* oneof =
          message.FindFieldByNumber(field.number())->real_containing_oneof();
      if (oneof == nullptr) continue;
      const auto [entry, inserted] =
          indices.emplace(oneof->name(), canonical->oneof_decl_size());
      if (inserted) canonical->add_oneof_decl()->set_name(oneof->name());
      field.set_oneof_index(entry->second);
    }
  }

  void AddEnum(const EnumDescriptor& enumeration) {
    EnumDescriptorProto canonical;
    enumeration.CopyTo(&canonical);
    canonical.set_name(enumeration.full_name());
    canonical.clear_reserved_range();
    canonical.clear_reserved_name();
    canonical.clear_options();
    for (EnumValueDescriptorProto& value : *canonical.mutable_value()) {
      if (!value.has_options()) continue;
      KeepAnnotation(value.mutable_options(), devstate::enum_value);
      if (value.options().ByteSizeLong() == 0) value.clear_options();
    }
    std::sort(canonical.mutable_value()->begin(),
              canonical.mutable_value()->end(),
              [](const EnumValueDescriptorProto& a,
                 const EnumValueDescriptorProto& b) {
                return a.number() != b.number() ? a.number() < b.number()
                                                : a.name() < b.name();
              });
    enums_[std::string(enumeration.full_name())] = canonical;
  }

  std::map<std::string, DescriptorProto> messages_;
  std::map<std::string, EnumDescriptorProto> enums_;
};

// protoc spells them all out for a plugin: bytes that no stream needs.
void ClearJsonNames(DescriptorProto* message) {
  for (FieldDescriptorProto& field : *message->mutable_field()) {
    field.clear_json_name();
  }
  for (DescriptorProto& nested : *message->mutable_nested_type()) {
    ClearJsonNames(&nested);
  }
}

void AddFile(const FileDescriptor& file, std::set<const FileDescriptor*>& seen,
             FileDescriptorSet* set) {
  if (file.name() == "google/protobuf/descriptor.proto" ||
      file.name() == "devstate/options.proto" || !seen.insert(&file).second) {
    return;
  }
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddFile(*file.dependency(i), seen, set);
  }
  // CopyTo() leaves out comments.
  FileDescriptorProto* copy = set->add_file();
  file.CopyTo(copy);
  for (DescriptorProto& message : *copy->mutable_message_type()) {
    ClearJsonNames(&message);
  }
}

}  // namespace

FileDescriptorProto CanonicalSchema(const Descriptor& root) {
  return Canonicalizer().Run(root);
}

std::string Fingerprint(const Descriptor& root) {
  const FileDescriptorProto schema = CanonicalSchema(root);
  std::string serialized;
  {
    google::protobuf::io::StringOutputStream output(&serialized);
    google::protobuf::io::CodedOutputStream coded(&output);
    coded.SetSerializationDeterministic(true);
    // A string takes it all.
    static_cast<void>(schema.SerializeToCodedStream(&coded));
  }
  return Sha256(serialized);
}

FileDescriptorSet EmbeddableDescriptorSet(const Descriptor& root) {
  FileDescriptorSet set;
  std::set<const FileDescriptor*> seen;
  AddFile(*root.file(), seen, &set);
  return set;
}

}  // namespace devstate
