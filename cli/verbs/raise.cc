// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate raise: a state of a file system for a guest that has gone on since.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/state_input.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/devices/fs/raise_ids.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct RaiseFlags {
  StateInputFlags input;
  std::string output;
  uint64_t by = fs::kIdRaise;
};

absl::Status Run(const RaiseFlags& flags, PortableInput& input) {
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source,
                      input.OpenStreamLast());
  source = WithProgress(std::move(source), "raising", input.size());
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         {flags.input.file}));
  WriterOptions options;
  options.implementation.name = "devstate raise";
  DS_ASSIGN_OR_RETURN(
      const fs::RaisedIds raised,
      fs::RaiseIds(source.get(), flags.by, options, output.get()));
  DS_RETURN_IF_ERROR(output->Commit());
  absl::FPrintF(stderr, "next_inode is %d, next_handle %d\n",
                raised.next_inode, raised.next_handle);
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<RaiseFlags>();
  flags->input.AddTo(verb);
  verb.AddOption("-o,--output", &flags->output,
                 "Stream to write, - for standard output")
      .Required();
  verb.AddOption("--by", &flags->by,
                 "More ids than were given out since the state was saved")
      .ShowDefault();
  verb.footer =
      "For a back-end that starts with an older state than its guest has, as\n"
      "after a crash: ids that were given out in between are not given out\n"
      "again, so that the guest gets an error where it would read another\n"
      "file.\n" +
      ExitCodesText({{kExitOk},
                     {kExitRefused, "no state of devices.fs.v1"},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate raise fs0.state -o raised.dstate";
  verb.run = [flags] {
    return WithPortableInput(flags->input, [&](PortableInput& input) {
      return Run(*flags, input);
    });
  };
}

const VerbRegistration kRegistration(
    "raise", "Make the ids of an older state of a file system safe to go on",
    Define);

}  // namespace
}  // namespace devstate
