// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/codegen/everything_rows.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace devstate::test::everything {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Reflection;

// --- Random messages ---

template <typename T>
T RandomNumber(std::mt19937_64& random) {
  using Limits = std::numeric_limits<T>;
  switch (random() % 5) {
    case 0:
      return T{0};
    case 1:
      return static_cast<T>(random() % 100);
    case 2:
      return random() % 2 == 0 ? Limits::max() : Limits::lowest();
    case 3:
      return static_cast<T>(static_cast<int64_t>(random() % 1000) - 500);
    default:
      return static_cast<T>(random());
  }
}

std::string RandomText(std::mt19937_64& random, bool text) {
  std::string result;
  for (size_t i = random() % 4 == 0 ? 0 : random() % 12; i > 0; --i) {
    if (!text) {
      result += static_cast<char>(random());
    } else if (random() % 10 == 0) {
      result += "\u20ac";
    } else {
      result += static_cast<char>('a' + random() % 26);
    }
  }
  return result;
}

// Sets, or adds to, a field; `Set` and `Add` are methods of Reflection.
void FillField(std::mt19937_64& random, const FieldDescriptor* field,
               Message* message) {
  const Reflection* r = message->GetReflection();
  const bool add = field->is_repeated();
#define DEVSTATE_FILL(Type, value)                                           \
  {                                                                          \
    const auto v = value;                                                    \
    add ? r->Add##Type(message, field, v) : r->Set##Type(message, field, v); \
    break;                                                                   \
  }
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      DEVSTATE_FILL(Int32, RandomNumber<int32_t>(random))
    case FieldDescriptor::CPPTYPE_INT64:
      DEVSTATE_FILL(Int64, RandomNumber<int64_t>(random))
    case FieldDescriptor::CPPTYPE_UINT32:
      DEVSTATE_FILL(UInt32, RandomNumber<uint32_t>(random))
    case FieldDescriptor::CPPTYPE_UINT64:
      DEVSTATE_FILL(UInt64, RandomNumber<uint64_t>(random))
    case FieldDescriptor::CPPTYPE_FLOAT:
      DEVSTATE_FILL(Float, RandomNumber<float>(random))
    case FieldDescriptor::CPPTYPE_DOUBLE:
      DEVSTATE_FILL(Double, RandomNumber<double>(random))
    case FieldDescriptor::CPPTYPE_BOOL:
      DEVSTATE_FILL(Bool, random() % 2 == 0)
    case FieldDescriptor::CPPTYPE_STRING:
      DEVSTATE_FILL(
          String,
          RandomText(random, field->type() == FieldDescriptor::TYPE_STRING))
    case FieldDescriptor::CPPTYPE_ENUM:
      DEVSTATE_FILL(
          Enum, field->enum_type()->value(static_cast<int>(
                    random() %
                    static_cast<uint64_t>(field->enum_type()->value_count()))))
    case FieldDescriptor::CPPTYPE_MESSAGE:
      FillAtRandom(random, add ? r->AddMessage(message, field)
                               : r->MutableMessage(message, field));
      break;
  }
#undef DEVSTATE_FILL
}

// --- Messages and rows ---

// Arrays that rows point into.
class Storage {
 public:
  template <typename T, typename Container, typename Convert>
  absl::Span<const T> Keep(const Container& values, Convert convert) {
    const size_t size = static_cast<size_t>(values.size());
    std::shared_ptr<T[]> array(new T[size]());
    size_t i = 0;
    for (const auto& value : values) array[i++] = convert(value);
    arrays_.push_back(array);
    return absl::Span<const T>(array.get(), size);
  }

 private:
  std::vector<std::shared_ptr<void>> arrays_;
};

template <typename T>
T Own(T value) {
  return value;
}
std::string Own(absl::string_view value) { return std::string(value); }

// The entries by key: protobuf's maps have another order in each run.
template <typename Map>
auto Sorted(const Map& map) {
  std::vector<const typename Map::value_type*> entries;
  for (const auto& entry : map) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  return entries;
}

#define DEVSTATE_SCALARS(X)                                                 \
  X(i32)                                                                    \
  X(i64)                                                                    \
  X(u32)                                                                    \
  X(u64)                                                                    \
  X(s32)                                                                    \
  X(s64) X(f32) X(f64) X(sf32) X(sf64) X(real) X(wide_real) X(flag) X(text) \
      X(data) X(color)

