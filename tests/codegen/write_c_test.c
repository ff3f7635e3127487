/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The writer and the reader of devstate.h, used from C: what comes back, and
 * what a writer refuses. */
#include <stdlib.h>

#include "devstate/backend/c/c_testing.h"
#include "devstate/devstate.h"
#include "tests/codegen/bounds.devstate-c.h"
#include "tests/codegen/everything.devstate-c.h"

typedef struct buffer {
  char bytes[65536];
  size_t size, position;
} buffer;

static int Write(void* context, const void* data, size_t size) {
  buffer* b = context;
  if (size > sizeof b->bytes - b->size) return devstate_fail("buffer is full");
  memcpy(b->bytes + b->size, data, size);
  b->size += size;
  return 0;
}
static ptrdiff_t Read(void* context, void* data, size_t size) {
  buffer* b = context;
  if (size > b->size - b->position) size = b->size - b->position;
  memcpy(data, b->bytes + b->position, size);
  b->position += size;
  return (ptrdiff_t)size;
}

static devstate_bytes Text(const char* text) {
  const devstate_bytes bytes = {text, strlen(text)};
  return bytes;
}
static bool IsText(devstate_bytes bytes, const char* text) {
  return bytes.size == strlen(text) &&
         memcmp(bytes.data, text, bytes.size) == 0;
}

/* --- What comes back --- */

static const int32_t kNumbers[] = {-1, 5, INT32_MIN};
static const bool kFlags[] = {true, false};

static void WriteEverything(buffer* b) {
  static const uint32_t root_numbers[] = {7, 8};
  devstate_test_everything_everything_parts_entry parts[2] = {0};
  devstate_test_everything_everything root = {0};
  devstate_test_everything_scalars scalars[2] = {0};
  devstate_test_everything_optionals optionals[2] = {0};
  devstate_test_everything_repeateds repeateds = {0};
  devstate_test_everything_part inner_parts[2] = {0};
  devstate_test_everything_nested nested[4] = {0};
  devstate_bytes texts[2];
  devstate_writer* writer = devstate_writer_open(
      &devstate_test_everything_everything_schema, Write, b, NULL);
  EXPECT(writer != NULL);

  root.singular = 12;
  root.color = DEVSTATE_TEST_EVERYTHING_BLUE;
  root.numbers.data = root_numbers;
  root.numbers.count = 2;
  /* Not in the order in which they travel. */
  parts[0].key = Text("z");
  parts[1].key = Text("a");
  parts[1].has_value = true;
  parts[1].value.id = 3;
  root.parts.data = parts;
  root.parts.count = 2;
  root.has_part = true;
  root.part.label = Text("root");
  EXPECT(devstate_test_everything_everything_begin(writer, &root) == 0);

  scalars[1].i64 = INT64_MIN;
  scalars[1].u64 = UINT64_MAX;
  scalars[1].real = 1.5f;
  scalars[1].wide_real = -2.5;
  scalars[1].flag = true;
  scalars[1].text = Text("text");
  scalars[1].data = Text("\xff");
  scalars[1].large = 4;
  EXPECT(devstate_test_everything_everything_add_scalars(writer, scalars, 2) ==
         0);

  optionals[0].has_u32 = true;
  optionals[1].has_text = true;
  optionals[1].text = Text("there");
  optionals[1].has_part = true;
  optionals[1].part.id = 9;
  EXPECT(devstate_test_everything_everything_add_optionals(writer, optionals,
                                                           2) == 0);

  repeateds.i32.data = kNumbers;
  repeateds.i32.count = 3;
  repeateds.flag.data = kFlags;
  repeateds.flag.count = 2;
  texts[0] = Text("one");
  texts[1] = Text("");
  repeateds.text.data = texts;
  repeateds.text.count = 2;
  inner_parts[1].label = Text("second");
  repeateds.parts.data = inner_parts;
  repeateds.parts.count = 2;
  EXPECT(devstate_test_everything_everything_add_repeateds(writer, &repeateds,
                                                           1) == 0);

  nested[1].choice_case = DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_NAME;
  nested[1].choice.name = Text("name");
  nested[2].choice_case = DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_DEEP;
  nested[2].choice.deep.has_innermost = true;
  nested[2].choice.deep.innermost.value = 77;
  nested[3].choice_case = DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_NOTHING;
  nested[3].other_case = DEVSTATE_TEST_EVERYTHING_NESTED_OTHER_REAL;
  nested[3].other.real = 0.5;
  EXPECT(devstate_test_everything_everything_add_nested(writer, nested, 4) ==
         0);
  EXPECT(devstate_writer_finish(writer) == 0);
  devstate_writer_free(writer);
}

