// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate verify: whether streams, or foreign states, are whole.
//
// Each state is judged by itself, and the worst result is the exit code. With
// --deep a stream is read twice: first its framing, so that damage is told from
// a wrong value.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/error_place.h"
#include "cli/foreign_state.h"
#include "cli/progress.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/compat/report_finding.h"
#include "devstate/compat/verdict.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/schema/name_text.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/verify.pb.h"

namespace devstate {
namespace {

struct VerifyFlags {
  std::vector<std::string> files;
  std::string device;
  bool deep = false;
  StateSchemaFlags schema;
  std::string format = "text";
};

// What is known of one state when it was read to its end, or as far as that
// went.
struct Verified {
  VerifiedState state;
  // Of the values of a stream, or of a foreign state.
  Verdict verdict;
};

// Checks the framing. Returns the header.
absl::StatusOr<StreamHeader> VerifyStream(ByteSource* source,
                                          VerifiedState* state) {
  StreamReader reader(source, Limits(), Rounds::kTake);
  DS_ASSIGN_OR_RETURN(const StreamHeader* read, reader.ReadHeader());
  StreamHeader header = *read;
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) break;
  }
  state->set_format("devstate");
  state->set_chunks(reader.chunks());
  state->set_records(reader.records());
  state->set_bytes(reader.offset());
  state->set_decoded_bytes(reader.decoded_bytes());
  state->set_rounds(reader.rounds().size());
  return header;
}

// Checks columns and annotations by the schema that the stream is of.
absl::StatusOr<Verdict> VerifyDeep(const VerifyFlags& flags,
                                   const StreamHeader& header,
                                   RepeatableInput& input) {
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.LoadFor(header));
  if (schema.model().fingerprint != header.fingerprint) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the stream is of ", NameText(header.schema), " version ",
        header.schema_version, " with another fingerprint than that of ",
        flags.schema.schema, ", ", schema.model().schema(), " version ",
        schema.model().version(),
        ": name the schema that wrote it, or use devstate check"));
  }
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> stream, input.OpenLast());
  const std::shared_ptr<ByteSource> source =
      WithProgress(std::move(stream), "checking values", input.size());
  bool upgrade;
  return CheckStream(source.get(), {&schema.root(), &schema.model()},
                     GateOptions(), &upgrade);
}

absl::Status VerifyForeign(const ForeignFormat& format, RepeatableInput& input,
                           Verified* verified) {
  DS_ASSIGN_OR_RETURN(const ForeignReport report,
                      format.check(input.Opening("verifying")));
  VerifiedState& state = verified->state;
  state.set_format(std::string(format.name));
  state.set_format_version(std::string(report.version));
  state.set_records(report.records);
  state.set_bytes(report.bytes);
  verified->verdict = report.verdict;
  return absl::OkStatus();
}

absl::Status Verify(const VerifyFlags& flags, RepeatableInput& input,
                    Verified* verified) {
  DS_ASSIGN_OR_RETURN(const Recognised recognised,
                      Recognise([&input] { return input.Open(); }));
  if (recognised.format != nullptr) {
    return VerifyForeign(*recognised.format, input, verified);
  }
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> stream,
                      flags.deep ? input.Open() : input.OpenLast());
  std::shared_ptr<ByteSource> source =
      WithProgress(std::move(stream), "verifying", input.size());
  DS_ASSIGN_OR_RETURN(const StreamHeader header,
                      VerifyStream(source.get(), &verified->state));
  if (!flags.deep) return absl::OkStatus();
  source.reset();  // The next pass has a progress of its own.
  DS_ASSIGN_OR_RETURN(verified->verdict, VerifyDeep(flags, header, input));
  return absl::OkStatus();
}

int ResultOf(const Verified& verified, const absl::Status& status) {
  if (!status.ok()) return ExitCodeOf(status);
  const VerdictLevel level = verified.verdict.level();
  return level < VERDICT_LEVEL_REFUSED ? kExitOk : ExitCodeOf(level);
}

