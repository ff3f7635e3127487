// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DECODE_CONTEXT_H_
#define DEVSTATE_SERIALIZER_DECODE_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/row_kind.h"
#include "devstate/serializer/chunk.h"

namespace devstate {

// The surroundings of the columns of one chunk that are decoded. They are the
// chunk and the current field, for error messages, the version of the writer's
// schema, and how much memory the batch may still take. Thread-safety: none.
class DecodeContext {
 public:
  // Requires: `chunk` outlives the context. `schema_version` is the writer's.
  DecodeContext(const Chunk& chunk, const Limits& limits,
                uint32_t schema_version)
      : chunk_(chunk),
        schema_version_(schema_version),
        memory_left_(limits.max_batch_memory) {}

  DecodeContext(const DecodeContext&) = delete;
  DecodeContext& operator=(const DecodeContext&) = delete;

  // Names the current field for as long as the scope lives. Scopes nest.
  class PathScope {
   public:
    // Requires: `name` outlives the scope.
    PathScope(DecodeContext& context, absl::string_view name)
        : context_(context), name_(name), parent_(context.path_) {
      context.path_ = this;
    }
    ~PathScope() { context_.path_ = parent_; }

    PathScope(const PathScope&) = delete;
    PathScope& operator=(const PathScope&) = delete;

   private:
    friend class DecodeContext;
    DecodeContext& context_;
    const absl::string_view name_;
    const PathScope* const parent_;
  };

  uint32_t schema_version() const { return schema_version_; }

  // Returns whether the message that has the current field is a record or a
  // part of one. The first name is that of the batch.
  RowKind row_kind() const {
    return path_ == nullptr || path_->parent_ == nullptr ||
                   path_->parent_->parent_ == nullptr
               ? RowKind::kRecord
               : RowKind::kOccurrence;
  }

  // Returns how deep the message lies whose columns are decoded: 1 for a
  // record.
  int depth() const {
    int depth = 0;
    for (const PathScope* p = path_; p != nullptr; p = p->parent_) ++depth;
    return depth;
  }

  // Returns an error about the current field.
  absl::Status Error(ErrorReason reason, absl::string_view message) const;

  // Charges `count` values that count for `value_size` bytes each, at least 1,
  // to max_batch_memory. LIMIT if that is spent. Call it before memory is taken
  // for the values.
  absl::Status ChargeMemory(uint64_t count, size_t value_size);

 private:
  static std::string PathText(const PathScope* path);

  const Chunk& chunk_;
  const uint32_t schema_version_;
  uint64_t memory_left_;
  const PathScope* path_ = nullptr;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DECODE_CONTEXT_H_
