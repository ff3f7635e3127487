// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/message_writer.h"

#include <cstring>

namespace devstate {

MessageWriter::Nested MessageWriter::BeginNested(uint32_t field,
                                                 size_t size_hint) {
  Nested nested;
  nested.tag_position = out_->size();
  WriteTag(field, kWireLength);
  nested.length_position = out_->size();
  out_->Extend(VarintSize(size_hint));
  nested.body_position = out_->size();
  return nested;
}

void MessageWriter::EndNested(const Nested& nested) {
  const size_t size = out_->size() - nested.body_position;
  const bool has_apart =
      !apart_.bytes.empty() && apart_.position >= nested.body_position;
  char length[kMaxVarintSize];
  const size_t length_size =
      EncodeVarint(size + (has_apart ? apart_.bytes.size() : 0), length);
  const size_t room = nested.body_position - nested.length_position;
  if (length_size > room) out_->Extend(length_size - room);
  if (length_size != room) {
    std::memmove(out_->data() + nested.length_position + length_size,
                 out_->data() + nested.body_position, size);
  }
  if (has_apart) apart_.position = apart_.position - room + length_size;
  std::memcpy(out_->data() + nested.length_position, length, length_size);
  out_->ResizeUninitialized(nested.length_position + length_size + size);
}

}  // namespace devstate
