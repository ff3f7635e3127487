// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The judge as a library of its own, next to this one. It brings Protocol
// Buffers with it, so it is loaded when the first state asks for it.

#include <dlfcn.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/backend/c/judge.h"
#include "devstate/backend/c/judge_library.h"

namespace devstate::c {
namespace {

namespace fs = ::std::filesystem;

// Returns the judge's path next to the library that this code is in, which may
// have been found by a symbolic link, or its name alone, for which the system
// looks.
std::string LibraryPath() {
  static const char kHere = 0;
  Dl_info info;
  if (dladdr(&kHere, &info) == 0 || info.dli_fname == nullptr) {
    return kJudgeLibrary;
  }
  const fs::path file = info.dli_fname;
  if (!file.has_parent_path()) return kJudgeLibrary;
  const fs::path next_to_it = file.parent_path() / kJudgeLibrary;
  std::error_code error;
  if (fs::exists(next_to_it, error)) return next_to_it;
  const fs::path real = fs::canonical(file, error);
  return error ? next_to_it : real.parent_path() / kJudgeLibrary;
}

absl::Status Missing(absl::string_view reason) {
  return absl::FailedPreconditionError(absl::StrCat(
      kJudgeLibrary,
      ", which judges and converts states of other versions, cannot be "
      "loaded: ",
      reason,
      ": install it next to libdevstate_c.so.0, both of the same release, and "
      "call devstate_load_judge() before a sandbox closes"));
}

absl::StatusOr<const JudgeFunctions*> LoadJudge() {
  // Never closed: what it has made may live as long as the process.
  void* const library = dlopen(LibraryPath().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Missing(dlerror());
  const auto enter =
      reinterpret_cast<JudgeEntry*>(dlsym(library, kJudgeSymbol));
  if (enter == nullptr) return Missing(dlerror());
  const JudgeFunctions* const functions = enter(kJudgeRelease);
  if (functions == nullptr) return Missing("it is of another release");
  return functions;
}

}  // namespace

absl::StatusOr<const JudgeFunctions*> FindJudge() {
  static const auto& judge =
      *new absl::StatusOr<const JudgeFunctions*>(LoadJudge());
  return judge;
}

}  // namespace devstate::c
