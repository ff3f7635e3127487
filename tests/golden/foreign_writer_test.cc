// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Streams of an implementation that was made from docs/stream_format.md alone.
// The values expected here were taken from the bytes by a third one.

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StringSource;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

std::string ReadFile(const std::string& name) {
  std::ifstream file("tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The records as text, one a line.
class Printer : public DynamicStateVisitor {
 public:
  absl::Status OnRoot(const Message& message) override {
    root = MessageText(message);
    return absl::OkStatus();
  }
  absl::Status OnBatch(const FieldDescriptor& field, Records& batch) override {
    for (const auto& record : batch) {
      absl::StrAppend(&records, field.name(), " { ", MessageText(*record),
                      " }\n");
    }
    return absl::OkStatus();
  }

  std::string root;
  std::string records;
};

absl::Status Print(const std::string& name, Printer* printer) {
  StringSource source(ReadFile(name));
  DynamicStateReader reader(&source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  EXPECT_EQ(header->writer.name, "py-devstate");
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      LoadEmbeddedSchema(SchemaOf(*header)));
  return reader.Read(schema.model(), *printer);
}

uint64_t Fnv1a(const std::string& bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

TEST(ForeignWriter, ANetStateHasItsValues) {
  Printer printer;
  ASSERT_THAT(Print("py_net_raw.dstate", &printer), IsOk());
  EXPECT_EQ(printer.records, ReadFile("py_net_raw.records"));
}

TEST(ForeignWriter, AFsStateHasItsValuesRawAndCompressed) {
  for (const char* name : {"py_fs_raw.dstate", "py_fs_zstd.dstate"}) {
    Printer printer;
    ASSERT_THAT(Print(name, &printer), IsOk());
    EXPECT_EQ(
        printer.root,
        "session { writeback_cache: true posix_acl: true } next_inode: 1001 "
        "next_handle: 100");
    EXPECT_TRUE(absl::StartsWith(
        printer.records,
        "inodes { id: 1 refcount: 5 root { } attributes { mode: 16877 ino: 2 "
        "ctime_ns: 1 } }\ninodes { id: 2 path { parent: 1 name: \"file2.txt\" "
        "} }\n"));
    EXPECT_TRUE(absl::EndsWith(printer.records,
                               "mount_paths { mount_id: 36 path: \".\" }\n"));
    // Of all 1051 records.
    EXPECT_EQ(printer.records.size(), 164591u);
    EXPECT_EQ(Fnv1a(printer.records), 0xc2c373c3451541d1u);
  }
}

}  // namespace
}  // namespace devstate
