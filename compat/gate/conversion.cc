// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a mapping says, done with reflection. Values go one by one, since each
// can be refused for a reason of its own. A field whose value comes from two
// places waits until the first one has arrived: the wider field after its
// narrow one, defaults after everything that was written.

#include "devstate/compat/gate/conversion.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/schema/value_set.h"
#include "devstate/serializer/utf8.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

const FieldDescriptor* Find(const Message& message, const FieldModel& field) {
  return message.GetDescriptor()->FindFieldByNumber(field.number);
}

// Whether there is anything to lose.
bool HasContent(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) != 0
                             : reflection.HasField(message, &field);
}

std::string ValueText(const Message& message, const FieldModel& model,
                      const FieldDescriptor& field, int index) {
  if (model.annotations.sensitive()) return "<redacted>";
  if (HoldsNumbers(field)) {
    return NumberText(GetNumber(message, field, index));
  }
  return field.message_type() != nullptr ? "present" : "not empty";
}

void SetText(std::string value, const FieldDescriptor& field,
             Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(message, &field, std::move(value));
  } else {
    reflection.SetString(message, &field, std::move(value));
  }
}

}  // namespace

class Converter::Impl {
 public:
  explicit Impl(Mapping* mapping) : mapping_(*mapping) {}

  void ConvertRoot(const Message& written, Message* read,
                   StreamFindings* findings) {
    findings->SetRecord("", 0);
    Run run{read, findings};
    ConvertMessage(mapping_.root(), written, read, run);
  }

  const FieldModel* RecordField(const FieldModel& written) {
    return mapping_.FindRootField(written).read;
  }

  bool PassesUnchanged(const FieldModel& written) {
    return mapping_.PassesUnchanged(mapping_.FindRootField(written));
  }

  void ConvertRecord(const FieldModel& field, const Message& written,
                     Message* read, StreamFindings* findings) {
    Run run{read, findings};
    ConvertMessage(*mapping_.Inner(mapping_.FindRootField(field)), written,
                   read, run);
  }

  void DropRecord(const FieldModel& field, StreamFindings* findings) {
    Drop(mapping_.FindRootField(field), "present", findings);
  }

 private:
  // What one call of Convert…() works on.
  struct Run {
    // The root of the reader or its repeated element, which moves start from.
    Message* base;
    StreamFindings* findings;
  };

  // `read` is null if the reader does not have the message.
  void ConvertMessage(MessageMapping& message, const Message& written,
                      Message* read, Run& run) {
    for (FieldMapping& field : message.fields) {
      if (field.action != FieldMapping::kFallback) {
        ConvertField(field, written, read, run);
      }
    }
    // After the narrower field itself: the wider one is what counts.
    for (FieldMapping& field : message.fields) {
      if (field.action == FieldMapping::kFallback) {
        ConvertField(field, written, read, run);
      }
    }
    if (read == nullptr) return;
    for (const SourceMapping& source : message.sources) {
      Complete(source, written, read, run.findings);
    }
  }

  void ConvertField(FieldMapping& field, const Message& written, Message* read,
                    Run& run) {
    const FieldDescriptor* from = Find(written, *field.written);
    if (from == nullptr || field.records) return;
    const bool content = HasContent(written, *from);
    switch (field.action) {
      case FieldMapping::kLeaveOut:
        break;
      case FieldMapping::kRefuse:
        RefuseAlways(field, run.findings);
        break;
      case FieldMapping::kCopy:
        CopyField(field, written, *from, read, run);
        break;
      case FieldMapping::kMove: {
        const bool arrives = content || field.ArrivesAbsent();
        Message* target = arrives ? MoveTarget(field, run) : nullptr;
        if (arrives && target == nullptr) break;
        CopyField(field, written, *from, target, run);
        break;
      }
      case FieldMapping::kSpread:
        if (!content) break;
        ConvertMessage(*mapping_.Inner(field),
                       written.GetReflection()->GetMessage(written, from),
                       /*read=*/nullptr, run);
        break;
      case FieldMapping::kFallback:
        CopyFallback(field, written, *from, read, run);
        break;
      case FieldMapping::kDrop:
        if (!content) break;
        Drop(field, ValueText(written, *field.written, *from, 0), run.findings);
        break;
    }
  }

  // Returns the message that holds the target of a move, made if it is not
  // there; null if it would displace another member of a oneof.
  static Message* MoveTarget(const FieldMapping& field, const Run& run) {
    Message* target = run.base;
    for (size_t i = 0; i < field.move_path.size(); ++i) {
      const FieldDescriptor* descriptor = Find(*target, *field.move_path[i]);
      if (!OneofHolds(field.OneofPath(i), *descriptor, *target, run.findings)) {
        return nullptr;
      }
      target = target->GetReflection()->MutableMessage(target, descriptor);
    }
    return target;
  }

