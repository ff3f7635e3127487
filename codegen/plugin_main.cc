// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// protoc-gen-devstate: the protoc plugin.
//
//   protoc --plugin=protoc-gen-devstate --devstate_out=root=a.v1.State:OUT
//       a/v1/state.proto
//
// writes a/v1/state.devstate.h, a/v1/state.devstate.cc and
// a/v1/state_columns.proto beneath OUT.

#include "codegen/generator.h"
#include "google/protobuf/compiler/plugin.h"

int main(int argc, char** argv) {
  devstate::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
