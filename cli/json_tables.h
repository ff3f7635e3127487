// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The JSON of a root message, cut so that the records of its tables need not be
// in memory at once.
//
// Nothing here decides what JSON is: a text is cut at brackets and quotation
// marks, and a parser gets the pieces.

#ifndef DEVSTATE_CLI_JSON_TABLES_H_
#define DEVSTATE_CLI_JSON_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// The records of one field of a root message, in its text.
struct JsonTable {
  const FieldModel* field;
  // The key, in its quotation marks.
  std::string key;
  // Where the records begin, after the bracket, in bytes of the text.
  uint64_t begin;
};

struct JsonOutline {
  // The text without the records of `tables`: their brackets are empty.
  std::string rest;
  // In the order of the text. Each field is there once at most, and only if its
  // value is an array and its key is written without escapes.
  std::vector<JsonTable> tables;
};

// Reads `json` to its end. RESOURCE_EXHAUSTED if what is not in tables is
// larger than `max_rest` bytes. Other errors are those of the source.
absl::StatusOr<JsonOutline> ReadJsonOutline(ByteSource& json,
                                            const SchemaModel& schema,
                                            size_t max_rest);

// Reads the records of tables, each as the text of an object. Thread-safety:
// none.
class JsonRecords {
 public:
  // `json` is read from its start. A record has at most `max_record` bytes.
  JsonRecords(std::shared_ptr<ByteSource> json, size_t max_record)
      : json_(std::move(json)), max_record_(max_record) {}

  // Goes to the records of a table. Requires: they begin at `position()` or
  // after it.
  absl::Status Find(const JsonTable& table);
  // Returns how much of the text was read.
  uint64_t position() const { return buffer_begin_ + at_; }

  // Returns the next record of the table, valid until the next call; nothing at
  // its end. INVALID_ARGUMENT for anything that is not an object.
  absl::StatusOr<std::optional<absl::string_view>> Next();
  // Returns how many records came before the one that Next() returned last.
  uint64_t index() const { return count_ - 1; }

 private:
  // Makes room from `keep` on, an offset in the buffer that becomes 0, and
  // reads more. Returns false at the end of the text.
  absl::StatusOr<bool> ReadMore(size_t keep);
  // Returns the next byte that is not white space, without taking it; nothing
  // at the end of the text.
  absl::StatusOr<std::optional<char>> Peek();
  absl::Status NotARecord() const;

  const std::shared_ptr<ByteSource> json_;
  const size_t max_record_;
  std::string buffer_;
  // Where the buffer begins in the text, and what was taken of it.
  uint64_t buffer_begin_ = 0;
  size_t at_ = 0;
  std::string table_;
  uint64_t count_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_JSON_TABLES_H_
