// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a record type is to whoever has only its descriptor: which fields travel
// in batches, how often a field occurs, and how large the row would be that
// generated code has for it.

#ifndef DEVSTATE_SCHEMA_RECORD_LAYOUT_H_
#define DEVSTATE_SCHEMA_RECORD_LAYOUT_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Most columns of a record, those of nested messages included at each place
// where these occur, and how deep messages nest.
inline constexpr int kMaxRecordColumns = 16384;
inline constexpr int kMaxRecordDepth = 64;

// INVALID_ARGUMENT, with the field's name, if records of this type cannot
// travel in columns: they contain themselves, are not of proto3, or exceed the
// limits above. Takes time for kMaxRecordColumns fields at most. All functions
// and classes of this package that take a record type want one that passes.
absl::Status CheckRecordType(const google::protobuf::Descriptor& record);

// Whether the elements of a root message's field travel in batches: repeated
// messages that are no map entries.
bool TravelsInBatches(const google::protobuf::FieldDescriptor& field);

// Whether the field occurs exactly once in each record: a proto3 scalar without
// presence.
bool OccursOnce(const google::protobuf::FieldDescriptor& field);

// In ascending order of number, the order of columns.
std::vector<const google::protobuf::FieldDescriptor*> FieldsByNumber(
    const google::protobuf::Descriptor& message);

// sizeof of the generated …Row of `record`, and of one element of a repeated
// `field`, with a 64-bit C++ compiler. Memory limits and the ends of batches
// follow from it, so whoever has no generated code must know it as well.
size_t RowSize(const google::protobuf::Descriptor& record);
size_t ElementSize(const google::protobuf::FieldDescriptor& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_RECORD_LAYOUT_H_
