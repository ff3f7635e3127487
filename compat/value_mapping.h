// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The mapping of the values of a field that both schemas have.

#ifndef DEVSTATE_COMPAT_VALUE_MAPPING_H_
#define DEVSTATE_COMPAT_VALUE_MAPPING_H_

#include "devstate/compat/field_mapping.h"
#include "devstate/compat/schema_pair.h"

namespace devstate {

// Completes `mapping`, whose fields are one field in two versions, except for
// the messages that they are made of. Returns false if the reader cannot make
// sense of the values, so that their parts are of no interest.
bool MapValues(const SchemaPair& pair, FieldMapping* mapping);

// Do the parts of MapValues(): annotations that are not bounds, types and
// cardinality (with the same result as MapValues()), and allowed values.
void MapAnnotations(const SchemaPair& pair, FieldMapping* mapping);
bool MapTypes(FieldMapping* mapping);
void MapBounds(FieldMapping* mapping);

// Refuses two fields whose values are not of one unit, encoding and meaning.
void MapMeaning(FieldMapping* mapping);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_VALUE_MAPPING_H_
