// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/portable_input.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/exit_codes.h"
#include "cli/foreign_state.h"
#include "cli/stream_file.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

class FileSource : public ByteSource {
 public:
  explicit FileSource(const TemporaryFile& file) : file_(file) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    DS_ASSIGN_OR_RETURN(const size_t read,
                        file_.ReadAt(position_, buffer, size));
    position_ += read;
    return read;
  }

 private:
  const TemporaryFile& file_;
  uint64_t position_ = 0;
};

}  // namespace

absl::StatusOr<ForeignReport> PortableInput::Prepare() {
  DS_ASSIGN_OR_RETURN(const Recognised recognised,
                      Recognise([this] { return original_->Open(); }));
  if (recognised.format == nullptr) return ForeignReport();
  if (recognised.format->import_state == nullptr) {
    shown_only_ = recognised.format;
    return ForeignReport();
  }
  DS_ASSIGN_OR_RETURN(imported_, TemporaryFile::Create());
  WriterOptions options;
  options.implementation.name = "devstate";
  DS_ASSIGN_OR_RETURN(ForeignReport report, recognised.format->import_state(
                                                original_->Opening("importing"),
                                                options, imported_.get()));
  foreign_ = absl::StrCat(recognised.format->name, " ", report.version);
  return report;
}

std::unique_ptr<PortableInput> PortableInput::Open(const StateInputFlags& flags,
                                                   int* exit_code,
                                                   ForeignReport* report) {
  absl::StatusOr<std::unique_ptr<RepeatableInput>> original =
      RepeatableInput::Create(flags);
  if (!original.ok()) {
    *exit_code = PrintFileError(flags.file, original.status());
    return nullptr;
  }
  std::unique_ptr<PortableInput> input(new PortableInput());
  input->original_ = *std::move(original);
  const absl::StatusOr<ForeignReport> found = input->Prepare();
  if (!found.ok()) {
    *exit_code = PrintFileError(input->name(), found.status());
    return nullptr;
  }
  if (report != nullptr) {
    *report = *found;
  } else {
    PrintForeignFindings(input->name(), *found);
  }
  *exit_code = found->refused() ? kExitRefused : kExitOk;
  return found->refused() ? nullptr : std::move(input);
}

std::optional<uint64_t> PortableInput::size() const {
  return imported_ == nullptr ? original_->size() : imported_->size();
}

absl::Status PortableInput::Show(ByteSink* output) {
  return shown_only_->show(original_->Opening("reading"), output);
}

absl::StatusOr<std::shared_ptr<ByteSource>> PortableInput::OpenStream() {
  if (shown_only()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a state of ", shown_only_->name,
        ", which may lack what its portable form needs: devstate convert makes "
        "that, and devstate dump shows it as it is"));
  }
  if (imported_ == nullptr) return original_->Open();
  return std::shared_ptr<ByteSource>(std::make_shared<FileSource>(*imported_));
}

absl::StatusOr<std::shared_ptr<ByteSource>> PortableInput::OpenStreamLast() {
  return imported_ == nullptr && !shown_only() ? original_->OpenLast()
                                               : OpenStream();
}

int WithPortableInput(const StateInputFlags& flags,
                      const std::function<absl::Status(PortableInput&)>& run) {
  int exit_code = kExitOk;
  const std::unique_ptr<PortableInput> input =
      PortableInput::Open(flags, &exit_code);
  if (input == nullptr) return exit_code;
  const absl::Status status = run(*input);
  return status.ok() ? kExitOk : PrintFileError(input->name(), status);
}

}  // namespace devstate
