// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CODEGEN_GENERATOR_H_
#define DEVSTATE_CODEGEN_GENERATOR_H_

#include <string>

#include "google/protobuf/compiler/code_generator.h"

namespace devstate {

// Generates the codec of one root message. The parameter "root=FULL.NAME" names
// it; without, it is the one message of the file that has a schema annotation.
// With "lang=c" the code is C; parameters have commas between them.
class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(const google::protobuf::FileDescriptor* file,
                const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;
  uint64_t GetSupportedFeatures() const override {
    return FEATURE_PROTO3_OPTIONAL;
  }
};

}  // namespace devstate

#endif  // DEVSTATE_CODEGEN_GENERATOR_H_
