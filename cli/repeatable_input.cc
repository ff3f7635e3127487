// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/repeatable_input.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/progress.h"
#include "cli/stream_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

// What was kept, then the rest.
class RepeatableInput::Replay : public ByteSource {
 public:
  explicit Replay(RepeatableInput* input) : input_(*input) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    if (position_ < input_.copy_->size()) {
      DS_ASSIGN_OR_RETURN(const size_t read,
                          input_.copy_->ReadAt(position_, buffer, size));
      position_ += read;
      return read;
    }
    DS_ASSIGN_OR_RETURN(const size_t read, input_.rest_->Read(buffer, size));
    if (!input_.last_) {
      DS_RETURN_IF_ERROR(input_.copy_->Write(absl::string_view(buffer, read)));
      position_ += read;
    }
    return read;
  }

 private:
  RepeatableInput& input_;
  uint64_t position_ = 0;
};

absl::StatusOr<std::unique_ptr<RepeatableInput>> RepeatableInput::Create(
    const StateInputFlags& flags) {
  std::unique_ptr<RepeatableInput> input(new RepeatableInput());
  DS_ASSIGN_OR_RETURN(input->state_, OpenState(flags));
  if (FileSize(flags.file).has_value() && !input->state_.costly) {
    input->file_ = flags;
    input->state_.source.reset();
    return input;
  }
  input->rest_ = std::move(input->state_.source);
  DS_ASSIGN_OR_RETURN(input->copy_, TemporaryFile::Create());
  return input;
}

absl::StatusOr<std::shared_ptr<ByteSource>> RepeatableInput::Open() {
  if (rest_ != nullptr) {
    return std::shared_ptr<ByteSource>(std::make_shared<Replay>(this));
  }
  DS_ASSIGN_OR_RETURN(StateInput state, OpenState(file_));
  return std::move(state.source);
}

OpenSource RepeatableInput::Opening(std::string label) {
  return [this, label = std::move(label),
          pass = 0]() mutable -> absl::StatusOr<std::shared_ptr<ByteSource>> {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source, Open());
    ++pass;
    return WithProgress(
        std::move(source),
        pass == 1 ? label : absl::StrCat(label, ", pass ", pass), size());
  };
}

absl::StatusOr<std::shared_ptr<ByteSource>> RepeatableInput::OpenLast() {
  last_ = true;
  return Open();
}

int WithRepeatableInput(
    const StateInputFlags& flags,
    const std::function<absl::StatusOr<int>(RepeatableInput&)>& run) {
  const absl::StatusOr<std::unique_ptr<RepeatableInput>> input =
      RepeatableInput::Create(flags);
  if (!input.ok()) return PrintFileError(flags.file, input.status());
  const absl::StatusOr<int> result = run(**input);
  return result.ok() ? *result
                     : PrintFileError((*input)->name(), result.status());
}

}  // namespace devstate
