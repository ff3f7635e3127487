// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/stream_descriptors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;

constexpr absl::string_view kImplementationProto =
#include "schema/implementation_proto.inc"
    ;
constexpr absl::string_view kStreamProto =
#include "schema/stream_proto.inc"
    ;

// Adds a file, which the build has compiled already, so that nothing is wrong
// with it.
void AddFile(absl::string_view name, absl::string_view text,
             DescriptorPool* pool) {
  google::protobuf::io::ArrayInputStream input(text.data(),
                                               static_cast<int>(text.size()));
  google::protobuf::io::Tokenizer tokenizer(&input, nullptr);
  FileDescriptorProto file;
  google::protobuf::compiler::Parser().Parse(&tokenizer, &file);
  file.set_name(std::string(name));
  pool->BuildFile(file);
}

}  // namespace

const google::protobuf::Descriptor* StreamMessage(absl::string_view name) {
  static const DescriptorPool& pool = *[] {
    auto* made = new DescriptorPool();
    AddFile("devstate/implementation.proto", kImplementationProto, made);
    AddFile("devstate/stream.proto", kStreamProto, made);
    return made;
  }();
  return pool.FindMessageTypeByName(absl::StrCat("devstate.", name));
}

}  // namespace devstate