  // The other of the two fields has come across already, if the writer filled
  // it. A zero says something of a wider one only: what does not fit leaves the
  // narrower one empty.
  void CopyFallback(FieldMapping& field, const Message& written,
                    const FieldDescriptor& from, Message* read, Run& run) {
    const bool content = HasContent(written, from);
    const bool narrower = !field.written->annotations.fallback_for().empty();
    if (!content && (narrower || from.has_presence())) return;
    const FieldDescriptor& to = *Find(*read, *field.read);
    if (HasContent(*read, to)) {
      const Number here = GetNumber(written, from, 0);
      const Number there = GetNumber(*read, to, 0);
      if (Fits(here, to) && NumberText(here) != NumberText(there)) {
        Refuse(rules::kFallbackField, field, Text(field, here),
               Text(field, there),
               "the field and the one that stands in for it differ: the "
               "writer does not keep to its schema",
               run.findings);
        return;
      }
    }
    if (!content) return;
    // The reader's bounds would say it of another field than the one that has
    // the value.
    const Number value = GetNumber(written, from, 0);
    if (Fits(value, to) && !value.floating &&
        !ValuesOf(*field.read).Contains(value.integer)) {
      Refuse(rules::kFallbackField, field, Text(field, value),
             field.read->type_text,
             absl::StrCat("the field ", field.read->name,
                          " does not take the value: update the reader, or "
                          "save when it does"),
             run.findings);
      return;
    }
    read->GetReflection()->ClearField(read, &to);
    CopyField(field, written, from, read, run);
  }

  // `read` may be null if there is nothing to copy.
  void CopyField(FieldMapping& field, const Message& written,
                 const FieldDescriptor& from, Message* read, Run& run) {
    const bool content = HasContent(written, from);
    const int count = ValueCount(written, from);
    if (!CountHolds(field, content ? static_cast<uint64_t>(count) : 0,
                    run.findings)) {
      return;
    }
    if (!content) {
      CopyAbsent(field, written, from, read, run);
      return;
    }
    if (field.feature_changed) {
      Refuse(rules::kFeatureChanged, field,
             ValueText(written, *field.written, from, 0),
             absl::StrCat("feature ", field.read->annotations.feature()),
             "the reader takes the field only in states that use the feature, "
             "which the writer does not say: update one of the two",
             run.findings);
      return;
    }
    const FieldDescriptor& to = *Find(*read, *field.read);
    if (!OneofHolds(OneofPathOf(field, to), to, *read, run.findings)) return;
    for (int i = 0; i < count; ++i) {
      if (from.message_type() != nullptr) {
        CopyMessage(field, written, from, i, read, to, run);
      } else if (HoldsNumbers(from)) {
        CopyNumber(field, GetNumber(written, from, i), read, to, run.findings);
      } else {
        CopyText(field, written, from, i, read, to, run.findings);
      }
    }
  }

  void CopyAbsent(FieldMapping& field, const Message& written,
                  const FieldDescriptor& from, Message* read, Run& run) {
    if (read == nullptr || field.action == FieldMapping::kFallback ||
        !field.ArrivesAbsent()) {
      return;
    }
    if (field.absent == FieldMapping::kReadersDefault) {
      SetDefault(*field.read, field.path(), read, run.findings);
      return;
    }
    const FieldDescriptor& to = *Find(*read, *field.read);
    if (field.absent == FieldMapping::kWritersDefault) {
      std::unique_ptr<Message> spelled(written.New());
      if (SetDefault(*field.written, field.path(), spelled.get(),
                     run.findings)) {
        CopyValue(field, *spelled, from, read, to, run.findings);
      }
      return;
    }
    CopyValue(field, written, from, read, to, run.findings);
  }

  // A single number or text, which may be zero or empty.
  void CopyValue(const FieldMapping& field, const Message& written,
                 const FieldDescriptor& from, Message* read,
                 const FieldDescriptor& to, StreamFindings* findings) {
    if (HoldsNumbers(from)) {
      CopyNumber(field, GetNumber(written, from, 0), read, to, findings);
    } else {
      CopyText(field, written, from, 0, read, to, findings);
    }
  }

