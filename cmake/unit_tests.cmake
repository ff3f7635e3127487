# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The tests of ctest.

find_package(GTest REQUIRED)

# What tests share: those that know the library alone, and the others.
set(of_library ${DEVSTATE_TESTING_SOURCES})
list(FILTER of_library INCLUDE REGEX "^(serializer|third_party|transport)/")
devstate_component(devstate_library_testing STATIC ${of_library})
target_link_libraries(devstate_library_testing PUBLIC
  devstate GTest::gmock GTest::gtest)
set(of_all ${DEVSTATE_TESTING_SOURCES})
list(REMOVE_ITEM of_all ${of_library})
devstate_component(devstate_testing STATIC ${of_all})
target_link_libraries(devstate_testing PUBLIC
  devstate_library_testing devstate_command_parts)

# All of them, for a build of nothing else.
add_custom_target(devstate_tests)

# Declares a test of its source and others, and sets `test` to its name. It reads
# files of this repository by their paths in it.
function(devstate_test source)
  # serializer/stream_format_test.cc is serializer.stream_format_test.
  string(REGEX REPLACE "[.]cc?$" "" name ${source})
  string(REPLACE "/" "." name ${name})
  devstate_component(${name} PROGRAM ${source} ${ARGN})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  add_dependencies(devstate_tests ${name})
  set(test ${name} PARENT_SCOPE)
endfunction()

foreach(source ${DEVSTATE_TESTS})
  devstate_test(${source})
  if(source MATCHES
      "^(serializer|third_party/zstd|transport/io)/[a-z_]*[.]cc$|/(session|session_walk|started_rings|vhost_user_message)_test[.]cc$"
      # They have descriptors, or processes, of the command.
      AND NOT source MATCHES "/(process|round_merger|stream_messages)_test[.]cc$")
    target_link_libraries(${test} PRIVATE devstate_library_testing)
  else()
    target_link_libraries(${test} PRIVATE devstate_testing)
  endif()
  target_link_libraries(${test} PRIVATE
    GTest::gmock_main PkgConfig::DEVSTATE_XXHASH PkgConfig::DEVSTATE_ZSTD)
endforeach()

include(state_tests)
