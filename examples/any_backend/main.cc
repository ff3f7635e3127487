// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A vhost-user back-end with a state of any schema and no device at all: the
// state comes from a file, from a seed, or from the source of a migration.

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/backend/backend.h"
#include "devstate/compat/gate/random_state.h"
#include "devstate/devices/all/device_types.h"
#include "devstate/schema/schema_check.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/vhost_user/vhost_user_device.h"
#include "examples/any_backend/any_device.h"
#include "examples/common/backend_process.h"
#include "examples/common/text_file.h"

namespace devstate::examples {
namespace {

using ::google::protobuf::Descriptor;

struct Flags {
  BackendFlags backend;
  std::string schema;
  SchemaLoadOptions load;
  std::string state;
  uint32_t seed = 0;
  std::string state_out;
  bool no_checks = false;
};

// The schema of the state, and what is known of its device type.
struct AnySchema {
  // The descriptors, unless they are linked in.
  std::optional<LoadedSchema> loaded;
  const Descriptor* root = nullptr;
  const DeviceType* type = nullptr;
};

absl::StatusOr<AnySchema> FindSchema(const Flags& flags) {
  AnySchema schema;
  schema.type = FindDeviceType(flags.schema);
  if (schema.type != nullptr) {
    schema.root = schema.type->root;
    return schema;
  }
  absl::StatusOr<LoadedSchema> loaded = LoadSchema(flags.schema, flags.load);
  if (absl::IsNotFound(loaded.status())) {
    std::vector<std::string> names;
    for (const DeviceType* type : AllDeviceTypes()) {
      names.push_back(SchemaName(*type));
    }
    return absl::NotFoundError(absl::StrCat(
        loaded.status().message(), "; --schema takes a file, or one of ",
        absl::StrJoin(names, ", ")));
  }
  DS_RETURN_IF_ERROR(loaded.status());
  DS_RETURN_IF_ERROR(CheckSchema(loaded->model()));
  schema.loaded = *std::move(loaded);
  schema.root = &schema.loaded->root();
  const DeviceType* type = FindDeviceType(schema.loaded->model().schema());
  if (type != nullptr && HasSchema(*type, schema.loaded->model())) {
    schema.type = type;
  }
  return schema;
}

// Loads the state that `devstate encode` has written.
absl::Status LoadFile(const std::string& path, StateHandlerCore& handler) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (!file) return absl::NotFoundError("cannot read " + path);
  MemorySource source(bytes);
  DS_RETURN_IF_ERROR(handler.Load(source).status);
  return handler.Commit().status;
}

absl::Status MakeState(const Flags& flags, AnyDevice& device,
                       StateHandlerCore& handler) {
  if (!flags.state.empty()) return LoadFile(flags.state, handler);
  if (flags.backend.await_load) return absl::OkStatus();
  std::mt19937 random(flags.seed);
  FillRandomly(device.model(), &random, device.state());
  // Only its schema knows what is random here.
  const BrokenRules broken = device.Check();
  if (!broken.empty()) {
    Log(absl::StrCat("the state breaks rules of its type: ",
                     broken.ToStatus().message()));
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags) {
  StateOptions options;
  options.writer.implementation = {"devstate-any-backend", "1"};
  DS_ASSIGN_OR_RETURN(options.writer.compression,
                      Compression::Parse(flags.backend.compression));
  options.report = LogReport;
  options.load_report_file = flags.backend.load_report;
  DS_ASSIGN_OR_RETURN(const AnySchema schema, FindSchema(flags));
  auto owned = std::make_unique<AnyDevice>(
      *schema.root, flags.no_checks ? nullptr : schema.type);
  AnyDevice& device = *owned;
  StateHandlerCore handler(std::move(owned), std::move(options));
  DS_RETURN_IF_ERROR(MakeState(flags, device, handler));
  const auto write_state = [&]() -> absl::Status {
    if (flags.state_out.empty()) return absl::OkStatus();
    MemorySink sink;
    DS_RETURN_IF_ERROR(handler.Save(sink));
    return WriteTextFile(flags.state_out, "the state", "--state-out",
                         [&](std::ostream& file) { file << sink.bytes(); });
  };
  if (!flags.backend.await_load) DS_RETURN_IF_ERROR(write_state());
  return ServeBackend(flags.backend, vhost_user::VhostUserDeviceOptions(),
                      write_state, &handler);
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("any_backend",
                  "A vhost-user back-end with a state of any schema");
  AddSocketFlag(program, &flags.backend);
  CommandOption& schema =
      program.AddOption("--schema", &flags.schema,
                        "Schema: a name such as devices.vsock.v1, a .proto "
                        "file or a descriptor set");
  schema.Required();
  program
      .AddOption("--root", &flags.load.root,
                 "Root message of the file, if not the one with a schema name")
      .Value("MESSAGE");
  program
      .AddOption("-I,--import", &flags.load.import_paths,
                 "Folder to look for imports in; may be repeated")
      .Value("DIR");
  program.AddOption("--state", &flags.state,
                    "State to begin with, as devstate encode writes it");
  program.AddOption("--seed", &flags.seed,
                    "Make up the state from this number, within the bounds of "
                    "the schema");
  program.AddFlag("--no-checks", &flags.no_checks,
                  "Load states that break rules of the device type");
  AddTransferFlags(program, &flags.backend);
  program.AddOption("--state-out", &flags.state_out,
                    "File for the state at the start and after each load, a "
                    "stream; it has the guest's data");
  program.run = [&flags] { return ExitCode("any_backend", Run(flags)); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::examples

int main(int argc, char** argv) { return devstate::examples::Main(argc, argv); }
