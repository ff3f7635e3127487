// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/manifest_writer.h"

#include <string>
#include <utility>

#include "devstate/compat/release/manifest_testing.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::MakeTestManifest;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;
using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::Status Make(const ManifestOptions& options, const std::string& current,
                  const std::string& released) {
  std::vector<LoadedSchema> schemas;
  schemas.push_back(Parse(released));
  return MakeManifest(options, Parse(current), schemas).status();
}

TEST(ManifestWriterTest, CurrentVersionIsLoadedAndSaved) {
  const Manifest manifest =
      MakeTestManifest({"", "uint32 a = 1;", "uint32 a = 1; uint32 b = 2;"},
                       /*saves=*/{2}, /*loads=*/{1});
  ASSERT_EQ(manifest.versions_size(), 3);
  EXPECT_TRUE(manifest.versions(0).loads());
  EXPECT_FALSE(manifest.versions(0).saves());
  EXPECT_FALSE(manifest.versions(1).loads());
  EXPECT_TRUE(manifest.versions(1).saves());
  EXPECT_TRUE(manifest.versions(2).loads());
  EXPECT_TRUE(manifest.versions(2).saves());
  EXPECT_EQ(manifest.schema(), "t");
  EXPECT_EQ(manifest.device(), "d");
  EXPECT_EQ(manifest.root_message(), "t.S");
  EXPECT_EQ(manifest.implementation().name(), "test-backend");
  EXPECT_THAT(manifest.stream_formats(), ElementsAre(1));
  EXPECT_THAT(manifest.compressions(), ElementsAre("raw", "zstd"));
}

TEST(ManifestWriterTest, FeaturesAreThoseOfTheFields) {
  const Manifest manifest =
      MakeTestManifest({"",
                        "uint32 a = 1 [(devstate.field).feature = \"mq\"]; "
                        "M m = 2; message M { "
                        "uint32 b = 1 [(devstate.field).feature = \"ctrl\"]; "
                        "uint32 c = 2 [(devstate.field).feature = \"mq\"]; }"});
  EXPECT_TRUE(manifest.versions(0).features().empty());
  EXPECT_THAT(manifest.versions(1).features(), ElementsAre("ctrl", "mq"));
}

TEST(ManifestWriterTest, SameSchemasAreTheSameText) {
  const auto json = [] {
    return ManifestJson(MakeTestManifest({"", "uint32 a = 1;"}));
  };
  EXPECT_EQ(json(), json());
}

TEST(ManifestWriterTest, OrderAndRepetitionOfReleasedSchemasDoNotMatter) {
  std::vector<LoadedSchema> schemas;
  for (const int version : {2, 1, 3, 2}) {
    schemas.push_back(Parse(SchemaText(version, "")));
  }
  const auto manifest =
      MakeManifest({"x", "", {}, {}}, Parse(SchemaText(3, "")), schemas);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  ASSERT_EQ(manifest->versions_size(), 3);
  EXPECT_EQ(manifest->versions(0).version(), 1u);
}

TEST(ManifestWriterTest, ReleasedSchemasMustFit) {
  const ManifestOptions options{"x", "", {}, {}};
  const std::string v1 = SchemaText(1, "uint32 a = 1;");
  EXPECT_THAT(Make(options, v1, SchemaText(2, "")),
              StatusIs(kInvalid, HasSubstr("after the current version 1")));
  EXPECT_THAT(Make(options, v1, SchemaText(1, "uint32 b = 1;")),
              StatusIs(kInvalid, HasSubstr("give the change a new version")));
  std::string other = v1;
  other.replace(other.find("\"t\""), 3, "\"u\"");
  EXPECT_THAT(Make(options, v1, other),
              StatusIs(kInvalid, HasSubstr("schema u, not of t")));
  EXPECT_THAT(
      Make({"x", "", {7}, {}}, v1, v1),
      StatusIs(kInvalid, HasSubstr("version 7, which is to be loaded")));
  EXPECT_THAT(Make({"x", "", {}, {7}}, v1, v1),
              StatusIs(kInvalid, HasSubstr("to be saved")));
}

TEST(ManifestWriterTest, CodeIsInTheNamespaceOfThePackage) {
  const LoadedSchema schema = Parse(SchemaText(1, ""));
  EXPECT_THAT(ManifestHeader(schema), HasSubstr("namespace t {"));
  EXPECT_THAT(ManifestHeader(schema),
              HasSubstr("absl::string_view SManifest();"));
  EXPECT_THAT(ManifestSource(schema, "a/b.h", "{\n \"x\"\n}"),
              HasSubstr("\"{\\n\"\n      \" \\\"x\\\"\\n\"\n      \"}\";"));
}

}  // namespace
}  // namespace devstate
