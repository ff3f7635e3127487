# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The devstate command, its manual page and its completion scripts. The target is
# not named as the program, for this is the library's name.

find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)

# A verb registers itself, which the linker must not leave out of the program.
set(verbs ${DEVSTATE_COMMAND_SOURCES})
list(FILTER verbs INCLUDE REGEX "^cli/(verbs/.*|main)[.]cc$")
set(parts ${DEVSTATE_COMMAND_SOURCES})
list(REMOVE_ITEM parts ${verbs})

devstate_text(implementation proto/devstate/implementation.proto
  schema/implementation_proto.inc)
devstate_text(stream proto/devstate/stream.proto schema/stream_proto.inc)
devstate_component(devstate_command_parts STATIC
  ${parts} ${implementation} ${stream})
target_link_libraries(devstate_command_parts PUBLIC
  devstate_tools devstate_fs devstate_opaque devstate_passt
  nlohmann_json::nlohmann_json PkgConfig::DEVSTATE_MD PkgConfig::DEVSTATE_XXHASH
  PkgConfig::DEVSTATE_ZSTD ZLIB::ZLIB)
devstate_component(devstate_command PROGRAM ${verbs})
target_link_libraries(devstate_command PRIVATE devstate_command_parts)
set_target_properties(devstate_command PROPERTIES OUTPUT_NAME devstate)
set_source_files_properties(cli/verb.cc
  PROPERTIES COMPILE_DEFINITIONS DEVSTATE_VERSION="${PROJECT_VERSION}")

# What the program itself prints, where it can be run.
set(DEVSTATE_PRINTED)
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  function(devstate_printed file)
    set(out ${PROJECT_BINARY_DIR}/printed/${file})
    cmake_path(GET out PARENT_PATH folder)
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(OUTPUT ${out}
      COMMAND devstate_command ${ARGN} > ${out}
      DEPENDS devstate_command
      VERBATIM)
    set(DEVSTATE_PRINTED ${DEVSTATE_PRINTED} ${out} PARENT_SCOPE)
  endfunction()
  devstate_printed(man/man1/devstate.1 man)
  devstate_printed(bash-completion/completions/devstate completion bash)
  devstate_printed(zsh/site-functions/_devstate completion zsh)
  devstate_printed(fish/vendor_completions.d/devstate.fish completion fish)
  add_custom_target(printed ALL DEPENDS ${DEVSTATE_PRINTED})
endif()
