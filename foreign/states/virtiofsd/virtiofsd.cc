// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/virtiofsd.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/compat/rules.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/repeated_input.h"
#include "devstate/foreign/states/virtiofsd/portable_state.h"
#include "devstate/foreign/states/virtiofsd/state_parser.h"
#include "devstate/foreign/states/virtiofsd/state_writer.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/foreign/states/virtiofsd/table_check.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::virtiofsd {
namespace {

// One pass over the input.
using ReadTable = std::function<absl::StatusOr<TableSummary>(
    ByteSource* source, TableVisitor* visitor)>;

// An input with its findings, read as often as it takes.
class Conversion {
 public:
  Conversion(const OpenSource& open, ReadTable read)
      : input_(open), read_(std::move(read)) {}

  // Two passes: the records, and then, unless they are refused already, what
  // they refer to.
  absl::StatusOr<TableSummary> Check() {
    RecordCheck records(&findings_);
    DS_ASSIGN_OR_RETURN(TableSummary summary, Pass(&records));
    DS_RETURN_IF_ERROR(records.Finish(summary));
    if (findings_.refused()) return summary;
    ReferenceCheck references(records.TakeReferenced(), &findings_);
    DS_RETURN_IF_ERROR(Pass(&references).status());
    references.Finish();
    return summary;
  }

  absl::StatusOr<TableSummary> Pass(TableVisitor* visitor) {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source,
                        input_.Open());
    return read_(source.get(), visitor);
  }

  FindingList& findings() { return findings_; }

  ForeignReport Report(const TableSummary& summary) {
    ForeignReport report;
    report.version = VersionName(summary.version);
    report.records = summary.records();
    report.bytes = summary.bytes;
    report.numbers = {{"inodes", summary.inodes},
                      {"handles", summary.handles},
                      {"mount_paths", summary.mount_paths},
                      {"next_inode", summary.root.next_inode()},
                      {"next_handle", summary.root.next_handle()}};
    report.verdict = findings_.Take();
    return report;
  }

 private:
  RepeatedInput input_;
  const ReadTable read_;
  FindingList findings_;
};

// Finds what V1 cannot hold, besides what any version refuses.
class V1Check : public TableVisitor {
 public:
  explicit V1Check(FindingList* findings) : findings_(*findings) {}

  absl::Status OnInode(const InodeRow& row, Offset offset) override {
    if (row.handle.has_value()) {
      findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignVersion,
                    absl::StrCat("inode ", row.id), offset,
                    "its location is a file handle, which V1 does not have; "
                    "save with --migration-mode=find-paths, or convert to V2");
    }
    return absl::OkStatus();
  }
  absl::Status OnHandle(const OpenHandleRow&, Offset) override {
    return absl::OkStatus();
  }
  absl::Status OnMountPath(const MountPathRow&, Offset) override {
    return absl::OkStatus();
  }

 private:
  FindingList& findings_;
};

void AddLosses(const TableSummary& summary, const Dropped& dropped,
               FindingList* findings) {
  const auto drop = [&](uint64_t count, absl::string_view what,
                        absl::string_view why) {
    if (count == 0) return;
    findings->Add(VERDICT_LEVEL_LOSSY, rules::kForeignDropped, "",
                  absl::nullopt, absl::StrCat(what, " of ", count, why));
  };
  constexpr absl::string_view kNoPlace =
      " inodes is dropped: virtiofsd looks at the file instead";
  drop(dropped.modes, "the mode", kNoPlace);
  drop(dropped.inos, "the inode number", kNoPlace);
  drop(dropped.change_times, "the change time", kNoPlace);
  drop(dropped.private_sections, "the private section",
       " other implementation is dropped: nobody else needs it");
  if (summary.version == Version::kV1) {
    drop(summary.mount_paths, "the path",
         " mounts is dropped: V1 has none, and no inode needs one");
  }
  if (summary.inodes != 0 && !summary.root.has_session()) {
    findings->Add(VERDICT_LEVEL_DEFAULTED, rules::kForeignSession, "",
                  absl::nullopt,
                  "the state does not say what back-end and guest agreed on; "
                  "every option is written as off");
  }
}

absl::StatusOr<ForeignReport> Check(const OpenSource& input) {
  Conversion conversion(input, ParseState);
  DS_ASSIGN_OR_RETURN(const TableSummary summary, conversion.Check());
  return conversion.Report(summary);
}

absl::StatusOr<ForeignReport> Import(const OpenSource& input,
                                     const WriterOptions& options,
                                     ByteSink* output) {
  Conversion conversion(input, ParseState);
  DS_ASSIGN_OR_RETURN(const TableSummary summary, conversion.Check());
  if (!conversion.findings().refused()) {
    PortableWriter writer(output, options);
    DS_RETURN_IF_ERROR(writer.Begin(summary));
    DS_RETURN_IF_ERROR(conversion.Pass(&writer).status());
    DS_RETURN_IF_ERROR(writer.Finish());
  }
  return conversion.Report(summary);
}

absl::StatusOr<ForeignReport> Export(const OpenSource& input,
                                     absl::string_view version,
                                     ByteSink* output) {
  Dropped dropped;
  Conversion conversion(input,
                        [&dropped](ByteSource* source, TableVisitor* visitor) {
                          dropped = Dropped();
                          return ReadPortable(source, visitor, &dropped);
                        });
  DS_ASSIGN_OR_RETURN(TableSummary summary, conversion.Check());
  summary.version =
      version == VersionName(Version::kV1) ? Version::kV1 : Version::kV2;
  if (summary.version == Version::kV1) {
    V1Check check(&conversion.findings());
    DS_RETURN_IF_ERROR(conversion.Pass(&check).status());
  }
  if (!conversion.findings().refused()) {
    AddLosses(summary, dropped, &conversion.findings());
    StateWriter writer(output, summary);
    DS_RETURN_IF_ERROR(writer.Begin());
    DS_RETURN_IF_ERROR(conversion.Pass(&writer).status());
    DS_RETURN_IF_ERROR(writer.Finish());
  }
  return conversion.Report(summary);
}

}  // namespace

const ForeignFormat& Format() {
  static const auto& format = *new ForeignFormat{
      /*name=*/"virtiofsd",
      /*schema=*/"devices.fs.v1",
      /*versions=*/
      {VersionName(Version::kV1), VersionName(Version::kV2)},
      /*recognise=*/MayBeState,
      /*check=*/Check,
      /*import_state=*/Import,
      /*export_state=*/Export,
  };
  return format;
}

}  // namespace devstate::virtiofsd
