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
// and ours start with the place of the error already.

#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "devstate/codegen/generator.h"
#include "google/protobuf/compiler/plugin.h"
#include "google/protobuf/compiler/plugin.pb.h"

int main() {
  namespace compiler = ::google::protobuf::compiler;
  compiler::CodeGeneratorRequest request;
  if (!request.ParseFromIstream(&std::cin) ||
      request.file_to_generate().empty()) {
    std::cerr << "protoc-gen-devstate is a plugin: run it through protoc\n";
    return 1;
  }
  compiler::CodeGeneratorResponse response;
  std::string error;
  if (!compiler::GenerateCode(request, devstate::Generator(), &response,
                              &error)) {
    std::cerr << "protoc-gen-devstate: " << error << "\n";
    return 1;
  }
  for (const std::string& file : request.file_to_generate()) {
    absl::string_view text = response.error();
    if (absl::ConsumePrefix(&text, absl::StrCat(file, ": "))) {
      response.set_error(std::string(text));
      break;
    }
  }
  return response.SerializeToOstream(&std::cout) ? 0 : 1;
}