  static bool CountHolds(const FieldMapping& field, uint64_t count,
                         StreamFindings* findings) {
    if (!field.count.has_value()) return true;
    const CountCondition& condition = *field.count;
    if (count >= condition.low && count <= condition.high) return true;
    Refuse(*condition.rule, field,
           field.written->presence == Presence::kRepeated
               ? absl::StrCat(count, " elements")
               : "absent or zero",
           absl::StrCat(field.read->type_text, ", needs ", condition.needed),
           "the reader cannot tell this from another state: save for its "
           "version",
           findings);
    return false;
  }

  static std::string OneofPathOf(const FieldMapping& field,
                                 const FieldDescriptor& to) {
    if (!field.moved_to.empty()) return field.OneofPath(field.move_path.size());
    const std::string path = field.path();
    const size_t parent = path.rfind('.');
    const auto* oneof = to.real_containing_oneof();
    if (oneof == nullptr) return "";
    const size_t outer = parent == std::string::npos ? 0 : parent + 1;
    return absl::StrCat(path.substr(0, outer), oneof->name());
  }

  // Whether `to` can be filled without displacing another member of its oneof,
  // which is at `path`.
  static bool OneofHolds(const std::string& path, const FieldDescriptor& to,
                         const Message& read, StreamFindings* findings) {
    const auto* oneof = to.real_containing_oneof();
    if (oneof == nullptr) return true;
    const FieldDescriptor* present =
        read.GetReflection()->GetOneofFieldDescriptor(read, oneof);
    if (present == nullptr || present == &to) return true;
    findings->Add(rules::kOneofJoined, VERDICT_LEVEL_REFUSED, path,
                  absl::StrCat(present->name(), " and ", to.name()),
                  absl::StrCat("oneof ", oneof->name()),
                  "the reader keeps one of the two only: save for its version");
    return false;
  }

  void CopyMessage(FieldMapping& field, const Message& written,
                   const FieldDescriptor& from, int index, Message* read,
                   const FieldDescriptor& to, Run& run) {
    const Message& inner = GetMessage(written, from, index);
    Message* target = to.is_repeated()
                          ? read->GetReflection()->AddMessage(read, &to)
                          : read->GetReflection()->MutableMessage(read, &to);
    MessageMapping* mapping = mapping_.Inner(field);
    if (mapping == nullptr) {
      Refuse(rules::kNestingTooDeep, field, "", "",
             "messages are nested more than 100 deep: flatten them",
             run.findings);
      return;
    }
    Run element{target, run.findings};
    ConvertMessage(*mapping, inner, target,
                   HasSeveral(*field.written) ? element : run);
  }

  void CopyNumber(const FieldMapping& field, Number number, Message* read,
                  const FieldDescriptor& to, StreamFindings* findings) {
    if (field.scale.has_value()) {
      if (number.integer % field.scale->divisor != 0) {
        Refuse(rules::kUnitScaled, field,
               absl::StrCat(Text(field, number), " ",
                            field.written->annotations.unit()),
               field.read->annotations.unit(),
               "the value is no whole number in the reader's unit: save for "
               "its version when it is",
               findings);
        return;
      }
      number.integer =
          number.integer * field.scale->multiplier / field.scale->divisor;
    }
    const EnumMapping& enums = field.enums;
    bool known = true;
    if (!enums.unchanged()) {
      const int written = static_cast<int>(number.integer);
      known = enums.unknown.count(written) == 0;
      const auto renumbered = enums.renumbered.find(written);
      if (renumbered != enums.renumbered.end()) {
        number.integer = renumbered->second;
      }
    }
    if (!known || !Fits(number, to)) {
      const bool enumeration = to.enum_type() != nullptr;
      Refuse(enumeration ? rules::kEnumValueUnknown : rules::kValueMayNotFit,
             field, Text(field, number), field.read->type_text,
             enumeration
                 ? "enums are closed, and the reader does not know this value: "
                   "update the reader, or do not use the value"
                 : "the reader's type does not hold the value: update the "
                   "reader, or save when it fits",
             findings);
      return;
    }
    SetNumber(number, to, read);
  }

  void CopyText(const FieldMapping& field, const Message& written,
                const FieldDescriptor& from, int index, Message* read,
                const FieldDescriptor& to, StreamFindings* findings) {
    std::string value = GetText(written, from, index);
    if (to.type() == FieldDescriptor::TYPE_STRING &&
        from.type() != FieldDescriptor::TYPE_STRING && !IsValidUtf8(value)) {
      Refuse(rules::kNotUtf8, field, "other bytes", field.read->type_text,
             "the reader takes UTF-8 only: save for its version when the value "
             "is",
             findings);
      return;
    }
    SetText(std::move(value), to, read);
  }