static void CheckRoot(const devstate_test_everything_everything* root) {
  size_t i;
  EXPECT(root->singular == 12 && root->color == DEVSTATE_TEST_EVERYTHING_BLUE);
  EXPECT(root->numbers.count == 2 && root->numbers.data[1] == 8);
  EXPECT(root->parts.count == 2);
  for (i = 0; i < root->parts.count; ++i) {
    if (IsText(root->parts.data[i].key, "a")) {
      EXPECT(root->parts.data[i].value.id == 3);
    } else {
      EXPECT(IsText(root->parts.data[i].key, "z"));
    }
  }
  EXPECT(root->has_part && IsText(root->part.label, "root"));
}

static void CheckScalars(const devstate_test_everything_scalars* rows) {
  EXPECT(rows[0].i64 == 0 && !rows[0].flag && rows[0].text.size == 0);
  EXPECT(rows[1].i64 == INT64_MIN && rows[1].u64 == UINT64_MAX);
  EXPECT(rows[1].real == 1.5f && rows[1].wide_real == -2.5 && rows[1].flag);
  EXPECT(IsText(rows[1].text, "text") && IsText(rows[1].data, "\xff"));
  EXPECT(rows[1].large == 4);
}

static void CheckOptionals(const devstate_test_everything_optionals* rows) {
  EXPECT(rows[0].has_u32 && rows[0].u32 == 0 && !rows[0].has_text);
  EXPECT(!rows[1].has_u32 && rows[1].has_text);
  EXPECT(IsText(rows[1].text, "there"));
  EXPECT(rows[1].has_part && rows[1].part.id == 9);
}

static void CheckRepeateds(const devstate_test_everything_repeateds* row) {
  EXPECT(row->i32.count == 3);
  EXPECT(memcmp(row->i32.data, kNumbers, sizeof kNumbers) == 0);
  EXPECT(row->flag.count == 2 && row->flag.data[0] && !row->flag.data[1]);
  EXPECT(row->text.count == 2 && IsText(row->text.data[0], "one"));
  EXPECT(row->parts.count == 2 && IsText(row->parts.data[1].label, "second"));
  EXPECT(row->i64.count == 0 && row->i64.data == NULL);
}

static void CheckNested(const devstate_test_everything_nested* rows) {
  EXPECT(rows[0].choice_case == DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_NOT_SET);
  EXPECT(rows[1].choice_case == DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_NAME);
  EXPECT(IsText(rows[1].choice.name, "name"));
  EXPECT(rows[2].choice_case == DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_DEEP);
  EXPECT(rows[2].choice.deep.innermost.value == 77);
  EXPECT(rows[3].choice_case == DEVSTATE_TEST_EVERYTHING_NESTED_CHOICE_NOTHING);
  EXPECT(rows[3].other_case == DEVSTATE_TEST_EVERYTHING_NESTED_OTHER_REAL);
  EXPECT(rows[3].other.real == 0.5);
}

