# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What the components are declared with.

set(DEVSTATE_WARNINGS -Wall -Wextra)

# Declares a program, or a library that is not installed. Its targets may include
# what is private to this repository.
function(devstate_component name kind)
  if(kind STREQUAL "PROGRAM")
    add_executable(${name} ${ARGN})
    add_executable(devstate::${name} ALIAS ${name})
  else()
    add_library(${name} ${kind} ${ARGN})
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE ${DEVSTATE_WARNINGS})
endfunction()

# Makes headers of this repository includable as "devstate/...". One that is
# missing in the lists is not found.
function(devstate_headers)
  foreach(header ${ARGN})
    set(link ${PROJECT_BINARY_DIR}/include/devstate/${header})
    cmake_path(GET link PARENT_PATH folder)
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${header} ${link} SYMBOLIC)
  endforeach()
endfunction()

# Compiles protos of this repository; `sources` gets what is generated.
function(devstate_protos sources)
  set(generated)
  set(out ${PROJECT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  foreach(proto ${ARGN})
    # How it is imported.
    string(REGEX REPLACE "^proto/(.*)[.]proto$" "\\1" name ${proto})
    add_custom_command(OUTPUT ${out}/${name}.pb.cc ${out}/${name}.pb.h
      COMMAND protobuf::protoc -I${PROJECT_SOURCE_DIR}/proto --cpp_out=${out}
        ${name}.proto
      DEPENDS ${proto}
      VERBATIM)
    list(APPEND generated ${out}/${name}.pb.cc ${out}/${name}.pb.h)
  endforeach()
  set(${sources} ${generated} PARENT_SCOPE)
endfunction()
