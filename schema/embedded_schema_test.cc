// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/embedded_schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FieldDescriptorProto;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;
using ::testing::HasSubstr;

constexpr char kSchema[] = R"(
  syntax = "proto3";
  package t;
  import "devstate/options.proto";
  message S {
    option (devstate.message) = { schema: "t" version: 2 device: "d" };
    uint32 a = 1 [(devstate.field).max = 7];
    repeated R records = 2;
  }
  message R {
    string name = 1;
    Kind kind = 2;
  }
  enum Kind { NONE = 0; SOME = 1; }
)";

class EmbeddedSchema : public ::testing::Test {
 protected:
  EmbeddedSchema() {
    absl::StatusOr<LoadedSchema> schema = ParseSchema("s.proto", kSchema, {});
    EXPECT_THAT(schema, IsOk());
    set_ = EmbeddableDescriptorSet(schema->root());
    header_.schema = "t";
    header_.schema_version = 2;
    header_.root_message = "t.S";
    header_.fingerprint = Fingerprint(schema->root());
  }

  FileDescriptorProto& file() { return *set_.mutable_file(0); }
  DescriptorProto& message(int i) { return *file().mutable_message_type(i); }

  absl::Status Load() {
    header_.descriptor_set = ZstdFrameOf(set_.SerializeAsString());
    return LoadEmbeddedSchema(SchemaOf(header_)).status();
  }
  // With the fingerprint that the set has now.
  absl::Status LoadWithItsFingerprint() {
    SchemaLoadOptions options;
    options.root = header_.root_message;
    const absl::StatusOr<LoadedSchema> schema =
        ParseDescriptorSet("set", set_.SerializeAsString(), options);
    EXPECT_THAT(schema, IsOk());
    if (schema.ok()) header_.fingerprint = schema->model().fingerprint;
    return Load();
  }

  FileDescriptorSet set_;
  StreamHeader header_;
};

TEST_F(EmbeddedSchema, IsTheSchemaThatWasEmbedded) {
  header_.descriptor_set = ZstdFrameOf(set_.SerializeAsString());
  const absl::StatusOr<LoadedSchema> schema =
      LoadEmbeddedSchema(SchemaOf(header_));
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(schema->root().full_name(), "t.S");
  EXPECT_EQ(schema->model().fingerprint, header_.fingerprint);
  EXPECT_EQ(schema->model().root->fields[0].annotations.max(), 7);
}

TEST_F(EmbeddedSchema, MayBeLeftOut) {
  EXPECT_THAT(LoadEmbeddedSchema(SchemaOf(header_)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("--schema")));
}

TEST_F(EmbeddedSchema, EveryDamagedByteIsRefusedOrHarmless) {
  const std::string whole = ZstdFrameOf(set_.SerializeAsString());
  const std::string fingerprint = header_.fingerprint;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      header_.descriptor_set = damaged;
      const absl::StatusOr<LoadedSchema> schema =
          LoadEmbeddedSchema(SchemaOf(header_));
      if (schema.ok()) {
        EXPECT_EQ(schema->model().fingerprint, fingerprint);
      }
    }
    header_.descriptor_set = whole.substr(0, i);
    EXPECT_FALSE(LoadEmbeddedSchema(SchemaOf(header_)).ok());
  }
}

TEST_F(EmbeddedSchema, EveryDamagedByteOfTheSetIsRefusedOrHarmless) {
  const std::string whole = set_.SerializeAsString();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      header_.descriptor_set = ZstdFrameOf(damaged);
      const absl::StatusOr<LoadedSchema> schema =
          LoadEmbeddedSchema(SchemaOf(header_));
      if (schema.ok()) {
        EXPECT_EQ(schema->model().fingerprint, header_.fingerprint);
      }
    }
  }
}

TEST_F(EmbeddedSchema, AnotherFingerprintIsRefused) {
  message(0).mutable_field(0)->set_name("b");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("another fingerprint")));
  EXPECT_THAT(LoadWithItsFingerprint(), IsOk());
}

