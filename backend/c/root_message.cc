// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The root as a struct to its message and back, by the tables alone. A reader
// needs descriptors only to say what is wrong with a message, so what is not
// sure to be right here is left to the walk that has them (wire_walk.h).

#include "devstate/backend/c/root_message.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "devstate/backend/c/struct_table.h"
#include "devstate/backend/c/value_types.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/internal/little_endian.h"
#include "devstate/serializer/internal/wire_cursor.h"
#include "devstate/serializer/utf8.h"
#include "devstate/serializer/wire_fault.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

bool IsRepeated(const devstate_field& field) {
  return field.cardinality == DEVSTATE_REPEATED ||
         field.cardinality == DEVSTATE_MAP;
}

bool IsText(const devstate_field& field) {
  return field.type == DEVSTATE_TYPE_STRING ||
         field.type == DEVSTATE_TYPE_BYTES;
}

bool IsMessage(const devstate_field& field) {
  return field.type == DEVSTATE_TYPE_MESSAGE;
}

uint32_t WireTypeOf(const devstate_field& field) {
  if (IsText(field) || IsMessage(field)) return kWireLength;
  if (field.encoding != DEVSTATE_FIXED) return kWireVarint;
  return ElementSize(field) == 4 ? kWireFixed32 : kWireFixed64;
}

// Calls `visit` with a value of type T, that of the integers of `field`. False
// if it has none.
template <typename Visit>
bool VisitIntegerType(const devstate_field& field, const Visit& visit) {
  return VisitValueType(field, [&](auto type) {
    using T = typename decltype(type)::Type;
    if constexpr (std::is_integral_v<T>) {
      return visit(T());
    } else {
      return false;
    }
  });
}

// Returns `number` as a varint has it.
template <typename T>
uint64_t SignExtended(T number) {
  if constexpr (std::is_signed_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(number));
  } else {
    return number;
  }
}

// Whether `value`, of a field without presence, is what the field is without a
// value. A float is if all of its bits are zero.
bool IsDefault(const devstate_field& field, const char* value) {
  if (IsText(field)) return LoadMember<devstate_bytes>(value).size == 0;
  return std::all_of(value, value + ElementSize(field),
                     [](char byte) { return byte == 0; });
}

// The values of `field` that are present in `row`, one after the other.
devstate_items ValuesIn(const devstate_field& field, const char* row) {
  const char* member = row + field.offset;
  if (IsRepeated(field)) return LoadMember<devstate_items>(member);
  const bool present = field.cardinality == DEVSTATE_ONE
                           ? !IsDefault(field, member)
                           : IsPresent(field, row);
  return {member, present ? size_t{1} : size_t{0}};
}

template <typename T>
bool Less(const char* a, const char* b) {
  return LoadMember<T>(a) < LoadMember<T>(b);
}
template <>
bool Less<devstate_bytes>(const char* a, const char* b) {
  return ToView(LoadMember<devstate_bytes>(a)) <
         ToView(LoadMember<devstate_bytes>(b));
}
template <>
bool Less<MessageValue>(const char*, const char*) {
  return false;
}

// Whether the key of the map entry at `a` comes before that at `b`.
bool KeyLess(const devstate_field& key, const char* a, const char* b) {
  return VisitValueType(key, [&](auto type) {
    return Less<typename decltype(type)::Type>(a + key.offset, b + key.offset);
  });
}

// Puts the elements of `field` into `order`, in which they travel: maps by key.
// Returns false if a map has a key twice.
bool OrderOf(const devstate_field& field, const devstate_items& values,
             std::vector<const char*>* order) {
  const size_t size = ElementSize(field);
  for (size_t i = 0; i < values.count; ++i) {
    order->push_back(static_cast<const char*>(values.data) + i * size);
  }
  if (field.cardinality != DEVSTATE_MAP) return true;
  const devstate_field& key = field.message->fields[0];
  std::stable_sort(
      order->begin(), order->end(),
      [&](const char* a, const char* b) { return KeyLess(key, a, b); });
  return std::adjacent_find(order->begin(), order->end(),
                            [&](const char* a, const char* b) {
                              return !KeyLess(key, a, b);
                            }) == order->end();
}

// --- From structs ---

// A field's place, for errors.
struct Place {
  const Place* outer;
  const char* name;
};

