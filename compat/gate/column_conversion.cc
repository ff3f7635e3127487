// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each function here is the one of conversion.cc of nearly the same name, for a
// column instead of a value: a change to one of them is a change to both, and
// column_conversion_test.cc holds them against each other. Records are
// converted one by one, for which `false` stands everywhere, where
// - a value is refused, or the batch is damaged: the finding or the error is
//   made in one place, from the record,
// - two fields arrive in one that is no message, or join a oneof and meet in a
//   record: which one counts depends on the order of values,
// - repeated messages become a map, whose entries travel in order of their
// keys,
// - fallback_for or a default stands on a repeated field, on a member of a
// oneof
//   or on floating point: text and rounding decide.

#include "compat/gate/column_conversion.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/types/optional.h"
#include "compat/gate/conversion_plan.h"
#include "compat/gate/field_values.h"
#include "compat/gate/message_columns.h"
#include "compat/gate/number_conversion.h"
#include "compat/gate/written_columns.h"
#include "compat/value_set.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "serializer/decode_context.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using Presence = FieldModel::Presence;

// Numbers take 8 bytes here, and 4 or 8 of what max_batch_memory is about.
constexpr uint64_t kMemoryFactor = 2;

Limits WithRoom(Limits limits) {
  limits.max_batch_memory = limits.max_batch_memory > UINT64_MAX / kMemoryFactor
                                ? UINT64_MAX
                                : limits.max_batch_memory * kMemoryFactor;
  return limits;
}

bool AnyOf(const std::vector<uint8_t>& flags) {
  return std::find(flags.begin(), flags.end(), 1) != flags.end();
}

// What moves start from: the records of a batch, or the elements of a repeated
// message in them.
struct Base {
  MessageColumns* columns;
  // Of elements: what they are elements of, and the field.
  const Base* outer = nullptr;
  const FieldColumns* elements = nullptr;

  // The index of the record that row `row` of `columns` is in.
  size_t RecordOf(size_t row) const {
    if (outer == nullptr) return row;
    size_t i = 0;
    for (size_t end = 0; i < elements->rows.size(); ++i) {
      end += elements->counts.NumberAt(i);
      if (row < end) break;
    }
    return outer->RecordOf(elements->rows[i]);
  }
};

// A scalar that occurs at most once in each row of a message, with a value for
// every row.
struct SingleValues {
  // Whether the row has it; without presence, whether it is not a default.
  std::vector<uint8_t> present;
  ValueColumn values;
};

// The conversion of one batch.
class BatchConversion {
 public:
  BatchConversion(ConversionPlan* plan, const Descriptor* reader_root,
                  DecodeContext* context, std::vector<DroppedColumn>* dropped)
      : plan_(*plan),
        reader_root_(*reader_root),
        context_(*context),
        dropped_(*dropped) {}

  bool Run(FieldPlan& field, const Chunk& batch, MessageWriter* out) {
    MessagePlan* plan = plan_.Inner(field);
    if (plan == nullptr || field.read->message == nullptr) return false;
    const RowSet rows(batch.header.records);
    MessageColumns read(*field.read->message, rows);
    const Base base{&read};
    if (!ConvertMessage(*plan, *field.written->message, batch.payload, rows,
                        &read, base) ||
        !read.Finish(context_)) {
      return false;
    }
    read.Encode(*out);
    return true;
  }

