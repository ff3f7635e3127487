// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/error.h"

#include <cstdarg>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "devstate/serializer/stream_error.h"

namespace devstate::c {
namespace {

struct LastError {
  absl::Status status;
  devstate_code code = DEVSTATE_OK;
  std::string text;
  std::string reason;
};

LastError& Last() {
  static thread_local LastError last;
  return last;
}

// Of an error without an ErrorDetail.
devstate_code CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return DEVSTATE_OK;
    case absl::StatusCode::kResourceExhausted:
      return DEVSTATE_ELIMIT;
    case absl::StatusCode::kDataLoss:
      return DEVSTATE_EIO;
    case absl::StatusCode::kUnavailable:
      return DEVSTATE_EPEER;
    case absl::StatusCode::kDeadlineExceeded:
      return DEVSTATE_ETIMEDOUT;
    case absl::StatusCode::kAborted:
      return DEVSTATE_ECANCELED;
    case absl::StatusCode::kUnimplemented:
      return DEVSTATE_EREFUSED;
    case absl::StatusCode::kUnknown:
      return DEVSTATE_EDEVICE;
    default:
      return DEVSTATE_EINVAL;
  }
}

devstate_code CodeOf(ErrorReason reason) {
  switch (reason) {
    case ERROR_REASON_LIMIT:
      return DEVSTATE_ELIMIT;
    case ERROR_REASON_UNKNOWN_CONTENT:
    case ERROR_REASON_CONSTRAINT:
      return DEVSTATE_EREFUSED;
    default:
      return DEVSTATE_EDAMAGED;
  }
}

void Set(absl::Status status, devstate_code code) {
  LastError& last = Last();
  // One line, whatever a device or a stream puts into it.
  last.text = absl::StrReplaceAll(
      absl::string_view(status.message().data(), status.message().size()),
      {{"\n", "\\n"}});
  last.reason.clear();
  if (const absl::optional<ErrorDetail> detail = GetErrorDetail(status)) {
    last.reason = ReasonName(detail->reason);
  }
  last.code = code;
  last.status = std::move(status);
}

}  // namespace

devstate_code CodeOf(const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? CodeOf(detail->reason) : CodeOf(status.code());
}

int Report(absl::Status status) {
  const devstate_code code = CodeOf(status);
  return Report(std::move(status), code);
}

int Report(absl::Status status, devstate_code code) {
  if (status.ok()) return DEVSTATE_OK;
  Set(std::move(status), code);
  return code;
}

void ClearError() { Last() = LastError(); }

absl::Status FromDevice(int code, const char* name) {
  if (code == 0) return absl::OkStatus();
  if (!Last().status.ok()) return Last().status;
  return absl::UnknownError(absl::StrCat("the device's function ", name,
                                         "() returned ", code,
                                         " without devstate_fail()"));
}

}  // namespace devstate::c

using ::devstate::c::Last;

const char* devstate_error(void) { return Last().text.c_str(); }

devstate_code devstate_error_code(void) { return Last().code; }

const char* devstate_error_reason(void) { return Last().reason.c_str(); }

int devstate_fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char text[1024];
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  ::devstate::c::Set(absl::UnknownError(text), DEVSTATE_EDEVICE);
  return DEVSTATE_EDEVICE;
}
