// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/record_size.h"

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptor;
using ::google::protobuf::FileDescriptorProto;

// The example of docs/stream_format.md, "Sizes".
constexpr char kFile[] = R"(
  name: "sizes.proto" syntax: "proto3" package: "sizes"
  message_type {
    name: "Owner"
    field { name: "uid" number: 1 type: TYPE_UINT32 label: LABEL_OPTIONAL }
    field { name: "name" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
  }
  message_type {
    name: "Record"
    field { name: "flag" number: 1 type: TYPE_BOOL label: LABEL_OPTIONAL }
    field { name: "data" number: 2 type: TYPE_BYTES label: LABEL_OPTIONAL }
    field { name: "limit" number: 3 type: TYPE_UINT64 label: LABEL_OPTIONAL
            oneof_index: 0 proto3_optional: true }
    field { name: "owner" number: 4 type: TYPE_MESSAGE type_name: "Owner"
            label: LABEL_OPTIONAL }
    field { name: "owners" number: 5 type: TYPE_MESSAGE type_name: "Owner"
            label: LABEL_REPEATED }
    oneof_decl { name: "_limit" }
  }
  message_type { name: "Nothing" })";

TEST(RecordSize, FollowsFromTheSchemaAlone) {
  FileDescriptorProto proto;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kFile, &proto));
  DescriptorPool pool;
  const FileDescriptor* file = pool.BuildFile(proto);
  ASSERT_NE(file, nullptr);
  const SchemaModel nothing =
      BuildSchemaModel(*file->FindMessageTypeByName("Nothing"));
  EXPECT_EQ(RecordSize(*nothing.root), 8u);
  const SchemaModel schema =
      BuildSchemaModel(*file->FindMessageTypeByName("Record"));
  const MessageModel& record = *schema.root;
  EXPECT_EQ(RecordSize(*schema.FindMessage("sizes.Owner")), 8u + 8 + 16);
  EXPECT_EQ(RecordSize(record), 8u + 8 + 16 + (8 + 8) + 32 + 16);
  EXPECT_EQ(ValueSize(*record.FindName("flag")), 8u);
  EXPECT_EQ(ValueSize(*record.FindName("data")), 16u);
  EXPECT_EQ(ValueSize(*record.FindName("owners")), 32u);
}

}  // namespace
}  // namespace devstate