 private:
  // `rows` are those of `base` that have the message, `read` may be null.
  bool ConvertMessage(MessagePlan& plan, const MessageModel& writer,
                      absl::string_view message, const RowSet& rows,
                      MessageColumns* read, const Base& base) {
    std::vector<absl::string_view> columns;
    if (!SplitColumns(message, writer, &columns)) return false;
    OneofRows oneofs;
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      FieldPlan& field = plan.fields[i];
      if (field.action == FieldPlan::kFallback) continue;
      WrittenColumns written;
      if (!Read(field, columns[i], rows, &oneofs, &written) ||
          !ConvertField(field, std::move(written), rows, read, base)) {
        return false;
      }
    }
    // After the narrower field itself: the wider one is what counts.
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      FieldPlan& field = plan.fields[i];
      if (field.action != FieldPlan::kFallback) continue;
      WrittenColumns written;
      if (!Read(field, columns[i], rows, &oneofs, &written) ||
          !CopyFallback(field, std::move(written), rows, read)) {
        return false;
      }
    }
    if (read == nullptr || rows.size() == 0) return true;
    for (const Completion& completion : plan.completions) {
      WrittenColumns narrow;
      if (completion.narrow != nullptr) {
        const size_t i =
            static_cast<size_t>(completion.narrow - writer.fields.data());
        if (!ReadColumns(*completion.narrow, columns[i], rows.size(), context_,
                         &narrow)) {
          return false;
        }
      }
      if (!Complete(completion, std::move(narrow), rows, read)) return false;
    }
    return true;
  }

  bool Read(const FieldPlan& field, absl::string_view column,
            const RowSet& rows, OneofRows* oneofs, WrittenColumns* written) {
    if (!ReadColumns(*field.written, column, rows.size(), context_, written)) {
      return false;
    }
    const std::string& oneof = field.written->oneof;
    return oneof.empty() || written->total == 0 ||
           oneofs->Add(oneof, rows.Select(ContentOf(written->counts)));
  }

  bool ConvertField(FieldPlan& field, WrittenColumns written,
                    const RowSet& rows, MessageColumns* read,
                    const Base& base) {
    switch (field.action) {
      case FieldPlan::kCopy:
      case FieldPlan::kMove:
        return CopyField(field, std::move(written), rows, read, base);
      case FieldPlan::kSpread: {
        if (written.total == 0) return true;
        MessagePlan* plan = plan_.Inner(field);
        return plan != nullptr &&
               ConvertMessage(*plan, *field.written->message, written.message,
                              rows.Select(ContentOf(written.counts)),
                              /*read=*/nullptr, base);
      }
      case FieldPlan::kDrop:
        return Drop(field, std::move(written), rows, base);
      default:
        return true;
    }
  }

  // A field that the reader does not have. Content is refused unless it is
  // ignorable.
  bool Drop(const FieldPlan& field, WrittenColumns written, const RowSet& rows,
            const Base& base) {
    if (written.empty()) return true;
    std::vector<uint8_t> content;
    if (!written.FindContent(context_, &content)) return false;
    const auto first = std::find(content.begin(), content.end(), 1);
    if (first == content.end()) return true;
    const FieldAnnotations& annotations = field.written->annotations;
    if (!annotations.ignorable()) return false;
    const size_t row = static_cast<size_t>(first - content.begin());
    DroppedColumn dropped;
    dropped.path = field.path;
    dropped.record = base.RecordOf(rows[row]);
    dropped.count = static_cast<uint64_t>(
        std::count(content.begin(), content.end(), uint8_t{1}));
    if (annotations.sensitive()) {
      dropped.first = "<redacted>";
    } else if (IsNumber(*field.written)) {
      if (!written.values.Decode(context_).ok()) return false;
      // No row before has a value, unless all have one.
      dropped.first = NumberText(
          NumberType(*field.written)
              .ToNumber(written.values.NumberAt(written.once() ? row : 0)));
    } else {
      dropped.first =
          field.written->message != nullptr ? "present" : "not empty";
    }
    dropped_.push_back(std::move(dropped));
    return true;
  }

  bool CopyField(FieldPlan& field, WrittenColumns written, const RowSet& rows,
                 MessageColumns* read, const Base& base) {
    if (!CardinalityHolds(field, written)) return false;
    const bool once = written.once();
    const bool to_once = field.read->presence == Presence::kImplicit;
    RowSet to_rows = rows;
    // A field without presence always has a value: where the reader can tell, a
    // zero is one, too. But it moves no message into being, and members of a
    // oneof would displace each other.
    const bool content_only =
        (field.action == FieldPlan::kMove &&
         !(once && to_once && MovesToAllRows(field, rows, base))) ||
        (once && !field.read->oneof.empty());
    if (content_only && written.empty()) return true;
    if (content_only || (field.feature_changed && !written.empty())) {
      std::vector<uint8_t> content;
      if (!written.FindContent(context_, &content)) return false;
      const bool any = AnyOf(content);
      if (any && field.feature_changed) return false;
      if (content_only && !any) return true;
      if (content_only) to_rows = rows.Select(content);
      if (to_rows.size() != rows.size()) {
        once ? written.values.Select(content) : written.counts.Select(content);
      }
    }
    MessageColumns* target = read;
    if (field.action == FieldPlan::kMove) {
      target = base.columns;
      for (const FieldModel* step : field.move_path) {
        if (step->presence != Presence::kExplicit) return false;
        target = &target->AddMessage(*step, to_rows);
      }
    }
    if (target == nullptr) return false;
    if (field.written->message != nullptr) {
      return CopyMessages(field, std::move(written), to_rows, target, base);
    }
    if (written.total == 0 || (once && to_once && written.values.absent())) {
      return true;
    }
    if (target->Find(*field.read) != nullptr ||
        !ConvertValues(field, &written.values)) {
      return false;
    }
    FieldColumns& to = target->Add(*field.read, to_rows);
    to.values = std::move(written.values);
    if (to_once) return true;
    to.counts = once ? ValueColumn::OfNumber(UNSIGNED, 1, to_rows.size())
                     : std::move(written.counts);
    return true;
  }

  // Whether the message that the field moves to is there in all rows already,
  // so that a value that is none moves nothing into being.
  static bool MovesToAllRows(const FieldPlan& field, const RowSet& rows,
                             const Base& base) {
    MessageColumns* target = base.columns;
    for (const FieldModel* step : field.move_path) {
      const FieldColumns* columns = target->Find(*step);
      if (columns == nullptr) return false;
      target = columns->message.get();
    }
    return rows.size() <= target->rows().size() &&
           target->rows().size() == base.columns->rows().size();
  }

  static bool CardinalityHolds(const FieldPlan& field,
                               const WrittenColumns& written) {
    const Presence from = field.written->presence;
    const Presence to = field.read->presence;
    if (from == to) return true;
    switch (from) {
      case Presence::kImplicit:
        return to == Presence::kExplicit;
      case Presence::kExplicit:
        return to == Presence::kRepeated ||
               (to == Presence::kImplicit && written.total == written.rows);
      case Presence::kRepeated:
        if (to != Presence::kExplicit) return false;
        if (written.empty()) return true;
        for (size_t i = 0; i < written.rows; ++i) {
          if (written.counts.NumberAt(i) > 1) return false;
        }
        return true;
      case Presence::kMap:
        return to == Presence::kRepeated;
    }
    return false;
  }

  bool CopyMessages(FieldPlan& field, WrittenColumns written,
                    const RowSet& rows, MessageColumns* target,
                    const Base& base) {
    if (written.total == 0) return true;
    MessagePlan* plan = plan_.Inner(field);
    if (plan == nullptr || field.read->message == nullptr) return false;
    const MessageModel& writer = *field.written->message;
    if (field.read->presence == Presence::kExplicit) {
      const RowSet inner_rows = rows.Select(ContentOf(written.counts));
      MessageColumns& inner = target->AddMessage(*field.read, inner_rows);
      return ConvertMessage(*plan, writer, written.message, inner_rows, &inner,
                            base);
    }
    if (target->Find(*field.read) != nullptr) return false;
    FieldColumns& to = target->Add(*field.read, rows);
    const RowSet elements(written.total);
    to.counts = std::move(written.counts);
    to.message =
        std::make_unique<MessageColumns>(*field.read->message, elements);
    const Base inner_base{to.message.get(), &base, &to};
    return ConvertMessage(*plan, writer, written.message, elements,
                          to.message.get(), inner_base);
  }

  bool ConvertValues(const FieldPlan& field, ValueColumn* values) {
    const FieldModel& from = *field.written;
    const FieldModel& to = *field.read;
    if (IsNumber(from) && IsNumber(to)) {
      const NumberConversion conversion(from, to, field.scale);
      if (!conversion.exists()) return false;
      if (conversion.trivial()) return true;
      if (!values->Decode(context_).ok() || !ConvertAll(conversion, values)) {
        return false;
      }
      values->SetNumberKind(ColumnKindOf(to));
      return true;
    }
    if (IsNumber(from) || IsNumber(to) || to.message != nullptr) return false;
    if (from.type == to.type) return true;
    return values->ChangeTextKind(ColumnKindOf(to), context_).ok();
  }

  static bool ConvertAll(const NumberConversion& conversion,
                         ValueColumn* values) {
    return values->ConvertNumbers(
        [&](uint64_t* bits, size_t count, bool* changed) {
          return conversion.ConvertAll(bits, count, changed);
        });
  }

  // The wider value takes the place of the narrower one, which the writer fills
  // as well if it fits.
  bool CopyFallback(const FieldPlan& field, WrittenColumns wide,
                    const RowSet& rows, MessageColumns* read) {
    if (wide.empty()) return true;
    std::vector<uint8_t> content;
    if (!wide.FindContent(context_, &content)) return false;
    if (!AnyOf(content)) return true;
    const FieldModel& to = *field.read;
    if (read == nullptr || field.feature_changed || field.scale.has_value() ||
        !IsInteger(*field.written) || !IsInteger(to) ||
        field.written->presence == Presence::kRepeated || !IsSingle(to) ||
        !wide.SpreadValues(context_)) {
      return false;
    }
    const NumberConversion conversion(*field.written, to, absl::nullopt);
    SingleValues narrow;
    if (!ConvertAll(conversion, &wide.values) ||
        !Take(to, rows, read, &narrow)) {
      return false;
    }
    bool adds = false;
    for (size_t i = 0; i < content.size(); ++i) {
      if (content[i] == 0) continue;
      if (narrow.present[i] == 0) {
        adds = true;
      } else if (!narrow.values.SameAt(i, wide.values, i)) {
        return false;
      }
    }
    if (adds) {
      narrow.values.Replace(content, wide.values);
      for (size_t i = 0; i < content.size(); ++i) {
        narrow.present[i] |= content[i];
      }
    }
    Put(to, rows, std::move(narrow), read);
    return true;
  }

  // Fills the reader's field of a completion where it has no value.
  bool Complete(const Completion& completion, WrittenColumns narrow,
                const RowSet& rows, MessageColumns* read) {
    const FieldModel& to = *completion.read;
    if (to.message != nullptr) return completion.narrow == nullptr;
    SingleValues values;
    if (!IsSingle(to) || !Take(to, rows, read, &values)) return false;
    std::vector<uint8_t> missing(rows.size());
    for (size_t i = 0; i < missing.size(); ++i) {
      missing[i] = values.present[i] == 0;
    }
    if (AnyOf(missing) &&
        !(completion.narrow != nullptr
              ? FillFromNarrow(to, std::move(narrow), missing, &values)
              : FillWithDefault(to, read->model(), missing, &values))) {
      return false;
    }
    Put(to, rows, std::move(values), read);
    return true;
  }

  bool FillFromNarrow(const FieldModel& to, WrittenColumns narrow,
                      std::vector<uint8_t> missing, SingleValues* values) {
    if (!IsInteger(*narrow.field) || !IsInteger(to) ||
        narrow.field->presence == Presence::kRepeated ||
        !narrow.SpreadValues(context_)) {
      return false;
    }
    const NumberConversion conversion(*narrow.field, to, absl::nullopt);
    // What does not fit is left out.
    std::vector<uint8_t> fits;
    narrow.values.ConvertNumbers(
        [&](uint64_t* bits, size_t count, bool* changed) {
          for (size_t i = 0; i < count; ++i) {
            const uint64_t before = bits[i];
            fits.push_back(conversion.Convert(&bits[i]));
            if (fits.back() == 0) bits[i] = 0;
            *changed |= bits[i] != before;
          }
          return true;
        });
    narrow.values.SetNumberKind(ColumnKindOf(to));
    bool all = true;
    for (size_t i = 0; i < missing.size(); ++i) {
      missing[i] &= (narrow.once() || narrow.counts.NumberAt(i) != 0) &&
                    fits[fits.size() == 1 ? 0 : i] != 0;
      all &= missing[i] != 0;
    }
    Fill(missing, all, std::move(narrow.values), values);
    return true;
  }

  bool FillWithDefault(const FieldModel& to, const MessageModel& reader,
                       const std::vector<uint8_t>& missing,
                       SingleValues* values) {
    const std::string& text = to.annotations.absent_default();
    // Texts are there once for each row when they are written.
    if (!context_
             .ChargeMemory(missing.size(), sizeof(absl::string_view) +
                                               (IsNumber(to) ? 0 : text.size()))
             .ok()) {
      return false;
    }
    ValueColumn filling;
    if (IsNumber(to)) {
      uint64_t bits = 0;
      if (!ParseDefault(to, reader, &bits)) return false;
      filling = ValueColumn::OfNumber(ColumnKindOf(to), bits, missing.size());
    } else {
      filling = ValueColumn::OfText(ColumnKindOf(to), text, missing.size());
    }
    Fill(missing, std::find(missing.begin(), missing.end(), 0) == missing.end(),
         std::move(filling), values);
    return true;
  }

  // `filling` goes where `rows` is not 0, which is everywhere if `all`.
  static void Fill(const std::vector<uint8_t>& rows, bool all,
                   ValueColumn filling, SingleValues* values) {
    if (all) {
      values->values = std::move(filling);
    } else {
      values->values.Replace(rows, filling);
    }
    for (size_t i = 0; i < rows.size(); ++i) values->present[i] |= rows[i];
  }

  // Sets `*bits` to what travels for the default of `to`, a field of `reader`.
  bool ParseDefault(const FieldModel& to, const MessageModel& reader,
                    uint64_t* bits) {
    const Descriptor* type =
        reader_root_.file()->pool()->FindMessageTypeByName(reader.full_name);
    if (type == nullptr) return false;
    google::protobuf::DynamicMessageFactory factory;
    std::unique_ptr<Message> message(factory.GetPrototype(type)->New());
    const FieldDescriptor* field = type->FindFieldByNumber(to.number);
    google::protobuf::TextFormat::Parser parser;
    return field != nullptr &&
           parser.ParseFieldValueFromString(to.annotations.absent_default(),
                                            field, message.get()) &&
           NumberType(to).FromNumber(GetNumber(*message, *field, 0), bits);
  }

  static bool IsSingle(const FieldModel& field) {
    return (field.presence == Presence::kImplicit ||
            field.presence == Presence::kExplicit) &&
           field.oneof.empty();
  }

  // Takes the values of a field that IsSingle() out of `read`. False if they
  // are not about `rows`.
  bool Take(const FieldModel& field, const RowSet& rows, MessageColumns* read,
            SingleValues* taken) {
    FieldColumns* columns = read->Find(field);
    if (columns == nullptr) {
      taken->present.assign(rows.size(), 0);
      taken->values = ValueColumn(ColumnKindOf(field), "", rows.size());
      return taken->values.Decode(context_).ok();
    }
    if (columns->rows != rows) return false;
    WrittenColumns written;
    written.field = &field;
    written.rows = rows.size();
    written.total = columns->values.size();
    written.counts = std::move(columns->counts);
    written.values = std::move(columns->values);
    read->Remove(field);
    if (!written.FindContent(context_, &taken->present) ||
        !written.SpreadValues(context_)) {
      return false;
    }
    taken->values = std::move(written.values);
    return true;
  }

  // The opposite.
  static void Put(const FieldModel& field, const RowSet& rows,
                  SingleValues values, MessageColumns* read) {
    if (field.presence == Presence::kImplicit) {
      read->Add(field, rows).values = std::move(values.values);
      return;
    }
    FieldColumns& columns = read->Add(field, rows.Select(values.present));
    columns.values = std::move(values.values);
    columns.values.Select(values.present);
    columns.counts = ValueColumn::OfNumber(UNSIGNED, 1, columns.values.size());
  }

  ConversionPlan& plan_;
  const Descriptor& reader_root_;
  DecodeContext& context_;
  std::vector<DroppedColumn>& dropped_;
};

}  // namespace

