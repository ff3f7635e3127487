// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Every way ends in one of four: copied as it is, imported to the portable
// schema, exported from it, put into an envelope. Each of them verifies its
// whole input first.

#include "devstate/proxy/translation.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/verdict.h"
#include "devstate/foreign/foreign_formats.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {
namespace {

constexpr size_t kCopyBuffer = 256 << 10;

Translation Failed(absl::Status status) {
  Translation failed;
  if (GetErrorDetail(status).has_value()) {
    failed.verdict = JudgeLoad(Verdict(), status);
  }
  failed.status = std::move(status);
  return failed;
}

Translation Done(std::string what) {
  Translation done;
  done.what = std::move(what);
  return done;
}

Translation Judged(const ForeignReport& report, std::string what) {
  Translation judged = Done(std::move(what));
  judged.verdict = report.verdict;
  if (report.refused()) judged.status = VerdictStatus(report.verdict);
  return judged;
}

// Reads a stream to its end, so that every checksum was seen.
absl::Status VerifyStream(const OpenSource& state) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, state());
  StreamReader reader(source.get(), Limits(), Rounds::kTake);
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) return absl::OkStatus();
  }
}

Translation Copied(const OpenSource& state, ByteSink* output,
                   std::string what) {
  const absl::StatusOr<std::shared_ptr<ByteSource>> source = state();
  if (!source.ok()) return Failed(source.status());
  const absl::Status copied = CopyAll(**source, output);
  return copied.ok() ? Done(std::move(what)) : Failed(copied);
}

WriterOptions ImportOptions() {
  WriterOptions options;
  options.implementation.name = "devstate proxy";
  return options;
}

Translation Import(const ForeignFormat& format, const OpenSource& state,
                   ByteSink* output) {
  if (format.import_state == nullptr) {
    return Failed(absl::FailedPreconditionError(
        absl::StrCat("states of ", format.name, " have no portable form")));
  }
  const absl::StatusOr<ForeignReport> report =
      format.import_state(state, ImportOptions(), output);
  if (!report.ok()) return Failed(report.status());
  return Judged(*report, absl::StrCat(format.name, " ", report->version,
                                      ", to ", format.schema));
}

Translation Export(const BackendFormat& format, const OpenSource& state,
                   ByteSink* output) {
  const ForeignFormat& foreign = *format.foreign;
  if (foreign.export_state == nullptr) {
    return Failed(absl::FailedPreconditionError(absl::StrCat(
        "the back-end reads states of ", foreign.name,
        ", which devstate does not write: the source must send them as they "
        "are")));
  }
  const absl::string_view version = format.version.empty()
                                        ? foreign.versions.back()
                                        : absl::string_view(format.version);
  const absl::StatusOr<ForeignReport> report =
      foreign.export_state(state, version, output);
  if (!report.ok()) return Failed(report.status());
  return Judged(*report, absl::StrCat(foreign.schema, ", to ", foreign.name,
                                      " ", version));
}

// A state in the format `from` of a source without a proxy, or out of an
// envelope.
Translation FromForeign(const ForeignFormat& from, const OpenSource& state,
                        const BackendFormat& to, ByteSink* output) {
  if (to.foreign == nullptr) return Import(from, state, output);
  if (to.foreign != &from) {
    return Failed(absl::FailedPreconditionError(
        absl::StrCat("the state is one of ", from.name,
                     ", and the back-end reads those of ", to.foreign->name)));
  }
  const absl::StatusOr<ForeignReport> report = from.check(state);
  if (!report.ok()) return Failed(report.status());
  const std::string name = absl::StrCat(from.name, " ", report->version);
  if (report->refused()) return Judged(*report, name);
  // Whether it reads another version is the back-end's to say where devstate
  // cannot write its own.
  if (to.version.empty() || to.version == report->version ||
      from.export_state == nullptr) {
    const Translation copied = Copied(state, output, name);
    return copied.status.ok() ? Judged(*report, name) : copied;
  }
  const auto portable = TemporaryFile::Create();
  if (!portable.ok()) return Failed(portable.status());
  Translation imported = Import(from, state, portable->get());
  if (!imported.status.ok()) return imported;
  return Export(
      to, [&] { return (*portable)->Open(); }, output);
}

// Any state that is no stream.
Translation FromRaw(const OpenSource& state, const BackendFormat& to,
                    ByteSink* output) {
  const absl::StatusOr<Recognised> recognised = Recognise(state);
  if (!recognised.ok()) return Failed(recognised.status());
  if (recognised->format != nullptr) {
    return FromForeign(*recognised->format, state, to, output);
  }
  return Copied(state, output, "in no known format, as it is");
}

Translation Enveloped(const OpenSource& state, const ForeignFormat* format,
                      opaque::Label label, ByteSink* output) {
  if (format != nullptr) {
    const absl::StatusOr<ForeignReport> report = format->check(state);
    if (report.ok()) {
      label.set_format(std::string(format->name));
      label.set_format_version(std::string(report->version));
    } else if (!GetErrorDetail(report.status()).has_value()) {
      return Failed(report.status());
    }
  }
  const absl::Status written =
      opaque::WriteEnvelope(state, label, ImportOptions(), output);
  return written.ok() ? Done(opaque::LabelText(label)) : Failed(written);
}

