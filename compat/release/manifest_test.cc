// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/manifest.h"

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/compat/release/manifest_testing.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::MakeTestManifest;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Manifest TwoVersions() {
  return MakeTestManifest({"uint32 a = 1;", "uint32 a = 1; uint32 b = 2;"});
}

TEST(ManifestTest, JsonAndBytesAreTheSameManifest) {
  const Manifest manifest = TwoVersions();
  for (const std::string& bytes :
       {ManifestJson(manifest), manifest.SerializeAsString()}) {
    EXPECT_TRUE(IsManifest(bytes));
    const auto loaded = ParseManifest("m", bytes);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ(loaded->manifest.SerializeAsString(),
              manifest.SerializeAsString());
    ASSERT_EQ(loaded->schemas.size(), 2u);
    EXPECT_EQ(loaded->schemas[0]->model().version(), 1u);
    EXPECT_EQ(loaded->NewestLoaded(), loaded->schemas[1].get());
    EXPECT_EQ(loaded->NewestSaved(), loaded->schemas[1].get());
  }
}

TEST(ManifestTest, DescriptorSetIsNoManifest) {
  google::protobuf::FileDescriptorSet set;
  const LoadedSchema schema = testing::Parse(testing::SchemaText(1, ""));
  schema.root().file()->CopyTo(set.add_file());
  EXPECT_FALSE(IsManifest(set.SerializeAsString()));
  EXPECT_FALSE(IsManifest(""));
  EXPECT_FALSE(IsManifest("syntax = \"proto3\";"));
}

TEST(ManifestTest, FieldsOfANewerReleaseArePassedOver) {
  std::string json = ManifestJson(TwoVersions());
  json.insert(json.find('{') + 1, "\"invented_later\": {\"x\": [1]},");
  EXPECT_THAT(ParseManifest("m", json), IsOk());
  // Field 900, a varint.
  EXPECT_THAT(
      ParseManifest("m", TwoVersions().SerializeAsString() + "\xa0\x38\x01"),
      IsOk());
}

