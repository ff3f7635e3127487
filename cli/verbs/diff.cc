// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate diff: what differs between two states.
//
// States are larger than memory should be, so records are kept as digests and
// each file is read in passes: A, then B, then A again for the records that
// differ.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/pages/diff_page.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/schema_flags.h"
#include "cli/state_input.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/diff.pb.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/redactor.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/text_format.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

struct DiffFlags {
  StateInputFlags files[2];
  StateSchemaFlags schema;
  std::string format = "text";
  bool show_sensitive = false;
  size_t limit = 1000;
};

// --- A message as text, by path ---

struct Value {
  std::string text;
  bool sensitive = false;
  // Cannot be told from a field that is not there.
  bool is_default = false;
};
using Values = std::map<std::string, Value>;

std::string TextOf(const Message& message, const FieldDescriptor* field,
                   int index) {
  // Made once: it costs more than most values.
  static const auto* const printer = [] {
    auto* single_line = new google::protobuf::TextFormat::Printer;
    single_line->SetSingleLineMode(true);
    return single_line;
  }();
  std::string text;
  printer->PrintFieldValueToString(message, field, index, &text);
  return text;
}

// Lists what messages of one schema hold.
class ValueLister {
 public:
  // Requires: the schema outlives this.
  explicit ValueLister(const SchemaModel& schema)
      : piece_data_(PieceDataFields(schema)) {}

  // Returns all fields of `message`, a message of the type `type`, but volatile
  // ones. Of the bytes of a value in pieces only number and digest are kept.
  Values List(const MessageModel& type, const Message& message) const {
    Values values;
    AddValues(type, message, "", false, &values);
    return values;
  }

 private:
  void AddValue(const FieldModel& field, const Message& message, int index,
                const std::string& path, bool sensitive, Values* values) const {
    const auto* reflection = message.GetReflection();
    if (field.message == nullptr) {
      const bool one = field.cardinality() == Cardinality::kOne;
      (*values)[path] = {
          piece_data_.count(field.descriptor) != 0
              ? PieceText(message, *field.descriptor)
              : TextOf(message, field.descriptor, index),
          sensitive, one && !reflection->HasField(message, field.descriptor)};
      return;
    }
    const Message& child =
        index < 0
            ? reflection->GetMessage(message, field.descriptor)
            : reflection->GetRepeatedMessage(message, field.descriptor, index);
    // Tells a message of defaults from none.
    (*values)[path] = {"present", sensitive, false};
    AddValues(*field.message, child, path + ".", sensitive, values);
  }

  void AddValues(const MessageModel& type, const Message& message,
                 const std::string& prefix, bool sensitive,
                 Values* values) const {
    const auto* reflection = message.GetReflection();
    for (const FieldModel& field : type.fields) {
      if (field.annotations.volatile_()) continue;
      const bool hide = sensitive || field.annotations.sensitive();
      const std::string path = prefix + field.name;
      switch (field.cardinality()) {
        case Cardinality::kOptional:
          if (!reflection->HasField(message, field.descriptor)) continue;
          ABSL_FALLTHROUGH_INTENDED;
        case Cardinality::kOne:
          AddValue(field, message, -1, path, hide, values);
          continue;
        case Cardinality::kRepeated:
          break;
      }
      for (int i = 0; i < reflection->FieldSize(message, field.descriptor);
           ++i) {
        std::string key = absl::StrCat(i);
        if (field.presence == Presence::kMap && !hide) {
          key = TextOf(
              reflection->GetRepeatedMessage(message, field.descriptor, i),
              field.descriptor->message_type()->map_key(), -1);
        }
        AddValue(field, message, i, absl::StrCat(path, "[", key, "]"), hide,
                 values);
      }
    }
  }

  const std::set<const FieldDescriptor*> piece_data_;
};

// --- Records ---

// What a record is called: "inodes[id=5]", or by its position.
struct RecordName {
  std::string shown;
  // The same without anything left out.
  std::string full;
};

RecordName NameOf(const FieldModel& field, const Message& record,
                  uint64_t position, bool show_sensitive) {
  std::vector<std::string> shown, full;
  for (const std::string& name : field.message->annotations.key()) {
    const FieldModel* part = field.message->FindName(name);
    if (part == nullptr || part->cardinality() == Cardinality::kRepeated) {
      continue;
    }
    full.push_back(
        absl::StrCat(name, "=", TextOf(record, part->descriptor, -1)));
    shown.push_back(part->annotations.sensitive() && !show_sensitive
                        ? absl::StrCat(name, "=<redacted>")
                        : full.back());
  }
  if (full.empty()) full = shown = {absl::StrCat(position)};
  return {absl::StrCat(field.name, "[", absl::StrJoin(shown, ","), "]"),
          absl::StrCat(field.name, "[", absl::StrJoin(full, ","), "]")};
}

