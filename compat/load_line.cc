// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/load_line.h"

#include "absl/strings/str_cat.h"
#include "devstate/schema/name_text.h"

namespace devstate {

std::string WriterText(const WriterName& writer) {
  std::string text = NameText(writer.name);
  if (!writer.version.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : " ", NameText(writer.version));
  }
  return text;
}

std::string LoadLine(absl::string_view level, const StreamHeader& header,
                     const SchemaInfo& reader) {
  std::string line(level);
  if (header.schema.empty()) {
    absl::StrAppend(&line, ": no header was read");
  } else {
    absl::StrAppend(&line, ": state of ", NameText(header.schema), " version ",
                    header.schema_version);
    if (!header.writer.name.empty()) {
      absl::StrAppend(&line, " by ", WriterText(header.writer));
    }
  }
  absl::StrAppend(&line, ", reader has version ", reader.version);
  return line;
}

}  // namespace devstate
