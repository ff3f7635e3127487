// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/piece_sequence.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {

using Kind = PieceFault::Kind;

template <typename... Parts>
PieceFault Fault(Kind kind, const Parts&... parts) {
  return {kind, absl::StrCat(parts...)};
}

}  // namespace

PieceFault PieceSequence::Declare(uint64_t owner, uint64_t size) {
  if (++owners_ > max_owners_) {
    return Fault(Kind::kOwner, "there are more than ", max_owners_, " owners");
  }
  if (size == 0) return {};
  if (!values_.emplace(owner, Value{size, false}).second) {
    return Fault(Kind::kOwner, "the owner ", owner, " occurs twice");
  }
  return {};
}

PieceFault PieceSequence::Add(uint64_t owner, uint64_t offset,
                              uint64_t length) {
  PieceFault before;
  PieceFault fault;
  const auto value = values_.find(owner);
  const bool known = value != values_.end();
  if (!begun_ || owner_ != owner) {
    if (begun_) before = EndOfValue();
    begun_ = true;
    owner_ = owner;
    end_ = 0;
    if (!known) {
      fault = Fault(Kind::kOwner, "no owner ", owner, " has a value");
    } else if (value->second.begun) {
      fault = Fault(Kind::kOrder, "the value of ", owner,
                    " goes on after another one");
    }
  }
  if (known) value->second.begun = true;
  if (fault.ok() && length == 0) fault = Fault(Kind::kOrder, "it is empty");
  if (fault.ok() && offset != end_) {
    fault = Fault(Kind::kOrder, "it begins at ", offset,
                  ", and the one before ends at ", end_);
  }
  if (fault.ok() && known &&
      length > value->second.size - std::min(offset, value->second.size)) {
    fault = Fault(Kind::kSize, "the value of ", owner, " goes on to ",
                  offset + length, ", its size is ", value->second.size);
  }
  end_ = offset + length;
  return fault.ok() ? before : fault;
}

PieceFault PieceSequence::EndOfValue() const {
  const auto value = values_.find(owner_);
  if (value == values_.end() || end_ == value->second.size) return {};
  return Fault(Kind::kSize, "the value of ", owner_, " ends at ", end_,
               ", its size is ", value->second.size);
}

PieceFault PieceSequence::Finish() const {
  if (begun_) {
    PieceFault fault = EndOfValue();
    if (!fault.ok()) return fault;
  }
  // The smallest, so that the same state has the same fault.
  const std::pair<const uint64_t, Value>* missing = nullptr;
  for (const auto& value : values_) {
    if (!value.second.begun &&
        (missing == nullptr || value.first < missing->first)) {
      missing = &value;
    }
  }
  if (missing == nullptr) return {};
  return Fault(Kind::kSize, "the value of ", missing->first,
               " has no piece, its size is ", missing->second.size);
}

}  // namespace devstate
