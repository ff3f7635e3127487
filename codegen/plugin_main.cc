// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// protoc-gen-devstate: the protoc plugin.
//
//   protoc --plugin=protoc-gen-devstate --devstate_out=root=a.v1.State:OUT
//       a/v1/state.proto
//
// writes a/v1/state.devstate.h, a/v1/state.devstate.cc and
// a/v1/state_columns.proto beneath OUT; with lang=c,root=… it writes
// a/v1/state.devstate-c.h and a/v1/state.devstate-c.c.
//
// Not protobuf's PluginMain(): that puts the file's name before every error,
// and ours start with the place of the error already. What it is made of, newer
// shared libraries do not export.

#include <iostream>
#include <string>

#include "devstate/codegen/generator.h"
#include "google/protobuf/compiler/code_generator.h"
#include "google/protobuf/compiler/plugin.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace {

namespace compiler = ::google::protobuf::compiler;

// Generated files become those of `response`.
class ResponseFiles : public compiler::GeneratorContext {
 public:
  explicit ResponseFiles(compiler::CodeGeneratorResponse* response)
      : response_(*response) {}

  google::protobuf::io::ZeroCopyOutputStream* Open(
      const std::string& name) override {
    auto* file = response_.add_file();
    file->set_name(name);
    return new google::protobuf::io::StringOutputStream(
        file->mutable_content());
  }

 private:
  compiler::CodeGeneratorResponse& response_;
};

}  // namespace

int main() {
  compiler::CodeGeneratorRequest request;
  if (!request.ParseFromIstream(&std::cin) ||
      request.file_to_generate().empty()) {
    std::cerr << "protoc-gen-devstate is a plugin: run it through protoc\n";
    return 1;
  }
  google::protobuf::DescriptorPool pool;
  for (const auto& file : request.proto_file()) pool.BuildFile(file);
  const devstate::Generator generator;
  compiler::CodeGeneratorResponse response;
  response.set_supported_features(generator.GetSupportedFeatures());
  ResponseFiles files(&response);
  for (const std::string& name : request.file_to_generate()) {
    const auto* file = pool.FindFileByName(name);
    if (file == nullptr) {
      std::cerr << "protoc-gen-devstate: protoc did not send " << name << "\n";
      return 1;
    }
    std::string error;
    if (!generator.Generate(file, request.parameter(), &files, &error)) {
      response.set_error(error);
      break;
    }
  }
  return response.SerializeToOstream(&std::cout) ? 0 : 1;
}