std::string PathOf(const Place& place) {
  return place.outer == nullptr
             ? place.name
             : absl::StrCat(PathOf(*place.outer), ".", place.name);
}

absl::Status Fault(WireFault fault, const Place& place) {
  return absl::InvalidArgumentError(absl::StrCat(
      FaultText({fault, PathOf(place), "", ""}), ": no reader would load it"));
}

// Writes a number without its tag.
void WriteNumber(const devstate_field& field, const char* value,
                 MessageWriter& out) {
  if (field.encoding == DEVSTATE_FIXED) {
    const size_t size = ElementSize(field);
    char* bytes = out.out().Extend(size);
    if (size == sizeof(uint32_t)) {
      StoreLittleEndian(bytes, LoadMember<uint32_t>(value));
    } else {
      StoreLittleEndian(bytes, LoadMember<uint64_t>(value));
    }
    return;
  }
  VisitIntegerType(field, [&](auto type) {
    using T = decltype(type);
    const T number = LoadMember<T>(value);
    if (field.encoding == DEVSTATE_ZIGZAG) {
      out.WriteVarint(ZigZag(static_cast<int64_t>(number)));
    } else {
      out.WriteVarint(SignExtended(number));
    }
    return true;
  });
}

absl::Status WriteFields(const devstate_table& type, const char* row,
                         const Place* outer, bool map_entry,
                         MessageWriter& out);

// Writes a value with its tag.
absl::Status WriteValue(const devstate_field& field, const char* value,
                        const Place& place, MessageWriter& out) {
  if (IsMessage(field)) {
    const MessageWriter::Nested nested = out.BeginNested(field.number, 0);
    DS_RETURN_IF_ERROR(WriteFields(*field.message, value, &place,
                                   field.cardinality == DEVSTATE_MAP, out));
    out.EndNested(nested);
    return absl::OkStatus();
  }
  out.WriteTag(field.number, WireTypeOf(field));
  if (!IsText(field)) {
    WriteNumber(field, value, out);
    return absl::OkStatus();
  }
  const auto bytes = LoadMember<devstate_bytes>(value);
  DS_RETURN_IF_ERROR(
      InField(PathOf(place), CheckData(bytes.data, bytes.size, " bytes")));
  if (field.type == DEVSTATE_TYPE_STRING && !IsValidUtf8(ToView(bytes))) {
    return Fault(WireFault::kNotUtf8, place);
  }
  out.WriteVarint(bytes.size);
  out.out().Append(ToView(bytes));
  return absl::OkStatus();
}

absl::Status WriteField(const devstate_field& field, const char* row,
                        const Place& place, MessageWriter& out) {
  const devstate_items values = ValuesIn(field, row);
  DS_RETURN_IF_ERROR(InField(
      PathOf(place), CheckData(values.data, values.count, " elements")));
  if (values.count == 0) return absl::OkStatus();
  std::vector<const char*> order;
  if (!OrderOf(field, values, &order)) {
    return Fault(WireFault::kKeyTwice, place);
  }
  if ((field.flags & DEVSTATE_PACKED) != 0) {
    const MessageWriter::Nested nested =
        out.BeginNested(field.number, values.count);
    for (const char* value : order) WriteNumber(field, value, out);
    out.EndNested(nested);
    return absl::OkStatus();
  }
  for (const char* value : order) {
    DS_RETURN_IF_ERROR(WriteValue(field, value, place, out));
  }
  return absl::OkStatus();
}

// The fields of a map entry are written even if they are zero.
absl::Status WriteFields(const devstate_table& type, const char* row,
                         const Place* outer, bool map_entry,
                         MessageWriter& out) {
  absl::Status selectors = CheckSelectors(type, row);
  if (!selectors.ok()) {
    return outer == nullptr ? selectors : InMessage(PathOf(*outer), selectors);
  }
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const devstate_field& field = type.fields[i];
    const Place place = {outer, field.name};
    if (!map_entry) {
      DS_RETURN_IF_ERROR(WriteField(field, row, place, out));
    } else if (IsMessage(field) && !IsPresent(field, row)) {
      out.EndNested(out.BeginNested(field.number, 0));
    } else {
      DS_RETURN_IF_ERROR(WriteValue(field, row + field.offset, place, out));
    }
  }
  return absl::OkStatus();
}

// --- To structs ---

