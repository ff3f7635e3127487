# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Functions for a back-end's build: the codec of its schema, its manifest, its
# test. docs/building.md has an example.

# devstate_generate(TARGET <name> PROTO <file> ROOT <message>
#                   [LANGUAGE CXX|C] [IMPORT_DIRS <folder>...])
#
# Declares a static library <name> with the codec of one root message. For
# x/a.proto it has the headers "x/a.devstate.h" and "x/a.pb.h"; with LANGUAGE C,
# "x/a.devstate-c.h".
#
#   PROTO        the file of the root message, as other files import it
#   ROOT         full name of the root message, package included
#   IMPORT_DIRS  where PROTO and its imports lie; default: the current source
#                folder. devstate/options.proto and the portable schemas
#                (devices/net/v1/net.proto) are found by themselves.
#
# In a build for another processor, the cache variable DEVSTATE_PROTOC_PLUGIN names a
# protoc-gen-devstate that runs on this one.
function(devstate_generate)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;PROTO;ROOT;LANGUAGE"
    "IMPORT_DIRS")
  _devstate_check_arguments(devstate_generate TARGET PROTO ROOT)
  if(NOT DEFINED arg_LANGUAGE)
    set(arg_LANGUAGE CXX)
  elseif(NOT arg_LANGUAGE MATCHES "^(C|CXX)$")
    message(FATAL_ERROR
      "devstate_generate: LANGUAGE is ${arg_LANGUAGE}, must be C or CXX")
  endif()
  _devstate_find_schema()
  string(REGEX REPLACE "[.]proto$" "" base ${arg_PROTO})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.gen)
  file(MAKE_DIRECTORY ${out})
  set(stem ${out}/${base})
  set(program $<TARGET_FILE:devstate::protoc-gen-devstate>)
  if(DEVSTATE_PROTOC_PLUGIN)
    set(program ${DEVSTATE_PROTOC_PLUGIN})
  endif()
  set(plugin --plugin=protoc-gen-devstate=${program})
  if(arg_LANGUAGE STREQUAL "C")
    get_target_property(type devstate::devstate_c TYPE)
    if(type STREQUAL "STATIC_LIBRARY" AND NOT CMAKE_CXX_COMPILER_LOADED)
      message(FATAL_ERROR "devstate_generate: the library is an archive of C++, "
        "and the project does not enable CXX: add it to LANGUAGES of project()")
    endif()
    add_custom_command(OUTPUT ${stem}.devstate-c.c ${stem}.devstate-c.h
      COMMAND protobuf::protoc ${imports} ${plugin}
        --devstate_out=lang=c,root=${arg_ROOT}:${out} ${arg_PROTO}
      DEPENDS ${schema_files} devstate::protoc-gen-devstate
      COMMENT "Generating the C structs of ${arg_ROOT}"
      VERBATIM)
    _devstate_add_library(devstate::devstate_c
      ${stem}.devstate-c.c ${stem}.devstate-c.h)
    return()
  endif()
  add_custom_command(
    OUTPUT ${stem}.devstate.cc ${stem}.devstate.h ${stem}_columns.proto
      ${stem}.pb.cc ${stem}.pb.h
    COMMAND protobuf::protoc ${imports} --cpp_out=${out} ${plugin}
      --devstate_out=root=${arg_ROOT}:${out} ${arg_PROTO}
    DEPENDS ${schema_files} devstate::protoc-gen-devstate
    COMMENT "Generating the codec of ${arg_ROOT}"
    VERBATIM)
  set(generated ${stem}.devstate.cc ${stem}.devstate.h ${stem}.pb.cc ${stem}.pb.h)
  foreach(import ${imported})
    string(REGEX REPLACE "[.]proto$" "" import_base ${import})
    add_custom_command(
      OUTPUT ${out}/${import_base}.pb.cc ${out}/${import_base}.pb.h
      COMMAND protobuf::protoc ${imports} --cpp_out=${out} ${import}
      DEPENDS ${schema_files}
      VERBATIM)
    list(APPEND generated
      ${out}/${import_base}.pb.cc ${out}/${import_base}.pb.h)
  endforeach()
  _devstate_add_library(devstate::devstate ${generated})
endfunction()

