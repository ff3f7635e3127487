// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The walk decodes the wire format itself rather than with protobuf's internal
// classes, and it parses nothing: what a parser says about a message depends on
// its version and build, and it writes to standard error when a string is not
// UTF-8.

#include "devstate/serializer/wire_walk.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/internal/wire_cursor.h"
#include "devstate/serializer/utf8.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::OneofDescriptor;

uint32_t WireTypeOf(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT:
      return kWireFixed32;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE:
      return kWireFixed64;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return kWireLength;
    case FieldDescriptor::TYPE_GROUP:
      return kWireGroup;
    default:
      return kWireVarint;
  }
}

std::string WireTypeName(uint32_t wire_type) {
  switch (wire_type) {
    case kWireVarint:
      return "varint";
    case kWireFixed64:
      return "64-bit";
    case kWireLength:
      return "length-delimited";
    case kWireFixed32:
      return "32-bit";
    default:
      return "group";
  }
}

// Whether a parser keeps the whole value of a varint in a field of this type.
bool VarintFits(uint64_t value, const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BOOL:
      return value <= 1;
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_SINT32:
      return value <= UINT32_MAX;
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM: {
      const int64_t number = static_cast<int64_t>(value);
      return number >= INT32_MIN && number <= INT32_MAX;
    }
    default:
      return true;
  }
}

// Returns the key of a well-formed map entry such that equal keys are equal
// texts: a varint can be written in several ways, and zero can be left out.
std::string KeyOf(absl::string_view entry, const FieldDescriptor& key) {
  const uint32_t own = WireTypeOf(key);
  uint64_t number = 0;
  absl::string_view bytes;
  WireCursor in(entry);
  uint32_t field;
  uint32_t wire_type;
  while (!in.AtEnd() && in.Tag(&field, &wire_type)) {
    if (field != static_cast<uint32_t>(key.number()) || wire_type != own) {
      if (!in.Skip(field, wire_type, 0)) break;
    } else if (own == kWireVarint) {
      in.Varint(&number);
    } else if (own == kWireLength) {
      in.LengthDelimited(&bytes);
    } else {
      in.Bytes(own == kWireFixed32 ? 4 : 8, &bytes);
    }
  }
  if (own == kWireVarint) return absl::StrCat(number);
  const bool zero = own != kWireLength &&
                    bytes.find_first_not_of('\0') == absl::string_view::npos;
  return zero ? "" : std::string(bytes);
}

class Walker {
 public:
  using Visit = absl::FunctionRef<bool(const WireFinding&)>;

  explicit Walker(Visit visit) : visit_(visit) {}

  bool Root(absl::string_view bytes, const Descriptor& root) {
    return Message(bytes, root, nullptr, 1);
  }

 private:
  // The current field, within those that hold it.
  struct Place {
    const Place* outer;
    absl::string_view name;
  };

  // The fields that came before in the current message.
  struct Seen {
    std::set<const FieldDescriptor*> singular;
    std::map<const OneofDescriptor*, const FieldDescriptor*> oneofs;
    std::map<const FieldDescriptor*, std::set<std::string>> keys;
    // Singular fields whose last value has no name.
    std::map<const FieldDescriptor*, int64_t> unnamed;
  };

  bool Message(absl::string_view bytes, const Descriptor& type,
               const Place* outer, int depth) {
    if (depth > WireCursor::kMaxDepth) return false;
    WireCursor in(bytes);
    Seen seen;
    while (!in.AtEnd()) {
      uint32_t number;
      uint32_t wire_type;
      if (!in.Tag(&number, &wire_type)) return false;
      const FieldDescriptor* field =
          type.FindFieldByNumber(static_cast<int>(number));
      if (field == nullptr) {
        if (!in.Skip(number, wire_type, depth)) return false;
        const std::string name = absl::StrCat(number);
        Report(WireFault::kUnknownField, {outer, name},
               absl::StrCat("field ", number), "");
      } else if (!Field(*field, wire_type, {outer, field->name()}, depth, &in,
                        &seen)) {
        return false;
      }
      if (stopped_) return true;
    }
    for (const auto& [field, value] : seen.unnamed) {
      ReportUnnamed(*field, value, {outer, field->name()});
    }
    return true;
  }