void ClearVolatile(const MessageModel& type, Message* message) {
  const auto* reflection = message->GetReflection();
  for (const FieldModel& field : type.fields) {
    if (field.annotations.volatile_()) {
      reflection->ClearField(message, field.descriptor);
    } else if (field.message == nullptr) {
      continue;
    } else if (field.cardinality() == Cardinality::kRepeated) {
      for (int i = 0; i < reflection->FieldSize(*message, field.descriptor);
           ++i) {
        ClearVolatile(*field.message, reflection->MutableRepeatedMessage(
                                          message, field.descriptor, i));
      }
    } else if (reflection->HasField(*message, field.descriptor)) {
      ClearVolatile(*field.message,
                    reflection->MutableMessage(message, field.descriptor));
    }
  }
}

// A record without volatile fields, and its type.
struct Record {
  const MessageModel& type;
  const Message& message;
  const ValueLister& lister;
};

Values ValuesOf(const Record& record) {
  return record.lister.List(record.type, record.message);
}

// Tells records apart. By its text, records of two versions of a schema can be
// compared, but that takes several times as long.
uint64_t DigestOf(const Record& record, bool by_text) {
  if (!by_text) return Checksum(record.message.SerializePartialAsString());
  std::string text;
  for (const auto& [path, value] : ValuesOf(record)) {
    if (value.is_default) continue;
    absl::StrAppend(&text, path, "=", value.text, "\n");
  }
  return Checksum(text);
}

// Hands out the records of one file with names.
class RecordVisitor : public DynamicStateVisitor {
 public:
  using OnRecord = std::function<void(const RecordName&, uint64_t key,
                                      const Record& record)>;

  RecordVisitor(bool show_sensitive, OnRecord on_record)
      : show_sensitive_(show_sensitive), on_record_(std::move(on_record)) {}

  const Values& root() const { return root_; }
  // To be called first: `schema` must live until Finish().
  void Start(const SchemaModel& schema) {
    schema_ = &schema;
    lister_.emplace(schema);
  }
  // To be called at the end: frees the keys.
  void Finish() { seen_ = {}; }

  absl::Status OnRoot(const Message& root) override {
    root_ = lister_->List(*schema_->root, root);
    return absl::OkStatus();
  }
  absl::Status OnBatch(const FieldDescriptor& descriptor,
                       Records& records) override {
    const FieldModel& field = *schema_->root->FindNumber(descriptor.number());
    if (field_ != field.number) position_ = 0;
    field_ = field.number;
    if (field.annotations.volatile_()) return absl::OkStatus();
    for (const auto& record : records) {
      RecordName name = NameOf(field, *record, position_++, show_sensitive_);
      uint64_t key = Checksum(name.full);
      // Keys that occur again are told apart by how often they did.
      if (const uint32_t before = seen_[key]++; before != 0) {
        absl::StrAppend(&name.shown, " again");
        key = Checksum(absl::StrCat(name.full, " again ", before));
      }
      ClearVolatile(*field.message, record.get());
      on_record_(name, key, {*field.message, *record, *lister_});
    }
    return absl::OkStatus();
  }

 private:
  const bool show_sensitive_;
  const OnRecord on_record_;
  const SchemaModel* schema_ = nullptr;
  std::optional<ValueLister> lister_;
  Values root_;
  int field_ = 0;
  uint64_t position_ = 0;
  std::unordered_map<uint64_t, uint32_t> seen_;
};

// --- Two files ---

class Differ {
 public:
  // A and B.
  using Inputs = std::unique_ptr<PortableInput>[2];

  // Both must outlive this.
  Differ(const DiffFlags& flags, const Inputs& inputs)
      : flags_(flags), inputs_(inputs) {}

  // Whose name the error of Run() is about.
  const std::string& file() const { return inputs_[current_]->name(); }