class ColumnConverter::Impl {
 public:
  Impl(const SchemaModel* writer, const SchemaModel* reader,
       const Descriptor* reader_root, std::set<std::string> left_out)
      : plan_(writer, reader, std::move(left_out)),
        reader_root_(*reader_root) {}

  bool Convert(const FieldModel& field, const Chunk& batch,
               const Limits& limits, MessageWriter* out,
               std::vector<DroppedColumn>* dropped) {
    DecodeContext context(batch, WithRoom(limits), /*schema_version=*/0);
    return BatchConversion(&plan_, &reader_root_, &context, dropped)
        .Run(plan_.FindRootField(field), batch, out);
  }

 private:
  ConversionPlan plan_;
  const Descriptor& reader_root_;
};

ColumnConverter::ColumnConverter(const SchemaModel* writer,
                                 const SchemaModel* reader,
                                 const Descriptor* reader_root,
                                 std::set<std::string> left_out)
    : impl_(std::make_unique<Impl>(writer, reader, reader_root,
                                   std::move(left_out))) {}
ColumnConverter::~ColumnConverter() = default;

bool ColumnConverter::Convert(const FieldModel& field, const Chunk& batch,
                              const Limits& limits, MessageWriter* out,
                              std::vector<DroppedColumn>* dropped) {
  return impl_->Convert(field, batch, limits, out, dropped);
}

}  // namespace devstate
