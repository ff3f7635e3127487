// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/number_column.h"

#include <utility>

#include "devstate/serializer/internal/map_keys.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

template <typename T>
NumbersView NumberColumnBuilder<T>::Stored(BoundsEntry::Column column) const {
  if (column != BoundsEntry::Column::kNumbers) return {};
  return {Traits::kType, bits_.data(), bits_.size(), /*constant=*/false};
}

template <typename T>
size_t NumberColumnBuilder<T>::FirstRowWithKeyTwice(
    absl::Span<const uint32_t> counts) const {
  return devstate::FirstRowWithKeyTwice(
      counts, std::vector<Bits>(stored().begin(), stored().end()));
}

template <typename T>
absl::Status NumberColumnReader<T>::Decode(absl::string_view column,
                                           size_t count,
                                           DecodeContext& context) {
  bool constant;
  DS_RETURN_IF_ERROR(DecodeNumbers<Bits>(column, Traits::kKind, count, context,
                                         bits_, &constant));
  mask_ = constant ? 0 : ~size_t{0};
  if constexpr (std::is_same_v<T, bool>) {
    for (size_t i = 0; i < bits_.size(); ++i) {
      if (bits_[i] > 1) {
        return context.Error(ERROR_REASON_MALFORMED,
                             "a bool is neither 0 nor 1");
      }
    }
  }
  return absl::OkStatus();
}

template <typename T>
std::vector<typename NumberColumnReader<T>::Bits> NumberColumnReader<T>::Values(
    size_t count) const {
  std::vector<Bits> values;
  values.reserve(count);
  for (size_t i = 0; i < count; ++i) values.push_back(bits_[i & mask_]);
  return values;
}

template <typename T>
uint64_t NumberColumnReader<T>::Sum(size_t count) const {
  if (mask_ == 0) return uint64_t{bits_[0]} * count;
  uint64_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += bits_[i];
  return sum;
}

template <typename T>
NumbersView NumberColumnReader<T>::Stored(BoundsEntry::Column column,
                                          size_t count) const {
  if (column != BoundsEntry::Column::kNumbers) return {};
  const auto bits = stored(count);
  return {Traits::kType, bits.data(), bits.size(), /*constant=*/mask_ == 0};
}

template <typename T>
size_t NumberColumnReader<T>::FirstRowWithKeyTwice(
    absl::Span<const uint32_t> counts) const {
  size_t total = 0;
  for (const uint32_t count : counts) total += count;
  return devstate::FirstRowWithKeyTwice(counts, Values(total));
}

template <typename T>
void NumberColumnReader<T>::AppendKeys(absl::Span<std::string> keys) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    const Bits bits = bits_[i & mask_];
    keys[i].append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
}

#define DEVSTATE_INSTANTIATE(T)          \
  template class NumberColumnBuilder<T>; \
  template class NumberColumnReader<T>
DEVSTATE_INSTANTIATE(bool);
DEVSTATE_INSTANTIATE(int32_t);
DEVSTATE_INSTANTIATE(int64_t);
DEVSTATE_INSTANTIATE(uint32_t);
DEVSTATE_INSTANTIATE(uint64_t);
DEVSTATE_INSTANTIATE(float);
DEVSTATE_INSTANTIATE(double);
#undef DEVSTATE_INSTANTIATE

}  // namespace devstate