  // Three passes: A, B, and A again for what only B tells to be of interest.
  absl::StatusOr<DiffReport> Run() {
    DS_ASSIGN_OR_RETURN(const std::string first_schema, FingerprintOf(0));
    DS_ASSIGN_OR_RETURN(const std::string second_schema, FingerprintOf(1));
    by_text_ = first_schema != second_schema;
    RecordVisitor first(
        flags_.show_sensitive,
        [this](const RecordName&, uint64_t key, const Record& record) {
          entries_[key].digest = DigestOf(record, by_text_);
        });
    DS_RETURN_IF_ERROR(Pass(0, first));
    RecordVisitor second(
        flags_.show_sensitive,
        [this](const RecordName& name, uint64_t key, const Record& record) {
          OnSecond(name, key, record);
        });
    DS_RETURN_IF_ERROR(Pass(1, second));
    AddChanges("", first.root(), second.root());
    RecordVisitor third(
        flags_.show_sensitive,
        [this](const RecordName& name, uint64_t key, const Record& record) {
          OnThird(name, key, record);
        });
    DS_RETURN_IF_ERROR(Pass(0, third));
    for (const std::string& name : added_) AddRecord("added", name);
    report_.set_differ(root_differs_ || report_.added() + report_.removed() +
                                                report_.changed() !=
                                            0);
    return std::move(report_);
  }

 private:
  struct Entry {
    uint64_t digest = 0;
    enum { kOnlyA, kSame, kChanged } state = kOnlyA;
  };

  absl::StatusOr<std::shared_ptr<ByteSource>> Open(size_t file) {
    current_ = file;
    return inputs_[file]->OpenStream();
  }

  absl::StatusOr<std::string> FingerprintOf(size_t file) {
    DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, Open(file));
    StreamReader reader(source.get());
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
    if (file == 0) root_message_ = header->root_message;
    if (root_message_ != header->root_message) {
      return absl::InvalidArgumentError(
          absl::StrCat("holds a ", header->root_message, ", the other file a ",
                       root_message_, ": they have no field in common"));
    }
    return header->fingerprint;
  }

  absl::Status Pass(size_t file, RecordVisitor& visitor) {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source, Open(file));
    // The last pass prints as it goes.
    if (++pass_ < kPasses || !ShowsOutput()) {
      source =
          WithProgress(std::move(source),
                       absl::StrCat("comparing, pass ", pass_, " of ", kPasses),
                       inputs_[file]->size());
    }
    DynamicStateReader reader(source.get());
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
    DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                        flags_.schema.LoadFor(*header));
    visitor.Start(schema.model());
    DS_RETURN_IF_ERROR(reader.Read(schema.model(), visitor));
    visitor.Finish();
    return absl::OkStatus();
  }

  void OnSecond(const RecordName& name, uint64_t key, const Record& record) {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) {
      if (Counts(report_.added())) added_.push_back(name.shown);
      report_.set_added(report_.added() + 1);
      return;
    }
    if (DigestOf(record, by_text_) == entry->second.digest) {
      entry->second.state = Entry::kSame;
      return;
    }
    entry->second.state = Entry::kChanged;
    if (Counts(report_.changed())) changed_values_[key] = ValuesOf(record);
    report_.set_changed(report_.changed() + 1);
  }

  void OnThird(const RecordName& name, uint64_t key, const Record& record) {
    const auto entry = entries_.find(key);
    if (entry == entries_.end() || entry->second.state == Entry::kSame) return;
    if (entry->second.state == Entry::kOnlyA) {
      if (Counts(report_.removed())) AddRecord("removed", name.shown);
      report_.set_removed(report_.removed() + 1);
      return;
    }
    const auto other = changed_values_.find(key);
    if (other == changed_values_.end()) return;
    AddChanges(name.shown, ValuesOf(record), other->second);
  }

  // Whether another one of `before` is within the limit.
  bool Counts(uint64_t before) {
    const bool counts = before < flags_.limit;
    if (!counts) report_.set_incomplete(true);
    return counts;
  }

  void AddRecord(const char* change, const std::string& name) {
    DiffChange& entry = *report_.add_changes();
    entry.set_change(change);
    entry.set_record(name);
  }

  // `record` is empty for the root message.
  void AddChanges(const std::string& record, const Values& before,
                  const Values& after) {
    const Value absent = {"", false, true};
    Values paths = before;
    paths.insert(after.begin(), after.end());
    for (const auto& [path, value] : paths) {
      const auto a = before.find(path);
      const auto b = after.find(path);
      const Value& from = a == before.end() ? absent : a->second;
      const Value& to = b == after.end() ? absent : b->second;
      const bool both = a != before.end() && b != after.end();
      if (both ? from.text == to.text : from.is_default && to.is_default) {
        continue;
      }
      if (record.empty()) root_differs_ = true;
      AddRecord("changed", record);
      DiffChange& entry = *report_.mutable_changes()->rbegin();
      entry.set_path(path);
      if (a != before.end()) entry.set_before(Shown(from));
      if (b != after.end()) entry.set_after(Shown(to));
    }
  }

  std::string Shown(const Value& value) const {
    return value.sensitive && !flags_.show_sensitive ? "<redacted>"
                                                     : value.text;
  }

  static constexpr int kPasses = 3;

  const DiffFlags& flags_;
  const Inputs& inputs_;
  int pass_ = 0;
  size_t current_ = 0;
  std::string root_message_;
  bool by_text_ = false;
  std::unordered_map<uint64_t, Entry> entries_;
  std::unordered_map<uint64_t, Values> changed_values_;
  std::vector<std::string> added_;
  bool root_differs_ = false;
  DiffReport report_;
};