bool IsNamed(const devstate_field& field, int64_t value) {
  return std::binary_search(field.enum_values,
                            field.enum_values + field.enum_count, value);
}

// Sets `*number` to what the varint `value` is in `field`. False if it does not
// fit.
template <typename T>
bool FromVarint(const devstate_field& field, uint64_t value, T* number) {
  if constexpr (std::is_same_v<T, bool>) {
    *number = value != 0;
    return value <= 1;
  } else {
    if (field.encoding == DEVSTATE_ZIGZAG) {
      if (sizeof(T) < sizeof(value) && value > UINT32_MAX) return false;
      value = static_cast<uint64_t>(UnZigZag(value));
    }
    *number = static_cast<T>(value);
    return SignExtended(*number) == value &&
           (field.type != DEVSTATE_TYPE_ENUM ||
            IsNamed(field, static_cast<int64_t>(value)));
  }
}

bool ReadNumber(const devstate_field& field, WireCursor* in, char* out) {
  if (field.encoding == DEVSTATE_FIXED) {
    absl::string_view bytes;
    if (!in->Bytes(ElementSize(field), &bytes)) return false;
    if (bytes.size() == sizeof(uint32_t)) {
      StoreMember(LoadLittleEndian<uint32_t>(bytes.data()), out);
    } else {
      StoreMember(LoadLittleEndian<uint64_t>(bytes.data()), out);
    }
    return true;
  }
  uint64_t value;
  if (!in->Varint(&value)) return false;
  return VisitIntegerType(field, [&](auto type) {
    decltype(type) number = {};
    if (!FromVarint(field, value, &number)) return false;
    StoreMember(number, out);
    return true;
  });
}

// A field of a message, in the bytes that say it.
struct Piece {
  uint32_t field;
  // Without the tag. Of a packed field the numbers of all its elements, and how
  // many these are.
  absl::string_view bytes;
  size_t count;
};

// Reads a message of a table's type. Elements are counted before they are read,
// so that they get memory once.
class Reader {
 public:
  Reader(const devstate_table& type, char* row, bool map_entry, Arrays* arrays)
      : type_(type),
        row_(row),
        map_entry_(map_entry),
        arrays_(*arrays),
        counts_(type.field_count) {}

  bool Read(absl::string_view message) {
    WireCursor in(message);
    while (!in.AtEnd()) {
      if (!ReadPiece(&in)) return false;
    }
    return Allocate() && ReadValues();
  }

 private:
  bool ReadPiece(WireCursor* in) {
    uint32_t number;
    uint32_t wire_type;
    if (!in->Tag(&number, &wire_type)) return false;
    const devstate_field* end = type_.fields + type_.field_count;
    const devstate_field* field =
        std::lower_bound(type_.fields, end, number,
                         [](const devstate_field& a, uint32_t wanted) {
                           return a.number < wanted;
                         });
    if (field == end || field->number != number) return false;
    const bool packed = (field->flags & DEVSTATE_PACKED) != 0;
    if (wire_type != (packed ? kWireLength : WireTypeOf(*field))) return false;
    Piece piece = {static_cast<uint32_t>(field - type_.fields), {}, 1};
    if (wire_type == kWireLength) {
      if (!in->LengthDelimited(&piece.bytes)) return false;
    } else if (wire_type == kWireVarint) {
      if (!in->RawVarint(&piece.bytes)) return false;
    } else if (!in->Bytes(ElementSize(*field), &piece.bytes)) {
      return false;
    }
    if (packed) piece.count = PackedCount(*field, piece.bytes);
    counts_[piece.field] += piece.count;
    pieces_.push_back(piece);
    // Parsers merge, or take the last.
    return IsRepeated(*field) || counts_[piece.field] == 1;
  }

  static size_t PackedCount(const devstate_field& field,
                            absl::string_view bytes) {
    if (field.encoding == DEVSTATE_FIXED) {
      return bytes.size() / ElementSize(field);
    }
    return static_cast<size_t>(std::count_if(
        bytes.begin(), bytes.end(),
        [](char byte) { return (static_cast<uint8_t>(byte) & 0x80) == 0; }));
  }