  // A field that the reader does not have, with content.
  void Drop(const FieldMapping& field, std::string written,
            StreamFindings* findings) {
    if (field.written->annotations.ignorable()) {
      findings->AddDropped(field.path(), std::move(written));
      return;
    }
    const std::string& feature = field.written->annotations.feature();
    const std::string& owner = field.written->annotations.owner();
    Refuse(mapping_.pair().upgrade() ? rules::kRemovedCritical
                                     : rules::kUnknownCritical,
           field, std::move(written), "",
           absl::StrCat(
               "the reader does not know the field",
               owner.empty() ? "" : absl::StrCat(", private to ", owner, ","),
               " and skipping it would lose state: ",
               feature.empty()
                   ? "update the reader, or save without what the field holds"
                   : absl::StrCat("update the reader, or save a state that "
                                  "does not use the feature ",
                                  feature)),
           findings);
  }

  static void Complete(const SourceMapping& source, const Message& written,
                       Message* read, StreamFindings* findings) {
    if (source.source == SourceMapping::kLost) {
      findings->Add(rules::kLostCritical, VERDICT_LEVEL_REFUSED, source.path(),
                    "", source.read->type_text,
                    "the writer no longer has the field, and the reader would "
                    "go on without it as if it were zero or empty: load the "
                    "state with a newer reader");
      return;
    }
    if (source.source != SourceMapping::kFallback &&
        source.source != SourceMapping::kDefault) {
      return;
    }
    const FieldDescriptor* to = Find(*read, *source.read);
    if (to == nullptr || HasContent(*read, *to)) return;
    if (source.source == SourceMapping::kDefault) {
      SetDefault(*source.read, source.path(), read, findings);
      return;
    }
    const FieldDescriptor* from = Find(written, *source.from);
    if (from == nullptr || ValueCount(written, *from) == 0) return;
    const Number number = GetNumber(written, *from, 0);
    if (Fits(number, *to)) SetNumber(number, *to, read);
  }

  // Sets `field` of `message` to its absent_default. False, with a finding, if
  // that is no value of its type.
  static bool SetDefault(const FieldModel& field, const std::string& path,
                         Message* message, StreamFindings* findings) {
    const FieldDescriptor* to = Find(*message, field);
    const std::string& text = field.annotations.absent_default();
    if (to == nullptr || to->message_type() != nullptr) return false;
    if (!HoldsNumbers(*to)) {
      SetText(text, *to, message);
      return true;
    }
    google::protobuf::TextFormat::Parser parser;
    if (parser.ParseFieldValueFromString(text, to, message)) return true;
    findings->Add(rules::kInvalidAnnotation, VERDICT_LEVEL_REFUSED, path, "",
                  absl::StrCat("absent_default: ", text),
                  "the default is no value of the field's type: correct the "
                  "reader's schema");
    return false;
  }

  static std::string Text(const FieldMapping& field, const Number& number) {
    return field.written->annotations.sensitive() ? "<redacted>"
                                                  : NumberText(number);
  }

  // A field that no state loads with: the gate has said so before.
  static void RefuseAlways(const FieldMapping& field,
                           StreamFindings* findings) {
    for (const Difference& difference : field.differences) {
      if (difference.level < VERDICT_LEVEL_REFUSED) continue;
      Refuse(*difference.rule, field, difference.written, difference.read,
             difference.text, findings);
    }
  }

  static void Refuse(const Rule& rule, const FieldMapping& field,
                     std::string written, std::string read, std::string text,
                     StreamFindings* findings) {
    findings->Add(rule, VERDICT_LEVEL_REFUSED, field.path(), std::move(written),
                  std::move(read), std::move(text));
  }

  Mapping& mapping_;
};

Converter::Converter(Mapping* mapping)
    : impl_(std::make_unique<Impl>(mapping)) {}
Converter::~Converter() = default;

void Converter::ConvertRoot(const Message& written, Message* read,
                            StreamFindings* findings) {
  impl_->ConvertRoot(written, read, findings);
}

const FieldModel* Converter::RecordField(const FieldModel& written) {
  return impl_->RecordField(written);
}

bool Converter::PassesUnchanged(const FieldModel& written) {
  return impl_->PassesUnchanged(written);
}

void Converter::ConvertRecord(const FieldModel& field, const Message& written,
                              Message* read, StreamFindings* findings) {
  impl_->ConvertRecord(field, written, read, findings);
}

void Converter::DropRecord(const FieldModel& field, StreamFindings* findings) {
  impl_->DropRecord(field, findings);
}

}  // namespace devstate