# devstate_compat_test(NAME <name> PROTO <file> ROOT <message>
#                      RELEASED <file>... [IMPORT_DIRS <folder>...]
#                      [WAIVERS <file>] [UPGRADE <verdict>] [DOWNGRADE <verdict>])
#
# Fails the build, and a test <name> of ctest, if a schema is not fit for release
# after the released ones. What fails it is printed: rule, path and remedy. The
# build asks after each change of a schema, ctest each time: waivers expire.
#
#   RELEASED   the released schemas: .proto files with what they import, or
#              descriptor sets
#   WAIVERS    findings that are known and accepted
#   UPGRADE    the worst verdict that passes for the schema's reading of released
#              states; default: converted
#   DOWNGRADE  the same for released readers of its states; default: conditional
function(devstate_compat_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg ""
    "NAME;PROTO;ROOT;WAIVERS;UPGRADE;DOWNGRADE" "IMPORT_DIRS;RELEASED")
  _devstate_check_arguments(devstate_compat_test NAME PROTO ROOT RELEASED)
  _devstate_schema_arguments()
  set(command devstate::devstate-compat-test ${schema_arguments})
  if(DEFINED arg_WAIVERS)
    cmake_path(ABSOLUTE_PATH arg_WAIVERS)
    list(APPEND command --waivers ${arg_WAIVERS})
    list(APPEND schema_files ${arg_WAIVERS})
  endif()
  if(DEFINED arg_UPGRADE)
    list(APPEND command --upgrade ${arg_UPGRADE})
  endif()
  if(DEFINED arg_DOWNGRADE)
    list(APPEND command --downgrade ${arg_DOWNGRADE})
  endif()
  set(stamp ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.passed)
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${command} --stamp ${stamp}
    DEPENDS ${schema_files} devstate::devstate-compat-test
    COMMENT "Comparing ${arg_ROOT} with its released versions"
    VERBATIM)
  add_custom_target(${arg_NAME} ALL DEPENDS ${stamp})
  add_test(NAME ${arg_NAME} COMMAND ${command})
endfunction()

# devstate_manifest(TARGET <name> PROTO <file> ROOT <message>
#                   IMPLEMENTATION <name> VERSION <text>
#                   [RELEASED <file>...] [LOADS <number>...] [SAVES <number>...]
#                   [IMPORT_DIRS <folder>...])
#
# Writes what a back-end can load and save into <name>.manifest in the current
# binary folder, which `devstate check --from --to` reads, and declares a static
# library <name> with the header "<name>.h", whose function <Root>Manifest()
# returns the same text.
#
#   IMPLEMENTATION, VERSION  of the back-end, as its streams carry them
#   LOADS  released versions that the back-end loads with steps of its own
#   SAVES  released versions that the back-end can be told to save
function(devstate_manifest)
  cmake_parse_arguments(PARSE_ARGV 0 arg ""
    "TARGET;PROTO;ROOT;IMPLEMENTATION;VERSION"
    "IMPORT_DIRS;RELEASED;LOADS;SAVES")
  _devstate_check_arguments(devstate_manifest
    TARGET PROTO ROOT IMPLEMENTATION VERSION)
  _devstate_schema_arguments()
  set(words)
  foreach(number ${arg_LOADS})
    list(APPEND words --loads ${number})
  endforeach()
  foreach(number ${arg_SAVES})
    list(APPEND words --saves ${number})
  endforeach()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.gen)
  file(MAKE_DIRECTORY ${out})
  set(manifest ${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.manifest)
  add_custom_command(
    OUTPUT ${manifest} ${out}/${arg_TARGET}.h ${out}/${arg_TARGET}.cc
    COMMAND devstate::devstate-manifest ${schema_arguments}
      --implementation ${arg_IMPLEMENTATION}
      --version-text ${arg_VERSION} ${words} --include ${arg_TARGET}.h
      --manifest-out ${manifest} --header-out ${out}/${arg_TARGET}.h
      --source-out ${out}/${arg_TARGET}.cc
    DEPENDS ${schema_files} devstate::devstate-manifest
    COMMENT "Writing the manifest of ${arg_IMPLEMENTATION}"
    VERBATIM)
  _devstate_add_library(absl::strings ${out}/${arg_TARGET}.cc ${out}/${arg_TARGET}.h)
endfunction()

# devstate_fuzz_test(NAME <name> PROTO <file> ROOT <message>
#                    SOURCES <file>... LIBRARIES <target>...
#                    [IMPORT_DIRS <folder>...] [MUTATIONS <number>] [LIBFUZZER])
#
# Declares a program <name>, and a test of ctest, that fuzzes what a device does
# with states that it loads: docs/fuzzing.md. It starts from the states of
# `devstate corpus`, which the build writes into <name>.corpus in the current binary
# folder, and mutations of each.
#
#   SOURCES    one of them has DEVSTATE_FUZZ_DEVICE()
#   LIBRARIES  the device and its codec
#   MUTATIONS  how many there are of each state; the same every time. Default: 50
#   LIBFUZZER  links libFuzzer's main(), for Clang. The test of ctest then runs the
#              corpus alone, and the program fuzzes
function(devstate_fuzz_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "LIBFUZZER"
    "NAME;PROTO;ROOT;MUTATIONS" "IMPORT_DIRS;SOURCES;LIBRARIES")
  _devstate_check_arguments(devstate_fuzz_test NAME PROTO ROOT SOURCES LIBRARIES)
  if(NOT TARGET devstate::devstate_command)
    message(FATAL_ERROR "devstate_fuzz_test: this devstate was built with "
      "DEVSTATE_BUILD_CLI=OFF, and its command writes the states: build it with ON")
  endif()
  if(NOT DEFINED arg_MUTATIONS)
    set(arg_MUTATIONS 50)
  endif()
  _devstate_schema_arguments()
  set(corpus ${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.corpus)
  add_custom_command(OUTPUT ${corpus}/stamp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${corpus}
    COMMAND devstate::devstate_command corpus ${schema_arguments} -o ${corpus}/states
    COMMAND ${CMAKE_COMMAND} -E touch ${corpus}/stamp
    DEPENDS ${schema_files} devstate::devstate_command
    COMMENT "Writing states of ${arg_ROOT}"
    VERBATIM)
  add_executable(${arg_NAME} ${arg_SOURCES} ${corpus}/stamp)
  target_link_libraries(${arg_NAME} PRIVATE devstate::devstate_fuzz)
  set(run ${arg_NAME} --mutations=${arg_MUTATIONS} ${corpus}/states)
  if(arg_LIBFUZZER)
    target_compile_options(${arg_NAME} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${arg_NAME} PRIVATE -fsanitize=fuzzer)
    set(run ${arg_NAME} -runs=0 ${corpus}/states)
  else()
    target_link_libraries(${arg_NAME} PRIVATE devstate::devstate_fuzz_main)
  endif()
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LIBRARIES})
  add_test(NAME ${arg_NAME} COMMAND ${run})
