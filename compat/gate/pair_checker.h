// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests that hold the three readers of a mapping against each other: the
// verdict on two schemas, the verdict on a stream, and the conversion.

#ifndef DEVSTATE_COMPAT_GATE_PAIR_CHECKER_H_
#define DEVSTATE_COMPAT_GATE_PAIR_CHECKER_H_

#include <memory>
#include <random>
#include <set>
#include <string>

#include "devstate/compat/diff.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate {
namespace testing {

// Puts all of a state through a converter, its records included. The result
// lives no longer than `factory`.
std::unique_ptr<google::protobuf::Message> ConvertAll(
    const LoadedSchema& writer, const LoadedSchema& reader,
    const google::protobuf::Message& written,
    google::protobuf::DynamicMessageFactory* factory, StreamFindings* findings);

// A writer's and a reader's schema. Thread-safety: none.
class PairChecker {
 public:
  // Takes schemas as text. `upgrade` says whether the reader's is the newer
  // one.
  PairChecker(const std::string& writer, const std::string& reader,
              bool upgrade);

  const LoadedSchema& writer() const { return writer_; }
  const DirectionVerdict& verdict() const { return static_; }
  // Return how many of the states loaded, and how many were refused.
  int loaded() const { return loaded_; }
  int refused() const { return refused_; }

  // Returns a contradiction about `state`, a root of the writer's schema; empty
  // if there is none. With `archive`, the reader knows the writer's schema;
  // otherwise it has that of the stream.
  std::string Check(const google::protobuf::Message& state, bool archive);

  // Returns the same of a random state.
  std::string CheckRandom(std::mt19937* random, bool archive);

 private:
  std::string CheckVerdict(const Verdict& verdict) const;
  // Checks that a state which goes there and back again is what it was, except
  // for what was dropped by name and what was completed.
  std::string CheckNothingIsLost(const google::protobuf::Message& state,
                                 const Verdict& verdict);

  const LoadedSchema writer_;
  const LoadedSchema reader_;
  const bool upgrade_;
  const SchemaFacts facts_;
  SchemaArchive archive_;
  DirectionVerdict static_;
  // The paths of the findings about the schemas, and of those with a condition.
  std::set<std::string> paths_;
  std::set<std::string> conditional_;
  // Whether values move, so that the messages around them come and go.
  const bool moves_;
  google::protobuf::DynamicMessageFactory factory_;
  int loaded_ = 0;
  int refused_ = 0;
};

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_PAIR_CHECKER_H_
