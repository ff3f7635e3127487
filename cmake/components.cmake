# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What the components are declared with.

set(DEVSTATE_WARNINGS -Wall -Wextra)

# Declares a program, or a library that is not installed, of sources, headers and
# protos. Its targets may include what is private to this repository.
function(devstate_component name kind)
  devstate_headers(${ARGN})
  devstate_protos(generated ${ARGN})
  if(kind STREQUAL "PROGRAM")
    add_executable(${name} ${ARGN} ${generated})
    add_executable(devstate::${name} ALIAS ${name})
  else()
    add_library(${name} ${kind} ${ARGN} ${generated})
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE ${DEVSTATE_WARNINGS})
endfunction()

# Declares a library that is installed. As a shared one it exports the names in its
# version script alone.
function(devstate_library name)
  set(kind STATIC)
  if(BUILD_SHARED_LIBS)
    set(kind SHARED)
  endif()
  devstate_component(${name} ${kind} ${ARGN})
  add_library(devstate::${name} ALIAS ${name})
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION 0
    # Objects are the same for both kinds of library, and built once.
    DEFINE_SYMBOL "")
  devstate_objects(${name})
  if(BUILD_SHARED_LIBS)
    set(symbols ${PROJECT_SOURCE_DIR}/cmake/lib${name}.map)
    target_link_options(${name} PRIVATE
      -Wl,--version-script=${symbols} -Wl,--gc-sections -Wl,--no-undefined)
    set_target_properties(${name} PROPERTIES LINK_DEPENDS ${symbols})
  endif()
endfunction()

# Says how the objects of libraries that are installed are compiled.
function(devstate_objects name)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${name} PRIVATE -ffunction-sections -fdata-sections)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# Makes the headers among the sources includable as "devstate/...". One that is
# missing in the lists is not found.
function(devstate_headers)
  list(FILTER ARGN INCLUDE REGEX "[.]h$")
  foreach(header ${ARGN})
    set(link ${PROJECT_BINARY_DIR}/include/devstate/${header})
    cmake_path(GET link PARENT_PATH folder)
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${header} ${link} SYMBOLIC)
  endforeach()
endfunction()

# Makes a string literal of the file `text`, which sources include as `name`;
# `result` gets its path.
function(devstate_text result text name)
  set(out ${PROJECT_BINARY_DIR}/gen/${name})
  cmake_path(GET out PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  # In pieces, none of which is longer than what every compiler takes.
  add_custom_command(OUTPUT ${out}
    COMMAND sed "s/^/R\"DOC(/; s/$/)DOC\" \"\\\\n\"/"
      ${PROJECT_SOURCE_DIR}/${text} > ${out}
    DEPENDS ${text}
    VERBATIM)
  set(${result} ${out} PARENT_SCOPE)
endfunction()

# Compiles the protos among the sources; `result` gets what is generated. That of
# fs has a codec of its own.
function(devstate_protos result)
  list(FILTER ARGN INCLUDE REGEX "^proto/.*[.]proto$")
  list(FILTER ARGN EXCLUDE REGEX "^proto/devices/fs/")
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
  set(${result} ${generated} PARENT_SCOPE)
endfunction()