  bool Field(const FieldDescriptor& field, uint32_t wire_type,
             const Place& here, int depth, WireCursor* in, Seen* seen) {
    const uint32_t own = WireTypeOf(field);
    const bool packed = field.is_packable() && wire_type == kWireLength;
    if (wire_type != own && !packed) {
      if (!in->Skip(static_cast<uint32_t>(field.number()), wire_type, depth)) {
        return false;
      }
      Report(WireFault::kWireType, here, WireTypeName(wire_type),
             WireTypeName(own));
      return true;
    }
    CheckRepeats(field, here, seen);
    if (wire_type != kWireLength) return Number(field, own, here, in, seen);
    absl::string_view value;
    if (!in->LengthDelimited(&value)) return false;
    if (packed) {
      WireCursor elements(value);
      while (!elements.AtEnd()) {
        if (!Number(field, own, here, &elements, seen)) return false;
      }
      return true;
    }
    if (field.type() == FieldDescriptor::TYPE_STRING && !IsValidUtf8(value)) {
      Report(WireFault::kNotUtf8, here, "other bytes", "string");
    }
    if (field.message_type() == nullptr) return true;
    if (depth == 1 && TravelsInBatches(field)) {
      Report(WireFault::kRecord, here, "records", "");
    }
    if (!Message(value, *field.message_type(), &here, depth + 1)) return false;
    if (field.is_map() &&
        !seen->keys[&field]
             .insert(KeyOf(value, *field.message_type()->map_key()))
             .second) {
      Report(WireFault::kKeyTwice, here, "a key more than once", "once");
    }
    return true;
  }

  void CheckRepeats(const FieldDescriptor& field, const Place& here,
                    Seen* seen) {
    if (field.is_repeated()) return;
    if (!seen->singular.insert(&field).second) {
      Report(field.message_type() != nullptr ? WireFault::kMerged
                                             : WireFault::kTwice,
             here, "more than once", "once");
      return;
    }
    const OneofDescriptor* oneof = field.real_containing_oneof();
    if (oneof == nullptr) return;
    const FieldDescriptor* other =
        seen->oneofs.emplace(oneof, &field).first->second;
    if (other != &field) {
      Report(WireFault::kMerged, here, absl::StrCat("with ", other->name()),
             "once");
    }
  }

  bool Number(const FieldDescriptor& field, uint32_t own, const Place& here,
              WireCursor* in, Seen* seen) {
    absl::string_view bytes;
    if (own == kWireFixed32) return in->Bytes(4, &bytes);
    if (own == kWireFixed64) return in->Bytes(8, &bytes);
    uint64_t value;
    if (!in->Varint(&value)) return false;
    if (!VarintFits(value, field)) {
      Report(WireFault::kOutOfRange, here, absl::StrCat(value),
             std::string(field.type_name()));
    } else if (field.enum_type() != nullptr) {
      CheckNamed(field, static_cast<int64_t>(value), here, seen);
    }
    return true;
  }

  void CheckNamed(const FieldDescriptor& field, int64_t value,
                  const Place& here, Seen* seen) {
    const bool named = field.enum_type()->FindValueByNumber(
                           static_cast<int>(value)) != nullptr;
    if (field.is_repeated()) {
      if (!named) ReportUnnamed(field, value, here);
    } else if (named) {
      seen->unnamed.erase(&field);
    } else {
      seen->unnamed[&field] = value;
    }
  }

  void ReportUnnamed(const FieldDescriptor& field, int64_t value,
                     const Place& place) {
    Report(WireFault::kUnnamedEnumValue, place, absl::StrCat(value),
           std::string(field.enum_type()->full_name()));
  }

  static std::string PathOf(const Place& place) {
    return place.outer == nullptr
               ? std::string(place.name)
               : absl::StrCat(PathOf(*place.outer), ".", place.name);
  }

  void Report(WireFault fault, const Place& place, std::string written,
              std::string read) {
    if (stopped_) return;
    stopped_ =
        !visit_({fault, PathOf(place), std::move(written), std::move(read)});
  }

  const Visit visit_;
  bool stopped_ = false;
};

}  // namespace

bool WalkWire(absl::string_view message, const Descriptor& root,
              absl::FunctionRef<bool(const WireFinding&)> visit) {
  return Walker(visit).Root(message, root);
}

bool TravelsInBatches(const FieldDescriptor& field) {
  return field.is_repeated() && !field.is_map() &&
         field.message_type() != nullptr;
}

}  // namespace devstate
