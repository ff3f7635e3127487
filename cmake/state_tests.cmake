# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The tests of generated codecs, of the C interface, and of the streams that are
# checked in. //tests/cmake:sources_test fails if Bazel has others.

# Declares the codecs of a root message: <name>, for C <name>_c, and <name>_columns,
# the messages of batches. Their headers begin with tests/.
function(devstate_test_codec name proto root)
  devstate_generate(TARGET ${name} PROTO ${proto} ROOT ${root}
    IMPORT_DIRS ${PROJECT_SOURCE_DIR})
  devstate_generate(TARGET ${name}_c PROTO ${proto} ROOT ${root} LANGUAGE C
    IMPORT_DIRS ${PROJECT_SOURCE_DIR})
  string(REGEX REPLACE "[.]proto$" "_columns" columns ${proto})
  set(in ${PROJECT_BINARY_DIR}/${name}.gen)
  set(out ${PROJECT_BINARY_DIR}/${name}_columns.gen)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(OUTPUT ${out}/${columns}.pb.cc ${out}/${columns}.pb.h
    COMMAND protobuf::protoc -I${in} -I${PROJECT_SOURCE_DIR}/proto --cpp_out=${out}
      ${columns}.proto
    DEPENDS ${in}/${columns}.proto
    VERBATIM)
  add_library(${name}_columns STATIC EXCLUDE_FROM_ALL
    ${out}/${columns}.pb.cc ${out}/${columns}.pb.h)
  target_include_directories(${name}_columns PUBLIC ${out})
  target_link_libraries(${name}_columns PUBLIC ${name})
endfunction()

# Declares a test of its source, other sources and libraries.
function(devstate_state_test source)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  devstate_test(${source} ${arg_SOURCES})
  # Generated headers are of one schema only: those come first.
  target_link_libraries(${test} PRIVATE ${arg_LIBRARIES} devstate)
  if(source MATCHES "[.]cc$")
    target_link_libraries(${test} PRIVATE GTest::gmock_main PkgConfig::DEVSTATE_ZSTD)
    # GCC 12 takes an empty std::optional for an uninitialized one.
    target_compile_options(${test} PRIVATE -Wno-maybe-uninitialized)
  endif()
endfunction()

devstate_test_codec(test_everything tests/codegen/everything.proto
  devstate.test.everything.Everything)
devstate_test_codec(test_bounds tests/codegen/bounds.proto devstate.test.bounds.Bounds)
devstate_test_codec(test_names tests/serializer/names.proto devstate.test.names.Names)
devstate_test_codec(test_pieces tests/codegen/pieces.proto devstate.test.pieces.Values)
devstate_test_codec(test_t tests/stream_cases/t.proto t.v1.T)
devstate_generate(TARGET test_named_c PROTO tests/c/named.proto
  ROOT devstate.test.named.Named LANGUAGE C IMPORT_DIRS ${PROJECT_SOURCE_DIR})
devstate_generate(TARGET test_net PROTO devices/net/v1/net.proto
  ROOT devices.net.v1.NetState)
devstate_generate(TARGET test_net_c PROTO devices/net/v1/net.proto
  ROOT devices.net.v1.NetState LANGUAGE C)
devstate_generate(TARGET test_fs_c PROTO devices/fs/v1/fs.proto
  ROOT devices.fs.v1.FsState LANGUAGE C)
# A released schema is imported as the current one is.
set(released ${PROJECT_BINARY_DIR}/test_fs_v1)
configure_file(proto/devices/fs/v1/released/1/fs.proto
  ${released}/devices/fs/v1/fs.proto COPYONLY)
devstate_generate(TARGET test_fs_v1 PROTO devices/fs/v1/fs.proto
  ROOT devices.fs.v1.FsState IMPORT_DIRS ${released})

devstate_state_test(backend/c/engine_test.c
  SOURCES backend/c/c_testing.h LIBRARIES devstate_c)
devstate_state_test(backend/c/layout_test.c LIBRARIES devstate_c)
devstate_state_test(backend/c/session_test.c
  SOURCES backend/c/c_testing.h LIBRARIES devstate_c)
devstate_state_test(tests/c/device_test.cc
  SOURCES tests/c/echo_device.c LIBRARIES test_fs_c devstate_fs)
devstate_state_test(tests/c/named_test.cc LIBRARIES test_named_c devstate_c)
devstate_state_test(tests/codegen/allocation_test.cc LIBRARIES test_everything)
devstate_state_test(tests/codegen/bounds_agreement_test.cc
  SOURCES tests/codegen/bounds_streams.cc tests/codegen/stock_columns.cc
  LIBRARIES test_bounds_columns)
devstate_state_test(tests/codegen/bounds_test.cc
  SOURCES tests/codegen/bounds_streams.cc tests/codegen/c_states.cc
    tests/codegen/stock_columns.cc
  LIBRARIES test_bounds_columns test_bounds_c)
devstate_state_test(tests/codegen/dynamic_test.cc
  SOURCES tests/codegen/everything_rows.cc
  LIBRARIES test_everything devstate_command_parts)
devstate_state_test(tests/codegen/everything_c_test.cc
  SOURCES tests/codegen/c_states.cc tests/codegen/everything_rows.cc
  LIBRARIES test_everything test_everything_c)
devstate_state_test(tests/codegen/everything_test.cc
  SOURCES tests/codegen/everything_rows.cc tests/codegen/stock_columns.cc
  LIBRARIES test_everything_columns)
devstate_state_test(tests/codegen/pieces_test.cc
  SOURCES tests/codegen/c_states.cc
  LIBRARIES test_pieces test_pieces_c devstate_command_parts)
devstate_state_test(tests/codegen/write_c_test.c
  SOURCES backend/c/c_testing.h LIBRARIES test_bounds_c test_everything_c)
devstate_state_test(tests/golden/foreign_writer_test.cc
  LIBRARIES devstate_command_parts)
devstate_state_test(tests/serializer/deletions_test.cc LIBRARIES test_names)
devstate_state_test(tests/serializer/golden_stream_test.cc
  SOURCES tests/serializer/small_state.cc LIBRARIES test_fs_v1)
devstate_state_test(tests/serializer/rounds_test.cc
  SOURCES tests/serializer/small_state.cc LIBRARIES test_fs_v1)
devstate_state_test(tests/stream_cases/stream_cases_test.cc
  SOURCES tests/codegen/c_states.cc
  LIBRARIES devstate_command_parts test_everything test_everything_c test_fs_c
    test_net test_net_c test_t test_t_c)
