// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/schema_loader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

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
    std::filesystem::create_directories(
        std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // A schema of `package` that imports `import` and has its message t.P.
  static std::string Importing(const std::string& import,
                               const std::string& package = "t",
                               int version = 1) {
    return absl::StrCat("syntax = \"proto3\"; package ", package,
                        "; import \"devstate/options.proto\"; import \"",
                        import,
                        "\"; message S { option (devstate.message) = { schema: "
                        "\"t\" version: ",
                        version, " device: \"d\" }; t.P p = 1; }");
  }

  // The file of t.P, whose one field tells the copies apart.
  static std::string Part(const std::string& field) {
    return absl::StrCat("syntax = \"proto3\"; package t; message P { uint32 ",
                        field, " = 1; }");
  }

  // The field of t.P that the schema in `path` has read, or the error.
  static std::string PartOf(const std::string& path,
                            const SchemaLoadOptions& options = {}) {
    const auto schema = LoadSchema(path, options);
    if (!schema.ok()) return std::string(schema.status().message());
    return std::string(
        schema->root().field(0)->message_type()->field(0)->name());
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

TEST_F(SchemaLoaderTest, CopyBesideTheSchemaComesBeforeNamedFolders) {
  Write("proto/common/part.proto", Part("today"));
  Write("released/1/common/part.proto", Part("one"));
  Write("released/2/common/part.proto", Part("two"));
  Write("released/1/dev.proto", Importing("common/part.proto"));
  Write("released/2/dev.proto", Importing("common/part.proto", "t", 2));
  SchemaLoadOptions options;
  options.import_paths = {folder_ + "/proto"};
  EXPECT_EQ(PartOf(folder_ + "/released/1/dev.proto", options), "one");
  const auto all = LoadSchemas(folder_ + "/released", options);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].model().FindMessage("t.P")->fields[0].name, "one");
  EXPECT_EQ((*all)[1].model().FindMessage("t.P")->fields[0].name, "two");
}

TEST_F(SchemaLoaderTest, ImportOfAnImportIsFoundBesideTheSchema) {
  Write("proto/b/part.proto", Part("today"));
  Write("released/1/b/part.proto", Part("one"));
  Write("released/1/a/part.proto",
        "syntax = \"proto3\"; import public \"b/part.proto\";");
  const std::string path =
      Write("released/1/dev.proto", Importing("a/part.proto"));
  SchemaLoadOptions options;
  options.import_paths = {folder_ + "/proto"};
  EXPECT_EQ(PartOf(path, options), "one");
}

TEST_F(SchemaLoaderTest, EachOfTwoCheckoutsHasItsOwnImports) {
  // By the package, which says where the tree begins.
  for (const std::string tree : {"old", "new", "new/in/old"}) {
    const std::string name = tree.size() > 3 ? "nested" : tree;
    Write(tree + "/proto/common/part.proto", Part(name));
    const std::string path =
        Write(tree + "/proto/vendor/dev/v1/dev.proto",
              Importing("common/part.proto", "vendor.dev.v1"));
    EXPECT_EQ(PartOf(path), name);
    SchemaLoadOptions options;
    options.import_paths = {folder_ + "/old/proto", folder_ + "/new/proto"};
    EXPECT_EQ(PartOf(path, options), name);
  }
  // By the import, which begins as the way to the schema does.
  for (const std::string tree : {"old", "new", "new/vendor/old"}) {
    const std::string name = tree.size() > 3 ? "nested" : tree;
    Write(tree + "/proto/vendor/part.proto", Part(name));
    const std::string path = Write(tree + "/proto/vendor/dev/state.proto",
                                   Importing("vendor/part.proto"));
    EXPECT_EQ(PartOf(path), name);
  }
}

TEST_F(SchemaLoaderTest, ReleasedSchemaDoesNotReadTheTreeAroundIt) {
  Write("proto/vendor/part.proto", Part("today"));
  Write("proto/vendor/dev/dev.proto", Importing("vendor/part.proto"));
  // Another version of it lies above.
  EXPECT_TRUE(
      absl::StrContains(ErrorOf(Write("proto/vendor/dev/released/1/dev.proto",
                                      Importing("vendor/part.proto"))),
                        "next to the schema"));
  // It lies below the folder of its package.
  EXPECT_TRUE(absl::StrContains(
      ErrorOf(Write("proto/vendor/dev/released/v1.proto",
                    Importing("vendor/part.proto", "vendor.dev"))),
      "next to the schema"));
}

TEST_F(SchemaLoaderTest, ImportsAreFoundThroughLinksAndParentFolders) {
  Write("new/vendor/part.proto", Part("today"));
  Write("old/vendor/part.proto", Part("old"));
  Write("old/vendor/dev/dev.proto", Importing("vendor/part.proto"));
  std::filesystem::create_directories(folder_ + "/new/vendor/dev");
  const std::string link = folder_ + "/new/vendor/dev/released";
  std::filesystem::remove(link);
  std::filesystem::create_directory_symlink(folder_ + "/old/vendor/dev", link);
  EXPECT_EQ(PartOf(link + "/dev.proto"), "old");
  EXPECT_EQ(PartOf(folder_ + "/new/vendor/../../old/vendor/dev/dev.proto"),
            "old");
  const auto all = LoadSchemas(link, {});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->size(), 1u);
}

