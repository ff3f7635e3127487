// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The changes are made without a thought of whether they are allowed: the gate
// says that afterwards, as it would say it to a back-end.

#include "devstate/compat/gate/state_corpus.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/value_set.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/dynamic_message.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int kRandomStates = 8;
// Of which the largest is changed.
constexpr int kTriedStates = 40;
// The most elements and bytes that a full field gets.
constexpr uint64_t kMaxItems = 300;
constexpr uint64_t kMaxBytes = 4096;

class CorpusMaker {
 public:
  using Take = absl::FunctionRef<absl::Status(const CorpusState& state)>;

  CorpusMaker(const LoadedSchema& schema, Take take)
      : schema_(schema),
        take_(take),
        facts_(schema.root()),
        prototype_(*factory_.GetPrototype(&schema.root())) {}

  absl::Status Run() {
    std::unique_ptr<Message> state = NewState();
    DS_RETURN_IF_ERROR(Emit("empty", *state));
    DS_ASSIGN_OR_RETURN(base_, EmitRandom());
    DS_RETURN_IF_ERROR(
        Vary(*schema_.model().root, "", [](Message* root) { return root; }));
    return EmitRefused();
  }

 private:
  // Finds the message that is changed in a copy of the base; null if the copy
  // has none there.
  using Find = std::function<Message*(Message* root)>;

  std::unique_ptr<Message> NewState() {
    return std::unique_ptr<Message>(prototype_.New());
  }

  absl::StatusOr<std::string> Encode(const Message& state,
                                     const SchemaInfo& info) {
    WriterOptions options;
    options.compression = Compression::Raw();
    options.embed_descriptor_set = false;
    MemorySink sink;
    DynamicStateWriter writer(&sink, schema_.model(), info, options);
    DS_RETURN_IF_ERROR(WriteWholeState(state, schema_.model(), writer));
    return sink.Take();
  }

  Verdict Judge(const std::string& stream) {
    MemorySource source(stream);
    GateOptions options;
    options.check_records = true;
    bool upgrade = false;
    return CheckStream(&source, {&schema_.root(), &schema_.model()}, options,
                       &upgrade);
  }

  absl::StatusOr<std::string> Json(const std::string& stream) {
    MemorySource source(stream);
    MemorySink sink;
    DynamicStateReader reader(&source);
    StatePrinter printer(schema_.root(), StateFormat::kJson,
                         /*redactor=*/nullptr, &sink);
    DS_RETURN_IF_ERROR(reader.Read(schema_.model(), printer));
    DS_RETURN_IF_ERROR(printer.Finish());
    return sink.Take();
  }

  // Hands out a stream once.
  absl::Status EmitStream(std::string name, std::string stream) {
    if (!seen_.insert(stream).second) return absl::OkStatus();
    CorpusState made;
    made.name = std::move(name);
    const Verdict verdict = Judge(stream);
    if (verdict.level() >= VERDICT_LEVEL_REFUSED) {
      std::set<std::string> rules;
      for (const Finding& finding : verdict.findings()) {
        if (finding.level() >= VERDICT_LEVEL_REFUSED) {
          rules.insert(finding.rule());
        }
      }
      made.rules.assign(rules.begin(), rules.end());
    } else {
      DS_ASSIGN_OR_RETURN(made.json, Json(stream));
    }
    made.stream = std::move(stream);
    return take_(made);
  }

  // Passes over what no writer can write.
  absl::Status Emit(std::string name, const Message& state) {
    absl::StatusOr<std::string> stream = Encode(state, facts_.info());
    if (!stream.ok()) return absl::OkStatus();
    return EmitStream(std::move(name), *std::move(stream));
  }