void PrintText(const DiffReport& report, size_t limit) {
  for (const DiffChange& change : report.changes()) {
    if (change.path().empty()) {
      absl::PrintF("%s %s\n", change.change() == "added" ? "+" : "-",
                   change.record());
      continue;
    }
    absl::PrintF("~ %s%s%s: %s -> %s\n", change.record(),
                 change.record().empty() ? "" : ".", change.path(),
                 change.has_before() ? change.before() : "absent",
                 change.has_after() ? change.after() : "absent");
  }
  if (!report.differ()) return;
  absl::PrintF("%d records added, %d removed, %d changed\n", report.added(),
               report.removed(), report.changed());
  if (report.incomplete()) {
    absl::PrintF("Shown are the first %d of each: --limit shows more\n", limit);
  }
}

int Run(const DiffFlags& flags) {
  // 1 says that they differ.
  const auto error_code = [](int code) {
    return code == kExitRefused ? kExitUsageOrIo : code;
  };
  if (const absl::Status status = CheckStandardInput(
          {flags.files[0].file, flags.files[1].file, flags.schema.schema});
      !status.ok()) {
    PrintError(status);
    return kExitUsageOrIo;
  }
  Differ::Inputs inputs;
  for (size_t i = 0; i < 2; ++i) {
    int exit_code = kExitOk;
    inputs[i] = PortableInput::Open(flags.files[i], &exit_code);
    if (inputs[i] == nullptr) return error_code(exit_code);
  }
  Differ differ(flags, inputs);
  const absl::StatusOr<DiffReport> report = differ.Run();
  if (!report.ok()) {
    return error_code(PrintFileError(differ.file(), report.status()));
  }
  if (flags.format == "text") {
    PrintText(*report, flags.limit);
  } else if (flags.format == "html") {
    absl::PrintF("%s", DiffPage(inputs[0]->name(), inputs[1]->name(), *report));
  } else {
    absl::PrintF("%s", ReportJson(*report));
  }
  return report->differ() ? kExitRefused : kExitOk;
}

void Define(Command& verb) {
  auto flags = std::make_shared<DiffFlags>();
  verb.AddOption("A", &flags->files[0].file,
                 "State, or a QEMU migration file with one; - for standard "
                 "input")
      .Required();
  verb.AddOption("B", &flags->files[1].file, "The other one").Required();
  verb.AddOption("--device,--device-a", &flags->files[0].device,
                 "Of A, if it is a QEMU migration file with several states: "
                 "the device");
  verb.AddOption("--device-b", &flags->files[1].device, "The same of B");
  verb.AddOption("--format", &flags->format, "How to print what differs")
      .OneOf({"text", "json", "html"})
      .ShowDefault();
  verb.AddFlag("--show-sensitive", &flags->show_sensitive,
               "Show the values of sensitive fields, too");
  verb.AddOption("--limit", &flags->limit,
                 "Most added, removed and changed records to show")
      .ShowDefault();
  flags->schema.AddTo(verb);
  verb.footer =
      "Foreign states are compared in their portable form.\n"
      "Records are told apart by their key, (devstate.message).key, else by\n"
      "their position. Volatile fields are left out. Takes about 150 bytes of\n"
      "memory for each record, whatever its size, and what --limit allows.\n" +
      ExitCodesText({{kExitOk, "the same"},
                     {kExitRefused, "different"},
                     {kExitUsageOrIo, "usage, I/O or refused"},
                     {kExitDamaged}}) +
      "Example: devstate diff before.dstate after.dstate";
  verb.run = [flags] { return Run(*flags); };
}

const VerbRegistration kRegistration("diff",
                                     "Show what differs between two states",
                                     Define);

}  // namespace
}  // namespace devstate
