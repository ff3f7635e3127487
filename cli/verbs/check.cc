// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate check: may a state be loaded? This one, those of a schema, or those
// of a back-end.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/check_flags.h"
#include "cli/check_fleet.h"
#include "cli/check_manifests.h"
#include "cli/check_stream.h"
#include "cli/check_tree.h"
#include "cli/schema_flags.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/compat/diff.h"
#include "devstate/schema/lineage.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// One of the two schemas, with the folders of its own.
absl::StatusOr<LoadedSchema> LoadSide(const std::string& file,
                                      const std::vector<std::string>& imports,
                                      const char* flag,
                                      const SchemaLoadOptions& of_both) {
  SchemaLoadOptions options = of_both;
  options.import_paths.insert(options.import_paths.begin(), imports.begin(),
                              imports.end());
  options.import_flag = flag;
  return LoadSchema(file, options);
}

absl::StatusOr<int> CheckSchemas(const CheckFlags& flags) {
  DS_ASSIGN_OR_RETURN(const LoadedSchema older,
                      LoadSide(flags.old_file, flags.old_imports,
                               "--old-import", flags.schema.load));
  DS_ASSIGN_OR_RETURN(const LoadedSchema newer,
                      LoadSide(flags.new_file, flags.new_imports,
                               "--new-import", flags.schema.load));
  std::vector<LoadedSchema> released;
  std::vector<const SchemaModel*> models;
  if (!flags.lineage.empty()) {
    DS_ASSIGN_OR_RETURN(released,
                        LoadSchemas(flags.lineage, flags.schema.load));
  }
  for (const LoadedSchema& schema : released) models.push_back(&schema.model());
  const Lineage lineage(models, newer.model().schema());

  std::vector<DirectionVerdict> verdicts;
  for (const Direction direction :
       {Direction::kUpgrade, Direction::kDowngrade}) {
    if (flags.direction != "both" &&
        flags.direction != DirectionName(direction)) {
      continue;
    }
    verdicts.push_back(
        CompareSchemas(older.model(), newer.model(), direction, &lineage));
  }
  return ReportVerdicts(flags, std::move(verdicts));
}

