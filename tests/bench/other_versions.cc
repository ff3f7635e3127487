// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/other_versions.h"

#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/options.pb.h"
#include "devstate/serializer/record_stream.h"
#include "google/protobuf/descriptor.pb.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateSchema;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;

void AddFile(const FileDescriptor& file, FileDescriptorSet* set) {
  for (int i = 0; i < file.dependency_count(); ++i) {
    AddFile(*file.dependency(i), set);
  }
  file.CopyTo(set->add_file());
}

// The program's schema as the next version of it, last in the set.
FileDescriptorSet Files() {
  FileDescriptorSet set;
  AddFile(*FsState::descriptor()->file(), &set);
  return set;
}

DescriptorProto& MessageOf(FileDescriptorSet* set, const std::string& name) {
  FileDescriptorProto& file = *set->mutable_file(set->file_size() - 1);
  for (DescriptorProto& message : *file.mutable_message_type()) {
    if (message.name() == name) return message;
  }
  return *file.add_message_type();
}

FieldDescriptorProto& FieldOf(DescriptorProto& message,
                              const std::string& name) {
  for (FieldDescriptorProto& field : *message.mutable_field()) {
    if (field.name() == name) return field;
  }
  return *message.add_field();
}

absl::StatusOr<LoadedSchema> Load(FileDescriptorSet set) {
  MessageOf(&set, "FsState")
      .mutable_options()
      ->MutableExtension(devstate::message)
      ->set_version(FsStateSchema().version + 1);
  SchemaLoadOptions options;
  options.root = std::string(FsState::descriptor()->full_name());
  return ParseDescriptorSet("next version", set.SerializeAsString(), options);
}

}  // namespace

absl::StatusOr<LoadedSchema> NextVersion() {
  FileDescriptorSet set = Files();
  FieldDescriptorProto& field = *MessageOf(&set, "Inode").add_field();
  field.set_name("later");
  field.set_number(50);
  field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field.set_type(FieldDescriptorProto::TYPE_UINT32);
  FieldAnnotations& annotations =
      *field.mutable_options()->MutableExtension(devstate::field);
  annotations.set_since(FsStateSchema().version + 1);
  annotations.set_ignorable(true);
  return Load(std::move(set));
}

absl::StatusOr<LoadedSchema> AlternativeVersion() {
  FileDescriptorSet set = Files();
  DescriptorProto& inode = MessageOf(&set, "Inode");
  // Unsigned to signed, and back.
  FieldOf(inode, "id").set_type(FieldDescriptorProto::TYPE_INT64);
  FieldOf(inode, "refcount").set_type(FieldDescriptorProto::TYPE_UINT32);
  for (DescriptorProto& nested : *inode.mutable_nested_type()) {
    if (nested.name() != "Path") continue;
    FieldOf(nested, "parent").set_type(FieldDescriptorProto::TYPE_INT64);
    FieldOf(nested, "name").set_type(FieldDescriptorProto::TYPE_BYTES);
  }
  DescriptorProto& handle = MessageOf(&set, "FileHandle");
  FieldOf(handle, "mount_id").set_type(FieldDescriptorProto::TYPE_UINT32);
  FieldOf(handle, "type").set_type(FieldDescriptorProto::TYPE_SINT64);
  DescriptorProto& attributes = MessageOf(&set, "Attributes");
  FieldOf(attributes, "mode").set_type(FieldDescriptorProto::TYPE_INT64);
  FieldOf(attributes, "ctime_ns").set_type(FieldDescriptorProto::TYPE_INT32);
  FieldOf(attributes, "ctime_ns")
      .mutable_options()
      ->MutableExtension(devstate::field)
      ->set_unit("s");
  return Load(std::move(set));
}

absl::StatusOr<LoadedSchema> ReleasedVersion(int version) {
  return LoadSchema(
      absl::StrCat("proto/devices/fs/v1/released/", version, "/fs.proto"), {});
}

absl::StatusOr<absl::string_view> NextVersionFilter::FilterRoot(
    absl::string_view root) {
  return root;
}

absl::StatusOr<Chunk> NextVersionFilter::FilterBatch(const Chunk& batch) {
  Chunk result = batch;
  if (used_) {
    // later: UNSIGNED, CONSTANT, base 1.
    static constexpr char kColumn[] = "\x92\x03\x06\x08\x01\x10\x01\x18\x01";
    payload_.assign(batch.payload.data(), batch.payload.size());
    payload_.append(kColumn, sizeof(kColumn) - 1);
    result.payload = payload_;
  }
  return result;
}

}  // namespace devstate::bench
