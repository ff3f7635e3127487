// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Access to the values of a field, whether it is repeated or not and whatever
// the type of its numbers.

#ifndef DEVSTATE_COMPAT_GATE_FIELD_VALUES_H_
#define DEVSTATE_COMPAT_GATE_FIELD_VALUES_H_

#include <string>

#include "absl/numeric/int128.h"
#include "google/protobuf/message.h"

namespace devstate {

// An integer, an enum's number, a bool (0 or 1), a float or a double.
struct Number {
  // Whether `real` is the number, else `integer`.
  bool floating = false;
  // The number if not floating.
  absl::int128 integer = 0;
  // The number if floating.
  double real = 0;

  bool IsZero() const { return floating ? real == 0 : integer == 0; }
};

std::string NumberText(const Number& number);

// Returns whether fields of this type hold numbers.
bool HoldsNumbers(const google::protobuf::FieldDescriptor& field);

// Returns how many values `field` has in `message`. A field without presence
// always has one.
int ValueCount(const google::protobuf::Message& message,
               const google::protobuf::FieldDescriptor& field);

// Returns the value of `field`, or of its element `index` if it is repeated.
Number GetNumber(const google::protobuf::Message& message,
                 const google::protobuf::FieldDescriptor& field, int index);

// Return a string or bytes, and a message, as GetNumber() does.
std::string GetText(const google::protobuf::Message& message,
                    const google::protobuf::FieldDescriptor& field, int index);
const google::protobuf::Message& GetMessage(
    const google::protobuf::Message& message,
    const google::protobuf::FieldDescriptor& field, int index);

// Returns whether the type of `field` holds `number` without any loss. An enum
// holds the numbers that it names.
bool Fits(const Number& number, const google::protobuf::FieldDescriptor& field);

// Sets `field`, or adds an element if it is repeated. Requires: `number` fits.
void SetNumber(const Number& number,
               const google::protobuf::FieldDescriptor& field,
               google::protobuf::Message* message);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_FIELD_VALUES_H_
