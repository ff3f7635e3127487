// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/wire_mutator.h"

#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "devstate/serializer/internal/varint.h"

namespace devstate::fuzz {
namespace {

constexpr int kMaxDepth = 12;

// A field on the wire. `bytes` has the content of a length-delimited or fixed
// one, `value` the number of a varint.
struct WireField {
  uint64_t number = 0;
  uint32_t type = 0;
  uint64_t value = 0;
  std::string bytes;
};

bool ParseFields(const std::string& message, std::vector<WireField>* fields) {
  const char* in = message.data();
  const char* const end = in + message.size();
  while (in != end) {
    WireField field;
    uint64_t tag = 0;
    in = DecodeVarint(in, end, &tag);
    if (in == nullptr || tag >> 3 == 0) return false;
    field.number = tag >> 3;
    field.type = tag & 7;
    if (field.type == kWireVarint) {
      in = DecodeVarint(in, end, &field.value);
      if (in == nullptr) return false;
    } else {
      uint64_t size = field.type == kWireFixed64 ? 8 : 4;
      if (field.type == kWireLength) {
        in = DecodeVarint(in, end, &size);
        if (in == nullptr) return false;
      } else if (field.type != kWireFixed32 && field.type != kWireFixed64) {
        return false;
      }
      if (size > static_cast<uint64_t>(end - in)) return false;
      field.bytes.assign(in, size);
      in += size;
    }
    fields->push_back(std::move(field));
  }
  return true;
}

void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kMaxVarintSize];
  out->append(bytes, EncodeVarint(value, bytes));
}

std::string Join(const std::vector<WireField>& fields) {
  std::string message;
  for (const WireField& field : fields) {
    AppendVarint(field.number << 3 | field.type, &message);
    if (field.type == kWireVarint) {
      AppendVarint(field.value, &message);
      continue;
    }
    if (field.type == kWireLength) AppendVarint(field.bytes.size(), &message);
    message += field.bytes;
  }
  return message;
}

std::string MutateAt(const std::string& message, int depth, Random& random,
                     const ByteMutator& mutate);

void MutateContent(WireField& field, int depth, Random& random,
                   const ByteMutator& mutate) {
  switch (field.type) {
    case kWireVarint:
      field.value = MutateNumber(field.value, random);
      return;
    case kWireLength:
      field.bytes = Below(4, random) == 0
                        ? mutate(std::move(field.bytes))
                        : MutateAt(field.bytes, depth + 1, random, mutate);
      return;
    default:
      field.bytes[Below(field.bytes.size(), random)] ^=
          static_cast<char>(1 << Below(8, random));
  }
}

std::string MutateAt(const std::string& message, int depth, Random& random,
                     const ByteMutator& mutate) {
  std::vector<WireField> fields;
  if (depth > kMaxDepth || !ParseFields(message, &fields)) {
    return mutate(message);
  }
  if (fields.empty()) {
    fields.push_back({1 + Below(20, random), kWireVarint, random() % 300, ""});
    return Join(fields);
  }
  const size_t at = Below(fields.size(), random);
  switch (Below(12, random)) {
    case 0:
      fields.erase(fields.begin() + static_cast<ptrdiff_t>(at));
      break;
    case 1:
      fields.insert(fields.begin() + static_cast<ptrdiff_t>(
                                         Below(fields.size() + 1, random)),
                    WireField(fields[at]));
      break;
    case 2:
      std::swap(fields[at], fields[Below(fields.size(), random)]);
      break;
    case 3:
      fields[at].number = 1 + Below(20, random);
      break;
    case 4: {
      WireField added{1 + Below(20, random), kWireVarint, 0, ""};
      if (random() % 2 == 0) {
        added.value = MutateNumber(0, random);
      } else {
        // What another field has fits a column more often than noise.
        added.type = kWireLength;
        added.bytes = fields[Below(fields.size(), random)].bytes;
      }
      fields.push_back(std::move(added));
      break;
    }
    default:
      MutateContent(fields[at], depth, random, mutate);
  }
  return Join(fields);
}

}  // namespace

uint64_t MutateNumber(uint64_t old, Random& random) {
  constexpr uint64_t kEdges[] = {0,
                                 1,
                                 2,
                                 0x7f,
                                 0x80,
                                 0xff,
                                 0x100,
                                 0x7fff,
                                 0x8000,
                                 0xffff,
                                 uint64_t{1} << 16,
                                 uint64_t{1} << 20,
                                 0x7fffffff,
                                 0x80000000,
                                 0xffffffff,
                                 uint64_t{1} << 32,
                                 INT64_MAX,
                                 uint64_t{1} << 63,
                                 UINT64_MAX};
  switch (Below(5, random)) {
    case 0:
      return kEdges[Below(std::size(kEdges), random)];
    case 1:
      return old + random() % 3 - 1;
    case 2:
      return old ^ uint64_t { 1 } << Below(64, random);
    case 3:
      return random() % 64;
    default:
      return random();
  }
}

std::string MutateWire(const std::string& message, Random& random,
                       const ByteMutator& mutate) {
  return MutateAt(message, 0, random, mutate);
}

}  // namespace devstate::fuzz
