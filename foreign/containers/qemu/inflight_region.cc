// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/inflight_region.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "devstate/foreign/containers/qemu/state_chunks.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Back-ends round what a queue takes up to this. The packed header has three
// bytes of padding, which they do not count, and which always fit.
constexpr size_t kAlignment = 64;
constexpr size_t kSplitHeader = 16;
constexpr size_t kSplitEntry = 16;
constexpr size_t kPackedHeader = 32;
constexpr size_t kUnpaddedPackedHeader = 29;
constexpr size_t kPackedEntry = 32;

// Places in a header of either kind.
constexpr size_t kVersionAt = 8;
constexpr size_t kSizeAt = 10;
constexpr size_t kSplitUsedAt = 14;
constexpr size_t kPackedUsedAt = 16;

size_t RoundUp(size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

// Numbers have the byte order of the machine that wrote them.
class Numbers {
 public:
  Numbers(absl::string_view bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  uint64_t Get(size_t at, size_t size) const {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t byte = big_endian_ ? at + i : at + size - 1 - i;
      value = value << 8 | static_cast<uint8_t>(bytes_[byte]);
    }
    return value;
  }
  uint16_t U16(size_t at) const { return static_cast<uint16_t>(Get(at, 2)); }

 private:
  const absl::string_view bytes_;
  const bool big_endian_;
};

// Whether each queue of this stride has a header that a back-end writes.
bool HeadersFit(absl::string_view region, size_t stride, uint16_t queue_size,
                bool big_endian) {
  if (region.size() % stride != 0) return false;
  const Numbers numbers(region, big_endian);
  for (size_t at = 0; at < region.size(); at += stride) {
    const uint16_t version = numbers.U16(at + kVersionAt);
    const uint16_t size = numbers.U16(at + kSizeAt);
    if (numbers.Get(at, 8) != 0 || version > 1 ||
        (size != queue_size && (version != 0 || size != 0))) {
      return false;
    }
  }
  return true;
}

class Parser {
 public:
  Parser(absl::string_view region, uint16_t queue_size, bool packed,
         bool big_endian)
      : region_(region),
        queue_size_(queue_size),
        packed_(packed),
        numbers_(region, big_endian) {}

  absl::StatusOr<InflightQueue> Queue(size_t start) const {
    InflightQueue queue;
    queue.version = numbers_.U16(start + kVersionAt);
    queue.used_index =
        numbers_.U16(start + (packed_ ? kPackedUsedAt : kSplitUsedAt));
    // A ring that was never started has nothing, whatever its memory held.
    if (queue.version == 0) return queue;
    std::vector<bool> taken(packed_ ? queue_size_ : 0);
    for (uint16_t head = 0; head < queue_size_; ++head) {
      const size_t at = Entry(start, head);
      const auto inflight = static_cast<uint8_t>(region_[at]);
      if (inflight > 1) {
        return QemuFileError(at, absl::StrCat("the mark of a request in flight "
                                              "is ",
                                              inflight, ", expected 0 or 1"));
      }
      if (inflight == 0) continue;
      InflightRequest request;
      request.head = head;
      request.counter = numbers_.Get(at + 8, 8);
      if (packed_) {
        DS_RETURN_IF_ERROR(ReadChain(start, at, &request, &taken));
      }
      queue.requests.push_back(std::move(request));
    }
    std::sort(queue.requests.begin(), queue.requests.end(),
              [](const InflightRequest& a, const InflightRequest& b) {
                return a.counter < b.counter;
              });
    const auto twice = std::adjacent_find(
        queue.requests.begin(), queue.requests.end(),
        [](const InflightRequest& a, const InflightRequest& b) {
          return a.counter == b.counter;
        });
    if (twice != queue.requests.end()) {
      return QemuFileError(
          Entry(start, twice->head),
          absl::StrCat("two requests in flight have the counter ",
                       twice->counter, ", so their order is not known"));
    }
    return queue;
  }

 private:
  size_t Entry(size_t start, uint16_t index) const {
    return packed_ ? start + kPackedHeader + index * kPackedEntry
                   : start + kSplitHeader + index * kSplitEntry;
  }

  // Follows the list of the chain's entries. `taken` has those of all chains,
  // of which each has its own: what is read is never more than the region.
  absl::Status ReadChain(size_t start, size_t head_at, InflightRequest* request,
                         std::vector<bool>* taken) const {
    const uint16_t count = numbers_.U16(head_at + 6);
    if (count == 0 || count > queue_size_) {
      return QemuFileError(
          head_at, absl::StrCat("a request in flight has ", count,
                                " descriptors, expected 1 to ", queue_size_));
    }
    uint16_t index = request->head;
    for (uint16_t i = 0; i < count; ++i) {
      if (index >= queue_size_) {
        return QemuFileError(
            head_at, absl::StrCat("a request in flight goes on at descriptor ",
                                  index, " of ", queue_size_));
      }
      if ((*taken)[index]) {
        return QemuFileError(
            head_at, absl::StrCat("a request in flight goes on at descriptor ",
                                  index, ", which belongs to one already"));
      }
      (*taken)[index] = true;
      const size_t at = Entry(start, index);
      request->descriptors.push_back(
          {numbers_.Get(at + 24, 8),
           static_cast<uint32_t>(numbers_.Get(at + 20, 4)),
           numbers_.U16(at + 18), numbers_.U16(at + 16)});
      index = numbers_.U16(at + 2);
    }
    return absl::OkStatus();
  }

  const absl::string_view region_;
  const uint16_t queue_size_;
  const bool packed_;
  const Numbers numbers_;
};

}  // namespace

uint64_t InflightRegion::requests() const {
  uint64_t count = 0;
  for (const InflightQueue& queue : queues) count += queue.requests.size();
  return count;
}

absl::StatusOr<InflightRegion> ParseInflightRegion(absl::string_view region,
                                                   uint16_t queue_size) {
  for (const bool packed : {false, true}) {
    const size_t stride =
        packed ? RoundUp(kUnpaddedPackedHeader + kPackedEntry * queue_size)
               : RoundUp(kSplitHeader + kSplitEntry * queue_size);
    for (const bool big_endian : {false, true}) {
      if (queue_size == 0 || region.empty() ||
          !HeadersFit(region, stride, queue_size, big_endian)) {
        continue;
      }
      InflightRegion result;
      result.packed = packed;
      result.big_endian = big_endian;
      const Parser parser(region, queue_size, packed, big_endian);
      for (size_t at = 0; at < region.size(); at += stride) {
        DS_ASSIGN_OR_RETURN(InflightQueue queue, parser.Queue(at));
        result.queues.push_back(std::move(queue));
      }
      return result;
    }
  }
  return QemuFileError(
      0, absl::StrCat("a region of ", region.size(),
                      " bytes is not one of requests in flight in queues of ",
                      queue_size));
}

}  // namespace devstate