  // Returns the largest random state that loads.
  absl::StatusOr<std::unique_ptr<Message>> EmitRandom() {
    std::unique_ptr<Message> largest;
    for (int i = 0; i < kTriedStates; ++i) {
      std::mt19937 random(static_cast<uint32_t>(i));
      std::unique_ptr<Message> state = NewState();
      FillRandomly(schema_.model(), &random, state.get());
      if (i < kRandomStates) {
        DS_RETURN_IF_ERROR(Emit(absl::StrCat("random ", i), *state));
      }
      const absl::StatusOr<std::string> stream = Encode(*state, facts_.info());
      if (!stream.ok() || Judge(*stream).level() >= VERDICT_LEVEL_REFUSED) {
        continue;
      }
      if (largest == nullptr ||
          state->ByteSizeLong() > largest->ByteSizeLong()) {
        largest = std::move(state);
      }
    }
    if (largest == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          schema_.model().file, ": none of ", kTriedStates,
          " random states keeps the schema's annotations: look at required "
          "fields and unique_by"));
    }
    return largest;
  }

  // Emits the base with one change.
  absl::Status EmitChanged(const std::string& name, const Find& find,
                           const std::function<void(Message*)>& change) {
    std::unique_ptr<Message> state(base_->New());
    state->CopyFrom(*base_);
    Message* message = find(state.get());
    if (message == nullptr) return absl::OkStatus();
    change(message);
    return Emit(name, *state);
  }

  // Changes each field of the message at `find`, and of those in it. Each field
  // of the schema is changed at the first place where it is found.
  absl::Status Vary(const MessageModel& model, const std::string& path,
                    const Find& find) {
    if (!varied_.insert(&model).second) return absl::OkStatus();
    for (const FieldModel& field : model.fields) {
      DS_RETURN_IF_ERROR(
          VaryField(field, absl::StrCat(path, field.name), find));
    }
    return absl::OkStatus();
  }

  absl::Status VaryField(const FieldModel& field, const std::string& path,
                         const Find& find) {
    const FieldDescriptor* descriptor = field.descriptor;
    DS_RETURN_IF_ERROR(
        EmitChanged(absl::StrCat(path, " absent"), find, [&](Message* message) {
          message->GetReflection()->ClearField(message, descriptor);
        }));
    if (descriptor->is_repeated()) {
      DS_RETURN_IF_ERROR(VaryCount(field, path, find));
    }
    if (field.message != nullptr) return VaryMessage(field, path, find);
    if (IsNumber(field)) return VaryNumber(field, path, find);
    return VaryText(field, path, find);
  }

  // One element, as many as are allowed, and one more; the first one twice.
  absl::Status VaryCount(const FieldModel& field, const std::string& path,
                         const Find& find) {
    const FieldDescriptor* descriptor = field.descriptor;
    const uint64_t most = field.annotations.has_max_items()
                              ? field.annotations.max_items()
                              : kMaxItems;
    for (const uint64_t count : {uint64_t{1}, uint64_t{2}, most, most + 1}) {
      if (count > kMaxItems + 1) continue;
      DS_RETURN_IF_ERROR(EmitChanged(
          absl::StrCat(path, " of ", count), find, [&](Message* message) {
            Resize(descriptor, static_cast<int>(count), message);
          }));
    }
    return absl::OkStatus();
  }

  // Leaves `count` elements, or repeats the first.
  static void Resize(const FieldDescriptor* field, int count,
                     Message* message) {
    const Reflection& reflection = *message->GetReflection();
    while (reflection.FieldSize(*message, field) > count) {
      reflection.RemoveLast(message, field);
    }
    if (reflection.FieldSize(*message, field) == 0 &&
        field->message_type() == nullptr) {
      return;
    }
    while (reflection.FieldSize(*message, field) < count) {
      const bool first = reflection.FieldSize(*message, field) == 0;
      if (field->message_type() != nullptr) {
        Message* added = reflection.AddMessage(message, field);
        if (!first) {
          added->CopyFrom(reflection.GetRepeatedMessage(*message, field, 0));
        }
      } else if (HoldsNumbers(*field)) {
        SetNumber(GetNumber(*message, *field, 0), *field, message);
      } else {
        reflection.AddString(message, field, GetText(*message, *field, 0));
      }
    }
  }

  // The message empty, and each of its own fields.
  absl::Status VaryMessage(const FieldModel& field, const std::string& path,
                           const Find& find) {
    const FieldDescriptor* descriptor = field.descriptor;
    const Find inner = [find, descriptor](Message* root) -> Message* {
      Message* message = find(root);
      if (message == nullptr) return nullptr;
      const Reflection& reflection = *message->GetReflection();
      if (!descriptor->is_repeated()) {
        return reflection.MutableMessage(message, descriptor);
      }
      return reflection.FieldSize(*message, descriptor) > 0
                 ? reflection.MutableRepeatedMessage(message, descriptor, 0)
                 : reflection.AddMessage(message, descriptor);
    };
    DS_RETURN_IF_ERROR(EmitChanged(absl::StrCat(path, " empty"), inner,
                                   [](Message* message) { message->Clear(); }));
    return Vary(*field.message, absl::StrCat(path, "."), inner);
  }

  absl::Status VaryNumber(const FieldModel& field, const std::string& path,
                          const Find& find) {
    for (const Number& number : NumbersFor(field)) {
      DS_RETURN_IF_ERROR(
          EmitChanged(absl::StrCat(path, "=", NumberText(number)), find,
                      [&](Message* message) { Set(field, number, message); }));
    }
    return absl::OkStatus();
  }

  // The ends of what the type and the annotations allow, and what is beyond.
  static std::vector<Number> NumbersFor(const FieldModel& field) {
    std::vector<Number> numbers;
    if (!IsInteger(field)) {
      for (const double real : {0.0, -0.0, 1.5, -1e30, 1e30}) {
        numbers.push_back({/*floating=*/true, 0, real});
      }
      return numbers;
    }
    const ValueSet type = ValuesOfType(field);
    const ValueSet allowed = ValuesOf(field);
    std::set<absl::int128> values = {0,
                                     1,
                                     type.low,
                                     type.high,
                                     allowed.low,
                                     allowed.high,
                                     allowed.low - 1,
                                     allowed.high + 1};
    for (const ValueSet* set : {&type, &allowed}) {
      if (set->values.has_value()) {
        values.insert(set->values->begin(), set->values->end());
      }
    }
    for (const absl::int128 value : values) {
      const Number number = {/*floating=*/false, value, 0};
      if (Fits(number, *field.descriptor)) numbers.push_back(number);
    }
    return numbers;
  }

  static void Set(const FieldModel& field, const Number& number,
                  Message* message) {
    if (field.descriptor->is_repeated()) {
      message->GetReflection()->ClearField(message, field.descriptor);
    }
    SetNumber(number, *field.descriptor, message);
  }

  absl::Status VaryText(const FieldModel& field, const std::string& path,
                        const Find& find) {
    std::set<uint64_t> lengths = {0, 1, 300};
    if (field.annotations.has_max_len() &&
        field.annotations.max_len() < kMaxBytes) {
      lengths.insert(field.annotations.max_len());
      lengths.insert(field.annotations.max_len() + 1);
    }
    for (const uint64_t length : lengths) {
      DS_RETURN_IF_ERROR(EmitChanged(
          absl::StrCat(path, " of ", length, " bytes"), find,
          [&](Message* message) {
            const Reflection& reflection = *message->GetReflection();
            const std::string text(length, 'x');
            if (!field.descriptor->is_repeated()) {
              reflection.SetString(message, field.descriptor, text);
              return;
            }
            reflection.ClearField(message, field.descriptor);
            reflection.AddString(message, field.descriptor, text);
          }));
    }
    return absl::OkStatus();
  }

  // What every back-end refuses, whatever the state.
  absl::Status EmitRefused() {
    DS_ASSIGN_OR_RETURN(const std::string whole, Encode(*base_, facts_.info()));
    DS_RETURN_IF_ERROR(
        EmitStream("without a trailer", whole.substr(0, whole.size() * 2 / 3)));
    std::string turned = whole;
    turned[turned.size() / 2] =
        static_cast<char>(turned[turned.size() / 2] ^ 1);
    DS_RETURN_IF_ERROR(EmitStream("a turned bit", turned));
    DS_RETURN_IF_ERROR(EmitStream("trailing bytes", whole + "x"));
    DS_RETURN_IF_ERROR(EmitStream("not a stream", "not a stream"));
    SchemaInfo info = facts_.info();
    info.device = "another-device";
    DS_RETURN_IF_ERROR(EmitWith("another device", info));
    info = facts_.info();
    info.schema = "another.schema";
    DS_RETURN_IF_ERROR(EmitWith("another schema", info));
    info = facts_.info();
    info.version = info.min_reader = info.version + 1;
    return EmitWith("a newer release", info);
  }

  absl::Status EmitWith(const char* name, const SchemaInfo& info) {
    DS_ASSIGN_OR_RETURN(std::string stream, Encode(*base_, info));
    return EmitStream(name, std::move(stream));
  }

  const LoadedSchema& schema_;
  const Take take_;
  const SchemaFacts facts_;
  google::protobuf::DynamicMessageFactory factory_;
  const Message& prototype_;
  std::unique_ptr<Message> base_;
  std::set<std::string> seen_;
  std::set<const MessageModel*> varied_;
};

}  // namespace

absl::Status MakeStateCorpus(
    const LoadedSchema& schema,
    absl::FunctionRef<absl::Status(const CorpusState& state)> take) {
  return CorpusMaker(schema, take).Run();
}

}  // namespace devstate