void PrintText(const Verified& verified, const absl::Status& status) {
  const VerifiedState& state = verified.state;
  const std::string& name = state.name();
  const bool stream = state.format() == "devstate";
  if (stream) {
    absl::PrintF(
        "%s: %s: %d chunks, %d records, %d bytes, %d before compression%s\n",
        name, Painted("whole", Colour::kGreen, STDOUT_FILENO), state.chunks(),
        state.records(), state.bytes(), state.decoded_bytes(),
        state.rounds() == 0 ? ""
                            : absl::StrCat(", in ", state.rounds(), " rounds"));
  }
  if (!status.ok()) {
    PrintFileError(name, status);
    return;
  }
  const bool refused = verified.verdict.level() >= VERDICT_LEVEL_REFUSED;
  // What the writer of a stream may do is no finding about it.
  if (!stream || refused) PrintFindings(name, verified.verdict);
  if (!stream && !refused) {
    absl::PrintF("%s: whole: a state of %s %s, %d records, %d bytes\n", name,
                 state.format(), state.format_version(), state.records(),
                 state.bytes());
  }
}

// Completes the entry of a state in the report.
void Conclude(Verified* verified, const absl::Status& status) {
  VerifiedState& state = verified->state;
  const int exit_code = ResultOf(*verified, status);
  state.set_name(absl::Utf8SafeCEscape(state.name()));
  state.set_result(exit_code == kExitOk        ? "whole"
                   : exit_code == kExitRefused ? "refused"
                   : exit_code == kExitDamaged ? "damaged"
                                               : "unreadable");
  for (const Finding& finding : verified->verdict.findings()) {
    *state.add_findings() = MakeReportFinding(finding);
  }
  if (const absl::optional<ErrorDetail> detail = GetErrorDetail(status)) {
    state.set_offset(detail->offset);
    if (detail->chunk.has_value()) state.set_chunk(*detail->chunk);
  }
  if (exit_code == kExitOk) return;
  if (exit_code == kExitUsageOrIo) {
    state.set_text(std::string(status.message()));
    return;
  }
  const Verdict verdict = JudgeLoad(verified->verdict, status);
  if (const Finding* finding = DecidingFinding(verdict)) {
    state.set_reason(finding->rule());
    state.set_text(finding->text());
  }
}

int Run(const VerifyFlags& flags) {
  std::vector<std::string> inputs = flags.files;
  inputs.push_back(flags.schema.schema);
  if (const absl::Status status = CheckStandardInput(inputs); !status.ok()) {
    return PrintFileError("", NamesItsPlace(status));
  }
  VerifyReport report;
  int worst = kExitOk;
  for (const std::string& file : flags.files) {
    Verified verified;
    verified.state.set_name(file == "-" ? "(stdin)" : file);
    const absl::StatusOr<std::unique_ptr<RepeatableInput>> input =
        RepeatableInput::Create({file, flags.device});
    absl::Status status = input.status();
    if (status.ok()) {
      verified.state.set_name((*input)->name());
      status = Verify(flags, **input, &verified);
    }
    // Damaged is worse than unreadable, which is worse than refused.
    worst = std::max(worst, ResultOf(verified, status));
    if (flags.format == "json") {
      Conclude(&verified, status);
      *report.add_states() = std::move(verified.state);
    } else {
      PrintText(verified, status);
    }
  }
  if (flags.format == "json") std::fputs(ReportJson(report).c_str(), stdout);
  return worst;
}

void Define(Command& verb) {
  auto flags = std::make_shared<VerifyFlags>();
  AddStates(verb, &flags->files, &flags->device);
  const CommandOption& deep = verb.AddFlag(
      "--deep", &flags->deep,
      "Check every column and every annotation of a stream, too, by the schema "
      "that it carries or that of --schema");
  flags->schema.AddTo(verb).Needs(deep);
  verb.AddOption("--format", &flags->format, "text or json")
      .OneOf({"text", "json"})
      .ShowDefault();
  verb.footer =
      "Of several states the exit code is that of the worst, 3 before 2 before "
      "1.\n" +
      ExitCodesText({{kExitOk, "whole"},
                     {kExitRefused, "of a newer format or refused"},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate verify fs0.dstate\n"
      "         devstate verify --deep --format json *.dstate";
  verb.run = [flags] { return Run(*flags); };
}

const VerbRegistration kRegistration(
    "verify",
    "Check every checksum, count and the order of streams, or the records of "
    "foreign states",
    Define);

}  // namespace
}  // namespace devstate
