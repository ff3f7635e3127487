// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_STREAM_FINDINGS_H_
#define DEVSTATE_COMPAT_GATE_STREAM_FINDINGS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/rules.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// The findings about one stream. The same rule at the same path is one finding,
// however many records have it. Its text tells the first place and the number.
// Thread-safety: none.
class StreamFindings {
 public:
  // The number of findings that are kept. Further ones are counted into the
  // level only.
  static constexpr size_t kMaxFindings = 1000;

  // Sets where findings come from until the next call: "inodes[17]", or empty
  // for the root's singular fields.
  void SetRecord(absl::string_view field, uint64_t index) {
    field_ = field;
    index_ = index;
  }

  // Adds a finding. `path` is that of the schema, without indexes. `written` is
  // what the writer has, `read` what the reader has or allows. `count` places
  // have it, of which this is the first.
  void Add(const Rule& rule, VerdictLevel level, absl::string_view path,
           std::string written, std::string read, std::string text,
           uint64_t count = 1);

  // Adds content of a field that the reader does not know and the writer
  // declares ignorable.
  void AddDropped(absl::string_view path, std::string written,
                  uint64_t count = 1);

  // Adds a finding that is not about one record.
  void Add(Finding finding);

  // Returns the worst level so far, VERDICT_LEVEL_UNSPECIFIED if there is none.
  VerdictLevel level() const { return level_; }

  // Returns the findings sorted by path, then rule.
  std::vector<Finding> Sorted() const;

 private:
  struct Entry {
    Finding finding;
    std::string place;
    uint64_t count = 0;
  };

  // Counts `count` findings. Returns their entry if they are the first of their
  // kind and there is room, else null.
  Entry* Count(absl::string_view rule, VerdictLevel level,
               absl::string_view path, uint64_t count);

  // The entries by path and rule.
  std::map<std::pair<std::string, std::string>, Entry> entries_;
  absl::string_view field_;
  uint64_t index_ = 0;
  VerdictLevel level_ = VERDICT_LEVEL_UNSPECIFIED;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_STREAM_FINDINGS_H_