// Whether the options are those of one form, and of one only.
absl::Status CheckForm(const CheckFlags& flags) {
  const int schemas = !flags.old_file.empty() + !flags.new_file.empty();
  const int manifests = !flags.from.empty() + !flags.to.empty();
  const int stream =
      !flags.stream.file.empty() + !flags.reader.empty() + !flags.tree.empty();
  if (schemas % 2 + manifests % 2 + stream % 2 != 0 ||
      schemas + manifests + stream != 2) {
    return absl::InvalidArgumentError(
        "check: give two schemas with --old and --new, or two manifests with "
        "--from and --to, or a STREAM and its --reader or --tree");
  }
  if (manifests != 0 && !flags.lineage.empty()) {
    return absl::InvalidArgumentError(
        "check: --lineage goes with schemas: a manifest holds the released "
        "versions itself");
  }
  if (manifests == 0 &&
      (flags.direction == "migration" || flags.direction == "rollback")) {
    return absl::InvalidArgumentError(
        absl::StrCat("check: --direction ", flags.direction,
                     " goes with --from and --to: two schemas have an upgrade "
                     "and a downgrade"));
  }
  if (flags.need != 0 && !IsFleet(flags)) {
    return absl::InvalidArgumentError(
        "check: --need goes with a folder of manifests as --from or --to");
  }
  if (stream != 0 && flags.direction != "both") {
    return absl::InvalidArgumentError(
        "check: a stream has one direction: leave --direction out");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Check(const CheckFlags& flags) {
  DS_RETURN_IF_ERROR(CheckForm(flags));
  DS_RETURN_IF_ERROR(CheckStandardInput(
      {flags.old_file, flags.new_file, flags.stream.file, flags.reader}));
  if (IsFleet(flags)) return CheckFleet(flags);
  if (!flags.from.empty()) return CheckManifests(flags);
  if (!flags.tree.empty()) return CheckStateWithTree(flags);
  return flags.reader.empty() ? CheckSchemas(flags) : CheckStreamFile(flags);
}

void Define(Command& verb) {
  auto flags = std::make_shared<CheckFlags>();
  verb.AddOption("STREAM", &flags->stream.file,
                 "A state, or a QEMU migration file with one; - for standard "
                 "input");
  verb.AddOption("--reader", &flags->reader,
                 "What the state is to be loaded with: a schema, or the "
                 "manifest of a back-end")
      .Value("SCHEMA|MANIFEST");
  verb.AddOption("--tree", &flags->tree,
                 "Directory that a destination would share: whether the files "
                 "of a file system's state are there")
      .Value("DIR");
  verb.AddOption("--device", &flags->stream.device,
                 "Of a QEMU migration file with several states: the device");
  const CommandOption& older =
      verb.AddOption("--old", &flags->old_file,
                     "Older schema: a .proto file or a descriptor set, - for "
                     "standard input")
          .Value("SCHEMA");
  const CommandOption& newer =
      verb.AddOption("--new", &flags->new_file, "Newer schema").Value("SCHEMA");
  verb.AddOption("--old-import", &flags->old_imports,
                 "Folder to look for imports of the older schema in; may be "
                 "repeated")
      .Value("DIR")
      .Needs(older);
  verb.AddOption("--new-import", &flags->new_imports,
                 "The same for the newer schema")
      .Value("DIR")
      .Needs(newer);
  verb.AddOption("--from", &flags->from,
                 "What the source of a migration can save")
      .Value("MANIFEST|DIR");
  verb.AddOption("--to", &flags->to,
                 "What the destination of a migration can load; of one of the "
                 "two a folder with the manifests of many hosts")
      .Value("MANIFEST|DIR");
  verb.AddOption("--need", &flags->need,
                 "Of a folder: how many hosts must be accepted; default: all")
      .Value("HOSTS")
      .Positive();
  verb.AddOption("--direction", &flags->direction,
                 "What to look at; migration and rollback with manifests")
      .OneOf({"upgrade", "downgrade", "migration", "rollback", "both"})
      .ShowDefault();
  verb.AddOption("--lineage", &flags->lineage,
                 "Folder of released schemas, for what happened between the "
                 "two")
      .Value("DIR");
  verb.AddOption("--accept", &flags->accept,
                 "Verdicts that exit with 0 as well: lossy, conditional")
      .SplitAtCommas()
      .OneOf({"lossy", "conditional"});
  flags->schema.AddTo(verb, {"html"});
  flags->schema.AddWaiversTo(verb);
  verb.footer =
      "Of two schemas, upgrade is the newer reading the older one's state and\n"
      "downgrade the reverse. Of two manifests the migration comes first and "
      "the way\n"
      "back second. Of a folder of manifests, the exit code is that of the "
      "worst\n"
      "host, or with --need of the worst that is needed. A host whose manifest "
      "cannot\n"
      "be read refuses.\n" +
      ExitCodesText({{kExitOk, "loads"},
                     {kExitRefused},
                     {kExitUsageOrIo},
                     {kExitDamaged},
                     {kExitConditional},
                     {kExitLossy}}) +
      "Example: devstate check fs0.dstate --reader released/v1.proto\n"
      "Example: devstate check fs0.state --tree /srv/shared\n"
      "Example: devstate check --old released/v1.proto --new net.proto\n"
      "Example: devstate check --from old.manifest --to new.manifest\n"
      "Example: devstate check --from vm.manifest --to hosts/ --need 2";
  verb.run = [flags] {
    const absl::StatusOr<int> result = Check(*flags);
    if (!result.ok()) PrintError(result.status());
    return result.ok() ? *result : kExitUsageOrIo;
  };
}

const VerbRegistration kRegistration(
    "check",
    "Say whether a state can be loaded: this one, all of a schema, or those "
    "of a back-end",
    Define);

}  // namespace
}  // namespace devstate
