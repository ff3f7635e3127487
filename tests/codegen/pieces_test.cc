// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

// Generated writers and readers, of C++ and of C, take values in pieces that
// are whole, and no others. The gate without generated code says the same.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/codegen/c_states.h"
#include "tests/codegen/pieces.devstate-c.h"
#include "tests/codegen/pieces.devstate.h"

namespace devstate::test::pieces {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::OutcomeOf;
using ::devstate::testing::ReadInC;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

constexpr char kWhole[] =
    "owners { id: 7 pixel_bytes: 6 } owners { id: 8 text_bytes: 1 } "
    "owners { id: 9 pixel_bytes: 2 } "
    "pixels { owner: 9 data: 'ab' } pixels { owner: 7 data: 'abcd' } "
    "pixels { owner: 7 offset: 4 data: 'ef' } texts { owner: 8 data: 'x' }";

Values Parse(const std::string& text) {
  Values values;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &values));
  return values;
}

// Collects what a reader has let through.
class Collector : public ValuesVisitor {
 public:
  absl::Status OnRoot(const Values&) override { return absl::OkStatus(); }
  absl::Status OnOwners(OwnersBatch&) override { return absl::OkStatus(); }
  absl::Status OnPixels(PixelsBatch& batch) override {
    PieceRow row;
    while (batch.Next(&row)) {
      absl::StrAppend(&pixels, row.owner, "+", row.offset, ":", row.data, " ");
    }
    return absl::OkStatus();
  }
  absl::Status OnTexts(TextsBatch&) override { return absl::OkStatus(); }

  std::string pixels;
};

// Writes what no generated writer writes.
std::string Unchecked(const Values& values) {
  SchemaInfo info = ValuesSchema();
  info.pieces = {};
  const SchemaModel model = BuildSchemaModel(*Values::descriptor());
  StringSink sink;
  DynamicStateWriter writer(&sink, model, info, {});
  EXPECT_THAT(writer.Begin(Values()), IsOk());
  for (const FieldModel* batch : model.batches) {
    const auto& reflection = *values.GetReflection();
    for (int i = 0; i < reflection.FieldSize(values, batch->descriptor); ++i) {
      EXPECT_THAT(writer.Add(*batch->descriptor,
                             reflection.GetRepeatedMessage(
                                 values, batch->descriptor, i)),
                  IsOk());
    }
  }
  EXPECT_THAT(writer.Finish(), IsOk());
  return sink.written;
}

absl::Status Read(const std::string& stream) {
  StringSource source(stream);
  ValuesReader reader(&source);
  Collector collector;
  const absl::Status status = reader.Read(collector);
  EXPECT_EQ(ReadInC(devstate_test_pieces_values_schema, stream),
            OutcomeOf(status));
  return status;
}

absl::Status Write(const Values& values) {
  StringSink sink;
  ValuesWriter writer(&sink);
  EXPECT_THAT(writer.Begin(Values()), IsOk());
  for (const Owner& owner : values.owners()) {
    OwnerRow row;
    row.id = owner.id();
    row.pixel_bytes = owner.pixel_bytes();
    row.text_bytes = owner.text_bytes();
    EXPECT_THAT(writer.AddOwners(row), IsOk());
  }
  const auto row_of = [](const Piece& piece) {
    PieceRow row;
    row.owner = piece.owner();
    row.offset = piece.offset();
    row.data = piece.data();
    return row;
  };
  for (const Piece& piece : values.pixels()) {
    writer.AddPixels(row_of(piece)).IgnoreError();
  }
  for (const Piece& piece : values.texts()) {
    writer.AddTexts(row_of(piece)).IgnoreError();
  }
  return writer.Finish();
}

std::string RuleOf(const std::string& stream) {
  StringSource source(stream);
  GateOptions options;
  options.check_records = true;
  bool upgrade;
  const Verdict verdict =
      CheckStream(&source, GeneratedSchema("devstate.test.pieces.Values"),
                  options, &upgrade);
  return verdict.findings().empty()
             ? ""
             : absl::StrCat(verdict.findings(0).path(), " ",
                            verdict.findings(0).rule());
}

