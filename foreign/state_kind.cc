// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/state_kind.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "devstate/foreign/foreign_formats.h"
#include "devstate/foreign/read_head.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<Recognised> Recognise(const OpenSource& input) {
  // As many as ForeignFormat::recognise asks for.
  constexpr size_t kFirstBytes = 64;
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, input());
  DS_ASSIGN_OR_RETURN(const std::string first, ReadHead(*source, kFirstBytes));
  Recognised recognised;
  recognised.is_stream = absl::StartsWith(first, kStreamMagic);
  if (recognised.is_stream) return recognised;
  for (const ForeignFormat* format : ForeignFormats()) {
    if (format->recognise(first)) {
      recognised.format = format;
      break;
    }
  }
  return recognised;
}

absl::StatusOr<absl::string_view> KindOf(const OpenSource& input) {
  DS_ASSIGN_OR_RETURN(const Recognised recognised, Recognise(input));
  if (recognised.is_stream) return "devstate";
  if (recognised.format == nullptr) return "opaque";
  const absl::Status parsed = recognised.format->check(input).status();
  if (parsed.ok()) return recognised.format->name;
  // About the bytes, not about reading them.
  if (GetErrorDetail(parsed).has_value()) return "opaque";
  return parsed;
}

}  // namespace devstate
