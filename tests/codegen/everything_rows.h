// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The records of everything.proto as protobuf messages, which know how to
// compare and to fill themselves, and as the generated rows.

#ifndef DEVSTATE_TESTS_CODEGEN_EVERYTHING_ROWS_H_
#define DEVSTATE_TESTS_CODEGEN_EVERYTHING_ROWS_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_writer.h"
#include "google/protobuf/message.h"
#include "tests/codegen/everything.devstate.h"

namespace devstate::test::everything {

using ::google::protobuf::Message;

// The records of one repeated field of the root message.
using Records = std::vector<std::unique_ptr<Message>>;

// A state: the singular fields, and the records by field number.
struct State {
  Everything root;
  Records scalars, optionals, repeateds, nested, keywords;
  // Of field `visitor`, `stream`, `status` and `size`.
  Records visitor, stream, status, size;

  std::vector<std::pair<int, Records*>> fields() {
    return {{6, &scalars}, {7, &optionals}, {8, &repeateds},
            {9, &nested},  {10, &keywords}, {11, &visitor},
            {12, &stream}, {1000, &status}, {536870911, &size}};
  }
};

// Returns an empty record of the root's field `number`, of generated code.
std::unique_ptr<Message> NewRecord(int number);

// Fills `message` with values from nowhere to the extremes of their types.
void FillAtRandom(std::mt19937_64& random, Message* message);

// `count` records in each field; the same for the same seed.
State RandomState(uint64_t seed, size_t count);

// Through the generated writer and back through the generated reader.
absl::Status Write(State& state, ByteSink* sink, WriterOptions options);
absl::Status Read(ByteSource* source, State* state,
                  const Limits& limits = Limits());

// Fails the test if they differ.
void ExpectSameState(State& actual, State& expected);

}  // namespace devstate::test::everything

#endif  // DEVSTATE_TESTS_CODEGEN_EVERYTHING_ROWS_H_