  // Makes the arrays and says what is present.
  bool Allocate() {
    for (uint32_t i = 0; i < type_.field_count; ++i) {
      const devstate_field& field = type_.fields[i];
      // An entry of a map has a value, written or not.
      const bool always = map_entry_ && IsMessage(field);
      if (counts_[i] == 0 && !always) continue;
      char* presence = row_ + field.presence;
      switch (field.cardinality) {
        case DEVSTATE_ONEOF:
          if (LoadMember<int32_t>(presence) != 0) return false;
          StoreMember(static_cast<int32_t>(field.number), presence);
          break;
        case DEVSTATE_OPTIONAL:
          StoreMember(true, presence);
          break;
        case DEVSTATE_REPEATED:
        case DEVSTATE_MAP: {
          const char* array = arrays_.Allocate(counts_[i], ElementSize(field));
          if (array == nullptr) return false;
          StoreMember(devstate_items{array, counts_[i]}, row_ + field.offset);
          break;
        }
        default:
          break;
      }
    }
    return true;
  }

  bool ReadValues() {
    std::fill(counts_.begin(), counts_.end(), size_t{0});
    for (const Piece& piece : pieces_) {
      const devstate_field& field = type_.fields[piece.field];
      char* out = row_ + field.offset;
      if (IsRepeated(field)) {
        // Its own memory, which only the struct calls constant.
        out = static_cast<char*>(
                  const_cast<void*>(LoadMember<devstate_items>(out).data)) +
              counts_[piece.field] * ElementSize(field);
      }
      counts_[piece.field] += piece.count;
      if (!ReadValue(field, piece, out)) return false;
    }
    for (uint32_t i = 0; i < type_.field_count; ++i) {
      const devstate_field& field = type_.fields[i];
      std::vector<const char*> order;
      if (field.cardinality == DEVSTATE_MAP &&
          !OrderOf(field, LoadMember<devstate_items>(row_ + field.offset),
                   &order)) {
        return false;
      }
    }
    return true;
  }

  bool ReadValue(const devstate_field& field, const Piece& piece, char* out) {
    if (IsMessage(field)) {
      const bool entry = field.cardinality == DEVSTATE_MAP;
      return Reader(*field.message, out, entry, &arrays_).Read(piece.bytes);
    }
    if (IsText(field)) {
      StoreMember(devstate_bytes{piece.bytes.data(), piece.bytes.size()}, out);
      return field.type == DEVSTATE_TYPE_BYTES || IsValidUtf8(piece.bytes);
    }
    WireCursor numbers(piece.bytes);
    for (size_t i = 0; i < piece.count; ++i, out += ElementSize(field)) {
      if (!ReadNumber(field, &numbers, out)) return false;
    }
    return numbers.AtEnd();
  }

  const devstate_table& type_;
  char* const row_;
  const bool map_entry_;
  Arrays& arrays_;
  std::vector<Piece> pieces_;
  // Of the elements of each field.
  std::vector<size_t> counts_;
};

void AddFeatures(const devstate_table& type, const char* row,
                 std::set<std::string>* features) {
  for (uint32_t i = 0; i < type.field_count; ++i) {
    const devstate_field& field = type.fields[i];
    const devstate_items values = ValuesIn(field, row);
    if (values.count == 0) continue;
    if (field.feature != nullptr) features->insert(field.feature);
    if (!IsMessage(field)) continue;
    const char* value = static_cast<const char*>(values.data);
    for (size_t j = 0; j < values.count; ++j) {
      AddFeatures(*field.message, value + j * field.message->row_size,
                  features);
    }
  }
}

}  // namespace

char* Arrays::Allocate(size_t count, size_t element_size) {
  // A few bytes of a message can be a large struct. With 32 bits the product
  // does not always fit.
  char* array = nullptr;
  if (element_size == 0 || count <= size_t{PTRDIFF_MAX} / element_size) {
    array = new (std::nothrow) char[count * element_size]();
  }
  exhausted_ |= array == nullptr;
  return arrays_.emplace_back(array).get();
}

absl::Status WriteMessage(const devstate_table& type, const void* row,
                          MessageWriter& out) {
  return WriteFields(type, static_cast<const char*>(row), nullptr, false, out);
}

bool ReadMessage(absl::string_view message, const devstate_table& type,
                 void* row, Arrays* arrays) {
  return Reader(type, static_cast<char*>(row), false, arrays).Read(message);
}

void AddUsedFeatures(const devstate_table& type, const void* row,
                     std::set<std::string>* features) {
  AddFeatures(type, static_cast<const char*>(row), features);
}

}  // namespace devstate::c
