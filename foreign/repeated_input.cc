// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/repeated_input.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "xxhash.h"

namespace devstate {

class RepeatedInput::Source : public ByteSource {
 public:
  Source(std::shared_ptr<ByteSource> source, absl::optional<uint64_t>* digest)
      : source_(std::move(source)),
        digest_(*digest),
        state_(XXH3_createState()) {
    XXH3_64bits_reset(state_.get());
  }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    DS_ASSIGN_OR_RETURN(const size_t read, source_->Read(buffer, size));
    if (read != 0) {
      XXH3_64bits_update(state_.get(), buffer, read);
      return read;
    }
    const uint64_t digest = XXH3_64bits_digest(state_.get());
    if (!digest_.has_value()) digest_ = digest;
    if (*digest_ != digest) {
      return absl::AbortedError(
          "the input changed while it was read; convert a copy that nobody "
          "writes to");
    }
    return size_t{0};
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  const std::shared_ptr<ByteSource> source_;
  absl::optional<uint64_t>& digest_;
  const std::unique_ptr<XXH3_state_t, Free> state_;
};

absl::StatusOr<std::unique_ptr<ByteSource>> RepeatedInput::Open() {
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source, open_());
  return std::unique_ptr<ByteSource>(
      std::make_unique<Source>(std::move(source), &digest_));
}

}  // namespace devstate