#define DEVSTATE_TO(name) row.name = m.name();
#define DEVSTATE_FROM(name) m->set_##name(Own(row.name));
#define DEVSTATE_TO_OPTIONAL(name) \
  if (m.has_##name()) row.name = m.name();
#define DEVSTATE_FROM_OPTIONAL(name) \
  if (row.name) m->set_##name(Own(*row.name));
#define DEVSTATE_FROM_REPEATED(name) \
  for (const auto& value : row.name) m->add_##name(Own(value));
#define DEVSTATE_TO_REPEATED(name)                                      \
  row.name = storage.Keep<typename decltype(row.name)::value_type>(     \
      m.name(), [](const auto& v) {                                     \
        return static_cast<typename decltype(row.name)::value_type>(v); \
      });

PartRow ToRow(const Part& m) {
  PartRow row;
  row.id = m.id();
  row.label = m.label();
  return row;
}
void FromRow(const PartRow& row, Part* m) {
  m->set_id(row.id);
  m->set_label(Own(row.label));
}

ScalarsRow ToRow(const Scalars& m, Storage&) {
  ScalarsRow row;
  DEVSTATE_SCALARS(DEVSTATE_TO)
  row.large = m.large();
  return row;
}
void FromRow(const ScalarsRow& row, Scalars* m) {
  DEVSTATE_SCALARS(DEVSTATE_FROM)
  m->set_large(row.large);
}

OptionalsRow ToRow(const Optionals& m, Storage&) {
  OptionalsRow row;
  DEVSTATE_SCALARS(DEVSTATE_TO_OPTIONAL)
  if (m.has_part()) row.part = ToRow(m.part());
  return row;
}
void FromRow(const OptionalsRow& row, Optionals* m) {
  DEVSTATE_SCALARS(DEVSTATE_FROM_OPTIONAL)
  if (row.part) FromRow(*row.part, m->mutable_part());
}

RepeatedsRow ToRow(const Repeateds& m, Storage& storage) {
  RepeatedsRow row;
  DEVSTATE_SCALARS(DEVSTATE_TO_REPEATED)
  row.parts = storage.Keep<PartRow>(
      m.parts(), [](const Part& part) { return ToRow(part); });
  row.by_name = storage.Keep<Repeateds_ByNameEntryRow>(
      Sorted(m.by_name()), [](const auto* entry) {
        Repeateds_ByNameEntryRow result;
        result.key = entry->first;
        result.value = ToRow(entry->second);
        return result;
      });
  row.by_number = storage.Keep<Repeateds_ByNumberEntryRow>(
      Sorted(m.by_number()), [](const auto* entry) {
        return Repeateds_ByNumberEntryRow{entry->first, entry->second};
      });
  row.nothings = storage.Keep<NothingRow>(
      m.nothings(), [](const Nothing&) { return NothingRow(); });
  return row;
}
void FromRow(const RepeatedsRow& row, Repeateds* m) {
  DEVSTATE_SCALARS(DEVSTATE_FROM_REPEATED)
  for (const PartRow& part : row.parts) FromRow(part, m->add_parts());
  for (const auto& entry : row.by_name) {
    Part part;
    if (entry.value) FromRow(*entry.value, &part);
    (*m->mutable_by_name())[Own(entry.key)] = part;
  }
  for (const auto& entry : row.by_number) {
    (*m->mutable_by_number())[entry.key] = Own(entry.value);
  }
  for (size_t i = 0; i < row.nothings.size(); ++i) m->add_nothings();
}

Nested_Inner_InnermostRow ToRow(const Nested::Inner::Innermost& m,
                                Storage& storage) {
  Nested_Inner_InnermostRow row;
  row.value = m.value();
  DEVSTATE_TO_REPEATED(values)
  return row;
}
void FromRow(const Nested_Inner_InnermostRow& row,
             Nested::Inner::Innermost* m) {
  m->set_value(row.value);
  DEVSTATE_FROM_REPEATED(values)
}

Nested_InnerRow ToRow(const Nested::Inner& m, Storage& storage) {
  Nested_InnerRow row;
  if (m.has_innermost()) row.innermost = ToRow(m.innermost(), storage);
  row.list = storage.Keep<Nested_Inner_InnermostRow>(
      m.list(),
      [&](const Nested::Inner::Innermost& i) { return ToRow(i, storage); });
  row.mood = m.mood();
  return row;
}
void FromRow(const Nested_InnerRow& row, Nested::Inner* m) {
  if (row.innermost) FromRow(*row.innermost, m->mutable_innermost());
  for (const auto& innermost : row.list) FromRow(innermost, m->add_list());
  m->set_mood(row.mood);
}

NestedRow ToRow(const Nested& m, Storage& storage) {
  NestedRow row;
  if (m.has_inner()) row.inner = ToRow(m.inner(), storage);
  DEVSTATE_TO_OPTIONAL(number)
  DEVSTATE_TO_OPTIONAL(name)
  DEVSTATE_TO_OPTIONAL(flag)
  DEVSTATE_TO_OPTIONAL(real)
  if (m.has_deep()) row.deep = ToRow(m.deep(), storage);
  if (m.has_nothing()) row.nothing.emplace();
  if (m.has_part()) row.part = ToRow(m.part());
  return row;
}
void FromRow(const NestedRow& row, Nested* m) {
  if (row.inner) FromRow(*row.inner, m->mutable_inner());
  DEVSTATE_FROM_OPTIONAL(number)
  DEVSTATE_FROM_OPTIONAL(name)
  DEVSTATE_FROM_OPTIONAL(flag)
  DEVSTATE_FROM_OPTIONAL(real)
  if (row.deep) FromRow(*row.deep, m->mutable_deep());
  if (row.nothing) m->mutable_nothing();
  if (row.part) FromRow(*row.part, m->mutable_part());
}

KeywordsRow ToRow(const Keywords& m, Storage& storage) {
  KeywordsRow row;
  DEVSTATE_TO(class_)
  DEVSTATE_TO(namespace_)
  if (m.has_operator_()) row.operator_ = m.operator_();
  DEVSTATE_TO_REPEATED(delete_)
  DEVSTATE_TO(row)
  DEVSTATE_TO(size)
  DEVSTATE_TO(i)
  if (m.has_case_()) row.case_ = m.case_();
  if (m.has_default_()) row.default_ = m.default_();
  DEVSTATE_TO(mixedcase)
  return row;
}
void FromRow(const KeywordsRow& row, Keywords* m) {
  DEVSTATE_FROM(class_)
  DEVSTATE_FROM(namespace_)
  if (row.operator_) m->set_operator_(*row.operator_);
  DEVSTATE_FROM_REPEATED(delete_)
  DEVSTATE_FROM(row)
  DEVSTATE_FROM(size)
  DEVSTATE_FROM(i)
  if (row.case_) m->set_case_(*row.case_);
  if (row.default_) m->set_default_(*row.default_);
  DEVSTATE_FROM(mixedcase)
}

NothingRow ToRow(const Nothing&, Storage&) { return NothingRow(); }
void FromRow(const NothingRow&, Nothing*) {}

// --- Writing and reading ---

template <typename Record, typename Add>
absl::Status AddAll(const Records& records, Add add) {
  for (const auto& record : records) {
    Storage storage;
    DS_RETURN_IF_ERROR(
        add(ToRow(static_cast<const Record&>(*record), storage)));
  }
  return absl::OkStatus();
}

template <typename Record, typename Batch>
absl::Status TakeAll(Batch& batch, Records* records) {
  typename Batch::Row row;
  while (batch.Next(&row)) {
    auto record = std::make_unique<Record>();
    FromRow(row, record.get());
    records->push_back(std::move(record));
  }
  return absl::OkStatus();
}

class Collector : public EverythingVisitor {
 public:
  explicit Collector(State* state) : state_(*state) {}

  absl::Status OnRoot(const Everything& root) override {
    state_.root = root;
    return absl::OkStatus();
  }
  absl::Status OnScalars(ScalarsBatch& batch) override {
    return TakeAll<Scalars>(batch, &state_.scalars);
  }
  absl::Status OnOptionals(OptionalsBatch& batch) override {
    return TakeAll<Optionals>(batch, &state_.optionals);
  }
  absl::Status OnRepeateds(RepeatedsBatch& batch) override {
    return TakeAll<Repeateds>(batch, &state_.repeateds);
  }
  absl::Status OnNested(NestedBatch& batch) override {
    return TakeAll<Nested>(batch, &state_.nested);
  }
  absl::Status OnClass(ClassBatch& batch) override {
    return TakeAll<Keywords>(batch, &state_.keywords);
  }
  absl::Status OnVisitor(VisitorBatch& batch) override {
    return TakeAll<Nothing>(batch, &state_.visitor);
  }
  absl::Status OnStream(StreamBatch& batch) override {
    return TakeAll<Nothing>(batch, &state_.stream);
  }
  absl::Status OnStatus(StatusBatch& batch) override {
    return TakeAll<Nothing>(batch, &state_.status);
  }
  absl::Status OnSize(SizeBatch& batch) override {
    return TakeAll<Nothing>(batch, &state_.size);
  }

 private:
  State& state_;
};

template <typename Record>
Records RandomRecords(std::mt19937_64& random, size_t count) {
  Records records;
  for (size_t i = 0; i < count; ++i) {
    records.push_back(std::make_unique<Record>());
    FillAtRandom(random, records.back().get());
    // Leaves one entry of each key in a map.
    const std::string bytes = records.back()->SerializeAsString();
    EXPECT_TRUE(records.back()->ParseFromString(bytes));
  }
  return records;
}

}  // namespace

