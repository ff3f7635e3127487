// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/schema_loader.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::SchemaText;

class SchemaLoaderTest : public ::testing::Test {
 protected:
  SchemaLoaderTest()
      : folder_(absl::StrCat(
            ::testing::TempDir(), "/",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_ + "/inner");
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string ErrorOf(const std::string& path,
                      const SchemaLoadOptions& options = {}) {
    const auto schema = LoadSchema(path, options);
    EXPECT_FALSE(schema.ok());
    const std::string message(schema.status().message());
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }

  const std::string folder_;
};

TEST_F(SchemaLoaderTest, OptionsNeedNoImportPath) {
  const auto schema = LoadSchema(
      Write("a.proto",
            SchemaText(3, "uint32 a = 1 [(devstate.field).max = 7];")),
      {});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(schema->model().version(), 3u);
  EXPECT_EQ(schema->model().root->fields[0].annotations.max(), 7);
}

TEST_F(SchemaLoaderTest, DescriptorSetIsTheSameSchema) {
  const auto text = LoadSchema(
      Write("a.proto",
            SchemaText(3, "uint32 a = 1 [(devstate.field).max = 7];")),
      {});
  ASSERT_TRUE(text.ok()) << text.status();
  google::protobuf::FileDescriptorSet set;
  text->root().file()->CopyTo(set.add_file());
  const auto binary = LoadSchema(Write("a.binpb", set.SerializeAsString()), {});
  ASSERT_TRUE(binary.ok()) << binary.status();
  EXPECT_EQ(binary->model().fingerprint, text->model().fingerprint);
  const auto memory = ParseDescriptorSet("m", set.SerializeAsString(), {});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->model().fingerprint, text->model().fingerprint);
  EXPECT_EQ(memory->model().file, "m");
  EXPECT_FALSE(ParseDescriptorSet("m", "rubbish", {}).ok());
}

TEST_F(SchemaLoaderTest, ImportsAreFoundInTheirFolders) {
  Write("inner/part.proto", "syntax = \"proto3\"; package t; message P {}");
  std::string text = SchemaText(1, "P p = 1;");
  text.insert(text.find("message S"), "import \"part.proto\"; ");
  const std::string path = Write("a.proto", text);
  EXPECT_TRUE(absl::StrContains(ErrorOf(path), "-I"));
  SchemaLoadOptions options;
  options.import_paths = {folder_ + "/inner"};
  EXPECT_TRUE(LoadSchema(path, options).ok());
}

TEST_F(SchemaLoaderTest, ErrorsHaveAPlaceAndOneLine) {
  EXPECT_TRUE(absl::StrContains(
      ErrorOf(
          Write("a.proto", "syntax = \"proto3\";\nmessage S {\n  uint a;\n")),
      "a.proto:3:"));
  EXPECT_TRUE(absl::StrContains(ErrorOf(folder_ + "/none.proto"), "no such"));
  EXPECT_TRUE(absl::StrContains(ErrorOf(Write("a.binpb", "\xff\xff")),
                                "descriptor_set_out"));
  EXPECT_TRUE(absl::StrContains(
      ErrorOf(Write("b.proto", "syntax = \"proto2\"; message S {}"), {{}, "S"}),
      "proto3"));
}

TEST_F(SchemaLoaderTest, RootIsTheAnnotatedOrTheNamedMessage) {
  const std::string plain =
      Write("a.proto", "syntax = \"proto3\"; package t; message S {}");
  EXPECT_TRUE(absl::StrContains(ErrorOf(plain), "--root"));
  EXPECT_TRUE(LoadSchema(plain, {{}, "S"}).ok());
  EXPECT_TRUE(LoadSchema(plain, {{}, "t.S"}).ok());
  EXPECT_TRUE(absl::StrContains(ErrorOf(plain, {{}, "X"}), "named X"));
}

TEST_F(SchemaLoaderTest, FolderIsSortedByVersionAndFilesWithoutRootPass) {
  Write("b.proto", SchemaText(1, ""));
  Write("inner/a.proto", SchemaText(2, ""));
  Write("part.proto", "syntax = \"proto3\"; message P {}");
  Write("README.md", "text");
  const auto schemas = LoadSchemas(folder_, {});
  ASSERT_TRUE(schemas.ok()) << schemas.status();
  ASSERT_EQ(schemas->size(), 2u);
  EXPECT_EQ((*schemas)[0].model().version(), 1u);
  EXPECT_EQ((*schemas)[1].model().version(), 2u);
  EXPECT_FALSE(LoadSchemas(folder_ + "/none", {}).ok());
}

TEST_F(SchemaLoaderTest, FilesWithoutRootPassUnlessThereIsNoOther) {
  const std::string part =
      Write("part.proto", "syntax = \"proto3\"; message P {}");
  const std::string schema = Write("a.proto", SchemaText(1, ""));
  const auto schemas = LoadSchemaFiles({part, schema}, {});
  ASSERT_TRUE(schemas.ok()) << schemas.status();
  EXPECT_EQ(schemas->size(), 1u);
  EXPECT_FALSE(LoadSchemaFiles({part}, {}).ok());
  EXPECT_TRUE(LoadSchemaFiles({}, {}).ok());
}

}  // namespace
}  // namespace devstate
