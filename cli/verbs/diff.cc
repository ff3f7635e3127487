// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate diff: what differs between two states.
//
// States are larger than memory should be, so records are compared by marks of
// them, and each file is read once more for the records that are shown.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/compare_marks.h"
#include "cli/pages/diff_page.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/record_marks.h"
#include "cli/schema_flags.h"
#include "cli/state_input.h"
#include "cli/state_schema.h"
#include "cli/state_values.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/diff.pb.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct DiffFlags {
  StateInputFlags files[2];
  StateSchemaFlags schema;
  std::string format = "text";
  bool show_sensitive = false;
  size_t limit = 1000;
};

class Differ {
 public:
  // A and B.
  using Inputs = std::unique_ptr<PortableInput>[2];

  // Both must outlive this.
  Differ(const DiffFlags& flags, const Inputs& inputs)
      : flags_(flags), inputs_(inputs) {}

  // Whose name the error of Run() is about.
  const std::string& file() const { return inputs_[current_]->name(); }

  absl::StatusOr<DiffReport> Run() {
    DS_ASSIGN_OR_RETURN(const std::string first_schema, FingerprintOf(0));
    DS_ASSIGN_OR_RETURN(const std::string second_schema, FingerprintOf(1));
    by_text_ = first_schema != second_schema;
    DS_ASSIGN_OR_RETURN(const MarkDifferences found,
                        CompareMarks(MarksOf(0), MarksOf(1), flags_.limit));
    report_.set_added(found.added);
    report_.set_removed(found.removed);
    report_.set_changed(found.changed);
    report_.set_incomplete(found.first_added.size() < found.added ||
                           found.first_removed.size() < found.removed ||
                           found.first_changed.size() < found.changed);
    AddChanges("", roots_[0], roots_[1]);
    DS_RETURN_IF_ERROR(AddRecords(found));
    report_.set_differ(root_differs_ ||
                       found.added + found.removed + found.changed != 0);
    return std::move(report_);
  }

 private:
  // A record that is shown.
  struct Shown {
    std::string name;
    StateValues values;
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

  // Reads a file with the visitor that `make` makes for its schema.
  template <typename MakeVisitor>
  absl::Status Pass(size_t file, const MakeVisitor& make) {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source, Open(file));
    source = WithProgress(std::move(source),
                          absl::StrCat("comparing, pass ", ++pass_),
                          inputs_[file]->size());
    DynamicStateReader reader(source.get());
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
    DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                        flags_.schema.LoadFor(*header));
    auto visitor = make(schema.model());
    return reader.Read(schema.model(), visitor);
  }

  MarkSource MarksOf(size_t file) {
    return [this, file](const RecordMarker::OnMark& on_mark) {
      return Pass(file, [&](const SchemaModel& schema) {
        return RecordMarker(schema, by_text_, &roots_[file], on_mark);
      });
    };
  }

  // Returns the records at these positions, which ascend.
  absl::StatusOr<std::vector<Shown>> Pick(size_t file,
                                          std::vector<uint64_t> positions) {
    std::vector<Shown> records(positions.size());
    if (records.empty()) return records;
    DS_RETURN_IF_ERROR(Pass(file, [&](const SchemaModel& schema) {
      return RecordPicker(
          schema, std::move(positions), flags_.show_sensitive,
          [&](size_t index, std::string name, StateValues values) {
            records[index] = {std::move(name), std::move(values)};
          });
    }));
    return records;
  }

  absl::Status AddRecords(const MarkDifferences& found) {
    // What is to be looked up in each file, by its position there.
    std::map<uint64_t, Shown> records[2];
    for (const MarkedRecord& record : found.first_removed) {
      records[0][record.position];
    }
    for (const MarkedRecord& record : found.first_added) {
      records[1][record.position];
    }
    for (const MarkDifferences::Change& change : found.first_changed) {
      records[0][change.before.position];
      records[1][change.after];
    }
    for (size_t file = 0; file < 2; ++file) {
      std::vector<uint64_t> positions;
      for (const auto& [position, record] : records[file]) {
        positions.push_back(position);
      }
      DS_ASSIGN_OR_RETURN(std::vector<Shown> picked,
                          Pick(file, std::move(positions)));
      auto next = picked.begin();
      for (auto& [position, record] : records[file]) {
        record = std::move(*next++);
      }
    }
    const auto name_of = [&](size_t file, const MarkedRecord& record) {
      return absl::StrCat(records[file].at(record.position).name,
                          record.again ? " again" : "");
    };
    auto removed = found.first_removed.begin();
    const auto add_removed = [&](uint64_t before) {
      for (; removed != found.first_removed.end() && removed->position < before;
           ++removed) {
        AddRecord("removed", name_of(0, *removed));
      }
    };
    for (const MarkDifferences::Change& change : found.first_changed) {
      add_removed(change.before.position);
      AddChanges(name_of(0, change.before),
                 records[0].at(change.before.position).values,
                 records[1].at(change.after).values);
    }
    add_removed(std::numeric_limits<uint64_t>::max());
    for (const MarkedRecord& record : found.first_added) {
      AddRecord("added", name_of(1, record));
    }
    return absl::OkStatus();
  }

  void AddRecord(const char* change, const std::string& name) {
    DiffChange& entry = *report_.add_changes();
    entry.set_change(change);
    entry.set_record(name);
  }

  // `record` is empty for the root message.
  void AddChanges(const std::string& record, const StateValues& before,
                  const StateValues& after) {
    const StateValue absent = {"", false, true};
    StateValues paths = before;
    paths.insert(after.begin(), after.end());
    for (const auto& [path, value] : paths) {
      const auto a = before.find(path);
      const auto b = after.find(path);
      const StateValue& from = a == before.end() ? absent : a->second;
      const StateValue& to = b == after.end() ? absent : b->second;
      const bool both = a != before.end() && b != after.end();
      if (both ? from.text == to.text : from.is_default && to.is_default) {
        continue;
      }
      if (record.empty()) root_differs_ = true;
      AddRecord("changed", record);
      DiffChange& entry = *report_.mutable_changes()->rbegin();
      entry.set_path(path);
      if (a != before.end()) entry.set_before(TextOf(from));
      if (b != after.end()) entry.set_after(TextOf(to));
    }
  }

  std::string TextOf(const StateValue& value) const {
    return value.sensitive && !flags_.show_sensitive ? "<redacted>"
                                                     : value.text;
  }

  const DiffFlags& flags_;
  const Inputs& inputs_;
  int pass_ = 0;
  size_t current_ = 0;
  std::string root_message_;
  bool by_text_ = false;
  StateValues roots_[2];
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
      "Records are told apart by their key, (devstate.message).key or\n"
      "unique_by, else by their position. Volatile fields are left out. Takes\n"
      "150 MB of memory at most, and what --limit allows; files with more\n"
      "than 4 million records are read more often for that.\n" +
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
