/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The layout of each struct in the public headers, with 64 bits and on i386.
 * What does not compile here breaks programs that are compiled already. A new
 * member comes last and gets its line, and the size of its struct grows. */

#include <stdio.h>

#include "devstate/devstate.h"

#if defined(__LP64__)
#define PICK(on64, on_i386) on64
#elif defined(__i386__)
#define PICK(on64, on_i386) on_i386
#endif

#ifdef PICK
#define AT(type, member, on64, on_i386)                             \
  _Static_assert(offsetof(type, member) == PICK(on64, on_i386),     \
                 #type "." #member                                  \
                       " has moved: put new members at the end of " \
                       "the struct, and keep the types of others")
#define SIZE(type, on64, on_i386)                                            \
  _Static_assert(sizeof(type) == PICK(on64, on_i386), #type                  \
                 " has another size: if members were added at its end, add " \
                 "them here")

AT(devstate_bytes, data, 0, 0);
AT(devstate_bytes, size, 8, 4);
SIZE(devstate_bytes, 16, 8);

AT(devstate_items, data, 0, 0);
AT(devstate_items, count, 8, 4);
SIZE(devstate_items, 16, 8);

AT(devstate_bounds, allowed, 0, 0);
AT(devstate_bounds, unit, 8, 4);
AT(devstate_bounds, low, 16, 8);
AT(devstate_bounds, high, 24, 16);
AT(devstate_bounds, one_of, 32, 24);
AT(devstate_bounds, one_of_count, 40, 28);
AT(devstate_bounds, since, 44, 32);
AT(devstate_bounds, column, 48, 36);
AT(devstate_bounds, flags, 52, 40);
SIZE(devstate_bounds, 56, 44);

AT(devstate_field, name, 0, 0);
AT(devstate_field, number, 8, 4);
AT(devstate_field, type, 12, 8);
AT(devstate_field, cardinality, 16, 12);
AT(devstate_field, offset, 20, 16);
AT(devstate_field, presence, 24, 20);
AT(devstate_field, value_size, 28, 24);
AT(devstate_field, bounds_count, 32, 28);
AT(devstate_field, enum_count, 36, 32);
AT(devstate_field, bounds, 40, 36);
AT(devstate_field, enum_values, 48, 40);
AT(devstate_field, message, 56, 44);
AT(devstate_field, feature, 64, 48);
AT(devstate_field, encoding, 72, 52);
AT(devstate_field, flags, 76, 56);
SIZE(devstate_field, 80, 60);

AT(devstate_oneof, name, 0, 0);
AT(devstate_oneof, member_names, 8, 4);
AT(devstate_oneof, members, 16, 8);
AT(devstate_oneof, member_count, 24, 12);
AT(devstate_oneof, selector, 28, 16);
SIZE(devstate_oneof, 32, 20);

AT(devstate_table, row_size, 0, 0);
AT(devstate_table, record_size, 4, 4);
AT(devstate_table, field_count, 8, 8);
AT(devstate_table, oneof_count, 12, 12);
AT(devstate_table, fields, 16, 16);
AT(devstate_table, oneofs, 24, 20);
SIZE(devstate_table, 32, 24);

AT(devstate_schema, abi, 0, 0);
AT(devstate_schema, version, 4, 4);
AT(devstate_schema, min_reader, 8, 8);
AT(devstate_schema, record_count, 12, 12);
AT(devstate_schema, name, 16, 16);
AT(devstate_schema, device, 24, 20);
AT(devstate_schema, root_message, 32, 24);
AT(devstate_schema, fingerprint, 40, 28);
AT(devstate_schema, descriptor_set, 56, 36);
AT(devstate_schema, root, 72, 44);
AT(devstate_schema, records, 80, 48);
AT(devstate_schema, pieces, 88, 52);
AT(devstate_schema, pieces_count, 96, 56);
SIZE(devstate_schema, 104, 60);

AT(devstate_limits, size, 0, 0);
AT(devstate_limits, max_header_bytes, 4, 4);
AT(devstate_limits, max_chunk_stored_bytes, 8, 8);
AT(devstate_limits, max_chunk_decoded_bytes, 12, 12);
AT(devstate_limits, max_chunk_records, 16, 16);
AT(devstate_limits, max_chunks, 20, 20);
AT(devstate_limits, max_expansion, 24, 24);
AT(devstate_limits, max_batch_memory, 32, 28);
AT(devstate_limits, max_records, 40, 36);
AT(devstate_limits, max_decoded_bytes, 48, 44);
SIZE(devstate_limits, 56, 52);