Translation FromEnvelope(const OpenSource& state, const LoadRules& rules,
                         ByteSink* output) {
  const auto bytes = TemporaryFile::Create();
  if (!bytes.ok()) return Failed(bytes.status());
  const absl::StatusOr<std::shared_ptr<ByteSource>> source = state();
  if (!source.ok()) return Failed(source.status());
  opaque::OpenedEnvelope opened =
      opaque::OpenEnvelope(source->get(), bytes->get());
  Translation judged = Done(opaque::LabelText(opened.label));
  judged.verdict = std::move(opened.verdict);
  judged.status = std::move(opened.status);
  if (!judged.status.ok()) return judged;
  judged.verdict =
      JudgeLoad(judged.verdict, rules.policy.Check(opened.label, rules.own));
  judged.status = VerdictStatus(judged.verdict);
  if (!judged.status.ok()) return judged;
  const OpenSource inside = [&] { return (*bytes)->Open(); };
  BackendFormat format = rules.format;
  if (format.automatic) {
    // Checked, but not converted.
    format.foreign = FindForeignFormat(opened.label.format());
    if (format.foreign == nullptr) {
      return Copied(inside, output, std::move(judged.what));
    }
  }
  Translation taken = FromRaw(inside, format, output);
  taken.what = absl::StrCat(judged.what, ", ", taken.what);
  return taken;
}

}  // namespace

uint64_t Translation::check_reply() const {
  return CheckReplyValue(verdict, status);
}

absl::StatusOr<BackendFormat> ParseBackendFormat(absl::string_view text) {
  BackendFormat format;
  if (text == "auto") return format;
  format.automatic = false;
  if (text == "devstate") return format;
  const size_t colon = text.find(':');
  format.foreign = FindForeignFormat(text.substr(0, colon));
  if (colon != absl::string_view::npos) {
    format.version = std::string(text.substr(colon + 1));
  }
  std::vector<std::string> names = {"auto", "devstate"};
  for (const ForeignFormat* known : ForeignFormats()) {
    if (known->export_state == nullptr) continue;
    names.emplace_back(known->name);
    for (const absl::string_view version : known->versions) {
      names.push_back(absl::StrCat(known->name, ":", version));
    }
  }
  if (std::find(names.begin(), names.end(), text) == names.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "back-end format ", text, ": there are ", absl::StrJoin(names, ", ")));
  }
  return format;
}

absl::StatusOr<BackendFormat> FormatOf(const OpenSource& state) {
  DS_ASSIGN_OR_RETURN(const Recognised recognised, Recognise(state));
  BackendFormat format;
  format.automatic = false;
  if (recognised.is_stream) {
    DS_ASSIGN_OR_RETURN(format.envelopes, opaque::IsEnvelope(state));
    return format;
  }
  if (recognised.format == nullptr) {
    return absl::FailedPreconditionError(
        "what the back-end itself saves is in no known format, so nothing can "
        "be converted for it; name its format with --backend-format");
  }
  DS_ASSIGN_OR_RETURN(const ForeignReport report,
                      recognised.format->check(state));
  format.foreign = recognised.format;
  format.version = std::string(report.version);
  return format;
}

Translation ToFrontend(const OpenSource& state, StateForm form,
                       const opaque::Label& own, ByteSink* output) {
  const absl::StatusOr<Recognised> recognised = Recognise(state);
  if (!recognised.ok()) return Failed(recognised.status());
  if (recognised->is_stream) {
    const absl::Status verified = VerifyStream(state);
    if (!verified.ok()) return Failed(verified);
    return Copied(state, output, "a devstate stream");
  }
  // What could not be converted back would be refused at the destination.
  if (form == StateForm::kPortable && recognised->format != nullptr &&
      recognised->format->export_state != nullptr) {
    Translation imported = Import(*recognised->format, state, output);
    // About the bytes: it only looked like one of that format, or is of a
    // version that is newer than devstate.
    if (imported.status.ok() || !GetErrorDetail(imported.status).has_value()) {
      return imported;
    }
  }
  return Enveloped(state, recognised->format, own, output);
}

Translation ToBackend(const OpenSource& state, const LoadRules& rules,
                      ByteSink* output) {
  const absl::StatusOr<Recognised> recognised = Recognise(state);
  if (!recognised.ok()) return Failed(recognised.status());
  if (!recognised->is_stream) {
    if (rules.allow_raw) return FromRaw(state, rules.format, output);
    // The error about bytes that are no stream is what refuses a raw state.
    Translation failed = Failed(VerifyStream(state));
    failed.what = "a raw state; --allow-raw takes it unverified";
    return failed;
  }
  const absl::StatusOr<bool> envelope = opaque::IsEnvelope(state);
  if (!envelope.ok()) return Failed(envelope.status());
  if (*envelope && !rules.format.envelopes) {
    return FromEnvelope(state, rules, output);
  }
  const absl::Status verified = VerifyStream(state);
  if (!verified.ok()) return Failed(verified);
  if (rules.format.foreign != nullptr) {
    return Export(rules.format, state, output);
  }
  return Copied(state, output, "a devstate stream");
}

absl::Status CopyAll(ByteSource& source, ByteSink* output) {
  std::vector<char> buffer(kCopyBuffer);
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source.Read(buffer.data(), buffer.size()));
    if (got == 0) return absl::OkStatus();
    DS_RETURN_IF_ERROR(output->Write({buffer.data(), got}));
  }
}

}  // namespace devstate::proxy