TEST_F(SchemaLoaderTest, LinkToAVersionIsNoOtherSchema) {
  Write("released/1/dev.proto", SchemaText(1, ""));
  Write("released/2/dev.proto", SchemaText(2, ""));
  const std::string link = folder_ + "/released/newest";
  std::filesystem::remove(link);
  std::filesystem::create_directory_symlink("2", link);
  const auto all = LoadSchemas(folder_ + "/released", {});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->size(), 2u);
}

TEST_F(SchemaLoaderTest, OneFileUnderTwoNamesIsRefused) {
  Write("common/part.proto", Part("a"));
  Write("all.proto",
        "syntax = \"proto3\"; import public \"common/part.proto\";");
  std::string text = Importing("part.proto");
  text.insert(text.find("message S"), "import \"all.proto\"; ");
  SchemaLoadOptions options;
  options.import_paths = {folder_ + "/common"};
  EXPECT_TRUE(absl::StrContains(ErrorOf(Write("a.proto", text), options),
                                "import it by one name"));
}

TEST_F(SchemaLoaderTest, PartOfASchemaNeedsNoImportsOfItsOwn) {
  Write("released/dev.proto", Importing("a/part.proto"));
  Write("released/b/more.proto", Part("deep"));
  Write("released/a/part.proto",
        "syntax = \"proto3\"; import public \"b/more.proto\";");
  const auto all = LoadSchemas(folder_ + "/released", {});
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 1u);
}

TEST_F(SchemaLoaderTest, WellKnownTypesAreBuiltIn) {
  const auto schema = LoadSchema(
      Write(
          "a.proto",
          "syntax = \"proto3\"; package t; import \"devstate/options.proto\"; "
          "import \"google/protobuf/any.proto\"; import "
          "\"google/protobuf/api.proto\"; import "
          "\"google/protobuf/duration.proto\"; import "
          "\"google/protobuf/empty.proto\"; import "
          "\"google/protobuf/field_mask.proto\"; import "
          "\"google/protobuf/source_context.proto\"; import "
          "\"google/protobuf/struct.proto\"; import "
          "\"google/protobuf/timestamp.proto\"; import "
          "\"google/protobuf/type.proto\"; import "
          "\"google/protobuf/wrappers.proto\"; message S { option "
          "(devstate.message) = { schema: \"t\" version: 1 device: \"d\" }; "
          "google.protobuf.Timestamp t = 1; google.protobuf.UInt32Value v = "
          "2; google.protobuf.Struct s = 3; }"),
      {});
  ASSERT_TRUE(schema.ok()) << schema.status();
  // A set without them, and one with them, is the same schema.
  google::protobuf::FileDescriptorSet set;
  schema->root().file()->CopyTo(set.add_file());
  const auto without = ParseDescriptorSet("m", set.SerializeAsString(), {});
  ASSERT_TRUE(without.ok()) << without.status();
  for (int i = 0; i < schema->root().file()->dependency_count(); ++i) {
    schema->root().file()->dependency(i)->CopyTo(set.add_file());
  }
  const auto with = ParseDescriptorSet("m", set.SerializeAsString(), {});
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->model().fingerprint, schema->model().fingerprint);
  EXPECT_EQ(without->model().fingerprint, schema->model().fingerprint);
}

TEST_F(SchemaLoaderTest, Proto2IsRefusedInTheStateAndNotInOptions) {
  Write("opts.proto",
        "syntax = \"proto2\"; import \"google/protobuf/descriptor.proto\"; "
        "extend google.protobuf.FieldOptions { optional string note = 50001; } "
        "message P {} enum E { ZERO = 0; }");
  const auto schema = [](const std::string& field) {
    std::string text = SchemaText(1, field);
    return text.insert(text.find("message S"), "import \"opts.proto\"; ");
  };
  const auto loaded = LoadSchema(
      Write("a.proto", schema("uint32 a = 1 [(note) = \"x\"];")), {});
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(absl::StrContains(ErrorOf(Write("b.proto", schema("P p = 1;"))),
                                "opts.proto is not proto3"));
}

TEST_F(SchemaLoaderTest, PipeIsReadOnceAndHasNoFolder) {
  const std::string pipe = folder_ + "/pipe.proto";
  unlink(pipe.c_str());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Write("part.proto", Part("a"));
  const auto piped = [&pipe](const std::string& bytes,
                             const SchemaLoadOptions& options) {
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << bytes; });
    auto schema = LoadSchema(pipe, options);
    writer.join();
    return schema;
  };
  const auto text = piped(SchemaText(3, "uint32 a = 1;"), {});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->model().version(), 3u);
  EXPECT_EQ(text->model().file, pipe);
  google::protobuf::FileDescriptorSet set;
  text->root().file()->CopyTo(set.add_file());
  const auto binary = piped(set.SerializeAsString(), {});
  ASSERT_TRUE(binary.ok()) << binary.status();
  EXPECT_EQ(binary->model().fingerprint, text->model().fingerprint);
  EXPECT_TRUE(absl::StrContains(
      piped(Importing("part.proto"), {}).status().message(), "-I"));
  SchemaLoadOptions options;
  options.import_paths = {folder_};
  EXPECT_TRUE(piped(Importing("part.proto"), options).ok());
}

