// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_MEMBERS_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_MEMBERS_H_

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace devstate::crosvm {

// The members of one of crosvm's structs. After the first error every getter
// returns nothing, and the error stays in the status that all share.
// Thread-safety: none.
class Members {
 public:
  // Fails unless `json` is an object with exactly the members `names`: one that
  // is not known is of a newer crosvm. `path` names it in errors.
  //
  // Requires: `json` and `status` outlive this object.
  Members(const nlohmann::json& json, std::string path,
          std::initializer_list<absl::string_view> names, absl::Status* status);

  // Return the value of a member, which is one of `names`. They fail for one of
  // another type.
  uint64_t Number(const char* name, uint64_t min, uint64_t max);
  uint8_t U8(const char* name);
  uint16_t U16(const char* name);
  uint32_t U32(const char* name);
  uint64_t U64(const char* name);
  bool Bool(const char* name);
  std::string Text(const char* name);
  const nlohmann::json& List(const char* name);
  // Returns a list of numbers below 256.
  std::string Bytes(const char* name);
  // Returns a value of any type.
  const nlohmann::json& Any(const char* name);

  // Returns the place of a member, and of an element of one that is a list.
  std::string PathOf(absl::string_view name) const;
  std::string PathOf(absl::string_view name, size_t index) const;

  // Fails, unless it has already.
  void Fail(absl::string_view name, absl::string_view what);

  bool ok() const { return status_.ok(); }

 private:
  const nlohmann::json& json_;
  const std::string path_;
  absl::Status& status_;
};

// Returns an error about a state of crosvm, as of bytes that crosvm does not
// write: a StreamError.
absl::Status NotWrittenByCrosvm(absl::string_view path, absl::string_view what);

}  // namespace devstate::crosvm

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_MEMBERS_H_
