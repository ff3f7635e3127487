// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes a state, reads it back, and says what is wrong.

#include <cstring>
#include <iostream>
#include <string>

#include "counter.devstate.h"
#include "counter_columns.pb.h"
#include "counter_manifest.h"

namespace {

class Sink : public devstate::ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    written.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  std::string written;
};

class Source : public devstate::ByteSource {
 public:
  explicit Source(const std::string& bytes) : rest_(bytes) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    size = rest_.copy(buffer, size);
    rest_.remove_prefix(size);
    return size;
  }

 private:
  absl::string_view rest_;
};

class Visitor : public counter::v1::CounterStateVisitor {
 public:
  absl::Status OnRoot(const counter::v1::CounterState& root) override {
    text += std::to_string(root.total()) + ":";
    return absl::OkStatus();
  }
  absl::Status OnCounters(counter::v1::CountersBatch& batch) override {
    counter::v1::CounterRow row;
    while (batch.Next(&row)) {
      text += std::string(row.name) + "=" + std::to_string(row.value);
      if (row.limit) text += "/" + std::to_string(*row.limit);
      text += ";";
    }
    return absl::OkStatus();
  }
  std::string text;
};

absl::Status Run(std::string* text) {
  Sink sink;
  counter::v1::CounterStateWriter writer(&sink);
  counter::v1::CounterState root;
  root.set_total(12);
  absl::Status status = writer.Begin(root);
  if (!status.ok()) return status;
  for (const counter::v1::CounterRow& row :
       {counter::v1::CounterRow{"rx", 5, {}, {}},
        counter::v1::CounterRow{"tx", 7, 100, {}}}) {
    status = writer.AddCounters(row);
    if (!status.ok()) return status;
  }
  status = writer.Finish();
  if (!status.ok()) return status;

  Source source(sink.written);
  counter::v1::CounterStateReader reader(&source);
  Visitor visitor;
  status = reader.Read(visitor);
  *text = visitor.text;
  return status;
}

}  // namespace

int main() {
  std::string text;
  const absl::Status status = Run(&text);
  if (!status.ok() || text != "12:rx=5;tx=7/100;") {
    std::cerr << status << ": \"" << text << "\"\n";
    return 1;
  }
  if (counter::v1::CounterStateManifest().find("\"counter-backend\"") ==
      absl::string_view::npos) {
    std::cerr << counter::v1::CounterStateManifest() << "\n";
    return 1;
  }
  return counter::v1::CounterColumns::descriptor()->field_count() == 4 ? 0 : 1;
}
