// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each function here is the one of conversion.cc of nearly the same name, for a
// column instead of a value: a change to one of them is a change to both, and
// column_conversion_test.cc holds them against each other. Records are
// converted one by one, for which `false` stands everywhere, where
// - a value is refused, or the batch is damaged: the finding or the error is
//   made in one place, from the record. That includes messages that are without
//   a field that the writer has lost,
// - two fields arrive in one that is no message, or join a oneof and meet in a
//   record: which one counts depends on the order of values. The zero of an
//   enum that gets another number within a oneof is such a case, too,
// - repeated messages become a map, whose entries travel in order of their
//   keys,
// - absent_default stands on a repeated field, or fallback_for on floating
//   point or on an enum whose numbers change.

#include "devstate/compat/gate/column_conversion.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/gate/message_columns.h"
#include "devstate/compat/gate/number_conversion.h"
#include "devstate/compat/gate/single_values.h"
#include "devstate/compat/gate/written_columns.h"
#include "devstate/compat/places.h"
#include "devstate/schema/value_set.h"
#include "devstate/serializer/decode_context.h"

namespace devstate {
namespace {

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

bool AllOf(const std::vector<uint8_t>& flags) {
  return std::find(flags.begin(), flags.end(), 0) == flags.end();
}

// What moves start from: the records of a batch, or the elements of a repeated
// message in them.
struct Base {
  // Null for elements that nothing moves within.
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

// The conversion of one batch.
class BatchConversion {
 public:
  BatchConversion(Mapping* mapping, DecodeContext* context,
                  std::vector<DroppedColumn>* dropped)
      : mapping_(*mapping), context_(*context), dropped_(*dropped) {}

  bool Run(FieldMapping& field, const Chunk& batch, MessageWriter* out) {
    MessageMapping* inner = mapping_.Inner(field);
    if (inner == nullptr || field.read->message == nullptr) return false;
    const RowSet rows(batch.header.records);
    MessageColumns read(*field.read->message, rows);
    const Base base{&read};
    if (!ConvertMessage(*inner, *field.written->message, batch.payload, rows,
                        &read, base) ||
        !read.Finish(context_)) {
      return false;
    }
    read.Encode(*out);
    return true;
  }

 private:
  // `rows` are those of `base` that have the message, `read` may be null.
  bool ConvertMessage(MessageMapping& mapping, const MessageModel& writer,
                      absl::string_view message, const RowSet& rows,
                      MessageColumns* read, const Base& base) {
    std::vector<absl::string_view> columns;
    if (!SplitColumns(message, writer, &columns)) return false;
    OneofRows oneofs;
    for (size_t i = 0; i < mapping.fields.size(); ++i) {
      FieldMapping& field = mapping.fields[i];
      if (field.action == FieldMapping::kFallback) continue;
      WrittenColumns written;
      if (!Read(field, columns[i], rows, &oneofs, &written) ||
          !ConvertField(field, std::move(written), rows, read, base)) {
        return false;
      }
    }
    // After the narrower field itself: the wider one is what counts.
    for (size_t i = 0; i < mapping.fields.size(); ++i) {
      FieldMapping& field = mapping.fields[i];
      if (field.action != FieldMapping::kFallback) continue;
      WrittenColumns written;
      if (!Read(field, columns[i], rows, &oneofs, &written) ||
          !CopyFallback(field, std::move(written), rows, read)) {
        return false;
      }
    }
    if (read == nullptr || rows.size() == 0) return true;
    for (const SourceMapping& source : mapping.sources) {
      WrittenColumns from;
      if (source.source == SourceMapping::kFallback) {
        const size_t i =
            static_cast<size_t>(source.from - writer.fields.data());
        if (!ReadColumns(*source.from, columns[i], rows.size(), context_,
                         &from)) {
          return false;
        }
      }
      if (!Complete(source, std::move(from), rows, read)) return false;
    }
    return true;
  }

  bool Read(const FieldMapping& field, absl::string_view column,
            const RowSet& rows, OneofRows* oneofs, WrittenColumns* written) {
    if (!ReadColumns(*field.written, column, rows.size(), context_, written)) {
      return false;
    }
    const std::string& oneof = field.written->oneof;
    return oneof.empty() || written->total == 0 ||
           oneofs->Add(oneof, rows.Select(ContentOf(written->counts)));
  }