TEST(PiecesTest, WholeValuesAreWrittenAndRead) {
  const Values values = Parse(kWhole);
  EXPECT_THAT(Write(values), IsOk());
  EXPECT_THAT(Read(Unchecked(values)), IsOk());
  EXPECT_EQ(RuleOf(Unchecked(values)), "");
}

TEST(PiecesTest, OthersAreRefusedEverywhereInTheSameWords) {
  const struct {
    const char* name;
    void (*change)(Values* values);
    const char* path;
    const char* text;
  } kCases[] = {
      {"a gap", [](Values* v) { v->mutable_pixels(2)->set_offset(5); },
       "pixels",
       "pixels[2]: it begins at 5, and the one before ends at 4"},
      {"an overlap", [](Values* v) { v->mutable_pixels(2)->set_offset(3); },
       "pixels",
       "pixels[2]: it begins at 3, and the one before ends at 4"},
      {"the end of all numbers",
       [](Values* v) { v->mutable_pixels(2)->set_offset(UINT64_MAX); },
       "pixels",
       "pixels[2]: it begins at 18446744073709551615, and the one before ends "
       "at 4"},
      {"an empty piece", [](Values* v) { v->mutable_pixels(2)->set_data(""); },
       "pixels", "pixels[2]: it is empty"},
      {"too long", [](Values* v) { v->mutable_pixels(2)->set_data("efg"); },
       "pixels", "pixels[2]: the value of 7 goes on to 7, its size is 6"},
      {"too short", [](Values* v) { v->mutable_pixels(2)->set_data("e"); },
       "pixels", "pixels: the value of 7 ends at 5, its size is 6"},
      {"too short in between",
       [](Values* v) { v->mutable_owners(2)->set_pixel_bytes(3); }, "pixels",
       "pixels[1]: the value of 9 ends at 2, its size is 3"},
      {"not together",
       [](Values* v) { v->mutable_pixels()->SwapElements(0, 1); }, "pixels",
       "pixels[1]: the value of 7 ends at 4, its size is 6"},
      {"twice", [](Values* v) { *v->add_pixels() = v->pixels(0); }, "pixels",
       "pixels[3]: the value of 9 goes on after another one"},
      {"of nobody", [](Values* v) { v->mutable_pixels(0)->set_owner(10); },
       "pixels", "pixels[0]: no owner 10 has a value"},
      {"of an empty value",
       [](Values* v) { v->mutable_texts(0)->set_owner(9); }, "texts",
       "texts[0]: no owner 9 has a value"},
      {"missing", [](Values* v) { v->clear_texts(); }, "texts",
       "texts: the value of 8 has no piece, its size is 1"},
      {"an owner twice", [](Values* v) { v->mutable_owners(2)->set_id(7); },
       "owners", "owners[2]: the owner 7 occurs twice"},
      {"too many owners",
       [](Values* v) {
         v->add_owners()->set_id(10);
         v->add_owners()->set_id(11);
       },
       "owners", "owners[4]: there are more than 4 owners"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    Values values = Parse(kWhole);
    test.change(&values);
    EXPECT_THAT(Write(values), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr(test.text)));
    const std::string stream = Unchecked(values);
    const absl::Status status = Read(stream);
    EXPECT_EQ(ReasonOf(status), ERROR_REASON_CONSTRAINT);
    EXPECT_THAT(status.message(), HasSubstr(test.text));
    EXPECT_EQ(JudgeLoad(Verdict(), status).findings(0).rule(),
              "pieces-not-whole");
    EXPECT_EQ(RuleOf(stream), absl::StrCat(test.path, " pieces-not-whole"));
  }
}

TEST(PiecesTest, NobodySeesAPieceThatDoesNotFit) {
  Values values = Parse(kWhole);
  values.mutable_pixels(2)->set_offset(5);
  const std::string stream = Unchecked(values);
  StringSource source(stream);
  ValuesReader reader(&source);
  Collector collector;
  EXPECT_FALSE(reader.Read(collector).ok());
  // The batch is not handed on.
  EXPECT_EQ(collector.pixels, "");
}

