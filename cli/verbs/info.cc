// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate info: what a stream's header says, or what a foreign state is.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/foreign_state.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "cli/verb.h"
#include "devstate/compat/json_text.h"
#include "devstate/compat/load_line.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/foreign/states/crosvm/crosvm.h"
#include "devstate/schema/name_text.h"
#include "devstate/schema/stream_descriptors.h"
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

struct InfoFlags {
  StateInputFlags input;
  std::string format = "text";
};

// Returns a name out of the header, which is the writer's word.
std::string Shown(const std::string& name) {
  return name.empty() ? "-" : NameText(name);
}

void PrintLine(absl::string_view name, absl::string_view value) {
  absl::PrintF("%-15s %s\n", name, value);
}

void PrintDevice(const RepeatableInput& input) {
  if (input.device().empty()) return;
  if (input.file_offset() == 0) {
    PrintLine("of device", Shown(input.device()));
    return;
  }
  PrintLine("QEMU device", absl::StrFormat("%s, at 0x%x", Shown(input.device()),
                                           input.file_offset()));
}

void PrintText(const StreamHeader& header) {
  const auto& line = PrintLine;
  line("device", Shown(header.device));
  line("instance", Shown(header.instance));
  line("schema",
       absl::StrCat(Shown(header.schema), " version ", header.schema_version));
  line("root message", Shown(header.root_message));
  line("oldest reader", header.min_reader == 0
                            ? "not limited"
                            : absl::StrCat("version ", header.min_reader));
  line("written by", Shown(WriterText(header.writer)));
  line("features used",
       header.used_features.empty()
           ? "none"
           : absl::StrJoin(header.used_features, ", ",
                           [](std::string* out, const std::string& feature) {
                             out->append(Shown(feature));
                           }));
  line("fingerprint", absl::BytesToHexString(header.fingerprint));
  line("descriptors",
       header.descriptor_set.empty()
           ? "left out"
           : absl::StrCat(header.descriptor_set.size(), " bytes, compressed"));
}

// A foreign state has no header: its records are counted.
absl::StatusOr<int> ShowForeign(const InfoFlags& flags, RepeatableInput& input,
                                const ForeignFormat& format) {
  DS_ASSIGN_OR_RETURN(const ForeignReport report,
                      format.check(input.Opening("reading")));
  const absl::string_view schema =
      format.schema.empty() ? crosvm::DeviceSchema(report) : format.schema;
  if (flags.format == "text") {
    PrintDevice(input);
    PrintLine("foreign format", absl::StrCat(format.name, " ", report.version));
    PrintLine("converts to", schema.empty() ? "-" : schema);
    PrintLine("bytes", absl::StrCat(report.bytes));
    for (const auto& [name, number] : report.numbers) {
      PrintLine(name, absl::StrCat(number));
    }
  } else {
    nlohmann::ordered_json json = {{"foreign_format", std::string(format.name)},
                                   {"version", std::string(report.version)},
                                   {"converts_to", std::string(schema)},
                                   {"bytes", report.bytes}};
    for (const auto& [name, number] : report.numbers) {
      json[std::string(name)] = number;
    }
    absl::PrintF("%s\n", json.dump(2));
  }
  return PrintForeignFindings(input.name(), report);
}

absl::StatusOr<std::string> HeaderJson(const StreamHeader& header) {
  RootFactory messages(*StreamMessage("StreamHeader"));
  DS_ASSIGN_OR_RETURN(const auto message, messages.Parse(Serialize(header)));
  return JsonText(*message, JsonStyle());
}

absl::StatusOr<int> Run(const InfoFlags& flags, RepeatableInput& input) {
  DS_ASSIGN_OR_RETURN(const Recognised recognised,
                      Recognise([&input] { return input.Open(); }));
  if (recognised.format != nullptr) {
    return ShowForeign(flags, input, *recognised.format);
  }
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      input.OpenLast());
  StreamReader reader(source.get());
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  if (flags.format == "text") {
    PrintDevice(input);
    PrintText(*header);
    return kExitOk;
  }
  DS_ASSIGN_OR_RETURN(const std::string json, HeaderJson(*header));
  absl::PrintF("%s\n", json);
  return kExitOk;
}

void Define(Command& verb) {
  auto flags = std::make_shared<InfoFlags>();
  flags->input.AddTo(verb);
  verb.AddOption("--format", &flags->format, "text or json")
      .OneOf({"text", "json"})
      .ShowDefault();
  verb.footer = ExitCodesText({{kExitOk},
                               {kExitRefused, "of a newer format or refused"},
                               {kExitUsageOrIo},
                               {kExitDamaged}}) +
                "Example: devstate info fs0.dstate";
  verb.run = [flags] {
    return WithRepeatableInput(flags->input, [&flags](RepeatableInput& input) {
      return Run(*flags, input);
    });
  };
}

const VerbRegistration kRegistration(
    "info", "Show what the header of a stream says, or what a foreign state is",
    Define);

}  // namespace
}  // namespace devstate