static void EachFieldComesBackUnderItsName(void) {
  static buffer b;
  const devstate_batch* batch;
  int more, seen = 0;
  devstate_reader* reader;
  WriteEverything(&b);
  reader = devstate_reader_open(&devstate_test_everything_everything_schema,
                                Read, &b, NULL);
  EXPECT(reader != NULL);
  while ((more = devstate_reader_next(reader, &batch)) == 1) {
    ++seen;
    switch (batch->number) {
      case 0:
        EXPECT(batch->count == 1);
        CheckRoot(devstate_test_everything_everything_get(batch));
        break;
      case DEVSTATE_TEST_EVERYTHING_EVERYTHING_SCALARS:
        EXPECT(batch->count == 2);
        CheckScalars(devstate_test_everything_everything_get_scalars(batch));
        break;
      case DEVSTATE_TEST_EVERYTHING_EVERYTHING_OPTIONALS:
        CheckOptionals(
            devstate_test_everything_everything_get_optionals(batch));
        break;
      case DEVSTATE_TEST_EVERYTHING_EVERYTHING_REPEATEDS:
        CheckRepeateds(
            devstate_test_everything_everything_get_repeateds(batch));
        break;
      default:
        EXPECT(batch->count == 4);
        CheckNested(devstate_test_everything_everything_get_nested(batch));
    }
    EXPECT(devstate_test_everything_everything_get_stream(batch) == NULL);
  }
  EXPECT(more == 0 && seen == 5);
  EXPECT(devstate_reader_next(reader, &batch) == 0);
  devstate_reader_free(reader);
}

/* --- What a writer refuses --- */

static devstate_writer* NewWriter(const devstate_schema* schema, buffer* b) {
  devstate_writer* writer;
  b->size = 0;
  writer = devstate_writer_open(schema, Write, b, NULL);
  if (writer == NULL) {
    printf("%s\n", devstate_error());
    exit(1);
  }
  return writer;
}

/* A writer that has written `root`. */
static devstate_writer* NewBegunWriter(const devstate_schema* schema,
                                       const void* root, buffer* b) {
  devstate_writer* writer = NewWriter(schema, b);
  EXPECT(devstate_writer_begin(writer, root) == 0);
  return writer;
}

/* The writer is broken by now: it stays so, and the stream has no trailer. */
static void ExpectBroken(devstate_writer* writer, const char* text) {
  EXPECT(devstate_writer_finish(writer) == DEVSTATE_EINVAL);
  EXPECT_HAS(devstate_error(), text);
  EXPECT(devstate_writer_finish(writer) == DEVSTATE_EINVAL);
  EXPECT(devstate_error_code() == DEVSTATE_EINVAL);
  EXPECT(strcmp(devstate_error_reason(), "") == 0);
  devstate_writer_free(writer);
}

static void ValuesThatTheAnnotationsForbidAreRefused(void) {
  static buffer b;
  const devstate_test_bounds_bounds root = {0};
  devstate_test_bounds_identified identified[3] = {{1}, {0}, {2}};
  devstate_test_bounds_numbers numbers = {0};
  devstate_test_bounds_required required = {0};
  devstate_test_bounds_colors colors = {0};
  devstate_test_bounds_places places = {0};
  devstate_writer* writer =
      NewBegunWriter(&devstate_test_bounds_bounds_schema, &root, &b);
  EXPECT(devstate_test_bounds_bounds_add_identified(writer, identified, 3) ==
         0);
  ExpectBroken(writer, "record 1 of the batch has 0, allowed is at least 1");

  writer = NewBegunWriter(&devstate_test_bounds_bounds_schema, &root, &b);
  numbers.secret = 6;
  EXPECT(devstate_test_bounds_bounds_add_numbers(writer, &numbers, 1) == 0);
  ExpectBroken(writer, "secret: record 0 of the batch has a value");

  writer = NewBegunWriter(&devstate_test_bounds_bounds_schema, &root, &b);
  EXPECT(devstate_test_bounds_bounds_add_required(writer, &required, 1) == 0);
  ExpectBroken(writer,
               "number: record 0 of the batch has 0, allowed is at least 1");

  writer = NewBegunWriter(&devstate_test_bounds_bounds_schema, &root, &b);
  places.choice_case = DEVSTATE_TEST_BOUNDS_PLACES_CHOICE_WORD;
  places.choice.word = Text("long");
  EXPECT(devstate_test_bounds_bounds_add_places(writer, &places, 1) == 0);
  ExpectBroken(writer, "word: occurrence 0 in the batch has 4 bytes");

  writer = NewBegunWriter(&devstate_test_bounds_bounds_schema, &root, &b);
  colors.color = 99;
  EXPECT(devstate_test_bounds_bounds_add_colors(writer, &colors, 1) == 0);
  ExpectBroken(writer,
               "color: record 0 of the batch has 99, allowed are the values");
}

