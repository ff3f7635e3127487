// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/json_text.h"

#include "absl/strings/str_cat.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {

absl::StatusOr<std::string> JsonText(const google::protobuf::Message& message,
                                     JsonStyle style) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = style.indented;
  if (style.all_fields) PrintAllFields(&options);
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &json, options);
  if (status.ok()) return json;
  return absl::InvalidArgumentError(absl::StrCat(
      message.GetDescriptor()->full_name(),
      " cannot be printed as JSON: ", std::string(status.message())));
}

}  // namespace devstate
