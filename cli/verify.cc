// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate verify: whether a stream, or a foreign state, is whole.

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "cli/foreign_state.h"
#include "cli/progress.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "cli/state_kind.h"
#include "cli/state_schema.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct VerifyFlags {
  StateInputFlags input;
  bool deep = false;
  StateSchemaFlags schema;
};

// Checks the framing. Fills `header`.
absl::Status VerifyStream(absl::string_view name, ByteSource* source,
                          StreamHeader* header) {
  StreamReader reader(source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* read, reader.ReadHeader());
  *header = *read;
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) break;
  }
  absl::PrintF(
      "%s: %s: %d chunks, %d records, %d bytes, %d before compression\n", name,
      Painted("whole", Colour::kGreen, STDOUT_FILENO), reader.chunks(),
      reader.records(), reader.offset(), reader.decoded_bytes());
  return absl::OkStatus();
}

// Checks columns and annotations by the schema that the stream is of.
absl::StatusOr<int> VerifyDeep(const VerifyFlags& flags,
                               const StreamHeader& header,
                               RepeatableInput& input) {
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.LoadFor(header));
  if (schema.model().fingerprint != header.fingerprint()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the stream is of ", header.schema(), " version ",
        header.schema_version(), " with another fingerprint than that of ",
        flags.schema.schema, ", ", schema.model().schema(), " version ",
        schema.model().version(),
        ": name the schema that wrote it, or use devstate check"));
  }
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> stream, input.OpenLast());
  const std::shared_ptr<ByteSource> source =
      WithProgress(std::move(stream), "checking values", input.size());
  bool upgrade;
  const Verdict verdict = CheckStream(
      source.get(), {&schema.root(), &schema.model()}, GateOptions(), &upgrade);
  if (verdict.level() < VERDICT_LEVEL_REFUSED) return kExitOk;
  PrintFindings(input.name(), verdict);
  return ExitCodeOf(verdict.level());
}

absl::StatusOr<int> Verify(const VerifyFlags& flags,
                           RepeatableInput& repeatable) {
  const std::string& name = repeatable.name();
  DS_ASSIGN_OR_RETURN(const Recognised recognised,
                      Recognise([&repeatable] { return repeatable.Open(); }));
  const ForeignFormat* const format = recognised.format;
  if (format == nullptr) {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> stream,
                        flags.deep ? repeatable.Open() : repeatable.OpenLast());
    std::shared_ptr<ByteSource> source =
        WithProgress(std::move(stream), "verifying", repeatable.size());
    StreamHeader header;
    DS_RETURN_IF_ERROR(VerifyStream(name, source.get(), &header));
    if (!flags.deep) return kExitOk;
    source.reset();  // The next pass has a progress of its own.
    return VerifyDeep(flags, header, repeatable);
  }
  DS_ASSIGN_OR_RETURN(const ForeignReport report,
                      format->check(repeatable.Opening("verifying")));
  const int exit_code = PrintForeignFindings(name, report);
  if (exit_code == kExitOk) {
    absl::PrintF("%s: whole: a state of %s %s, %d records, %d bytes\n", name,
                 format->name, report.version, report.records, report.bytes);
  }
  return exit_code;
}

}  // namespace

void AddVerify(CLI::App& app, int* exit_code) {
  CLI::App* verb = app.add_subcommand(
      "verify",
      "Check every checksum, count and the order of a stream, or the records "
      "of a foreign state");
  auto flags = std::make_shared<VerifyFlags>();
  flags->input.AddTo(*verb);
  CLI::Option* deep = verb->add_flag(
      "--deep", flags->deep,
      "Check every column and every annotation of a stream, too, by the schema "
      "that it carries or that of --schema");
  flags->schema.AddTo(verb);
  verb->get_option("--schema")->needs(deep);
  verb->footer(
      "Exit codes: 0 whole, 1 of a newer format or refused, 2 not readable, 3 "
      "damaged.\n"
      "Example: devstate verify fs0.dstate\n"
      "         devstate verify --deep fs0.dstate");
  verb->callback([flags, exit_code] {
    *exit_code = WithRepeatableInput(flags->input, [&](RepeatableInput& input) {
      return Verify(*flags, input);
    });
  });
}

}  // namespace devstate
