// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/conversion.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compat/gate/conversion_plan.h"
#include "compat/gate/field_values.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "serializer/utf8.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using Presence = FieldModel::Presence;

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
  Impl(const SchemaModel* writer, const SchemaModel* reader,
       std::set<std::string> left_out)
      : plan_(writer, reader, std::move(left_out)) {}

  void ConvertRoot(const Message& written, Message* read,
                   StreamFindings* findings) {
    findings->SetRecord("", 0);
    Run run{read, findings};
    ConvertMessage(plan_.root(), written, read, run);
  }

  const FieldModel* RecordField(const FieldModel& written) {
    return plan_.FindRootField(written).read;
  }

  bool PassesUnchanged(const FieldModel& written) {
    return plan_.PassesUnchanged(plan_.FindRootField(written));
  }

  void ConvertRecord(const FieldModel& field, const Message& written,
                     Message* read, StreamFindings* findings) {
    Run run{read, findings};
    ConvertMessage(*plan_.Inner(plan_.FindRootField(field)), written, read,
                   run);
  }

  void DropRecord(const FieldModel& field, StreamFindings* findings) {
    Drop(plan_.FindRootField(field), "present", findings);
  }

 private:
  // What one call of Convert…() works on.
  struct Run {
    // The root, record or element of a repeated field of the reader, which
    // moves start from.
    Message* base;
    StreamFindings* findings;
  };

  void ConvertMessage(MessagePlan& plan, const Message& written, Message* read,
                      Run& run) {
    for (FieldPlan& field : plan.fields) {
      if (field.action != FieldPlan::kFallback) {
        ConvertField(field, written, read, run);
      }
    }
    // After the narrower field itself: the wider one is what counts.
    for (FieldPlan& field : plan.fields) {
      if (field.action == FieldPlan::kFallback) {
        ConvertField(field, written, read, run);
      }
    }
    if (read == nullptr) return;
    for (const Completion& completion : plan.completions) {
      Complete(completion, written, read, run.findings);
    }
  }

  void ConvertField(FieldPlan& field, const Message& written, Message* read,
                    Run& run) {
    const FieldDescriptor* from = Find(written, *field.written);
    if (from == nullptr || field.records) return;
    const bool content = HasContent(written, *from);
    switch (field.action) {
      case FieldPlan::kLeaveOut:
        break;
      case FieldPlan::kCopy:
        CopyField(field, written, *from, read, run);
        break;
      case FieldPlan::kMove:
        CopyField(field, written, *from,
                  content ? MoveTarget(field, run.base) : nullptr, run);
        break;
      case FieldPlan::kSpread:
        if (!content) break;
        ConvertMessage(*plan_.Inner(field),
                       written.GetReflection()->GetMessage(written, from),
                       /*read=*/nullptr, run);
        break;
      case FieldPlan::kFallback:
        if (content) CopyFallback(field, written, *from, read, run);
        break;
      case FieldPlan::kDrop:
        if (!content) break;
        Drop(field, ValueText(written, *field.written, *from, 0), run.findings);
        break;
    }
  }

  // The message that holds the target of a move, made if it is not there.
  static Message* MoveTarget(const FieldPlan& field, Message* base) {
    Message* target = base;
    for (const FieldModel* step : field.move_path) {
      const FieldDescriptor* descriptor = Find(*target, *step);
      target = target->GetReflection()->MutableMessage(target, descriptor);
    }
    return target;
  }

  // The narrower field has come across already, if the writer filled it.
  void CopyFallback(FieldPlan& field, const Message& written,
                    const FieldDescriptor& from, Message* read, Run& run) {
    const FieldDescriptor& to = *Find(*read, *field.read);
    if (HasContent(*read, to) && HoldsNumbers(from) && !from.is_repeated()) {
      const Number wide = GetNumber(written, from, 0);
      const Number narrow = GetNumber(*read, to, 0);
      if (Fits(wide, to) && NumberText(wide) != NumberText(narrow)) {
        Refuse("fallback-field", field, Text(field, wide), Text(field, narrow),
               "the field and the narrower one that stands in for it differ: "
               "the writer does not keep to its schema",
               run.findings);
        return;
      }
    }
    read->GetReflection()->ClearField(read, &to);
    CopyField(field, written, from, read, run);
  }

  // `read` may be null if there is nothing to copy.
  void CopyField(FieldPlan& field, const Message& written,
                 const FieldDescriptor& from, Message* read, Run& run) {
    const bool content = HasContent(written, from);
    const int count = ValueCount(written, from);
    if (!CardinalityHolds(field, from, count, content, run.findings)) return;
    if (!content) {
      KeepZero(field, from, read);
      return;
    }
    if (field.feature_changed) {
      Refuse("feature-changed", field,
             ValueText(written, *field.written, from, 0),
             absl::StrCat("feature ", field.read->annotations.feature()),
             "the reader takes the field only in states that use the feature, "
             "which the writer does not say: update one of the two",
             run.findings);
      return;
    }
    const FieldDescriptor& to = *Find(*read, *field.read);
    if (!OneofHolds(field, to, *read, run.findings)) return;
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

  // A field without presence always has a value: where the reader can tell, a
  // zero is one, too. Members of a oneof would displace each other.
  static void KeepZero(const FieldPlan& field, const FieldDescriptor& from,
                       Message* read) {
    if (read == nullptr || from.has_presence() || from.is_repeated() ||
        field.action != FieldPlan::kCopy ||
        field.read->presence != Presence::kExplicit) {
      return;
    }
    const FieldDescriptor& to = *Find(*read, *field.read);
    if (to.real_containing_oneof() != nullptr) return;
    if (HoldsNumbers(to)) {
      Number zero;
      zero.floating = HoldsNumbers(from) &&
                      (to.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT ||
                       to.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE);
      SetNumber(zero, to, read);
    } else if (to.message_type() == nullptr) {
      SetText("", to, read);
    }
  }

  // The conditions of CompareTypes() about presence and number.
  bool CardinalityHolds(const FieldPlan& field, const FieldDescriptor& from,
                        int count, bool content, StreamFindings* findings) {
    const Presence written = field.written->presence;
    const Presence read = field.read->presence;
    if (written == read) return true;
    const char* needed = nullptr;
    const char* rule = "cardinality-changed";
    const bool packed =
        written == Presence::kRepeated && !field.columns && HoldsNumbers(from);
    if (read == Presence::kRepeated && written == Presence::kImplicit) {
      if (!content) needed = "a value other than zero";
    } else if (read == Presence::kImplicit && written == Presence::kExplicit) {
      if (count == 0) needed = "a value";
      rule = "presence-changed";
    } else if (read == Presence::kImplicit) {
      if (count != 1) needed = "exactly one element";
    } else if (read == Presence::kExplicit && packed) {
      if (count != 0) needed = "no element";
    } else if (read == Presence::kExplicit && written == Presence::kRepeated) {
      if (count > 1) needed = "at most one element";
    }
    if (needed == nullptr) return true;
    Refuse(rule, field,
           written == Presence::kRepeated ? absl::StrCat(count, " elements")
                                          : "absent or zero",
           absl::StrCat(field.read->type_text, ", needs ", needed),
           "the reader cannot tell this from another state: save for its "
           "version",
           findings);
    return false;
  }

  bool OneofHolds(const FieldPlan& field, const FieldDescriptor& to,
                  const Message& read, StreamFindings* findings) {
    const auto* oneof = to.real_containing_oneof();
    if (oneof == nullptr) return true;
    const FieldDescriptor* present =
        read.GetReflection()->GetOneofFieldDescriptor(read, oneof);
    if (present == nullptr || present == &to) return true;
    const size_t parent = field.path.rfind('.');
    findings->Add(
        "oneof-joined", REFUSED,
        parent == std::string::npos
            ? oneof->name()
            : absl::StrCat(field.path.substr(0, parent + 1), oneof->name()),
        absl::StrCat(present->name(), " and ", to.name()),
        absl::StrCat("oneof ", oneof->name()),
        "the reader keeps one of the two only: save for its version");
    return false;
  }

  void CopyMessage(FieldPlan& field, const Message& written,
                   const FieldDescriptor& from, int index, Message* read,
                   const FieldDescriptor& to, Run& run) {
    const Message& inner = GetMessage(written, from, index);
    Message* target = to.is_repeated()
                          ? read->GetReflection()->AddMessage(read, &to)
                          : read->GetReflection()->MutableMessage(read, &to);
    MessagePlan* plan = plan_.Inner(field);
    if (plan == nullptr) {
      Refuse("nesting-too-deep", field, "", "",
             "messages are nested more than 100 deep: flatten them",
             run.findings);
      return;
    }
    // Moves within the elements of a repeated field start from the element.
    Run inner_run{to.is_repeated() ? target : run.base, run.findings};
    ConvertMessage(*plan, inner, target, inner_run);
  }

  void CopyNumber(const FieldPlan& field, Number number, Message* read,
                  const FieldDescriptor& to, StreamFindings* findings) {
    if (field.scale.has_value()) {
      if (number.integer % field.scale->divisor != 0) {
        Refuse("unit-scaled", field,
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
    if (!Fits(number, to)) {
      const bool enumeration = to.enum_type() != nullptr;
      Refuse(enumeration ? "enum-value-unknown" : "value-may-not-fit", field,
             Text(field, number), field.read->type_text,
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

  void CopyText(const FieldPlan& field, const Message& written,
                const FieldDescriptor& from, int index, Message* read,
                const FieldDescriptor& to, StreamFindings* findings) {
    std::string value = GetText(written, from, index);
    if (to.type() == FieldDescriptor::TYPE_STRING &&
        from.type() != FieldDescriptor::TYPE_STRING && !IsValidUtf8(value)) {
      Refuse("not-utf8", field, "other bytes", field.read->type_text,
             "the reader takes UTF-8 only: save for its version when the value "
             "is",
             findings);
      return;
    }
    SetText(std::move(value), to, read);
  }

  // A field that the reader does not have, with content.
  void Drop(const FieldPlan& field, std::string written,
            StreamFindings* findings) {
    if (field.written->annotations.ignorable()) {
      findings->AddDropped(field.path, std::move(written));
      return;
    }
    const std::string& feature = field.written->annotations.feature();
    const std::string& owner = field.written->annotations.owner();
    Refuse(plan_.upgrade() ? "removed-critical" : "unknown-critical", field,
           std::move(written), "",
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

  void Complete(const Completion& completion, const Message& written,
                Message* read, StreamFindings* findings) {
    const FieldDescriptor* to = Find(*read, *completion.read);
    if (to == nullptr || HasContent(*read, *to)) return;
    if (completion.narrow != nullptr) {
      const FieldDescriptor* from = Find(written, *completion.narrow);
      if (from == nullptr || ValueCount(written, *from) == 0) return;
      const Number number = GetNumber(written, *from, 0);
      if (Fits(number, *to)) SetNumber(number, *to, read);
      return;
    }
    const std::string& text = completion.read->annotations.absent_default();
    if (HoldsNumbers(*to)) {
      google::protobuf::TextFormat::Parser parser;
      if (!parser.ParseFieldValueFromString(text, to, read)) {
        findings->Add("invalid-annotation", REFUSED, completion.path, "",
                      absl::StrCat("absent_default: ", text),
                      "the default is no value of the field's type: correct "
                      "the reader's schema");
      }
      return;
    }
    if (to->message_type() == nullptr) SetText(text, *to, read);
  }

  static std::string Text(const FieldPlan& field, const Number& number) {
    return field.written->annotations.sensitive() ? "<redacted>"
                                                  : NumberText(number);
  }

  static void Refuse(absl::string_view rule, const FieldPlan& field,
                     std::string written, std::string read, std::string text,
                     StreamFindings* findings) {
    findings->Add(rule, REFUSED, field.path, std::move(written),
                  std::move(read), std::move(text));
  }

  ConversionPlan plan_;
};

Converter::Converter(const SchemaModel* writer, const SchemaModel* reader,
                     std::set<std::string> left_out)
    : impl_(std::make_unique<Impl>(writer, reader, std::move(left_out))) {}
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