  bool ConvertField(FieldMapping& field, WrittenColumns written,
                    const RowSet& rows, MessageColumns* read,
                    const Base& base) {
    switch (field.action) {
      case FieldMapping::kCopy:
      case FieldMapping::kMove:
        return CopyField(field, std::move(written), rows, read, base);
      case FieldMapping::kSpread: {
        if (written.total == 0) return true;
        MessageMapping* inner = mapping_.Inner(field);
        return inner != nullptr &&
               ConvertMessage(*inner, *field.written->message, written.message,
                              rows.Select(ContentOf(written.counts)),
                              /*read=*/nullptr, base);
      }
      case FieldMapping::kDrop:
        return Drop(field, std::move(written), rows, base);
      case FieldMapping::kRefuse:
        return false;
      case FieldMapping::kFallback:
      case FieldMapping::kLeaveOut:
        break;
    }
    return true;
  }

  // A field that the reader does not have. Content is refused unless it is
  // ignorable.
  bool Drop(const FieldMapping& field, WrittenColumns written,
            const RowSet& rows, const Base& base) {
    if (written.empty()) return true;
    std::vector<uint8_t> content;
    if (!written.FindContent(context_, &content)) return false;
    const auto first = std::find(content.begin(), content.end(), 1);
    if (first == content.end()) return true;
    const FieldAnnotations& annotations = field.written->annotations;
    if (!annotations.ignorable()) return false;
    const size_t row = static_cast<size_t>(first - content.begin());
    DroppedColumn dropped;
    dropped.path = field.path();
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

  bool CopyField(FieldMapping& field, WrittenColumns written,
                 const RowSet& rows, MessageColumns* read, const Base& base) {
    if (!CardinalityHolds(field) || !CountHolds(field, &written)) return false;
    const FieldModel& to = *field.read;
    const bool once = written.once();
    const bool to_once = to.presence == Presence::kImplicit;
    const bool moves = field.action == FieldMapping::kMove;
    const bool arrives_absent = field.ArrivesAbsent();
    // What does not arrive moves no message into being and is no member of a
    // oneof. Where the reader's zero is nothing either, it need not be told
    // apart.
    const bool content_only =
        !arrives_absent &&
        (once ? !to_once || (moves && !MovesToAllRows(field, rows, base))
              : moves);
    const bool displaces = arrives_absent && !to.oneof.empty();
    if (content_only && written.empty()) return true;
    RowSet to_rows = rows;
    if (content_only || displaces ||
        (field.feature_changed && !written.empty())) {
      std::vector<uint8_t> content;
      if (!written.FindContent(context_, &content)) return false;
      const bool any = AnyOf(content);
      if (any && field.feature_changed) return false;
      if (displaces && !AllOf(content)) return false;
      if (content_only && !any) return true;
      if (content_only) to_rows = rows.Select(content);
      if (to_rows.size() != rows.size()) {
        once ? written.values.Select(content) : written.counts.Select(content);
      }
    }
    MessageColumns* target = moves ? MoveTarget(field, to_rows, base) : read;
    if (target == nullptr) return false;
    if (field.written->message != nullptr) {
      return !arrives_absent &&
             CopyMessages(field, std::move(written), to_rows, target, base);
    }
    if (written.empty() && (to_once || !once) &&
        !(arrives_absent && to_rows.size() != 0)) {
      return true;
    }
    if (target->Find(to) != nullptr ||
        (written.total != 0 && !ConvertValues(field, &written.values)) ||
        (field.absent != FieldMapping::kAbsent &&
         !SpellAbsent(field, &written))) {
      return false;
    }
    FieldColumns& columns = target->Add(to, to_rows);
    columns.values = std::move(written.values);
    if (to_once) return true;
    columns.counts =
        once ? ValueColumn::OfNumber(ValueKind::kUnsigned, 1, to_rows.size())
             : std::move(written.counts);
    return true;
  }

  // Returns the message that holds the target of a move, made in `rows` where
  // it is not there; null if nothing can move there.
  static MessageColumns* MoveTarget(const FieldMapping& field,
                                    const RowSet& rows, const Base& base) {
    MessageColumns* target = base.columns;
    for (const FieldModel* step : field.move_path) {
      if (target == nullptr || step->presence != Presence::kExplicit) {
        return nullptr;
      }
      target = &target->AddMessage(*step, rows);
    }
    return target;
  }

  // Whether the message that the field moves to is there in all rows already,
  // so that a value that is none moves nothing into being.
  static bool MovesToAllRows(const FieldMapping& field, const RowSet& rows,
                             const Base& base) {
    MessageColumns* target = base.columns;
    if (target == nullptr) return false;
    for (const FieldModel* step : field.move_path) {
      const FieldColumns* columns = target->Find(*step);
      if (columns == nullptr) return false;
      target = columns->message.get();
    }
    return rows.size() <= target->rows().size() &&
           target->rows().size() == base.columns->rows().size();
  }

  // Whether columns of the one cardinality can become those of the other.
  static bool CardinalityHolds(const FieldMapping& field) {
    const Presence from = field.written->presence;
    const Presence to = field.read->presence;
    if (from == to) return true;
    switch (from) {
      case Presence::kImplicit:
        return to == Presence::kExplicit;
      case Presence::kExplicit:
        return to == Presence::kImplicit || to == Presence::kRepeated;
      case Presence::kRepeated:
        return to == Presence::kExplicit;
      case Presence::kMap:
        return to == Presence::kRepeated;
    }
    return false;
  }

  bool CountHolds(const FieldMapping& field, WrittenColumns* written) {
    if (!field.count.has_value()) return true;
    const auto holds = [&](uint64_t count) {
      return count >= field.count->low && count <= field.count->high;
    };
    if (written->once()) {
      std::vector<uint8_t> content;
      return written->FindContent(context_, &content) &&
             std::all_of(content.begin(), content.end(), holds);
    }
    for (size_t i = 0; i < written->rows; ++i) {
      if (!holds(written->counts.NumberAt(i))) return false;
    }
    return true;
  }

  bool CopyMessages(FieldMapping& field, WrittenColumns written,
                    const RowSet& rows, MessageColumns* target,
                    const Base& base) {
    if (written.total == 0) return true;
    MessageMapping* inner = mapping_.Inner(field);
    if (inner == nullptr || field.read->message == nullptr) return false;
    const MessageModel& writer = *field.written->message;
    const bool several = HasSeveral(*field.written);
    if (field.read->presence == Presence::kExplicit) {
      const RowSet inner_rows = rows.Select(ContentOf(written.counts));
      MessageColumns& single = target->AddMessage(*field.read, inner_rows);
      // The only element has the rows of what it is in.
      const Base element{&single, base.outer, base.elements};
      return ConvertMessage(*inner, writer, written.message, inner_rows,
                            &single, several ? element : base);
    }
    if (target->Find(*field.read) != nullptr) return false;
    FieldColumns& to = target->Add(*field.read, rows);
    const RowSet elements(written.total);
    to.counts = std::move(written.counts);
    to.message =
        std::make_unique<MessageColumns>(*field.read->message, elements);
    // Moves from a single message start from what it is in, which has other
    // rows.
    const Base element{several ? to.message.get() : nullptr, &base, &to};
    return ConvertMessage(*inner, writer, written.message, elements,
                          to.message.get(), element);
  }

  bool ConvertValues(const FieldMapping& field, ValueColumn* values) {
    const FieldModel& from = *field.written;
    const FieldModel& to = *field.read;
    if (IsNumber(from) && IsNumber(to)) {
      const NumberConversion conversion(from, to, field.scale, field.enums);
      if (!conversion.exists()) return false;
      if (conversion.trivial()) return true;
      if (!values->Decode(context_).ok() || !ConvertAll(conversion, values)) {
        return false;
      }
      values->SetNumberKind(to.column_kind);
      return true;
    }
    if (IsNumber(from) || IsNumber(to) || to.message != nullptr) return false;
    if (from.type == to.type) return true;
    return values->ChangeTextKind(to.column_kind, context_).ok();
  }

  static bool ConvertAll(const NumberConversion& conversion,
                         ValueColumn* values) {
    return values->ConvertNumbers(
        [&](uint64_t* bits, size_t count, bool* changed) {
          return conversion.ConvertAll(bits, count, changed);
        });
  }

  // Gives each message without a value the default that absence means.
  bool SpellAbsent(const FieldMapping& field, WrittenColumns* written) {
    if (written->total == written->rows) return true;
    const bool by_writer = field.absent == FieldMapping::kWritersDefault;
    ValueColumn spelled;
    if (!MakeDefault(by_writer ? *field.written : *field.read, written->rows,
                     context_, &spelled) ||
        (by_writer && !ConvertValues(field, &spelled))) {
      return false;
    }
    if (written->total == 0) {
      written->values = std::move(spelled);
    } else {
      std::vector<uint8_t> missing = ContentOf(written->counts);
      for (uint8_t& row : missing) row ^= 1;
      if (!written->SpreadValues(context_)) return false;
      written->values.Replace(missing, spelled);
    }
    written->total = written->rows;
    written->counts =
        ValueColumn::OfNumber(ValueKind::kUnsigned, 1, written->rows);
    return true;
  }

  // The other of the two fields, which has come across already, must have the
  // same value if it has any. A zero says something of a wider one only.
  bool CopyFallback(const FieldMapping& field, WrittenColumns written,
                    const RowSet& rows, MessageColumns* read) {
    if (read == nullptr) return false;
    const FieldModel& to = *field.read;
    const bool zero_counts =
        written.once() && field.written->annotations.fallback_for().empty() &&
        read->Find(to) != nullptr;
    if (written.empty() && !zero_counts) return true;
    std::vector<uint8_t> content;
    if (!written.FindContent(context_, &content)) return false;
    if (!AnyOf(content) && !zero_counts) return true;
    if (field.feature_changed || field.scale.has_value() ||
        field.count.has_value() || !field.enums.unchanged() ||
        !IsInteger(*field.written) || !IsInteger(to) ||
        HasSeveral(*field.written) || !IsSingle(to) ||
        !written.SpreadValues(context_)) {
      return false;
    }
    const NumberConversion conversion(*field.written, to);
    SingleValues there;
    if (!ConvertAll(conversion, &written.values) ||
        !TakeSingle(to, rows, read, context_, &there)) {
      return false;
    }
    const NumberType type(to);
    const ValueSet allowed = ValuesOf(to);
    bool adds = false;
    for (size_t i = 0; i < content.size(); ++i) {
      const bool has_content = content[i] != 0;
      if (!has_content && !zero_counts) continue;
      if (there.present[i] == 0) {
        adds |= has_content;
      } else if (!there.values.SameAt(i, written.values, i)) {
        return false;
      }
      if (has_content &&
          !allowed.Contains(
              type.ToNumber(written.values.NumberAt(i)).integer)) {
        return false;
      }
    }
    if (adds) {
      there.values.Replace(content, written.values);
      for (size_t i = 0; i < content.size(); ++i) {
        there.present[i] |= content[i];
      }
    }
    PutSingle(to, rows, std::move(there), read);
    return true;
  }

  // Fills a field of the reader that no field of its number fills.
  bool Complete(const SourceMapping& source, WrittenColumns from,
                const RowSet& rows, MessageColumns* read) {
    if (source.source == SourceMapping::kLost) return false;
    const bool falls_back = source.source == SourceMapping::kFallback;
    if (!falls_back && source.source != SourceMapping::kDefault) return true;
    const FieldModel& to = *source.read;
    if (to.message != nullptr) return !falls_back;
    SingleValues values;
    if (!IsSingle(to) || !TakeSingle(to, rows, read, context_, &values))
      return false;
    std::vector<uint8_t> missing(rows.size());
    for (size_t i = 0; i < missing.size(); ++i) {
      missing[i] = values.present[i] == 0;
    }
    if (AnyOf(missing)) {
      if (falls_back) {
        if (!FillFromPartner(to, std::move(from), missing, &values)) {
          return false;
        }
      } else {
        ValueColumn filling;
        if (!MakeDefault(to, missing.size(), context_, &filling)) return false;
        FillSingle(missing, std::move(filling), &values);
      }
    }
    PutSingle(to, rows, std::move(values), read);
    return true;
  }

  bool FillFromPartner(const FieldModel& to, WrittenColumns from,
                       std::vector<uint8_t> missing, SingleValues* values) {
    if (!IsInteger(*from.field) || !IsInteger(to) || HasSeveral(*from.field) ||
        !from.SpreadValues(context_)) {
      return false;
    }
    const NumberConversion conversion(*from.field, to);
    // What does not fit is left out.
    std::vector<uint8_t> fits;
    from.values.ConvertNumbers(
        [&](uint64_t* bits, size_t count, bool* changed) {
          for (size_t i = 0; i < count; ++i) {
            const uint64_t before = bits[i];
            fits.push_back(conversion.Convert(&bits[i]));
            if (fits.back() == 0) bits[i] = 0;
            *changed |= bits[i] != before;
          }
          return true;
        });
    from.values.SetNumberKind(to.column_kind);
    for (size_t i = 0; i < missing.size(); ++i) {
      missing[i] &= (from.once() || from.counts.NumberAt(i) != 0) &&
                    fits[fits.size() == 1 ? 0 : i] != 0;
    }
    FillSingle(missing, std::move(from.values), values);
    return true;
  }

  Mapping& mapping_;
  DecodeContext& context_;
  std::vector<DroppedColumn>& dropped_;
};

}  // namespace

bool ColumnConverter::Convert(const FieldModel& field, const Chunk& batch,
                              const Limits& limits, MessageWriter* out,
                              std::vector<DroppedColumn>* dropped) {
  DecodeContext context(batch, WithRoom(limits), /*schema_version=*/0);
  return BatchConversion(&mapping_, &context, dropped)
      .Run(mapping_.FindRootField(field), batch, out);
}

}  // namespace devstate