static void StructsThatAreNoneAreRefusedAtOnce(void) {
  static buffer b;
  const devstate_test_everything_everything root = {0};
  devstate_test_everything_nested nested[70];
  devstate_test_everything_scalars scalars = {0};
  devstate_test_everything_repeateds repeateds = {0};
  devstate_test_everything_part part = {0};
  const devstate_schema* schema = &devstate_test_everything_everything_schema;
  devstate_writer* writer = NewWriter(schema, &b);
  memset(nested, 0, sizeof nested);
  nested[68].choice_case = 12;
  EXPECT(devstate_test_everything_everything_begin(writer, &root) == 0);
  EXPECT(devstate_test_everything_everything_add_nested(writer, nested, 70) ==
         DEVSTATE_EINVAL);
  ExpectBroken(writer,
               "nested[68].choice: choice_case is 12, which is none of number, "
               "name, deep, nothing, flag");

  writer = NewBegunWriter(schema, &root, &b);
  scalars.text.size = 3;
  EXPECT(devstate_test_everything_everything_add_scalars(writer, &scalars, 1) ==
         DEVSTATE_EINVAL);
  ExpectBroken(writer, "scalars[0].text: data is NULL and has 3 bytes");

  writer = NewBegunWriter(schema, &root, &b);
  part.label.size = 1;
  repeateds.parts.data = &part;
  repeateds.parts.count = 1;
  EXPECT(devstate_test_everything_everything_add_repeateds(
             writer, &repeateds, 1) == DEVSTATE_EINVAL);
  ExpectBroken(writer, "repeateds[0].parts.label: data is NULL");

  writer = NewBegunWriter(schema, &root, &b);
  EXPECT(devstate_writer_add(writer, 1, &scalars, 1, sizeof scalars) ==
         DEVSTATE_EINVAL);
  ExpectBroken(writer,
               "field 1 of devstate.test.everything.Everything holds "
               "no records");

  writer = NewBegunWriter(schema, &root, &b);
  EXPECT(devstate_test_everything_everything_add_scalars(writer, NULL, 1) ==
         DEVSTATE_EINVAL);
  ExpectBroken(writer, "scalars: rows is NULL");
}

static void ExpectRootRefused(const devstate_test_everything_everything* root,
                              const char* text) {
  static buffer b;
  devstate_writer* writer =
      NewWriter(&devstate_test_everything_everything_schema, &b);
  EXPECT(devstate_writer_begin(writer, root) == DEVSTATE_EINVAL);
  EXPECT_HAS(devstate_error(), text);
  EXPECT(b.size == 0);
  devstate_writer_free(writer);
}

static void RootsThatNoReaderTakesAreRefused(void) {
  devstate_test_everything_everything_parts_entry parts[2] = {0};
  devstate_test_everything_everything root = {0};
  ExpectRootRefused(NULL, "the root is NULL");
  root.color = 17;
  ExpectRootRefused(&root, "color has the value 17, which");
  root.color = 0;
  root.has_part = true;
  root.part.label = Text("\xff");
  ExpectRootRefused(&root,
                    "part.label is not valid UTF-8: no reader would load it");
  root.part.label.data = NULL;
  ExpectRootRefused(&root, "part.label: data is NULL and has 1 bytes");
  root.has_part = false;
  root.parts.count = 2;
  ExpectRootRefused(&root, "parts: data is NULL and has 2 elements");
  root.parts.data = parts;
  parts[0].key = parts[1].key = Text("same");
  ExpectRootRefused(&root, "parts has a key more than once");
}

