// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The devstate command: one verb, one file.

#include "CLI/CLI.hpp"
#include "cli/verb.h"
#include "google/protobuf/stubs/logging.h"

int main(int argc, char** argv) {
  // Errors are the verbs' own, in one line.
  google::protobuf::SetLogHandler(nullptr);
  CLI::App app("Device state of vhost-user back-ends.", "devstate");
  app.require_subcommand(1);
  int exit_code = devstate::kExitOk;
  devstate::AddCheck(app, &exit_code);
  devstate::AddDemo(app, &exit_code);
  devstate::AddInfo(app, &exit_code);
  devstate::AddVerify(app, &exit_code);
  devstate::AddSave(app, &exit_code);
  devstate::AddLoad(app, &exit_code);
  devstate::AddMigrate(app, &exit_code);
  devstate::AddExplain(app, &exit_code);
  devstate::AddLint(app, &exit_code);
  devstate::AddMatrix(app, &exit_code);
  devstate::AddQemu(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help is one of them, and no error.
    return app.exit(error) == 0 ? devstate::kExitOk : devstate::kExitUsageOrIo;
  }
  return exit_code;
}
