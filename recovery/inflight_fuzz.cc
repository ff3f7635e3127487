// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the memory of a queue's requests in flight, which a front-end
// has kept and may have changed. An input is
//   byte 0       bit 0: packed, bit 1: whether the ring's descriptors are
//                available, bit 2: the wrap counter; from bit 3 on: how many
//                descriptors fewer the ring has than the memory
//   bytes 1, 2   the used index of the ring, little-endian
//   then         the memory

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/recovery/inflight_layout.h"
#include "devstate/recovery/packed_inflight.h"
#include "devstate/recovery/split_inflight.h"
#include "fuzz/promise.h"

namespace devstate::recovery {
namespace {

using ::devstate::fuzz::Promise;
using virtqueue::PackedPlace;

constexpr size_t kMaxEntries = 256;

struct Input {
  bool packed = false;
  bool available = false;
  PackedPlace used;
  uint16_t capacity = 0;
  uint32_t ring_size = 0;
  // Words keep it aligned.
  std::vector<uint64_t> memory;

  char* bytes() { return reinterpret_cast<char*>(memory.data()); }
};

Input Parse(absl::string_view bytes) {
  Input input;
  const auto flags = static_cast<uint8_t>(bytes[0]);
  input.packed = (flags & 1) != 0;
  input.available = (flags & 2) != 0;
  input.used.wrap = (flags & 4) != 0;
  uint16_t used;
  std::memcpy(&used, bytes.data() + 1, sizeof(used));
  bytes.remove_prefix(3);
  const size_t header = input.packed ? sizeof(PackedInflightHeader)
                                     : sizeof(SplitInflightHeader);
  const size_t entry = input.packed ? sizeof(PackedInflightEntry)
                                    : sizeof(SplitInflightEntry);
  size_t entries = bytes.size() > header ? (bytes.size() - header) / entry : 0;
  entries = std::max<size_t>(1, std::min(entries, kMaxEntries));
  input.capacity = static_cast<uint16_t>(entries);
  input.ring_size = static_cast<uint32_t>(
      std::max<size_t>(1, entries - std::min<size_t>(flags >> 3, entries)));
  input.used.index = input.packed
                         ? static_cast<uint16_t>(used % input.ring_size)
                         : used;
  input.memory.resize(InflightStride(input.packed, input.capacity) / 8);
  std::memcpy(input.bytes(), bytes.data(),
              std::min(bytes.size(), input.memory.size() * 8));
  return input;
}

// Recovers from the memory, and records one request more if `take` is set and
// there is room for it.
absl::StatusOr<std::vector<InflightRequest>> Recover(Input& input, bool take,
                                                     bool* taken) {
  if (input.packed) {
    PackedInflight queue(input.bytes(), input.capacity);
    PackedPlace place = input.used;
    auto found = queue.Recover(
        input.ring_size, [&input](PackedPlace) { return input.available; },
        &place);
    if (!found.ok()) return found;
    Promise(place.index < input.ring_size, "a place is one of the ring");
    size_t descriptors = 0;
    std::set<uint16_t> ids;
    for (const InflightRequest& request : *found) {
      descriptors += request.chain.descriptors.size();
      ids.insert(request.chain.id);
    }
    Promise(descriptors <= input.ring_size, "the chains fit the ring");
    input.used = place;
    if (!take || descriptors == input.ring_size) return found;
    queue.Begin();
    virtqueue::Chain chain;
    chain.descriptors = {{1, 2, 0}};
    queue.Take(chain);
    *taken = true;
    return found;
  }
  SplitInflight queue(input.bytes(), input.capacity);
  auto found = queue.Recover(input.ring_size, input.used.index);
  if (!found.ok()) return found;
  std::set<uint16_t> heads;
  for (const InflightRequest& request : *found) {
    Promise(request.entry < input.ring_size, "a head is one of the ring");
    Promise(heads.insert(request.entry).second, "a head is in flight once");
  }
  if (!take) return found;
  for (uint16_t head = 0; head < input.ring_size; ++head) {
    if (heads.count(head) != 0) continue;
    queue.Begin();
    queue.Take(head);
    *taken = true;
    break;
  }
  return found;
}

// Counters that go on for ever are not as far apart as memory may say.
bool MayGoOn(const std::vector<InflightRequest>& requests) {
  return requests.empty() ||
         requests.back().counter - requests.front().counter < uint64_t{1} << 61;
}

void Run(absl::string_view bytes) {
  if (bytes.size() < 3) return;
  Input input = Parse(bytes);
  const std::vector<uint64_t> before = input.memory;
  bool taken = false;
  const auto found = Recover(input, /*take=*/false, &taken);
  if (!found.ok()) {
    Promise(input.memory == before, "memory that is refused is not changed",
            found.status().ToString());
    return;
  }
  const auto again = Recover(input, /*take=*/true, &taken);
  Promise(again.ok() && again->size() == found->size(),
          "what was recovered is recovered again", again.status().ToString());
  for (size_t i = 0; i < found->size(); ++i) {
    Promise((*found)[i].entry == (*again)[i].entry,
            "what was recovered is recovered again");
  }
  if (!taken || !MayGoOn(*found)) return;
  const auto more = Recover(input, /*take=*/false, &taken);
  Promise(more.ok() && more->size() == found->size() + 1,
          "what is taken is in flight after a crash", more.status().ToString());
}

}  // namespace
}  // namespace devstate::recovery

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::recovery::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