std::unique_ptr<Message> NewRecord(int number) {
  const FieldDescriptor& field =
      *Everything::descriptor()->FindFieldByNumber(number);
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(field.message_type())
          ->New());
}

void FillAtRandom(std::mt19937_64& random, Message* message) {
  const Descriptor* descriptor = message->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    size_t count = field->is_repeated() ? random() % 4 : random() % 4 != 0;
    while (count-- > 0) FillField(random, field, message);
  }
}

State RandomState(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  State state;
  state.root.set_singular(7);
  state.root.set_color(BLUE);
  state.root.add_numbers(1);
  (*state.root.mutable_parts())["b"].set_id(2);
  (*state.root.mutable_parts())["a"].set_id(1);
  state.scalars = RandomRecords<Scalars>(random, count);
  state.optionals = RandomRecords<Optionals>(random, count);
  state.repeateds = RandomRecords<Repeateds>(random, count);
  state.nested = RandomRecords<Nested>(random, count);
  state.keywords = RandomRecords<Keywords>(random, count);
  state.visitor = RandomRecords<Nothing>(random, 1);
  state.status = RandomRecords<Nothing>(random, 3);
  state.size = RandomRecords<Nothing>(random, count);
  return state;
}

absl::Status Write(State& state, ByteSink* sink, WriterOptions options) {
  EverythingWriter writer(sink, std::move(options));
  DS_RETURN_IF_ERROR(writer.Begin(state.root));
  DS_RETURN_IF_ERROR(AddAll<Scalars>(
      state.scalars, [&](const auto& row) { return writer.AddScalars(row); }));
  DS_RETURN_IF_ERROR(AddAll<Optionals>(state.optionals, [&](const auto& row) {
    return writer.AddOptionals(row);
  }));
  DS_RETURN_IF_ERROR(AddAll<Repeateds>(state.repeateds, [&](const auto& row) {
    return writer.AddRepeateds(row);
  }));
  DS_RETURN_IF_ERROR(AddAll<Nested>(
      state.nested, [&](const auto& row) { return writer.AddNested(row); }));
  DS_RETURN_IF_ERROR(AddAll<Keywords>(
      state.keywords, [&](const auto& row) { return writer.AddClass(row); }));
  DS_RETURN_IF_ERROR(AddAll<Nothing>(
      state.visitor, [&](const auto& row) { return writer.AddVisitor(row); }));
  DS_RETURN_IF_ERROR(AddAll<Nothing>(
      state.stream, [&](const auto& row) { return writer.AddStream(row); }));
  DS_RETURN_IF_ERROR(AddAll<Nothing>(
      state.status, [&](const auto& row) { return writer.AddStatus(row); }));
  DS_RETURN_IF_ERROR(AddAll<Nothing>(
      state.size, [&](const auto& row) { return writer.AddSize(row); }));
  return writer.Finish();
}

absl::Status Read(ByteSource* source, State* state, const Limits& limits) {
  EverythingReader reader(source, limits);
  Collector collector(state);
  return reader.Read(collector);
}

void ExpectSameState(State& actual, State& expected) {
  using ::google::protobuf::util::MessageDifferencer;
  EXPECT_TRUE(MessageDifferencer::Equals(actual.root, expected.root));
  auto actual_fields = actual.fields();
  auto expected_fields = expected.fields();
  for (size_t f = 0; f < expected_fields.size(); ++f) {
    const Records& a = *actual_fields[f].second;
    const Records& e = *expected_fields[f].second;
    ASSERT_EQ(a.size(), e.size()) << "field " << expected_fields[f].first;
    for (size_t i = 0; i < e.size(); ++i) {
      ASSERT_TRUE(MessageDifferencer::Equals(*a[i], *e[i]))
          << "record " << i << " of field " << expected_fields[f].first << ":\n"
          << a[i]->DebugString() << "expected:\n"
          << e[i]->DebugString();
    }
  }
}

}  // namespace devstate::test::everything