AT(devstate_write_options, size, 0, 0);
AT(devstate_write_options, flags, 4, 4);
AT(devstate_write_options, implementation, 8, 8);
AT(devstate_write_options, implementation_version, 16, 12);
AT(devstate_write_options, instance, 24, 16);
AT(devstate_write_options, compression, 32, 20);
AT(devstate_write_options, features, 40, 24);
AT(devstate_write_options, limits, 48, 28);
AT(devstate_write_options, max_batch_records, 56, 32);
AT(devstate_write_options, max_batch_bytes, 60, 36);
SIZE(devstate_write_options, 64, 40);

AT(devstate_batch, number, 0, 0);
AT(devstate_batch, row_size, 4, 4);
AT(devstate_batch, count, 8, 8);
AT(devstate_batch, rows, 16, 12);
SIZE(devstate_batch, 24, 16);

AT(devstate_bytes_ops, size, 0, 0);
AT(devstate_bytes_ops, save, 8, 4);
AT(devstate_bytes_ops, load, 16, 8);
AT(devstate_bytes_ops, commit, 24, 12);
AT(devstate_bytes_ops, discard, 32, 16);
SIZE(devstate_bytes_ops, 40, 20);

AT(devstate_transfer, stage, 0, 0);
AT(devstate_transfer, load, 4, 4);
AT(devstate_transfer, code, 8, 8);
AT(devstate_transfer, text, 16, 12);
AT(devstate_transfer, bytes, 24, 16);
AT(devstate_transfer, reply, 32, 24);
SIZE(devstate_transfer, 40, 32);

AT(devstate_engine_options, size, 0, 0);
AT(devstate_engine_options, channel, 4, 4);
AT(devstate_engine_options, file_folder, 8, 8);
AT(devstate_engine_options, transfer_ms, 16, 12);
AT(devstate_engine_options, idle_ms, 20, 16);
AT(devstate_engine_options, check_ms, 24, 20);
AT(devstate_engine_options, max_bytes, 32, 24);
AT(devstate_engine_options, report, 40, 32);
SIZE(devstate_engine_options, 48, 36);

AT(devstate_reply, request, 0, 0);
AT(devstate_reply, value, 8, 4);
AT(devstate_reply, fd, 16, 12);
AT(devstate_reply, message, 20, 16);
SIZE(devstate_reply, 40, 36);

AT(devstate_report, event, 0, 0);
AT(devstate_report, code, 4, 4);
AT(devstate_report, text, 8, 8);
AT(devstate_report, level, 16, 12);
AT(devstate_report, rule, 24, 16);
AT(devstate_report, line, 32, 20);
AT(devstate_report, check_reply, 40, 24);
AT(devstate_report, saved_version, 48, 32);
AT(devstate_report, stream_bytes, 56, 36);
AT(devstate_report, decoded_bytes, 64, 44);
AT(devstate_report, records, 72, 52);
SIZE(devstate_report, 80, 60);

AT(devstate_device_ops, size, 0, 0);
AT(devstate_device_ops, save, 8, 4);
AT(devstate_device_ops, stage, 16, 8);
AT(devstate_device_ops, batch, 24, 12);
AT(devstate_device_ops, prepare, 32, 16);
AT(devstate_device_ops, commit, 40, 20);
AT(devstate_device_ops, unstage, 48, 24);
AT(devstate_device_ops, report, 56, 28);
AT(devstate_device_ops, features, 64, 32);
AT(devstate_device_ops, staged_size, 72, 36);
AT(devstate_device_ops, commit_to, 80, 40);
SIZE(devstate_device_ops, 88, 44);

AT(devstate_state_options, size, 0, 0);
AT(devstate_state_options, accept, 4, 4);
AT(devstate_state_options, save_choice, 8, 8);
AT(devstate_state_options, save_version, 12, 12);
AT(devstate_state_options, write, 16, 16);
AT(devstate_state_options, limits, 24, 20);
AT(devstate_state_options, released_folder, 32, 24);
AT(devstate_state_options, manifest, 40, 28);
AT(devstate_state_options, load_report_file, 48, 32);
SIZE(devstate_state_options, 56, 36);

#endif

int main(void) {
#ifndef PICK
  puts("the layout on this processor is in no table");
#endif
  return 0;
}
