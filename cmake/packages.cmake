# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Debian packages: `cpack -G DEB`.

set(CPACK_PACKAGE_NAME devstate)
set(CPACK_PACKAGE_VENDOR "The devstate authors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The devstate authors")
# Libraries of the system from what the programs link, of devstate from its own.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME devstate)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION utils)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
  "The command: looks into states, checks, converts and migrates them.")

# What back-ends in C need at run time, without Protocol Buffers.
if(BUILD_SHARED_LIBS)
  list(APPEND CPACK_COMPONENTS_ALL c)
  set(CPACK_DEBIAN_C_PACKAGE_NAME libdevstate-c0)
  set(CPACK_DEBIAN_C_PACKAGE_SECTION libs)
  # It has the judge of other versions.
  set(CPACK_DEBIAN_C_PACKAGE_RECOMMENDS "devstate (= ${PROJECT_VERSION})")
  set(CPACK_COMPONENT_C_DESCRIPTION "The C interface, for back-ends that use it.")
  install(FILES LICENSE
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libdevstate-c0
    COMPONENT c)
endif()

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdevstate-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libabsl-dev, libmd-dev, \
libprotobuf-dev, libxxhash-dev, libzstd-dev, pkgconf | pkg-config, \
protobuf-compiler, devstate (= ${PROJECT_VERSION})")
if(BUILD_SHARED_LIBS)
  string(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    ", libdevstate-c0 (= ${PROJECT_VERSION})")
endif()
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
  "The library, its headers and what a back-end's build runs.")

include(CPack)
