// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_SCHEMA_FACTS_H_
#define DEVSTATE_SCHEMA_SCHEMA_FACTS_H_

#include <string>

#include "devstate/schema/schema_info.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// The SchemaInfo of a schema without generated code. Generated code has the
// same values.
class SchemaFacts {
 public:
  // Takes milliseconds, because the descriptor set is compressed at the highest
  // level.
  explicit SchemaFacts(const google::protobuf::Descriptor& root);

  SchemaFacts(const SchemaFacts&) = delete;
  SchemaFacts& operator=(const SchemaFacts&) = delete;

  // Returns the info, whose views are valid as long as this object.
  const SchemaInfo& info() const { return info_; }

 private:
  std::string schema_;
  std::string device_;
  std::string root_message_;
  std::string fingerprint_;
  std::string descriptor_set_;
  SchemaInfo info_;
};

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_SCHEMA_FACTS_H_
