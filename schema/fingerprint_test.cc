// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/fingerprint.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "devstate/options.pb.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/compiler/importer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;

// Names and texts.
using FileTexts = std::vector<std::pair<std::string, std::string>>;

// Files in memory, and devstate/options.proto with what it imports.
class Files : public google::protobuf::compiler::SourceTree {
 public:
  explicit Files(FileTexts files) : files_(std::move(files)) {}

  google::protobuf::io::ZeroCopyInputStream* Open(ProtobufText name) override {
    for (const auto& [file, text] : files_) {
      if (file == name) {
        return new google::protobuf::io::ArrayInputStream(
            text.data(), static_cast<int>(text.size()));
      }
    }
    return nullptr;
  }
  std::string GetLastErrorMessage() override { return "no such file"; }

 private:
  const FileTexts files_;
};

// Compiles schemas; owns what the compiler makes.
class Compiled {
 public:
  explicit Compiled(const FileTexts& files) : files_(files), source_(&files_) {
    google::protobuf::FileDescriptorProto file;
    google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(&file);
    known_.Add(file);
    file.Clear();
    FieldAnnotations::descriptor()->file()->CopyTo(&file);
    known_.Add(file);
    for (const auto& [name, text] : files) {
      google::protobuf::FileDescriptorProto parsed;
      EXPECT_TRUE(source_.FindFileByName(name, &parsed)) << name;
      known_.Add(parsed);
    }
    root_ = pool_.FindMessageTypeByName("a.Root");
    EXPECT_NE(root_, nullptr);
  }

  const Descriptor& root() const { return *root_; }

 private:
  Files files_;
  google::protobuf::compiler::SourceTreeDescriptorDatabase source_;
  google::protobuf::SimpleDescriptorDatabase known_;
  google::protobuf::DescriptorPool pool_{&known_};
  const Descriptor* root_ = nullptr;
};

constexpr char kSchema[] = R"(
syntax = "proto3";
package a;
import "devstate/options.proto";
message Root {
  option (devstate.message) = { schema: "a" version: 1 };
  uint32 x = 1;
  repeated Record records = 2 [(devstate.field) = { unique_by: "id" }];
  optional uint32 p = 3;
  optional uint32 q = 4;
  oneof first { uint32 r = 5; uint32 s = 6; }
  oneof second { uint32 t = 7; uint32 u = 8; }
}
message Record {
  uint64 id = 1 [(devstate.field) = { min: 1 }];
  Color color = 2;
}
enum Color { RED = 0; GREEN = 1; }
)";

std::string FingerprintOf(const std::string& schema) {
  return Fingerprint(Compiled(FileTexts{{"a.proto", schema}}).root());
}

std::string With(const std::string& from, const std::string& to) {
  const std::string changed = absl::StrReplaceAll(kSchema, {{from, to}});
  EXPECT_NE(changed, kSchema) << from;
  return FingerprintOf(changed);
}

TEST(Fingerprint, Has32Bytes) { EXPECT_EQ(FingerprintOf(kSchema).size(), 32u); }

TEST(Fingerprint, IsOfTheSchemaAndNotOfTheRun) {
  EXPECT_EQ(FingerprintOf(kSchema), FingerprintOf(kSchema));
}

TEST(Fingerprint, CommentsDoNotCount) {
  EXPECT_EQ(With("message Record {", "// Words.\nmessage Record {  // More."),
            FingerprintOf(kSchema));
}

TEST(Fingerprint, TheOrderOfFieldsDoesNotCount) {
  EXPECT_EQ(With("optional uint32 p = 3;\n  optional uint32 q = 4;",
                 "optional uint32 q = 4;\n  optional uint32 p = 3;"),
            FingerprintOf(kSchema));
}

TEST(Fingerprint, TheOrderOfOneofsDoesNotCount) {
  EXPECT_EQ(With("oneof first { uint32 r = 5; uint32 s = 6; }\n"
                 "  oneof second { uint32 t = 7; uint32 u = 8; }",
                 "oneof second { uint32 u = 8; uint32 t = 7; }\n"
                 "  oneof first { uint32 s = 6; uint32 r = 5; }"),
            FingerprintOf(kSchema));
}

TEST(Fingerprint, TheOrderOfMessagesAndEnumValuesDoesNotCount) {
  const std::string color = "enum Color { RED = 0; GREEN = 1; }\n";
  EXPECT_EQ(FingerprintOf(absl::StrReplaceAll(
                kSchema,
                {{color, ""}, {"message Record", color + "message Record"}})),
            FingerprintOf(kSchema));
}

TEST(Fingerprint, OptionsOfOthersDoNotCount) {
  EXPECT_EQ(With("uint32 x = 1;",
                 "uint32 x = 1 [deprecated = true, json_name = \"y\"];"),
            FingerprintOf(kSchema));
  EXPECT_EQ(With("message Record {", "message Record { reserved 9, 10;"),
            FingerprintOf(kSchema));
}