TEST_F(EmbeddedSchema, OfAnotherSchemaVersionOrRootIsRefused) {
  header_.schema_version = 3;
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("version 3")));
  header_.schema_version = 2;
  header_.root_message = "t.R";
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument));
  header_.root_message = "t.None";
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument));
  header_.root_message = "";
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(EmbeddedSchema, TheErrorAboutAHeaderIsOneLine) {
  header_.schema = "an\nother";
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("an\\nother")));
}

TEST_F(EmbeddedSchema, ImportsNothingFromOutside) {
  file().add_dependency("/etc/passwd");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("/etc/passwd")));
}

TEST_F(EmbeddedSchema, OptionsAreAlwaysTheOnesCompiledIn) {
  // A file of that name in which the annotations are something else.
  FileDescriptorProto* options = set_.add_file();
  options->set_name("devstate/options.proto");
  options->set_package("devstate");
  options->set_syntax("proto3");
  options->add_message_type()->set_name("FieldAnnotations");
  EXPECT_THAT(Load(), IsOk());
}

TEST_F(EmbeddedSchema, Proto2IsRefused) {
  file().clear_syntax();
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("proto3")));
}

TEST_F(EmbeddedSchema, RecordsThatContainThemselvesAreRefused) {
  FieldDescriptorProto* field = message(1).add_field();
  field->set_name("self");
  field->set_number(3);
  field->set_label(FieldDescriptorProto::LABEL_REPEATED);
  field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
  field->set_type_name(".t.R");
  EXPECT_THAT(
      LoadWithItsFingerprint(),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("itself")));
}

TEST_F(EmbeddedSchema, RecordsThatUnfoldWithoutEndAreRefused) {
  // 20 levels, each twice in the one before: a million columns.
  for (int level = 0; level < 20; ++level) {
    DescriptorProto* next = file().add_message_type();
    next->set_name(absl::StrCat("L", level));
    for (int i = 1; i <= 2 && level < 19; ++i) {
      FieldDescriptorProto* field = next->add_field();
      field->set_name(absl::StrCat("f", i));
      field->set_number(i);
      field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
      field->set_type_name(absl::StrCat(".t.L", level + 1));
    }
  }
  message(0).mutable_field(1)->set_type_name(".t.L0");
  EXPECT_THAT(LoadWithItsFingerprint(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("columns that a record may have")));
}

TEST_F(EmbeddedSchema, AnnotationsThatMakeNoSenseAreRefused) {
  message(1).mutable_field(0)->mutable_options()->MergeFrom(
      message(0).field(0).options());
  EXPECT_THAT(LoadWithItsFingerprint(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("for numbers only")));
}

// --- Limits ---

TEST_F(EmbeddedSchema, ABombIsNotDecompressed) {
  header_.descriptor_set = ZstdFrameOf(std::string(64 << 20, '\0'));
  ASSERT_LT(header_.descriptor_set.size(), 65536u);
  EXPECT_THAT(
      LoadEmbeddedSchema(SchemaOf(header_)),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more bytes")));
}

TEST_F(EmbeddedSchema, TooManyOfAnythingIsRefused) {
  const auto with = [this](auto change) {
    const FileDescriptorSet whole = set_;
    change();
    const absl::Status status = Load();
    set_ = whole;
    return status;
  };
  EXPECT_THAT(
      with([&] {
        for (int i = 0; i < 300; ++i) set_.add_file();
      }),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more files")));
  EXPECT_THAT(with([&] {
                for (int i = 0; i < 3000; ++i) file().add_message_type();
              }),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("more messages")));
  EXPECT_THAT(
      with([&] {
        for (int i = 0; i < 20000; ++i) message(0).add_field();
      }),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more items")));
  EXPECT_THAT(
      with([&] {
        DescriptorProto* inner = &message(0);
        for (int i = 0; i < 20; ++i) inner = inner->add_nested_type();
      }),
      StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("more levels")));
  EXPECT_THAT(with([&] { message(1).set_name(std::string(300, 'x')); }),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("more bytes in a name")));
}

}  // namespace
}  // namespace devstate
