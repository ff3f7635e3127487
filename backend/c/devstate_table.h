/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the C code generated from a schema consists of: constant tables over the
 * members of plain structs. A back-end's author needs none of it by name.
 *
 * These structs lie in arrays, so they cannot grow, but for devstate_schema, of
 * which `abi` says what it has. The library reads tables of its own
 * DEVSTATE_TABLE_ABI and of 2, and refuses others.
 */
#ifndef DEVSTATE_DEVSTATE_TABLE_H_
#define DEVSTATE_DEVSTATE_TABLE_H_

#include <stddef.h>
#include <stdint.h>

#define DEVSTATE_TABLE_ABI 3

#ifdef __cplusplus
extern "C" {
#endif

/* Strings and bytes, borrowed. `data` may be NULL if `size` is 0. */
typedef struct devstate_bytes {
  const void* data;
  size_t size;
} devstate_bytes;

/* What the library takes each repeated field for, whose generated member says
 * the type of its elements. */
typedef struct devstate_items {
  const void* data;
  size_t count;
} devstate_items;

/* What a value of a field is in a row. */
enum {
  DEVSTATE_TYPE_BOOL = 1, /* bool */
  DEVSTATE_TYPE_INT32,    /* int32_t */
  DEVSTATE_TYPE_INT64,
  DEVSTATE_TYPE_UINT32,
  DEVSTATE_TYPE_UINT64,
  DEVSTATE_TYPE_FLOAT,
  DEVSTATE_TYPE_DOUBLE,
  DEVSTATE_TYPE_ENUM,   /* int32_t */
  DEVSTATE_TYPE_STRING, /* devstate_bytes of UTF-8 */
  DEVSTATE_TYPE_BYTES,  /* devstate_bytes */
  DEVSTATE_TYPE_MESSAGE /* the row of devstate_field.message */
};

/* How often a field occurs in a row. */
enum {
  DEVSTATE_ONE = 0,  /* always */
  DEVSTATE_OPTIONAL, /* if the bool at `presence` is true */
  DEVSTATE_ONEOF,    /* if the int32_t at `presence` is the field's number */
  DEVSTATE_REPEATED, /* devstate_items */
  DEVSTATE_MAP /* devstate_items of entries, whose first field is the key */
};

/* How the numbers of a field are written in a message. */
enum {
  DEVSTATE_VARINT = 0,
  DEVSTATE_ZIGZAG, /* a varint with the sign last */
  DEVSTATE_FIXED   /* all bytes of the type */
};

/* Of a field, too. */
enum {
  DEVSTATE_PACKED = 1 << 0,    /* repeated numbers are written without tags */
  DEVSTATE_MORE_RULES = 1 << 1 /* it has annotations that `bounds` cannot say */
};

/* Of a field, the numbers that devstate_bounds are about. */
enum {
  DEVSTATE_COUNTS = 0, /* how often it occurs in each row */
  DEVSTATE_NUMBERS,    /* its values */
  DEVSTATE_LENGTHS     /* the sizes of its values in bytes */
};

enum {
  DEVSTATE_BOUNDED = 1 << 0, /* from `low` to `high` */
  DEVSTATE_NOT_ZERO = 1 << 1,
  DEVSTATE_POWER_OF_TWO = 1 << 2,
  DEVSTATE_MAY_BE_UNUSED = 1 << 3, /* zero is allowed as well */
  DEVSTATE_REQUIRED = 1 << 4,      /* zero means that it is missing */
  DEVSTATE_SENSITIVE = 1 << 5      /* errors do not show the value */
};

/* What the annotations of a field allow. */
typedef struct devstate_bounds {
  const char* allowed; /* in words */
  const char* unit;    /* after a value, in errors */
  uint64_t low, high; /* integers extended to 64 bits, or the bits of a float */
  const uint64_t* one_of;
  uint32_t one_of_count;
  uint32_t since; /* states of older versions are not checked */
  uint32_t column;
  uint32_t flags;
} devstate_bounds;

typedef struct devstate_table devstate_table;

typedef struct devstate_field {
  const char* name;
  uint32_t number;
  uint32_t type;
  uint32_t cardinality;
  uint32_t offset;     /* of its member in the row */
  uint32_t presence;   /* of what says whether it is there */
  uint32_t value_size; /* what an element counts for; 0 unless repeated */
  uint32_t bounds_count;
  uint32_t enum_count;
  const devstate_bounds* bounds;
  const int32_t* enum_values;    /* ascending */
  const devstate_table* message; /* of DEVSTATE_TYPE_MESSAGE */
  const char* feature;           /* that the field belongs to, or NULL */
  uint32_t encoding;
  uint32_t flags;
} devstate_field;

typedef struct devstate_oneof {
  const char* name;
  const char* member_names;
  const uint32_t* members; /* indices of its fields */
  uint32_t member_count;
  uint32_t selector; /* offset of the int32_t that says which */
} devstate_oneof;

/* A message as a struct. */
struct devstate_table {
  uint32_t row_size;    /* of the struct */
  uint32_t record_size; /* what a record counts for (docs/stream_format.md) */
  uint32_t field_count;
  uint32_t oneof_count;
  const devstate_field* fields; /* ascending by number */
  const devstate_oneof* oneofs;
};

/* The records of a field that are pieces of longer values, which the records of
 * another one own. Fields of records are indices into devstate_table.fields. */
typedef struct devstate_pieces {
  const char* name;
  const char* owners_name;
  uint64_t max_owners;
  uint32_t field;
  uint32_t owners_field;
  uint16_t owner, offset, data; /* of a piece */
  uint16_t id, size;            /* of an owner */
} devstate_pieces;

/* A schema. Constant data: each root message has one. */
typedef struct devstate_schema {
  uint32_t abi; /* DEVSTATE_TABLE_ABI */
  uint32_t version;
  uint32_t min_reader;
  uint32_t record_count;
  const char* name;
  const char* device;
  const char* root_message;
  devstate_bytes fingerprint;
  devstate_bytes descriptor_set; /* a zstd frame */
  const devstate_table* root;    /* the singular fields */
  const devstate_field* records; /* the fields that hold records, ascending */
  /* From abi 3 on. */
  const devstate_pieces* pieces; /* ascending by field */
  uint32_t pieces_count;
} devstate_schema;

#ifdef __cplusplus
}
#endif

#endif /* DEVSTATE_DEVSTATE_TABLE_H_ */