TEST(ManifestTest, WhatTheManifestSaysIsWhatTheSchemasAre) {
  struct Case {
    const char* name;
    std::function<void(Manifest*)> change;
    const char* expected;
  };
  const Case kCases[] = {
      {"schema", [](Manifest* m) { m->set_schema("u"); }, "schema u"},
      {"device", [](Manifest* m) { m->set_device("e"); }, "device e"},
      {"root", [](Manifest* m) { m->set_root_message("S"); }, "root message S"},
      {"version", [](Manifest* m) { m->mutable_versions(1)->set_version(7); },
       "version 7"},
      {"min_reader",
       [](Manifest* m) { m->mutable_versions(1)->set_min_reader(2); },
       "min_reader 2"},
      {"fingerprint",
       [](Manifest* m) { m->mutable_versions(1)->set_fingerprint("abc\x01"); },
       "fingerprint 61626301"},
      {"order", [](Manifest* m) { m->mutable_versions()->SwapElements(0, 1); },
       "version 1 comes after 2"},
      {"doubled", [](Manifest* m) { *m->add_versions() = m->versions(1); },
       "version 2 comes after 2"},
      {"version 0", [](Manifest* m) { m->mutable_versions(0)->set_version(0); },
       "start at 1"},
      {"none", [](Manifest* m) { m->clear_versions(); }, "has 0 versions"},
      {"nobody", [](Manifest* m) { m->clear_implementation(); },
       "names no implementation"},
      {"control characters",
       [](Manifest* m) { m->mutable_implementation()->set_name("\x1b[2J"); },
       "\\033[2J"},
      {"long name",
       [](Manifest* m) { m->add_compressions(std::string(300, 'x')); },
       "at most 256 bytes"},
  };
  for (const Case& test : kCases) {
    Manifest manifest = TwoVersions();
    test.change(&manifest);
    const auto loaded = ParseManifest("m.manifest", ManifestJson(manifest));
    EXPECT_THAT(loaded, StatusIs(kInvalid, HasSubstr(test.expected)))
        << test.name;
    const std::string message(loaded.status().message());
    EXPECT_EQ(message.find("m.manifest: "), 0u) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(ManifestTest, DescriptorSetsAreBounded) {
  const auto with_set = [](const std::string& frame) {
    Manifest manifest = TwoVersions();
    manifest.mutable_versions(1)->set_descriptor_set(frame);
    return ParseManifest("m", ManifestJson(manifest)).status();
  };
  EXPECT_THAT(with_set(""), StatusIs(kInvalid, HasSubstr("not a zstd frame")));
  EXPECT_THAT(with_set("rubbish"), StatusIs(kInvalid, HasSubstr("version 2")));
  EXPECT_THAT(with_set(ZstdFrameOf("rubbish")),
              StatusIs(kInvalid, HasSubstr("FileDescriptorSet")));
  // 2 MiB in less than 200 bytes.
  EXPECT_THAT(with_set(ZstdFrameOf(std::string(2 << 20, '\0'))),
              StatusIs(kInvalid, HasSubstr("2097152 bytes")));
  std::string cut = TwoVersions().versions(1).descriptor_set();
  cut.pop_back();
  EXPECT_FALSE(with_set(cut).ok());
}

TEST(ManifestTest, DescriptorSetsAreBoundedTogether) {
  Manifest manifest = MakeTestManifest(std::vector<std::string>(20, ""));
  const auto pad = [&manifest](size_t bytes) {
    for (int i = 0; i < manifest.versions_size(); ++i) {
      const LoadedSchema schema =
          testing::Parse(testing::SchemaText(i + 1, ""));
      google::protobuf::FileDescriptorSet set =
          EmbeddableDescriptorSet(schema.root());
      set.GetReflection()->MutableUnknownFields(&set)->AddLengthDelimited(
          1000, std::string(bytes, '\0'));
      manifest.mutable_versions(i)->set_descriptor_set(
          ZstdFrameOf(set.SerializeAsString()));
    }
    return ParseManifest("m", ManifestJson(manifest));
  };
  EXPECT_THAT(pad(200000), IsOk());
  EXPECT_THAT(pad(210000), StatusIs(kInvalid, HasSubstr("allowed are")));
}

TEST(ManifestTest, CountsAreBounded) {
  Manifest manifest = TwoVersions();
  const ManifestVersion version = manifest.versions(1);
  while (manifest.versions_size() < kMaxManifestVersions + 1) {
    *manifest.add_versions() = version;
    manifest.mutable_versions(manifest.versions_size() - 1)
        ->set_version(static_cast<uint32_t>(manifest.versions_size()));
  }
  EXPECT_THAT(ParseManifest("m", ManifestJson(manifest)),
              StatusIs(kInvalid, HasSubstr("257 versions")));
  manifest.mutable_versions()->RemoveLast();
  EXPECT_THAT(
      ParseManifest("m", ManifestJson(manifest)),
      StatusIs(kInvalid, HasSubstr("more than 16 versions are loaded")));
  EXPECT_THAT(ParseManifest("m", std::string(kMaxManifestBytes + 1, '{')),
              StatusIs(kInvalid, HasSubstr("4 MiB")));
}

TEST(ManifestTest, RubbishIsRefusedInOneLine) {
  for (const std::string& bytes :
       {std::string(), std::string("\xff\xff\xff"), std::string("{"),
        std::string("{\"versions\": 7}"), std::string(100000, '['),
        "{\"versions\":" + std::string(100000, '[')}) {
    const auto loaded = ParseManifest("m", bytes);
    EXPECT_THAT(loaded, StatusIs(kInvalid)) << bytes.substr(0, 20);
    EXPECT_EQ(loaded.status().message().find('\n'), absl::string_view::npos)
        << loaded.status();
  }
}

TEST(ManifestTest, NoCutOrFlippedByteIsTakenForAnother) {
  const Manifest manifest = TwoVersions();
  const std::string bytes = manifest.SerializeAsString();
  for (size_t i = 0; i < bytes.size(); ++i) {
    (void)ParseManifest("m", bytes.substr(0, i));
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
    const auto loaded = ParseManifest("m", flipped);
    if (!loaded.ok()) continue;
    for (const auto& schema : loaded->schemas) {
      const uint32_t version = schema->model().version();
      EXPECT_EQ(schema->model().fingerprint,
                manifest.versions(static_cast<int>(version) - 1).fingerprint());
    }
  }
}

TEST(ManifestTest, FileIsReadByName) {
  const std::string path = ::testing::TempDir() + "/a.manifest";
  std::ofstream(path) << ManifestJson(TwoVersions());
  const auto loaded = LoadManifest(path);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->file, path);
  EXPECT_THAT(LoadManifest("/dev/zero"),
              StatusIs(kInvalid, HasSubstr("4 MiB")));
  EXPECT_THAT(LoadManifest(path + ".none"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such file")));
  EXPECT_THAT(LoadManifest(::testing::TempDir()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("is a folder")));
}

}  // namespace
}  // namespace devstate
