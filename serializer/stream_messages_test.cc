// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The structs against protobuf's own reading of stream.proto.

#include "devstate/serializer/stream_messages.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/schema/stream_descriptors.h"
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

std::unique_ptr<Message> NewMessage(absl::string_view type) {
  static auto& factory = *new DynamicMessageFactory();
  return std::unique_ptr<Message>(
      factory.GetPrototype(StreamMessage(type))->New());
}

// Makes the messages present that Serialize() always writes.
void AddWriters(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      reflection.MutableMessage(&message, field);
      continue;
    }
    for (int j = 0; j < reflection.FieldSize(message, field); ++j) {
      AddWriters(*reflection.MutableRepeatedMessage(&message, field, j));
    }
  }
}

// What Serialize() makes of `bytes` by protobuf's account; false if they are
// refused.
bool ExpectedOf(absl::string_view type, absl::string_view bytes,
                std::string* serialized) {
  const std::unique_ptr<Message> message = NewMessage(type);
  bool utf8 = true;
  // A parser writes to standard error about strings that are not UTF-8.
  const bool well_formed = WalkWire(bytes, *message->GetDescriptor(),
                                    [&utf8](const WireFinding& found) {
                                      utf8 = found.fault != WireFault::kNotUtf8;
                                      return utf8;
                                    });
  if (!well_formed || !utf8 ||
      !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return false;
  }
  message->DiscardUnknownFields();
  AddWriters(*message);
  *serialized = SerializeDeterministic(*message);
  return true;
}

template <typename T>
void CheckSame(absl::string_view type, const std::string& bytes) {
  std::string expected;
  const bool allowed = ExpectedOf(type, bytes, &expected);
  T read;
  ASSERT_EQ(Parse(bytes, &read), allowed) << type;
  if (!allowed) return;
  EXPECT_EQ(Serialize(read), expected) << type;
}

void CheckSame(absl::string_view type, const std::string& bytes) {
  if (type == "StreamHeader") return CheckSame<StreamHeader>(type, bytes);
  if (type == "StreamTrailer") return CheckSame<StreamTrailer>(type, bytes);
  CheckSame<ErrorDetail>(type, bytes);
}

constexpr absl::string_view kTypes[] = {"StreamHeader", "StreamTrailer",
                                        "ErrorDetail"};

class RandomMessages {
 public:
  std::string Make(absl::string_view type) {
    const std::unique_ptr<Message> message = NewMessage(type);
    Fill(*message);
    return SerializeDeterministic(*message);
  }

  // Changes, drops or adds bytes.
  std::string Damage(std::string bytes) {
    for (size_t i = Below(4) + 1; i != 0; --i) {
      const size_t at = Below(bytes.size() + 1);
      switch (Below(3)) {
        case 0:
          if (at < bytes.size()) bytes[at] = static_cast<char>(Below(256));
          break;
        case 1:
          bytes.resize(at);
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(Below(256)));
      }
    }
    return bytes;
  }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(Below(256));
    return bytes;
  }

  uint64_t Below(uint64_t end) { return random_() % end; }

 private:
  void Fill(Message& message) {
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message.GetDescriptor()->field(i);
      const uint64_t number = random_() >> Below(64);
      const std::string text(Below(200), 'x');
      if (Below(4) == 0) continue;
      if (field->is_repeated()) {
        for (uint64_t count = Below(4); count != 0; --count) {
          if (field->message_type() != nullptr) {
            Fill(*reflection.AddMessage(&message, field));
          } else {
            reflection.AddString(&message, field, text);
          }
        }
        continue;
      }
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_UINT32:
          reflection.SetUInt32(&message, field, static_cast<uint32_t>(number));
          break;
        case FieldDescriptor::CPPTYPE_UINT64:
          reflection.SetUInt64(&message, field, number);
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection.SetBool(&message, field, number % 2 != 0);
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          reflection.SetEnumValue(&message, field, static_cast<int>(number));
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          reflection.SetString(&message, field, text);
          break;
        default:
          Fill(*reflection.MutableMessage(&message, field));
      }
    }
    AddUnknown(reflection.MutableUnknownFields(&message));
  }

  void AddUnknown(google::protobuf::UnknownFieldSet* unknown) {
    const int number = static_cast<int>(100 + Below(100));
    switch (Below(8)) {
      case 0:
        return unknown->AddVarint(number, random_());
      case 1:
        return unknown->AddFixed32(number, 7);
      case 2:
        return unknown->AddFixed64(number, 7);
      case 3:
        return unknown->AddLengthDelimited(number, Bytes(5));
      case 4:
        return AddUnknown(unknown->AddGroup(number));
      case 5:
        // A known number with another wire type.
        return unknown->AddFixed32(static_cast<int>(1 + Below(11)), 7);
      default:
        break;
    }
  }

  std::mt19937_64 random_{7};
};

// Whether every field of the message, and of those within, is present.
void ExpectComplete(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->is_repeated()) {
      ASSERT_EQ(reflection.FieldSize(message, field), 1) << field->full_name();
    } else {
      ASSERT_TRUE(reflection.HasField(message, field)) << field->full_name();
    }
    if (field->message_type() == nullptr) continue;
    ExpectComplete(field->is_repeated()
                       ? reflection.GetRepeatedMessage(message, field, 0)
                       : reflection.GetMessage(message, field));
  }
}

