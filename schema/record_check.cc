// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_check.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptor;

// Singular root fields are protobuf's own business, but what a reader of a
// newer schema must be told apart needs proto3's rules everywhere.
absl::Status CheckSyntax(const Descriptor& message) {
  if (IsProto3(*message.file())) {
    return absl::OkStatus();
  }
  return SchemaError(message,
                     "only proto3 schemas are supported: write syntax = "
                     "\"proto3\"; in the file");
}

class Checker {
 public:
  explicit Checker(int max_depth)
      : max_depth_(static_cast<size_t>(max_depth)) {}

  absl::Status Check(const Descriptor& message) {
    DS_RETURN_IF_ERROR(CheckSyntax(message));
    outer_.push_back(&message);
    for (int i = 0; i < message.field_count(); ++i) {
      DS_RETURN_IF_ERROR(CheckField(*message.field(i)));
    }
    outer_.pop_back();
    return absl::OkStatus();
  }

 private:
  absl::Status CheckField(const FieldDescriptor& field) {
    if (--columns_left_ < 0) {
      return SchemaError(
          field, absl::StrCat("is beyond the ", kMaxRecordColumns,
                              " columns that a record may have with all that "
                              "is nested in it: split the record"));
    }
    const Descriptor* message = field.message_type();
    if (message == nullptr) return absl::OkStatus();
    if (std::find(outer_.begin(), outer_.end(), message) != outer_.end()) {
      return SchemaError(
          field, absl::StrCat("the record ", message->full_name(),
                              " contains itself; records in columns cannot be "
                              "recursive: flatten it into records that refer "
                              "to each other by a key"));
    }
    if (outer_.size() >= max_depth_) {
      return SchemaError(
          field, absl::StrCat("the message ", message->full_name(),
                              " lies deeper than ", max_depth_,
                              " messages: flatten it into records that refer "
                              "to each other by a key"));
    }
    return Check(*message);
  }

  const size_t max_depth_;
  std::vector<const Descriptor*> outer_;
  int columns_left_ = kMaxRecordColumns;
};

}  // namespace

absl::Status CheckRecordType(const Descriptor& record, int max_depth) {
  return Checker(max_depth).Check(record);
}

absl::Status CheckRootType(const Descriptor& root, int max_depth) {
  DS_RETURN_IF_ERROR(CheckSyntax(root));
  for (int i = 0; i < root.field_count(); ++i) {
    if (root.field(i)->message_type() == nullptr) continue;
    DS_RETURN_IF_ERROR(
        CheckRecordType(*root.field(i)->message_type(), max_depth));
  }
  return absl::OkStatus();
}

}  // namespace devstate
