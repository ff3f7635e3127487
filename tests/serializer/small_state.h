// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the golden streams: a small guest on virtio-fs.

#ifndef DEVSTATE_TESTS_SERIALIZER_SMALL_STATE_H_
#define DEVSTATE_TESTS_SERIALIZER_SMALL_STATE_H_

#include <string>

#include "absl/status/status.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::testing {

// A shared directory with some files, two open handles and one mount, in
// several batches. Raw, and without the schema's descriptor set: small enough
// for a commented dump of all its bytes.
absl::Status WriteSmallState(ByteSink* sink);

// The same with a few hundred files more, in chunks that zstd makes smaller,
// and with the descriptor set.
absl::Status WriteCompressedState(ByteSink* sink);

// Everything of a state that a reader hands out, in one line for each record.
class StateText : public devices::fs::v1::FsStateVisitor {
 public:
  absl::Status OnRoot(const devices::fs::v1::FsState& root) override;
  absl::Status OnInodes(devices::fs::v1::InodesBatch& batch) override;
  absl::Status OnHandles(devices::fs::v1::HandlesBatch& batch) override;
  absl::Status OnMountPaths(devices::fs::v1::MountPathsBatch& batch) override;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_SERIALIZER_SMALL_STATE_H_
