// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/codegen/bounds_image.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "devstate/schema/value_set.h"

namespace devstate {
namespace {

using ::absl::int128;

// The bits of the smallest value of type Float that is not below `bound`;
// `sign` -1: of the largest that is not above.
template <typename Float, typename Bits>
uint64_t FloatImage(int128 bound, int sign) {
  const Float infinity = std::numeric_limits<Float>::infinity();
  auto value = static_cast<Float>(bound);
  if (bound == -kUnboundedReal || bound == kUnboundedReal) {
    value = bound < 0 ? -infinity : infinity;
  } else {
    const int128 rounded = static_cast<int128>(value);
    if (sign > 0 ? rounded < bound : rounded > bound) {
      value = std::nextafter(value, static_cast<Float>(sign) * infinity);
    }
  }
  Bits bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

uint64_t Image(const FieldModel& field, const ColumnBounds& bounds,
               int128 bound, int sign) {
  if (bounds.column == ColumnBounds::Column::kNumbers) {
    if (field.column_kind == ValueKind::kFloat) {
      return FloatImage<float, uint32_t>(bound, sign);
    }
    if (field.column_kind == ValueKind::kDouble) {
      return FloatImage<double, uint64_t>(bound, sign);
    }
  }
  return static_cast<uint64_t>(bound);
}

}  // namespace

uint64_t LowImage(const FieldModel& field, const ColumnBounds& bounds) {
  return Image(field, bounds, bounds.values.low, 1);
}

uint64_t HighImage(const FieldModel& field, const ColumnBounds& bounds) {
  return Image(field, bounds, bounds.values.high, -1);
}

std::string ImageLiteral(uint64_t image) {
  return image < 1u << 16 ? absl::StrCat(image)
                          : absl::StrFormat("0x%xu", image);
}

std::string ListLiteral(const ColumnBounds& bounds) {
  return absl::StrJoin(
      *bounds.values.values, ", ", [](std::string* out, int128 value) {
        absl::StrAppend(out, ImageLiteral(static_cast<uint64_t>(value)));
      });
}

}  // namespace devstate
