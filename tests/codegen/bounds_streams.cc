// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/codegen/bounds_streams.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/test_streams.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/codegen/bounds_columns.pb.h"
#include "tests/codegen/stock_columns.h"

namespace devstate::test::bounds {
namespace {

using ::devstate::testing::HandmadeStream;
using ::google::protobuf::Message;
using ::google::protobuf::MessageFactory;
using ::google::protobuf::TextFormat;

std::unique_ptr<Message> NewMessage(
    const google::protobuf::Descriptor* descriptor) {
  return std::unique_ptr<Message>(
      MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

}  // namespace

std::string StreamOfBatch(uint32_t field, uint32_t records,
                          const std::string& payload, uint32_t version) {
  const SchemaInfo& schema = BoundsSchema();
  StreamHeader header;
  header.device = std::string(schema.device);
  header.schema = std::string(schema.schema);
  header.schema_version = version;
  header.root_message = std::string(schema.root_message);
  if (version == kVersion) {
    header.fingerprint = std::string(schema.fingerprint);
  }
  HandmadeStream stream(Serialize(header));
  stream.AddRoot().AddBatch(field, records, payload);
  return stream.Finish();
}

std::string StreamOfRecords(const std::string& field,
                            const std::vector<std::string>& texts,
                            uint32_t version) {
  const auto* descriptor = Bounds::descriptor()->FindFieldByName(field);
  const auto* type = descriptor->message_type();
  std::vector<std::unique_ptr<Message>> records;
  std::vector<const Message*> pointers;
  for (const std::string& text : texts) {
    records.push_back(NewMessage(type));
    EXPECT_TRUE(TextFormat::ParseFromString(text, records.back().get()))
        << text;
    pointers.push_back(records.back().get());
  }
  std::unique_ptr<Message> columns = NewMessage(
      IdentifiedColumns::descriptor()->file()->pool()->FindMessageTypeByName(
          absl::StrCat(type->full_name(), "Columns")));
  testing::EncodeStock(pointers, columns.get());
  return StreamOfBatch(static_cast<uint32_t>(descriptor->number()),
                       static_cast<uint32_t>(texts.size()),
                       columns->SerializeAsString(), version);
}

Required CompleteRecord() {
  Required record;
  EXPECT_TRUE(TextFormat::ParseFromString(
      "number: 1 offset: -1 real: nan flag: true color: BLUE text: 'a' "
      "data: 'abcd' maybe: 0 part { id: 1 } list: 0 "
      "map { key: '' value: 0 }",
      &record));
  return record;
}

}  // namespace devstate::test::bounds
