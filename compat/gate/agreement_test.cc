// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the comparison of two schemas says of all states, and what the gate says
// of single ones, never contradict each other; and what loads is all there.

#include <memory>
#include <random>
#include <set>
#include <string>

#include "devstate/compat/diff_testing.h"
#include "devstate/compat/gate/conversion.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/test_streams.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Change;
using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// All of a state through a converter, its records included.
std::unique_ptr<Message> ConvertAll(const LoadedSchema& writer,
                                    const LoadedSchema& reader,
                                    const Message& written,
                                    DynamicMessageFactory* factory,
                                    StreamFindings* findings) {
  Converter converter(&writer.model(), &reader.model());
  std::unique_ptr<Message> read(factory->GetPrototype(&reader.root())->New());
  converter.ConvertRoot(written, read.get(), findings);
  for (const FieldModel& field : writer.model().root->fields) {
    if (!HoldsRecords(field)) continue;
    const FieldDescriptor* from = writer.root().FindFieldByNumber(field.number);
    const FieldModel* target = converter.RecordField(field);
    const int count = written.GetReflection()->FieldSize(written, from);
    for (int i = 0; i < count; ++i) {
      if (target == nullptr) {
        converter.DropRecord(field, findings);
        continue;
      }
      const FieldDescriptor* to =
          reader.root().FindFieldByNumber(target->number);
      converter.ConvertRecord(
          field, written.GetReflection()->GetRepeatedMessage(written, from, i),
          read->GetReflection()->AddMessage(read.get(), to), findings);
    }
  }
  return read;
}

// Takes out what was dropped: paths of the schema.
void Clear(const std::string& path, Message* message) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      message->GetDescriptor()->FindFieldByName(path.substr(0, dot));
  ASSERT_NE(field, nullptr) << path;
  const auto& reflection = *message->GetReflection();
  if (dot == std::string::npos) {
    reflection.ClearField(message, field);
    return;
  }
  const std::string rest = path.substr(dot + 1);
  if (field->is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
      Clear(rest, reflection.MutableRepeatedMessage(message, field, i));
    }
  } else if (reflection.HasField(*message, field)) {
    Clear(rest, reflection.MutableMessage(message, field));
  }
}

void PruneEmpty(Message* message) {
  const auto& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr || field->is_repeated()) continue;
    Message* inner = reflection.MutableMessage(message, field);
    PruneEmpty(inner);
    if (inner->ByteSizeLong() == 0) reflection.ClearField(message, field);
  }
}

class Agreement {
 public:
  Agreement(const Change& change, bool upgrade)
      : change_(change),
        upgrade_(upgrade),
        writer_(testing::Parse(upgrade ? testing::OldText(change)
                                       : testing::NewText(change))),
        reader_(testing::Parse(upgrade ? testing::NewText(change)
                                       : testing::OldText(change))) {
    static_ = upgrade ? CompareSchemas(writer_.model(), reader_.model(),
                                       Direction::kUpgrade)
                      : CompareSchemas(reader_.model(), writer_.model(),
                                       Direction::kDowngrade);
    EXPECT_TRUE(archive_
                    .Add(testing::Parse(upgrade ? testing::OldText(change)
                                                : testing::NewText(change)))
                    .ok());
    for (const SchemaFinding& finding : static_.findings) {
      paths_.insert(finding.path);
    }
  }

  // `states` random ones; enough for every condition to be fulfilled and broken
  // if `thorough`.
  void Run(int states, bool thorough) {
    std::mt19937 random(20261122);
    for (int i = 0; i < states; ++i) {
      std::unique_ptr<Message> state(
          factory_.GetPrototype(&writer_.root())->New());
      if (i > 0) testing::FillRandomly(writer_, &random, state.get());
      // What no writer may leave out is not left out.
      if (i == 0 && NeedsContent()) continue;
      // Every now and then the schema comes from the stream itself.
      Check(*state, i % 8 == 1 ? nullptr : &archive_);
    }
    if (thorough && static_.level == CONDITIONAL) {
      EXPECT_GT(loaded_, 0) << Name() << ": no state fulfils the condition";
      EXPECT_GT(refused_, 0) << Name() << ": no state breaks the condition";
    }
  }

 private:
  std::string Name() const {
    return absl::StrCat(change_.name, upgrade_ ? ", upgrade" : ", downgrade");
  }

  bool NeedsContent() const {
    for (const FieldModel& field : writer_.model().root->fields) {
      if (!CanBeAbsent(field)) return true;
    }
    return false;
  }