TEST(PiecesTest, ValueIsWrittenInSpansOfAnySize) {
  std::string first;
  for (const size_t span : {1, 3, 11}) {
    StringSink sink;
    ValuesWriter writer(&sink);
    ASSERT_THAT(writer.Begin(Values()), IsOk());
    OwnerRow owner;
    owner.id = 7;
    owner.pixel_bytes = 11;
    ASSERT_THAT(writer.AddOwners(owner), IsOk());
    const std::string value = "abcdefghijk";
    PieceWriter pieces = writer.WritePixelsOf(7);
    for (size_t i = 0; i < value.size(); i += span) {
      ASSERT_THAT(pieces.Append(absl::string_view(value).substr(i, span)),
                  IsOk());
    }
    ASSERT_THAT(pieces.Finish(), IsOk());
    EXPECT_THAT(pieces.Finish(),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("finished already")));
    ASSERT_THAT(writer.Finish(), IsOk());
    StringSource source(sink.written);
    ValuesReader reader(&source);
    Collector collector;
    ASSERT_THAT(reader.Read(collector), IsOk());
    EXPECT_EQ(collector.pixels, "7+0:abcd 7+4:efgh 7+8:ijk ");
    if (first.empty()) first = sink.written;
    EXPECT_EQ(sink.written, first);
  }
}

// Writes a value of 7 in one span, as pieces or as rows of its own.
std::string Stream(absl::string_view value, bool rows,
                   const WriterOptions& options) {
  StringSink sink;
  ValuesWriter writer(&sink, options);
  EXPECT_THAT(writer.Begin(Values()), IsOk());
  OwnerRow owner;
  owner.id = 7;
  owner.pixel_bytes = value.size();
  EXPECT_THAT(writer.AddOwners(owner), IsOk());
  if (rows) {
    for (size_t i = 0; i < value.size(); i += 4) {
      PieceRow row;
      row.owner = 7;
      row.offset = i;
      row.data = value.substr(i, 4);
      EXPECT_THAT(writer.AddPixels(row), IsOk());
    }
  } else {
    std::string span(value);
    PieceWriter pieces = writer.WritePixelsOf(7);
    EXPECT_THAT(pieces.Append(span), IsOk());
    // The caller may use it for something else.
    span.assign(span.size(), '?');
    EXPECT_THAT(pieces.Finish(), IsOk());
  }
  EXPECT_THAT(writer.Finish(), IsOk());
  return sink.written;
}

TEST(PiecesTest, ValueInOneSpanIsTheSameStream) {
  const std::string value = "abcdefghijklmnopqrstuvwxyz";
  for (const Compression& compression :
       {Compression::Raw(), Compression::Automatic(), Compression::Zstd(1)}) {
    // So that a batch ends within the span, after it, and never.
    for (const uint32_t records : {1, 2, 4, 5, 6, 7, 100}) {
      WriterOptions options;
      options.compression = compression;
      options.max_batch_records = records;
      EXPECT_EQ(Stream(value, /*rows=*/false, options),
                Stream(value, /*rows=*/true, options))
          << records;
    }
  }
}

TEST(PiecesTest, ARoundChangesNeitherPiecesNorTheirOwners) {
  for (const bool owners : {true, false}) {
    StringSink sink;
    ValuesWriter writer(&sink);
    ASSERT_THAT(writer.BeginRound(Values()), IsOk());
    ASSERT_THAT(writer.EndRound(), IsOk());
    ASSERT_THAT(writer.BeginRound(Values()), IsOk());
    const absl::Status changed = owners ? writer.AddOwners(OwnerRow())
                                        : writer.AddPixels(PieceRow());
    EXPECT_THAT(changed,
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         HasSubstr("are pieces of values, or own them")));
  }
}

TEST(PiecesTest, ValueThatIsNotFinishedIsNotSaved) {
  StringSink sink;
  ValuesWriter writer(&sink);
  ASSERT_THAT(writer.Begin(Values()), IsOk());
  OwnerRow owner;
  owner.id = 7;
  owner.pixel_bytes = 6;
  ASSERT_THAT(writer.AddOwners(owner), IsOk());
  ASSERT_THAT(writer.WritePixelsOf(7).Append("abcdef"), IsOk());
  EXPECT_THAT(writer.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("the value of 7 ends at 4")));
}

}  // namespace
}  // namespace devstate::test::pieces