TEST(Fingerprint, MessagesThatTheRootIsNotMadeOfDoNotCount) {
  EXPECT_EQ(FingerprintOf(std::string(kSchema) + "message Other {}"),
            FingerprintOf(kSchema));
}

TEST(Fingerprint, TheLayoutOfFilesDoesNotCount) {
  std::string schema = kSchema;
  const size_t record = schema.find("message Record");
  const std::string rest = schema.substr(record);
  schema =
      absl::StrReplaceAll(schema.substr(0, record),
                          {{"package a;", "package a; import \"b.proto\";"}});
  const Compiled split(FileTexts{
      {"b.proto",
       "syntax = \"proto3\"; package a; import \"devstate/options.proto\";" +
           rest},
      {"elsewhere/a.proto", schema}});
  EXPECT_EQ(Fingerprint(split.root()), FingerprintOf(kSchema));
}

TEST(Fingerprint, WhatTheSchemaMeansCounts) {
  const std::string before = FingerprintOf(kSchema);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{
           {"min: 1", "min: 2"},
           {"version: 1", "version: 2"},
           {"unique_by: \"id\"", "unique_by: \"color\""},
           {"uint32 x = 1;", "uint64 x = 1;"},
           {"uint32 x = 1;", "uint32 y = 1;"},
           {"uint32 x = 1;", "uint32 x = 11;"},
           {"uint32 x = 1;", "optional uint32 x = 1;"},
           {"uint32 x = 1;", "repeated uint32 x = 1;"},
           {"uint32 s = 6; }", "} uint32 s = 6;"},
           {"oneof first", "oneof third"},
           {"GREEN = 1", "GREEN = 2"},
           {"GREEN = 1;", "GREEN = 1; BLUE = 2;"},
           {"GREEN = 1;", "GREEN = 1 [(devstate.enum_value) = { since: 1 }];"},
       }) {
    EXPECT_NE(With(from, to), before) << from << " -> " << to;
  }
}

TEST(CanonicalSchema, IsTheMessagesAndEnumsByFullName) {
  const Compiled compiled(FileTexts{{"a.proto", kSchema}});
  const google::protobuf::FileDescriptorProto schema =
      CanonicalSchema(compiled.root());
  EXPECT_EQ(schema.name(), "a.Root");
  EXPECT_EQ(schema.syntax(), "proto3");
  EXPECT_EQ(schema.package(), "");
  ASSERT_EQ(schema.message_type_size(), 2);
  EXPECT_EQ(schema.message_type(0).name(), "a.Record");
  EXPECT_EQ(schema.message_type(1).name(), "a.Root");
  // Without the oneofs that protoc makes up for optional fields.
  EXPECT_EQ(schema.message_type(1).oneof_decl_size(), 2);
  ASSERT_EQ(schema.enum_type_size(), 1);
  EXPECT_EQ(schema.enum_type(0).name(), "a.Color");
}

// The text of the first code block after `heading`, and what follows it.
std::pair<std::string, std::string> BlockAfter(const std::string& document,
                                               const std::string& heading) {
  const size_t open = document.find("\n```", document.find(heading));
  const size_t begin = document.find('\n', open + 1) + 1;
  const size_t end = document.find("\n```", begin);
  EXPECT_NE(end, std::string::npos) << heading;
  return {document.substr(begin, end + 1 - begin), document.substr(end + 4)};
}

TEST(CanonicalSchema, IsTheExampleOfTheDocument) {
  std::ifstream file("docs/stream_format.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  const auto [schema, rest] =
      BlockAfter(document, "The canonical form of this schema:");
  const auto [lines, end] = BlockAfter(rest, "");
  std::string hex;
  for (const absl::string_view line : absl::StrSplit(lines, '\n')) {
    for (const absl::string_view word :
         absl::StrSplit(line, ' ', absl::SkipEmpty())) {
      if (word.size() != 2) break;
      absl::StrAppend(&hex, word);
    }
  }
  const Compiled compiled(FileTexts{{"a.proto", schema}});
  EXPECT_EQ(absl::BytesToHexString(
                CanonicalSchema(compiled.root()).SerializeAsString()),
            hex);
  EXPECT_EQ(end.find(absl::StrCat(
                "\n\nIts fingerprint is `",
                absl::BytesToHexString(Fingerprint(compiled.root())), "`.")),
            0u);
}

TEST(EmbeddableDescriptorSet, HoldsTheFilesThatNotEveryReaderHas) {
  const Compiled compiled(FileTexts{{"a.proto", kSchema}});
  const google::protobuf::FileDescriptorSet set =
      EmbeddableDescriptorSet(compiled.root());
  ASSERT_EQ(set.file_size(), 1);
  EXPECT_EQ(set.file(0).name(), "a.proto");
  EXPECT_FALSE(set.file(0).has_source_code_info());
}

}  // namespace
}  // namespace devstate