TEST_F(SchemaLoaderTest, ErrorsNameTheFileThatTheyAreAbout) {
  Write("released/1/part.proto", "syntax = \"proto3\";\nmessage P { x y; }");
  EXPECT_TRUE(absl::StrContains(
      ErrorOf(Write("released/1/dev.proto", Importing("part.proto"))),
      folder_ + "/released/1/part.proto:2:"));
  SchemaLoadOptions options;
  options.import_flag = "--old-import";
  EXPECT_TRUE(absl::StrContains(
      ErrorOf(Write("released/2/dev.proto", Importing("none.proto")), options),
      "--old-import"));
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

// protobuf's parsers would overflow the stack.
TEST_F(SchemaLoaderTest, DeeplyNestedTextIsRefusedWithItsPlace) {
  constexpr int kLevels = 200000;
  const std::string head = "syntax = \"proto3\"; package t;\n";
  std::string nested = head;
  for (int i = 0; i < kLevels; ++i) nested += "message N {";
  std::string option = head + "option (o) = ";
  for (int i = 0; i < kLevels; ++i) option += "{ r: [";
  for (const std::string& text : {nested, option}) {
    EXPECT_TRUE(
        absl::StrContains(ErrorOf(Write("a.proto", text)), "a.proto:2:"))
        << ErrorOf(Write("a.proto", text));
    EXPECT_TRUE(absl::StrContains(ErrorOf(Write("a.proto", text)),
                                  "more than 100 brackets"));
    Write("folder/part.proto", text);
    EXPECT_TRUE(absl::StrContains(
        ErrorOf(Write("folder/dev.proto", Importing("part.proto"))),
        "more than 100 brackets"));
    EXPECT_FALSE(LoadSchemaFiles({folder_ + "/folder/part.proto"}, {}).ok());
    const auto piped = ParseSchema("(stdin)", text, {});
    EXPECT_TRUE(
        absl::StrContains(piped.status().message(), "more than 100 brackets"))
        << piped.status();
  }
}

TEST_F(SchemaLoaderTest, ANestingThatProtobufTakesIsTaken) {
  std::string text = Part("a");
  for (int i = 0; i < 30; ++i) text += absl::StrCat("message M", i, " {");
  text += std::string(30, '}');
  Write("part.proto", text);
  EXPECT_EQ(PartOf(Write("dev.proto", Importing("part.proto"))), "a");
}

TEST_F(SchemaLoaderTest, DeeplyNestedOptionsOfASetAreRefused) {
  google::protobuf::FileDescriptorSet set;
  google::protobuf::FileDescriptorProto& file = *set.add_file();
  file.set_name("a.proto");
  google::protobuf::UninterpretedOption& option =
      *file.add_message_type()->mutable_options()->add_uninterpreted_option();
  google::protobuf::UninterpretedOption::NamePart& part = *option.add_name();
  part.set_name_part("devstate.message");
  part.set_is_extension(true);
  for (int i = 0; i < 200000; ++i) *option.mutable_aggregate_value() += "a{";
  EXPECT_TRUE(
      absl::StrContains(ErrorOf(Write("a.binpb", set.SerializeAsString())),
                        "more than 100 open brackets"));
}

TEST_F(SchemaLoaderTest, RootIsTheAnnotatedOrTheNamedMessage) {
  const std::string plain =
      Write("a.proto", "syntax = \"proto3\"; package t; message S {}");
  EXPECT_TRUE(absl::StrContains(ErrorOf(plain), "--root"));
  EXPECT_TRUE(LoadSchema(plain, {{}, "S"}).ok());
  EXPECT_TRUE(LoadSchema(plain, {{}, "t.S"}).ok());
  EXPECT_TRUE(absl::StrContains(ErrorOf(plain, {{}, "X"}), "named X"));
  // A root's name may come from a stream.
  EXPECT_TRUE(absl::StrContains(ErrorOf(plain, {{}, "X\nY"}), "named X\\nY"));
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

TEST_F(SchemaLoaderTest, EmptyFolderIsToldFromOneThatIsNotThere) {
  EXPECT_TRUE(
      absl::IsFailedPrecondition(LoadSchemas(folder_ + "/inner", {}).status()));
  EXPECT_TRUE(absl::IsNotFound(LoadSchemas(folder_ + "/none", {}).status()));
  EXPECT_TRUE(absl::StrContains(LoadSchemas("/dev/null", {}).status().message(),
                                "/dev/null: is not a folder"));
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
