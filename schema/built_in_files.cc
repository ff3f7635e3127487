// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/built_in_files.h"

#include <map>

#include "devstate/options.pb.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/api.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/source_context.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/type.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;

const std::map<std::string, const FileDescriptor*>& FilesByName() {
  static const auto& files =
      *new std::map<std::string, const FileDescriptor*>([] {
        std::map<std::string, const FileDescriptor*> by_name;
        for (const Descriptor* message : {
                 FieldAnnotations::descriptor(),
                 FileDescriptorProto::descriptor(),
                 google::protobuf::Any::descriptor(),
                 google::protobuf::Api::descriptor(),
                 google::protobuf::Duration::descriptor(),
                 google::protobuf::Empty::descriptor(),
                 google::protobuf::FieldMask::descriptor(),
                 google::protobuf::SourceContext::descriptor(),
                 google::protobuf::Struct::descriptor(),
                 google::protobuf::Timestamp::descriptor(),
                 google::protobuf::Type::descriptor(),
                 google::protobuf::StringValue::descriptor(),
             }) {
          by_name[std::string(message->file()->name())] = message->file();
        }
        return by_name;
      }());
  return files;
}

}  // namespace

bool BuiltInFiles::FindFileByName(ProtobufDatabaseText name,
                                  FileDescriptorProto* output) {
  const std::string file(name);
  const auto found = FilesByName().find(file);
  if (found == FilesByName().end() || hidden_.count(file) != 0) return false;
  output->Clear();
  found->second->CopyTo(output);
  return true;
}

bool BuiltInFiles::FindFileContainingSymbol(ProtobufDatabaseText symbol,
                                            FileDescriptorProto* output) {
  const FileDescriptor* file =
      DescriptorPool::generated_pool()->FindFileContainingSymbol(symbol);
  return file != nullptr && FindFileByName(file->name(), output);
}

bool BuiltInFiles::FindFileContainingExtension(ProtobufDatabaseText, int,
                                               FileDescriptorProto*) {
  return false;
}

bool IsOfTheLanguage(absl::string_view file) {
  return file == FieldAnnotations::descriptor()->file()->name() ||
         file == FileDescriptorProto::descriptor()->file()->name();
}

}  // namespace devstate
