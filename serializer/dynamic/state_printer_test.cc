// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/state_printer.h"

#include <set>
#include <string>

#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/dynamic/printer_of_messages.h"
#include "devstate/serializer/dynamic/redactor.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::TextFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSchema[] = R"(
  syntax = "proto3";
  package t;
  import "devstate/options.proto";
  message S {
    option (devstate.message) = { schema: "t" version: 1 device: "d" };
    uint64 number = 1;
    bytes secret = 2 [(devstate.field).sensitive = true];
    repeated R records = 3;
    map<string, uint32> counts = 4;
    repeated Empty empties = 5;
    Keys keys = 6 [(devstate.field).sensitive = true];
    map<string, bytes> tokens = 7 [(devstate.field).sensitive = true];
  }
  message R {
    map<string, string> codes = 5 [(devstate.field).sensitive = true];
    string name = 1;
    repeated string passwords = 2 [(devstate.field).sensitive = true];
    optional uint32 pin = 3
        [(devstate.field) = { sensitive: true feature: "PIN" }];
    R2 inner = 4 [(devstate.field).feature = "INNER"];
  }
  message R2 { bytes data = 1 [(devstate.field).feature = "DATA"]; }
  message Keys { bytes key = 1; }
  message Empty {}
)";

constexpr char kState[] = R"(
  number: 18446744073709551615
  secret: "\001\002\003"
  records { name: "a\"\n" passwords: "p" passwords: "" }
  records { pin: 0 codes { key: "k" value: "v" } }
  records { }
  records { inner { } }
  counts { key: "b" value: 1 }
  counts { key: "a" value: 2 }
  empties { }
  empties { }
  keys { key: "k" }
  tokens { key: "k" value: "v" }
)";

class Printing : public ::testing::Test {
 protected:
  Printing() : schema_(*ParseSchema("s.proto", kSchema, {})) {}

  std::unique_ptr<Message> StateOf(const std::string& text) {
    std::unique_ptr<Message> state(
        factory_.GetPrototype(&schema_.root())->New());
    EXPECT_TRUE(TextFormat::ParseFromString(text, state.get()));
    return state;
  }

  // In batches of `batch` records.
  std::string Written(const Message& state, uint32_t batch) {
    const SchemaFacts facts(schema_.root());
    WriterOptions options;
    options.max_batch_records = batch;
    StringSink sink;
    DynamicStateWriter writer(&sink, schema_.model(), facts.info(), options);
    const auto* reflection = state.GetReflection();
    std::unique_ptr<Message> root(state.New());
    root->CopyFrom(state);
    for (const int number : {3, 5}) {
      reflection->ClearField(root.get(),
                             schema_.root().FindFieldByNumber(number));
    }
    EXPECT_THAT(writer.Begin(*root), IsOk());
    for (const int number : {3, 5}) {
      const FieldDescriptor* field = schema_.root().FindFieldByNumber(number);
      for (int i = 0; i < reflection->FieldSize(state, field); ++i) {
        EXPECT_THAT(
            writer.Add(*field, reflection->GetRepeatedMessage(state, field, i)),
            IsOk());
      }
    }
    EXPECT_THAT(writer.Finish(), IsOk());
    return sink.written;
  }

  template <typename Printer = StatePrinter>
  std::string Printed(const std::string& stream, StateFormat format,
                      bool redact) {
    StringSource source(stream);
    DynamicStateReader reader(&source);
    Redactor redactor(schema_.model());
    StringSink sink;
    Printer printer(schema_.root(), format, redact ? &redactor : nullptr,
                         &sink);
    EXPECT_THAT(reader.Read(schema_.model(), printer), IsOk());
    EXPECT_THAT(printer.Finish(), IsOk());
    return sink.written;
  }

  const LoadedSchema schema_;
  google::protobuf::DynamicMessageFactory factory_;
};

TEST_F(Printing, JsonIsTheOneThatProtobufPrintsOfTheWholeMessage) {
  for (const char* text :
       {kState, "", "number: 1", "records { }", "empties { }",
        "records { name: \"]\" } empties { }", "number: 1 empties { }"}) {
    const std::unique_ptr<Message> state = StateOf(text);
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    options.preserve_proto_field_names = true;
    for (const uint32_t batch : {1u, 3u, 100u}) {
      const std::string json =
          Printed(Written(*state, batch), StateFormat::kJson, false);
      std::unique_ptr<Message> back(state->New());
      ASSERT_TRUE(
          google::protobuf::util::JsonStringToMessage(json, back.get()).ok())
          << json;
      EXPECT_EQ(Written(*back, batch), Written(*state, batch)) << json;
      // But for the order of root fields: records come after the others.
      if (text == kState) continue;
      std::string expected;
      ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*state, &expected,
                                                              options)
                      .ok());
      EXPECT_EQ(json, expected);
    }
  }
}

