// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Between absl::Status and the codes of devstate.h. The last error of a thread
// is kept whole, so that one which crosses C, from the library through a device
// back into the library, loses nothing.

#ifndef DEVSTATE_BACKEND_C_ERROR_H_
#define DEVSTATE_BACKEND_C_ERROR_H_

#include "absl/status/status.h"
#include "devstate/devstate.h"

namespace devstate::c {

// The code of `status`, which does not become the thread's error.
devstate_code CodeOf(const absl::Status& status);

// Makes `status` the thread's error unless it is OK. Returns its code.
int Report(absl::Status status);
// The same with another code than that of its kind.
int Report(absl::Status status, devstate_code code);

// Forgets the thread's error, before code of the device is called: CallDevice()
// does it.
void ClearError();

// Returns the status that `code`, returned by the device's function `name`,
// stands for: the thread's error if there is one since ClearError().
absl::Status FromDevice(int code, const char* name);

// Calls the device's function `name` and returns what it stands for.
template <typename... Arguments>
absl::Status CallDevice(const char* name, int (*function)(Arguments...),
                        Arguments... arguments) {
  ClearError();
  return FromDevice(function(arguments...), name);
}

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_ERROR_H_
