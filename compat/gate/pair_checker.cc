// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Beside the two verdicts, the way back is gone as well: a value that got lost
// or changed on the way shows nowhere else.

#include "devstate/compat/gate/pair_checker.h"

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/gate/conversion.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/compat/gate/state_stream.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/test_streams.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace devstate {
namespace testing {
namespace {

using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::util::MessageDifferencer;

// Takes out what was dropped: paths of the schema.
void Clear(const std::string& path, Message* message) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      message->GetDescriptor()->FindFieldByName(path.substr(0, dot));
  if (field == nullptr) return;
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

// Takes out members of oneofs that are zero or empty: without presence, that is
// no member.
void ClearZeroMembers(Message* message) {
  const auto& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) {
      const bool zero =
          HoldsNumbers(*field)
              ? !field->is_repeated() && GetNumber(*message, *field, 0).IsZero()
              : !field->is_repeated() && GetText(*message, *field, 0).empty();
      if (zero && field->real_containing_oneof() != nullptr) {
        reflection.ClearField(message, field);
      }
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
        ClearZeroMembers(reflection.MutableRepeatedMessage(message, field, i));
      }
    } else {
      ClearZeroMembers(reflection.MutableMessage(message, field));
    }
  }
}

void PruneEmpty(Message* message) {
  const auto& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
        PruneEmpty(reflection.MutableRepeatedMessage(message, field, i));
      }
      continue;
    }
    Message* inner = reflection.MutableMessage(message, field);
    PruneEmpty(inner);
    if (inner->ByteSizeLong() == 0) reflection.ClearField(message, field);
  }
}

// Whether all of `part` is in `whole`, which may have more.
bool Contains(const Message& whole, const Message& part,
              std::string* difference) {
  MessageDifferencer differencer;
  differencer.set_scope(MessageDifferencer::PARTIAL);
  differencer.ReportDifferencesToString(difference);
  return differencer.Compare(part, whole);
}

bool DeclaresMoves(const SchemaModel& schema) {
  for (const auto& message : schema.messages) {
    for (const FieldModel& field : message->fields) {
      if (field.annotations.moved_from_size() > 0) return true;
    }
  }
  return false;
}

}  // namespace

std::unique_ptr<Message> ConvertAll(const LoadedSchema& writer,
                                    const LoadedSchema& reader,
                                    const Message& written,
                                    DynamicMessageFactory* factory,
                                    StreamFindings* findings) {
  Mapping mapping(PairByVersion(writer.model(), reader.model()));
  Converter converter(&mapping);
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

PairChecker::PairChecker(const std::string& writer, const std::string& reader,
                         bool upgrade)
    : writer_(Parse(writer)),
      reader_(Parse(reader)),
      upgrade_(upgrade),
      facts_(writer_.root()),
      static_(CompareSchemas(
          Mapping({&writer_.model(), &reader_.model(),
                   upgrade ? Direction::kUpgrade : Direction::kDowngrade}))),
      moves_(DeclaresMoves(writer_.model()) || DeclaresMoves(reader_.model())) {
  EXPECT_TRUE(archive_.Add(Parse(writer)).ok());
  for (const Finding& finding : static_.findings) {
    paths_.insert(finding.path());
    if (finding.level() == VERDICT_LEVEL_CONDITIONAL)
      conditional_.insert(finding.path());
  }
}

std::string PairChecker::CheckRandom(std::mt19937* random, bool archive) {
  std::unique_ptr<Message> state(factory_.GetPrototype(&writer_.root())->New());
  FillRandomly(writer_.model(), random, state.get());
  return Check(*state, archive);
}

std::string PairChecker::Check(const Message& state, bool archive) {
  StringSource source(WriteStream(writer_, facts_.info(), state));
  GateOptions options;
  if (archive) options.archive = &archive_;
  bool upgrade = false;
  const Verdict verdict = CheckStream(
      &source, {&reader_.root(), &reader_.model()}, options, &upgrade);
  std::string fault =
      upgrade == upgrade_ ? CheckVerdict(verdict) : "another direction";
  if (verdict.level() >= VERDICT_LEVEL_REFUSED) {
    ++refused_;
  } else {
    ++loaded_;
    if (fault.empty()) fault = CheckNothingIsLost(state, verdict);
  }
  if (fault.empty()) return "";
  return absl::StrCat(fault, "\n  schemas: ", Describe(static_),
                      "\n  stream: ", VerdictText(verdict),
                      "\n  state: ", state.ShortDebugString());
}

std::string PairChecker::CheckVerdict(const Verdict& verdict) const {
  if (static_.level == VERDICT_LEVEL_REFUSED) {
    return verdict.level() == VERDICT_LEVEL_REFUSED
               ? ""
               : "a stream loads all the same";
  }
  if (verdict.level() == VERDICT_LEVEL_DAMAGED) return "the stream is damaged";
  if (static_.level != VERDICT_LEVEL_CONDITIONAL &&
      verdict.level() > static_.level) {
    return "the stream's verdict is worse than that of all streams";
  }
  for (const Finding& finding : verdict.findings()) {
    const Rule* rule = FindRule(finding.rule());
    if (rule == nullptr) return absl::StrCat("no rule ", finding.rule());
    if (paths_.count(finding.path()) == 0) {
      return absl::StrCat("nothing is known of ", finding.path());
    }
    if (finding.level() < VERDICT_LEVEL_REFUSED) continue;
    if (rule->decided_by == DecidedBy::kSchemas) {
      return absl::StrCat(finding.rule(), " is for schemas to decide");
    }
    if (conditional_.count(finding.path()) == 0) {
      return absl::StrCat("no condition is known for ", finding.path());
    }
  }
  return "";
}

std::string PairChecker::CheckNothingIsLost(const Message& state,
                                            const Verdict& verdict) {
  StreamFindings there;
  const std::unique_ptr<Message> read =
      ConvertAll(writer_, reader_, state, &factory_, &there);
  if (there.level() >= VERDICT_LEVEL_REFUSED)
    return "the conversion refuses what loads";
  StreamFindings back;
  const std::unique_ptr<Message> again =
      ConvertAll(reader_, writer_, *read, &factory_, &back);
  if (back.level() >= VERDICT_LEVEL_REFUSED) return "";
  std::unique_ptr<Message> expected(state.New());
  expected->CopyFrom(state);
  for (const Finding& finding : verdict.findings()) {
    if (finding.level() == VERDICT_LEVEL_LOSSY)
      Clear(finding.path(), expected.get());
  }
  ClearZeroMembers(expected.get());
  ClearZeroMembers(again.get());
  if (moves_) {
    PruneEmpty(expected.get());
    PruneEmpty(again.get());
  }
  std::string difference;
  if (Contains(*again, *expected, &difference)) return "";
  return absl::StrCat("what comes back is not what was sent: ", difference);
}

}  // namespace testing
}  // namespace devstate
