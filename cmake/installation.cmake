# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` installs.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/devstate)
set(share_dir ${CMAKE_INSTALL_DATADIR}/devstate)

# --- Programs ---

if(BUILD_SHARED_LIBS)
  # So that they run from any prefix.
  file(RELATIVE_PATH to_library
    /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(${programs} PROPERTIES
    INSTALL_RPATH "$ORIGIN/${to_library}")
  set_target_properties(devstate_judge PROPERTIES INSTALL_RPATH $ORIGIN)
  # Nothing links it.
  install(TARGETS devstate_judge LIBRARY COMPONENT runtime NAMELINK_SKIP)
endif()
install(TARGETS devstate EXPORT devstateTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)
install(TARGETS devstate_c EXPORT devstateTargets
  LIBRARY COMPONENT c NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development)
# What a build runs, for the functions of the package.
list(REMOVE_ITEM programs devstate_command)
install(TARGETS ${programs} EXPORT devstateTargets
  RUNTIME COMPONENT development)
if(DEVSTATE_BUILD_CLI)
  install(TARGETS devstate_command EXPORT devstateTargets
    RUNTIME COMPONENT runtime)
  install(TARGETS devstate_fuzz devstate_fuzz_main EXPORT devstateTargets
    ARCHIVE COMPONENT development)
  if(DEVSTATE_PRINTED)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/printed/
      DESTINATION ${CMAKE_INSTALL_DATADIR}
      COMPONENT runtime)
  endif()
endif()

# --- Headers ---

# The public headers, those of generated code, and what they include.
set(headers)
set(waiting ${DEVSTATE_PUBLIC_HEADERS})
if(DEVSTATE_BUILD_CLI)
  list(APPEND waiting backend/device_fuzz.h)
endif()
foreach(source ${DEVSTATE_PLUGIN_SOURCES})
  # As a string that the plugin prints.
  file(STRINGS ${source} lines REGEX "\"#include .\"devstate/")
  foreach(line ${lines})
    string(REGEX REPLACE ".*\"devstate/(.*[.]h).*" "\\1" header ${line})
    # Without a folder it is one for C.
    if(header MATCHES "/")
      list(APPEND waiting ${header})
    endif()
  endforeach()
endforeach()
while(waiting)
  list(POP_FRONT waiting header)
  if(header IN_LIST headers)
    continue()
  endif()
  list(APPEND headers ${header})
  file(STRINGS ${header} lines REGEX "^#include \"devstate/")
  foreach(line ${lines})
    string(REGEX REPLACE ".*\"devstate/(.*[.]h)\".*" "\\1" header ${line})
    # All that is generated is installed.
    if(NOT header MATCHES "[.]pb[.]h$")
      list(APPEND waiting ${header})
    endif()
  endforeach()
endwhile()
foreach(header ${headers})
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${header}
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/devstate/${folder}
    COMPONENT development)
endforeach()
install(FILES ${c_headers}
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/devstate
  COMPONENT development)
get_target_property(generated devstate SOURCES)
list(FILTER generated INCLUDE REGEX "[.]pb[.]h$")
install(FILES ${generated}
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/devstate
  COMPONENT development)

# --- Schemas ---

# Annotations and derived columns are imported; the portable schemas with their
# released versions are what stock devices are described by.
install(DIRECTORY proto/devstate proto/devices
  DESTINATION ${share_dir}/proto
  COMPONENT development
  FILES_MATCHING PATTERN "*.proto")

# --- Documents, and the projects that they name ---

foreach(path docs examples/c_backend examples/hello_backend
    tests/adopters/backend tests/adopters/cmake tests/adopters/make
    tests/adopters/meson)
  cmake_path(GET path PARENT_PATH folder)
  install(DIRECTORY ${path}
    DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder}
    COMPONENT development
    PATTERN BUILD.bazel EXCLUDE)
endforeach()

install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
  COMPONENT development)
install(FILES LICENSE DESTINATION ${share_dir} COMPONENT development)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)

# --- How builds find it ---

configure_package_config_file(cmake/devstateConfig.cmake.in
  ${PROJECT_BINARY_DIR}/devstateConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS share_dir
  NO_SET_AND_CHECK_MACRO)
# Until 1.0 the C++ interface may change with each release.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/devstateConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT devstateTargets NAMESPACE devstate::
  DESTINATION ${package_dir}
  COMPONENT development)
install(
  FILES
    ${PROJECT_BINARY_DIR}/devstateConfig.cmake
    ${PROJECT_BINARY_DIR}/devstateConfigVersion.cmake
    cmake/devstateDependencies.cmake
    cmake/devstateGenerate.cmake
  DESTINATION ${package_dir}
  COMPONENT development)

file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})

# Writes <pc_name>.pc. Who links the archive links the PRIVATE packages, too.
function(devstate_pkg_config pc_name)
  cmake_parse_arguments(PARSE_ARGV 1 pc "" "DETAIL;LIBS" "PUBLIC;PRIVATE")
  if(NOT BUILD_SHARED_LIBS)
    list(APPEND pc_PUBLIC ${pc_PRIVATE})
    set(pc_PRIVATE)
  endif()
  list(JOIN pc_PUBLIC ", " pc_PUBLIC)
  list(JOIN pc_PRIVATE ", " pc_PRIVATE)
  configure_file(cmake/devstate.pc.in ${pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${pc_name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT development)
endfunction()

# By the names of their packages.
set(public_packages ${DEVSTATE_PUBLIC_LIBRARIES})
list(REMOVE_ITEM public_packages Threads::Threads)
list(TRANSFORM public_packages REPLACE "^protobuf::libprotobuf$" protobuf)
list(TRANSFORM public_packages REPLACE "^absl::" absl_)
devstate_pkg_config(devstate
  PUBLIC ${public_packages} PRIVATE libmd libxxhash libzstd)
# Who links the archive with a C compiler needs the libraries of C++, too.
set(cpp_libraries)
if(NOT BUILD_SHARED_LIBS)
  set(cpp_libraries PRIVATE devstate LIBS " -lstdc++")
endif()
devstate_pkg_config(devstate_c DETAIL " (C interface)" ${cpp_libraries})
