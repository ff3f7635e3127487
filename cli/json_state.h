// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_JSON_STATE_H_
#define DEVSTATE_CLI_JSON_STATE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/json_tables.h"
#include "cli/plain_json.h"
#include "cli/state_message.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/message.h"

namespace devstate {

// A root message in protobuf's JSON whose records are read one by one, so that
// memory does not grow with them. Thread-safety: none.
class JsonState {
 public:
  // Reads the JSON once, and what is not read record by record into `state`, an
  // empty root message of `schema`. Errors are those of ParseState() and of
  // ReadJsonOutline(). Requires: `schema` and what `open` refers to outlive
  // this object.
  static absl::StatusOr<std::unique_ptr<JsonState>> Read(
      OpenSource open, const SchemaModel& schema,
      google::protobuf::Message* state);

  JsonState(const JsonState&) = delete;
  JsonState& operator=(const JsonState&) = delete;

  // Calls `visit` with each record of `table` that `state` was not given. Reads
  // on where the table stands after the last one that was visited, and from the
  // start of the JSON otherwise. Errors are those of ParseState().
  absl::Status VisitRecords(const FieldModel& table, const VisitRecord& visit);

 private:
  JsonState(OpenSource open, std::vector<JsonTable> tables,
            const google::protobuf::Message& state);

  // Reads one record as protobuf does, with its errors.
  absl::StatusOr<const google::protobuf::Message*> Parse(
      const JsonTable& table, absl::string_view text);

  const OpenSource open_;
  const std::vector<JsonTable> tables_;
  std::unique_ptr<JsonRecords> records_;
  PlainJsonReader plain_;
  // A root, for what protobuf itself has to parse.
  const std::unique_ptr<google::protobuf::Message> root_;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_JSON_STATE_H_
