// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_layout.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptor;

class Checker {
 public:
  absl::Status Check(const Descriptor& message) {
    if (message.file()->syntax() != FileDescriptor::SYNTAX_PROTO3) {
      return Error(message.full_name(), "is not of proto3");
    }
    if (std::find(outer_.begin(), outer_.end(), &message) != outer_.end()) {
      return Error(message.full_name(), "contains itself");
    }
    if (outer_.size() >= size_t{kMaxRecordDepth}) {
      return Error(
          message.full_name(),
          absl::StrCat("lies deeper than ", kMaxRecordDepth, " messages"));
    }
    outer_.push_back(&message);
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (--columns_left_ < 0) {
        return Error(
            field.full_name(),
            absl::StrCat("is beyond the ", kMaxRecordColumns,
                         " columns that a record may have with all that is "
                         "nested in it"));
      }
      if (field.message_type() != nullptr) {
        DS_RETURN_IF_ERROR(Check(*field.message_type()));
      }
    }
    outer_.pop_back();
    return absl::OkStatus();
  }

 private:
  static absl::Status Error(const std::string& name, const std::string& what) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " ", what, ", so its records have no columns"));
  }

  std::vector<const Descriptor*> outer_;
  int columns_left_ = kMaxRecordColumns;
};

// Size and alignment of a C++ type.
struct Layout {
  size_t size;
  size_t alignment;
};

size_t RoundUp(size_t size, size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

Layout LayoutOf(const Descriptor& record);

Layout LayoutOfElement(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {1, 1};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
      return {4, 4};
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return {8, 8};
    case FieldDescriptor::CPPTYPE_STRING:
      // absl::string_view.
      return {16, 8};
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return LayoutOf(*field.message_type());
}

Layout LayoutOfMember(const FieldDescriptor& field) {
  // absl::Span.
  if (field.is_repeated()) return {16, 8};
  const Layout value = LayoutOfElement(field);
  if (OccursOnce(field)) return value;
  // std::optional: the value and a flag.
  return {RoundUp(value.size + 1, value.alignment), value.alignment};
}

Layout LayoutOf(const Descriptor& record) {
  Layout layout = {0, 1};
  for (const FieldDescriptor* field : FieldsByNumber(record)) {
    const Layout member = LayoutOfMember(*field);
    layout.size = RoundUp(layout.size, member.alignment) + member.size;
    layout.alignment = std::max(layout.alignment, member.alignment);
  }
  layout.size = std::max<size_t>(1, RoundUp(layout.size, layout.alignment));
  return layout;
}

}  // namespace

absl::Status CheckRecordType(const Descriptor& record) {
  return Checker().Check(record);
}

bool TravelsInBatches(const FieldDescriptor& field) {
  return field.is_repeated() && !field.is_map() &&
         field.message_type() != nullptr;
}

bool OccursOnce(const FieldDescriptor& field) {
  return !field.is_repeated() && !field.has_presence();
}

std::vector<const FieldDescriptor*> FieldsByNumber(const Descriptor& message) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < message.field_count(); ++i) {
    fields.push_back(message.field(i));
  }
  std::sort(fields.begin(), fields.end(),
            [](const FieldDescriptor* a, const FieldDescriptor* b) {
              return a->number() < b->number();
            });
  return fields;
}

size_t RowSize(const Descriptor& record) { return LayoutOf(record).size; }

size_t ElementSize(const FieldDescriptor& field) {
  return LayoutOfElement(field).size;
}

}  // namespace devstate