static void CallsInAnotherOrderAreRefused(void) {
  static buffer b;
  const devstate_test_everything_everything root = {0};
  const devstate_test_everything_scalars scalars = {0};
  const devstate_test_everything_optionals optionals = {0};
  const devstate_schema* schema = &devstate_test_everything_everything_schema;
  devstate_writer* writer = NewWriter(schema, &b);
  EXPECT(devstate_test_everything_everything_add_scalars(writer, &scalars, 1) ==
         DEVSTATE_EINVAL);
  ExpectBroken(writer, "records of scalars before Begin()");

  writer = NewBegunWriter(schema, &root, &b);
  EXPECT(devstate_test_everything_everything_add_optionals(writer, &optionals,
                                                           1) == 0);
  EXPECT(devstate_test_everything_everything_add_scalars(writer, &scalars, 1) ==
         DEVSTATE_EINVAL);
  ExpectBroken(writer, "in ascending order of field number");

  writer = NewBegunWriter(schema, &root, &b);
  EXPECT(devstate_writer_finish(writer) == 0);
  EXPECT(devstate_writer_finish(writer) == DEVSTATE_EINVAL);
  EXPECT_HAS(devstate_error(), "finished already");
  devstate_writer_free(writer);
}

static int Full(void* context, const void* data, size_t size) {
  (void)context;
  (void)data;
  (void)size;
  return DEVSTATE_EIO;
}

static void ASinksErrorComesBack(void) {
  static buffer b;
  const devstate_test_everything_everything root = {0};
  const devstate_schema* schema = &devstate_test_everything_everything_schema;
  devstate_writer* writer = devstate_writer_open(schema, Full, &b, NULL);
  EXPECT(devstate_test_everything_everything_begin(writer, &root) == 0);
  EXPECT(devstate_writer_finish(writer) == DEVSTATE_EDEVICE);
  EXPECT_HAS(devstate_error(), "write() returned -6");
  devstate_writer_free(writer);
}

static void OptionsAreChecked(void) {
  static buffer b;
  const devstate_schema* schema = &devstate_test_everything_everything_schema;
  devstate_schema other = *schema;
  devstate_write_options options = {.size = sizeof options};
  devstate_limits limits = {.size = 1};
  options.compression = "lzma";
  EXPECT(devstate_writer_open(schema, Write, &b, &options) == NULL);
  EXPECT_HAS(devstate_error(), "not a compression");
  options.compression = NULL;
  options.flags = 1u << 31;
  EXPECT(devstate_writer_open(schema, Write, &b, &options) == NULL);
  EXPECT_HAS(devstate_error(), "devstate_write_options.flags");
  options.flags = 0;
  options.limits = &limits;
  EXPECT(devstate_writer_open(schema, Write, &b, &options) == NULL);
  EXPECT_HAS(devstate_error(), "sizeof(devstate_limits)");
  EXPECT(devstate_writer_open(NULL, Write, &b, NULL) == NULL);
  EXPECT_HAS(devstate_error(), "the schema is NULL");
  EXPECT(devstate_writer_open(schema, NULL, &b, NULL) == NULL);
  EXPECT(devstate_reader_open(schema, NULL, &b, NULL) == NULL);
  EXPECT_HAS(devstate_error(), "read is NULL");
  other.abi = 77;
  EXPECT(devstate_reader_open(&other, Read, &b, NULL) == NULL);
  EXPECT_HAS(devstate_error(), "the schema's tables are of version 77");
}

static void LimitsAreKept(void) {
  static buffer b;
  const devstate_batch* batch;
  devstate_limits limits = {.size = sizeof limits};
  devstate_reader* reader;
  int more;
  b.size = 0;
  WriteEverything(&b);
  limits.max_records = 3;
  reader = devstate_reader_open(&devstate_test_everything_everything_schema,
                                Read, &b, &limits);
  while ((more = devstate_reader_next(reader, &batch)) == 1) {
  }
  EXPECT(more == DEVSTATE_ELIMIT && batch == NULL);
  EXPECT_HAS(devstate_error(), "max_records");
  EXPECT(strcmp(devstate_error_reason(), "LIMIT") == 0);
  devstate_reader_free(reader);
}

int main(void) {
  RUN(EachFieldComesBackUnderItsName);
  RUN(ValuesThatTheAnnotationsForbidAreRefused);
  RUN(StructsThatAreNoneAreRefusedAtOnce);
  RUN(RootsThatNoReaderTakesAreRefused);
  RUN(CallsInAnotherOrderAreRefused);
  RUN(ASinksErrorComesBack);
  RUN(OptionsAreChecked);
  RUN(LimitsAreKept);
  return test_failures == 0 ? 0 : 1;
}