template <typename T>
std::string TextOf(absl::string_view type, const T& value) {
  const std::unique_ptr<Message> message = NewMessage(type);
  EXPECT_TRUE(message->ParseFromString(Serialize(value)));
  ExpectComplete(*message);
  return MessageText(*message);
}

TEST(StreamMessages, MembersAreTheFieldsOfTheirNames) {
  StreamHeader header;
  header.device = "device";
  header.schema = "schema";
  header.schema_version = 3;
  header.min_reader = 4;
  header.root_message = "root";
  header.writer = {"name", "version"};
  header.used_features = {"feature"};
  header.fingerprint = "fingerprint";
  header.descriptor_set = "descriptors";
  header.instance = "instance";
  header.conversions = {{1, 2, {"by", "3"}}};
  EXPECT_EQ(TextOf("StreamHeader", header),
            "device: \"device\" schema: \"schema\" schema_version: 3 "
            "min_reader: 4 root_message: \"root\" "
            "writer { name: \"name\" version: \"version\" } "
            "used_features: \"feature\" fingerprint: \"fingerprint\" "
            "descriptor_set: \"descriptors\" instance: \"instance\" "
            "conversions { from_version: 1 to_version: 2 "
            "by { name: \"by\" version: \"3\" } }");
  EXPECT_EQ(TextOf("StreamTrailer", StreamTrailer{1, 2, 3, 4, 5, {{6, 7, 8}}}),
            "chunks: 1 records: 2 decoded_bytes: 3 stored_bytes: 4 digest: 5 "
            "rounds { chunks: 6 written: 7 deleted: 8 }");
  EXPECT_EQ(TextOf("ErrorDetail",
                   ErrorDetail{ERROR_REASON_LIMIT, 2, 3, true, true}),
            "reason: ERROR_REASON_LIMIT offset: 2 chunk: 3 "
            "required_missing: true pieces_not_whole: true");
}

TEST(StreamMessages, ReasonsAreThoseOfTheEnum) {
  const EnumDescriptor& reasons =
      *StreamMessage("ErrorDetail")->FindFieldByName("reason")->enum_type();
  for (int i = 0; i < reasons.value_count(); ++i) {
    EXPECT_EQ(absl::StrCat("ERROR_REASON_", ReasonName(static_cast<ErrorReason>(
                                                reasons.value(i)->number()))),
              reasons.value(i)->name());
  }
  EXPECT_EQ(ReasonName(static_cast<ErrorReason>(reasons.value_count())), "");
}

TEST(StreamMessages, RandomMessagesAreReadAndWrittenAsByProtobuf) {
  RandomMessages random;
  for (const absl::string_view type : kTypes) {
    for (int i = 0; i < 2000; ++i) CheckSame(type, random.Make(type));
  }
}

TEST(StreamMessages, FieldsThatComeAgainAreMergedAsByProtobuf) {
  RandomMessages random;
  for (const absl::string_view type : kTypes) {
    for (int i = 0; i < 500; ++i) {
      CheckSame(type, random.Make(type) + random.Make(type));
    }
  }
}

TEST(StreamMessages, DamagedMessagesAreRefusedAsByProtobuf) {
  RandomMessages random;
  for (const absl::string_view type : kTypes) {
    for (int i = 0; i < 20000; ++i) {
      CheckSame(type, random.Damage(random.Make(type)));
      CheckSame(type, random.Bytes(random.Below(12)));
    }
  }
}

TEST(StreamMessages, UnknownGroupsNestAsDeepAsByProtobuf) {
  // Group 15, inside of each other, in the header and in its writer.
  for (size_t depth = 95; depth < 105; ++depth) {
    const std::string groups =
        std::string(depth, '\x7b') + std::string(depth, '\x7c');
    std::string writer = "\x32";
    writer += static_cast<char>(0x80 | (groups.size() & 0x7f));
    writer += static_cast<char>(groups.size() >> 7);
    for (const std::string& bytes : {groups, writer + groups}) {
      StreamHeader header;
      EXPECT_EQ(Parse(bytes, &header),
                NewMessage("StreamHeader")->ParseFromString(bytes))
          << depth;
    }
  }
}

TEST(StreamMessages, AVarintHas64Bits) {
  StreamHeader header;
  const std::string nine(9, '\xff');
  EXPECT_TRUE(Parse("\x18" + nine + "\x01", &header));
  EXPECT_EQ(header.schema_version, UINT32_MAX);
  // Protobuf drops what is more.
  EXPECT_FALSE(Parse("\x18" + nine + "\x02", &header));
  EXPECT_TRUE(
      NewMessage("StreamHeader")->ParseFromString("\x18" + nine + "\x02"));
}

TEST(StreamMessages, TextThatIsNotUtf8IsRefused) {
  StreamHeader header;
  EXPECT_FALSE(Parse("\x0a\x01\xff", &header));
  // Bytes may be anything.
  EXPECT_TRUE(Parse("\x42\x01\xff", &header));
  EXPECT_EQ(header.fingerprint, "\xff");
}

TEST(StreamMessages, ParsingForgetsWhatWasThere) {
  StreamHeader header;
  header.device = "device";
  header.used_features = {"feature"};
  EXPECT_TRUE(Parse("", &header));
  EXPECT_EQ(header.device, "");
  EXPECT_TRUE(header.used_features.empty());
}

}  // namespace
}  // namespace devstate