endfunction()

# Stops at arguments of the calling function that are missing or unknown.
macro(_devstate_check_arguments function)
  foreach(word ${ARGN})
    if(NOT DEFINED arg_${word})
      message(FATAL_ERROR "${function}: ${word} is missing")
    endif()
  endforeach()
  if(DEFINED arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${function}: unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
endmacro()

# Sets, from PROTO and IMPORT_DIRS of the calling function, `schema`, the file;
# `imports`, the options that find it; `imported`, what it imports, all the way, but
# for what libraries have; `schema_files`, all of them.
macro(_devstate_find_schema)
  set(import_dirs ${arg_IMPORT_DIRS})
  if(NOT import_dirs)
    set(import_dirs ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(imports)
  set(folders)
  foreach(folder ${import_dirs})
    cmake_path(ABSOLUTE_PATH folder)
    list(APPEND folders ${folder})
    list(APPEND imports -I${folder})
  endforeach()
  list(APPEND folders ${DEVSTATE_PROTO_DIR})
  list(APPEND imports -I${DEVSTATE_PROTO_DIR})
  set(schema_files)
  set(imported)
  set(waiting ${arg_PROTO})
  while(waiting)
    list(POP_FRONT waiting import)
    set(found)
    foreach(folder ${folders})
      if(NOT found AND EXISTS ${folder}/${import})
        set(found ${folder}/${import})
      endif()
    endforeach()
    if(found AND NOT import MATCHES "^(devstate|google/protobuf)/")
      list(APPEND schema_files ${found})
      if(NOT import STREQUAL arg_PROTO)
        list(APPEND imported ${import})
      endif()
      # Read again when it changes.
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${found})
      file(STRINGS ${found} lines REGEX "^[ \t]*import[ \t]")
      foreach(line ${lines})
        if(line MATCHES "[\"']([^\"']+)[\"']"
            AND NOT CMAKE_MATCH_1 IN_LIST imported)
          list(APPEND waiting ${CMAKE_MATCH_1})
        endif()
      endforeach()
    elseif(import STREQUAL arg_PROTO)
      message(FATAL_ERROR "${arg_PROTO} is in none of: ${folders}")
    endif()
  endwhile()
  list(REMOVE_DUPLICATES imported)
  list(GET schema_files 0 schema)
endmacro()

# Sets what _devstate_find_schema() sets, the files in RELEASED included, and
# `schema_arguments`, which hand it all to a tool.
macro(_devstate_schema_arguments)
  _devstate_find_schema()
  set(schema_arguments --root ${arg_ROOT} --schema ${schema} ${imports})
  foreach(released ${arg_RELEASED})
    cmake_path(ABSOLUTE_PATH released)
    list(APPEND schema_arguments --released ${released})
    list(APPEND schema_files ${released})
  endforeach()
endmacro()

# Declares the library TARGET of the calling function, of files in `out`. It may
# become part of a shared library.
macro(_devstate_add_library needed)
  add_library(${arg_TARGET} STATIC ${ARGN})
  set_target_properties(${arg_TARGET} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${arg_TARGET} PUBLIC ${out})
  target_link_libraries(${arg_TARGET} PUBLIC ${needed})
endmacro()
