// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/backend_label.h"

#include <string>

#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

std::string ImplementationOf(const std::string& command) {
  BackendSpec spec;
  spec.command = command;
  return LabelOf(spec, "virtio-net").implementation();
}

TEST(BackendLabelTest, TheImplementationIsTheProgramOfTheCommand) {
  EXPECT_EQ(ImplementationOf("passt --fd {fd}"), "passt");
  EXPECT_EQ(ImplementationOf("/usr/bin/passt --fd {fd}"), "passt");
  EXPECT_EQ(ImplementationOf("env TMPDIR=/run 'passt' --fd {fd}"), "passt");
}

TEST(BackendLabelTest, WhatStartsAnotherProgramSaysNothing) {
  for (const char* command :
       {"sh -c 'passt --fd {fd}'", "ip netns exec a passt", "sudo passt",
        "/usr/bin/python3 a.py", "env -u HOME passt"}) {
    EXPECT_EQ(ImplementationOf(command), "") << command;
  }
  EXPECT_EQ(ImplementationOf(""), "");
}

TEST(BackendLabelTest, TheNameOfTheSpecIsTaken) {
  BackendSpec spec;
  spec.command = "passt --fd {fd}";
  spec.implementation = "pesto";
  spec.implementation_version = "7";
  const opaque::Label label = LabelOf(spec, "virtio-net");
  EXPECT_EQ(label.device(), "virtio-net");
  EXPECT_EQ(label.implementation(), "pesto");
  EXPECT_EQ(label.implementation_version(), "7");
}

}  // namespace
}  // namespace devstate::proxy