TEST_F(Printing, TextAndBinaryAreTheWholeMessage) {
  const std::unique_ptr<Message> state = StateOf(kState);
  const std::string stream = Written(*state, 2);
  std::unique_ptr<Message> back(state->New());
  ASSERT_TRUE(TextFormat::ParseFromString(
      Printed(stream, StateFormat::kText, false), back.get()));
  EXPECT_EQ(Written(*back, 2), stream);
  back->Clear();
  ASSERT_TRUE(
      back->ParseFromString(Printed(stream, StateFormat::kBinary, false)));
  EXPECT_EQ(Written(*back, 2), stream);
}

TEST_F(Printing, SensitiveFieldsOfAnyTypeAreRedacted) {
  const std::string stream = Written(*StateOf(kState), 100);
  const std::string text = Printed(stream, StateFormat::kText, true);
  EXPECT_EQ(text,
            "number: 18446744073709551615\n"
            "secret: \"<redacted 3 bytes>\"\n"
            "counts {\n  key: \"a\"\n  value: 2\n}\n"
            "counts {\n  key: \"b\"\n  value: 1\n}\n"
            "keys: \"<redacted>\"\n"
            "tokens: \"<redacted>\"\n"
            "records {\n  name: \"a\\\"\\n\"\n"
            "  passwords: \"<redacted 1 bytes>\"\n"
            "  passwords: \"<redacted 0 bytes>\"\n}\n"
            "records {\n  pin: \"<redacted>\"\n"
            "  codes: \"<redacted>\"\n}\n"
            "records {\n}\n"
            "records {\n  inner {\n  }\n}\n"
            "empties {\n}\n"
            "empties {\n}\n");
  const std::string json = Printed(stream, StateFormat::kJson, true);
  EXPECT_THAT(json, HasSubstr("\"pin\": \""));
  EXPECT_THAT(json, Not(HasSubstr("AQID")));
  EXPECT_EQ(json, Printed<PrinterOfMessages>(stream, StateFormat::kJson, true));
}

TEST(PrintingPieces, PiecesHaveSizeAndDigest) {
  const LoadedSchema schema = *ParseSchema("s.proto", R"(
    syntax = "proto3";
    import "devstate/options.proto";
    message Root {
      option (devstate.message) = { schema: "s" version: 1 };
      repeated Owner owners = 1 [(devstate.field) = { max_items: 9 }];
      repeated Piece pieces = 2 [(devstate.field) = {
        pieces { owner: "owner" offset: "offset" data: "data"
                 of: "owners" id: "id" size: "size" } }];
    }
    message Owner { uint32 id = 1; uint64 size = 2; }
    message Piece {
      uint32 owner = 1;
      uint64 offset = 2;
      bytes data = 3 [(devstate.field) = { max_len: 8 sensitive: true }];
    }
  )",
                                           {});
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> piece(
      factory
          .GetPrototype(schema.model().FindMessage("Piece")->descriptor)
          ->New());
  ASSERT_TRUE(
      TextFormat::ParseFromString("owner: 1 data: 'abc'", piece.get()));
  const auto shown = [&](bool show_sensitive) {
    Redactor redactor(schema.model(), show_sensitive);
    const std::unique_ptr<Message> copy(
        redactor.Prototype(*piece->GetDescriptor()).New());
    redactor.Copy(*piece, copy.get());
    return MessageText(*copy);
  };
  EXPECT_EQ(shown(false),
            "owner: 1 data: \"<redacted 3 bytes>\"");
  EXPECT_EQ(shown(true),
            "owner: 1 data: \"<3 bytes, xxh3 78af5f94892f3950>\"");
}

TEST_F(Printing, IsDeterministic) {
  const std::string stream = Written(*StateOf(kState), 2);
  for (const StateFormat format :
       {StateFormat::kBinary, StateFormat::kJson, StateFormat::kText}) {
    EXPECT_EQ(Printed(stream, format, true), Printed(stream, format, true));
  }
}

TEST_F(Printing, UsedFeaturesAreThoseOfTheFieldsThatArePresent) {
  std::set<std::string> features;
  AddUsedFeatures(*StateOf("records { }"), &features);
  EXPECT_THAT(features, ElementsAre());
  AddUsedFeatures(*StateOf(kState), &features);
  EXPECT_THAT(features, ElementsAre("INNER", "PIN"));
  AddUsedFeatures(*StateOf("records { inner { data: \"x\" } }"), &features);
  EXPECT_THAT(features, ElementsAre("DATA", "INNER", "PIN"));
}

}  // namespace
}  // namespace devstate