  void Check(const Message& state, const SchemaArchive* archive) {
    testing::StringSource source(
        testing::WriteStream(writer_, facts_.info(), state));
    GateOptions options;
    options.archive = archive;
    bool upgrade = false;
    const Verdict verdict = CheckStream(
        &source, {&reader_.root(), &reader_.model()}, options, &upgrade);
    EXPECT_EQ(upgrade, upgrade_) << Name();
    const std::string what = absl::StrCat(
        Name(), ": ", state.ShortDebugString(), ": ", VerdictText(verdict));
    if (static_.level == REFUSED) {
      EXPECT_EQ(verdict.level(), REFUSED) << what;
      return;
    }
    if (static_.level != CONDITIONAL) {
      EXPECT_LE(verdict.level(), static_.level) << what;
    }
    EXPECT_NE(verdict.level(), DAMAGED) << what;
    for (const Finding& finding : verdict.findings()) {
      EXPECT_NE(FindRule(finding.rule()), nullptr) << finding.rule();
      EXPECT_EQ(paths_.count(finding.path()), 1u) << what;
    }
    if (verdict.level() >= REFUSED) {
      ++refused_;
      return;
    }
    ++loaded_;
    CheckNothingIsLost(state, verdict, what);
  }

  // There and back again is where it was, but for what was dropped by name.
  void CheckNothingIsLost(const Message& state, const Verdict& verdict,
                          const std::string& what) {
    StreamFindings there;
    const std::unique_ptr<Message> read =
        ConvertAll(writer_, reader_, state, &factory_, &there);
    EXPECT_LT(there.level(), REFUSED) << what;
    StreamFindings back;
    const std::unique_ptr<Message> again =
        ConvertAll(reader_, writer_, *read, &factory_, &back);
    if (back.level() >= REFUSED) return;
    std::unique_ptr<Message> expected(state.New());
    expected->CopyFrom(state);
    for (const Finding& finding : verdict.findings()) {
      if (finding.level() == LOSSY) Clear(finding.path(), expected.get());
    }
    if (moved_) {
      // Values move, the messages around them come and go.
      PruneEmpty(expected.get());
      PruneEmpty(again.get());
    }
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(*expected, *again)) << what << "\n"
                                                        << difference;
  }

  const Change& change_;
  const bool upgrade_;
  const LoadedSchema writer_;
  const LoadedSchema reader_;
  SchemaArchive archive_;
  const SchemaFacts facts_{writer_.root()};
  DirectionVerdict static_;
  std::set<std::string> paths_;
  const bool moved_ = absl::StrContains(change_.new_body, "moved_from");
  DynamicMessageFactory factory_;
  int loaded_ = 0;
  int refused_ = 0;
};

TEST(AgreementTest, ThereAreEnoughChanges) {
  EXPECT_GE(testing::AllChanges().size(), 60u);
}

TEST(AgreementTest, StreamsNeverContradictTheComparisonOfTheirSchemas) {
  for (const Change* change : testing::AllChanges()) {
    Agreement(*change, /*upgrade=*/true).Run(40, /*thorough=*/true);
    Agreement(*change, /*upgrade=*/false).Run(40, /*thorough=*/true);
  }
}

// What is at the root of a table's change is in a record here, in a message of
// the root, in a map and in a oneof.
TEST(AgreementTest, TheSameHoldsWhereverTheChangeStands) {
  const struct {
    const char* name;
    const char* before;
    const char* after;
  } kPlaces[] = {
      {"in records", "repeated Z z = 1; message Z {", "}"},
      {"in a message", "Z z = 1; message Z {", "}"},
      {"in a map", "map<string, Z> z = 1; message Z {", "}"},
      {"in a oneof of records",
       "repeated Y y = 1; message Y { oneof o { Z z = 1; uint32 n = 2; } } "
       "message Z {",
       "}"},
  };
  for (const Change* change : testing::AllChanges()) {
    if (change->in_record) continue;
    // Moves name whole paths from the root.
    if (absl::StrContains(change->new_body, "moved_from")) continue;
    for (const auto& place : kPlaces) {
      const std::string name = absl::StrCat(change->name, " ", place.name);
      const std::string older =
          absl::StrCat(place.before, change->old_body, place.after);
      const std::string newer =
          absl::StrCat(place.before, change->new_body, place.after);
      const Change nested = {name.c_str(), older.c_str(), newer.c_str(), "",
                             ""};
      Agreement(nested, /*upgrade=*/true).Run(6, /*thorough=*/false);
      Agreement(nested, /*upgrade=*/false).Run(6, /*thorough=*/false);
    }
  }
}

}  // namespace
}  // namespace devstate
