# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The unit tests that read no files, for ctest.

find_package(GTest REQUIRED)

devstate_component(devstate_testing STATIC ${DEVSTATE_TESTING_SOURCES})
target_link_libraries(devstate_testing PUBLIC
  devstate_command_parts GTest::gmock GTest::gtest)

foreach(source ${DEVSTATE_TESTS})
  # serializer/stream_format_test.cc is serializer.stream_format_test.
  string(REGEX REPLACE "[.]cc$" "" name ${source})
  string(REPLACE "/" "." name ${name})
  devstate_component(${name} PROGRAM ${source})
  target_link_libraries(${name} PRIVATE
    devstate_testing GTest::gmock_main PkgConfig::DEVSTATE_XXHASH PkgConfig::DEVSTATE_ZSTD)
  add_test(NAME ${name} COMMAND ${name})
endforeach()
